"""The nearest vectors to a query's, in order, and what a search says."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.image.search.ranking import in_words, nearest, remark_on


def test_the_nearest_of_many_and_equal_ones_in_order() -> None:
    vector_PD = np.array([[0, 1], [1, 0], [0, 1], [0.6, 0.8], [0, 1]], np.float32)
    index_K, score_K = nearest(vector_PD, np.array([0, 1], np.float32), 2)
    assert index_K.tolist() == [0, 2]
    assert score_K.tolist() == [1, 1]
    assert nearest(vector_PD, np.array([1, 0], np.float32), 9)[0].tolist() == [1, 3, 0, 2, 4]


def test_a_search_in_words() -> None:
    data = {
        "remarks": ["one", *remark_on(2, "photos", "a.jpg: no \x1b[31mimage")], "looked_at": 3,
        "unreadable": 2, "query_ms": 1.25, "results": [{"rank": 1, "score": 0.5}], "save": "s.jpg",
        "stopped": True,
    }  # fmt: skip
    assert in_words(data, "3 people in 5 photos", ["a.png"], "the rest was not").splitlines() == [
        "remark: one",
        "remark: 2 of the photos cannot be read; the first: a.jpg: no ?[31mimage",
        "3 people in 5 photos (3 looked at now, 2 unreadable); the query took 1.2 ms",
        "   1  0.500  a.png",
        "saved: s.jpg",
        "stopped: the rest was not",
    ]
    assert remark_on(0, "photos", "") == []
