"""The report of pairs of conditions, from sums by hand."""

from __future__ import annotations

import numpy as np

from edgehuman.bench.evaluate.pairs import pair_lines, pair_tables
from edgehuman.metrics.gait.pairs import PairSums


def sums(found_HP: list[list[float]]) -> PairSums:
    """Rank-1 of people with one probe in each of two pairs."""
    total_HPK = np.stack([np.array(found_HP), np.ones((len(found_HP), 2))], axis=2)
    return PairSums(("rank1",), (("a", "b"), ("b", "a")), total_HPK)


def test_every_column_has_its_numbers_intervals_and_the_gain() -> None:
    found = {"this_model": sums([[1, 1], [1, 0]]), "images": sums([[1, 0], [0, 0]])}
    tables = pair_tables(found)
    assert list(tables) == ["this_model", "images", "gain_over"]
    assert list(tables["images"]) == ["across", "b in a", "a in b"]
    assert tables["this_model"]["across"]["metrics"] == {"rank1": 0.75}
    # Both people are drawn once, or one of them twice.
    assert tables["this_model"]["across"]["intervals"] == {"rank1": [0.5, 1.0]}
    assert tables["images"]["a in b"]["metrics"] == {"rank1": 0.0}
    assert tables["gain_over"]["images"]["across"]["metrics"] == {"rank1": 0.5}
    assert pair_lines(tables) == [
        "  rank-1, 95 % over people  this model                images",
        "  across                    0.750 [0.500, 1.000]      0.250 [0.000, 0.500]",
        "  b in a                    1.000 [1.000, 1.000]      0.500 [0.000, 1.000]",
        "  a in b                    0.500 [0.000, 1.000]      0.000 [0.000, 0.000]",
        "  gain over images                 0.500 [0.500, 0.500]",
    ]


def test_without_the_same_walks_there_is_no_gain_and_a_dash() -> None:
    one = PairSums(("rank1",), (("a", "b"),), np.ones((1, 1, 2)))
    tables = pair_tables({"this_model": sums([[1, 1], [1, 0]]), "images": one})
    assert tables["gain_over"] == {}
    lines = pair_lines(tables)
    assert lines[1] == "  across                    0.750 [0.500, 1.000]      1.000"
    assert lines[3].endswith("0.500 [0.000, 1.000]      -")
