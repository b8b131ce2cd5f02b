"""The nearest vectors to a query's, in order."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.image.search.ranking import nearest


def test_the_nearest_of_many_and_equal_ones_in_order() -> None:
    vector_PD = np.array([[0, 1], [1, 0], [0, 1], [0.6, 0.8], [0, 1]], np.float32)
    index_K, score_K = nearest(vector_PD, np.array([0, 1], np.float32), 2)
    assert index_K.tolist() == [0, 2]
    assert score_K.tolist() == [1, 1]
    assert nearest(vector_PD, np.array([1, 0], np.float32), 9)[0].tolist() == [1, 3, 0, 2, 4]
