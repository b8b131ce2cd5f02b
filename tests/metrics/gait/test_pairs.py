"""Pairs of conditions on walks that can be ranked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.pairs import PairSums, gain_over, mean_of, pair_sums
from edgehuman.metrics.gait.protocols import PROTOCOLS, GaitVectors, gait_scores

# Place on a line, person, condition. Person 2 walks in "a" alone.
WALKS = [
    (0.0, 0, "a"), (10.0, 1, "a"), (30.0, 2, "a"),
    (1.0, 0, "b"), (2.0, 1, "b"), (12.0, 1, "b"),
]  # fmt: skip


def sums_of(walks: list[tuple[float, int, str]] = WALKS, ranks: tuple[int, ...] = (1,)) -> PairSums:
    place_N, person_N, condition_N = (np.array(column) for column in zip(*walks, strict=True))
    return pair_sums(place_N[:, None], person_N, condition_N, ranks, "euclidean")


def test_every_ordered_pair_and_each_condition_with_itself() -> None:
    sums = sums_of(ranks=(1, 2))
    # Nobody walks twice in "a", so no walk of it can be found among the others.
    assert sums.pairs == (("a", "b"), ("b", "a"), ("b", "b"))
    assert list(sums.columns) == ["across", "within", "b in a", "a in b", "b in b"]
    # b in a: 1 finds 0; 2 is taken for person 0 at 0 (8 to its own); 12 finds 10.
    assert sums.shares("b in a")["rank1"] == pytest.approx(2 / 3)
    assert sums.shares("b in a")["rank2"] == 1
    assert sums.shares("b in a")["map"] == pytest.approx((1 + 1 / 2 + 1) / 3)
    # a in b: 0 finds 1; 10 finds 12, and 2 before 1; person 2 is not there and is skipped.
    assert sums.shares("a in b") == {"rank1": 1, "rank2": 1, "map": 1, "minp": 1}
    assert (sums.probes("a in b"), sums.probes("b in a")) == (2, 3)
    assert sums.shares("across")["rank1"] == pytest.approx((2 / 3 + 1) / 2)
    # b in b: the walks of person 1 at 2 and 12, of which 2 is nearer to person 0 at 1; 12 to 2.
    assert sums.probes("within") == 2
    assert sums.shares("within")["rank1"] == pytest.approx(1 / 2)
    assert sums.shares("within")["minp"] == pytest.approx((1 / 2 + 1) / 2)


def test_intervals_resample_people() -> None:
    # Person 0 is always found, person 1 never: their walks are one value each.
    low, high = sums_of(
        [
            *((0.0, 0, c) for c in "aabb"),
            *((9.0, 1, c) for c in "aa"),
            *((-9.0, 1, c) for c in "bb"),
        ]
    ).intervals("across")["rank1"]
    assert (low, high) == (0, 1)
    assert sums_of().intervals("b in b") == {}  # of one person
    apart = sums_of([(20.0 * p, p, c) for p in range(4) for c in "ab"])
    assert apart.intervals("across")["rank1"] == (1, 1)


def test_means_and_gains_of_the_same_walks() -> None:
    good, poor = (sums_of([(x * p + (c == "b"), p, c) for p in range(3) for c in "ab"])
                  for x in (5.0, 0.0))  # fmt: skip
    assert (good.shares("across")["rank1"], poor.shares("across")["rank1"]) == (1, 0)
    assert mean_of([good, poor]).shares("across")["rank1"] == pytest.approx(1 / 2)
    gain = gain_over(good, poor)
    assert gain is not None
    assert gain.shares("across")["rank1"] == 1
    assert gain.intervals("across")["rank1"] == (1, 1)
    assert gain_over(good, sums_of()) is None


def test_the_protocol_of_kth() -> None:
    place_N, person_N, condition_N = (np.array(column) for column in zip(*WALKS, strict=True))
    role_N = np.where(condition_N == "a", "gallery", "probe")
    names_N = np.array([f"p{p}" for p in person_N.tolist()])
    vectors = GaitVectors(place_N[:, None], names_N, role_N, condition_N, role_N)
    scores = gait_scores(vectors, PROTOCOLS["kth-walk"])
    assert scores.metrics["rank1"] == pytest.approx(5 / 6)
    assert scores.groups["b in a"]["rank1"] == pytest.approx(2 / 3)
    assert (scores.gallery, scores.probes, scores.skipped, scores.people) == (6, 6, 1, 3)


def test_conditions_that_cannot_be_paired() -> None:
    with pytest.raises(DataError, match="found conditions: a; pairs of them need at least two"):
        sums_of(WALKS[:3])
    with pytest.raises(DataError, match="nobody walks in two of the conditions a, b"):
        sums_of([*WALKS[:2], (0.0, 3, "b")])
