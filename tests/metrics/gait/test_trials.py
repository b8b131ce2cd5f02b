"""Probes looked for by two models and by both: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.trials import BOTH, JOINTS, OUTLINES, WAYS, at_threshold, trials_of
from edgehuman.records import Float32


def turned(*degrees: float) -> Float32:
    turn_N = np.radians(degrees)
    return np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1).astype(np.float32)


# Three people with a walk each, and a probe of each of the first two.
PERSON_N = np.array([0, 1, 2, 0, 1])
GALLERY_N = np.array([True, True, True, False, False])
# The first probe is nearest to its own person by joints, and to the third by outlines; the second
# the other way round.
JOINTS_ND = turned(0, 60, 110, 8, 100)
OUTLINES_ND = turned(0, 60, 110, 70, 58)


def test_each_way_says_who_is_nearest() -> None:
    found = trials_of(
        [(GALLERY_N, ~GALLERY_N)], PERSON_N, (JOINTS_ND, OUTLINES_ND), ("cosine", "cosine")
    )
    assert found.person_Q.tolist() == [0, 1]
    assert found.rank_WQ.tolist() == [[1, 2], [3, 1], [2, 1]]
    # The galleries are the same, so are their deviations.
    assert found.shares == pytest.approx((0.5,))
    own = np.cos(np.radians([[8, 40], [70, 2]]))
    assert found.own_WQ[:2] == pytest.approx(own, abs=1e-6)
    assert found.own_WQ[2] == pytest.approx(own.mean(axis=0), abs=1e-6)
    other = np.cos(np.radians([[52, 10], [10, 52]]))
    assert found.other_WQ[:2] == pytest.approx(other, abs=1e-6)


def test_what_becomes_of_known_people_and_strangers_at_a_threshold() -> None:
    found = trials_of(
        [(GALLERY_N, ~GALLERY_N)], PERSON_N, (JOINTS_ND, OUTLINES_ND), ("cosine", "cosine")
    )
    by_joints = at_threshold(found, WAYS.index(JOINTS), 0.9)
    assert by_joints["accepted_right"] == 0.5
    assert by_joints["accepted_wrong"] == 0.5
    assert by_joints["strangers_accepted"] == 0.5
    nobody = at_threshold(found, WAYS.index(BOTH), 0.99)
    assert (nobody["refused"], nobody["strangers_accepted"]) == (1.0, 0.0)
    assert at_threshold(found, WAYS.index(OUTLINES), -1.0)["strangers_accepted"] == 1.0


def test_a_tie_with_somebody_else_is_behind_them() -> None:
    level_ND = turned(0, 0, 110, 0, 0)  # two people walk alike
    found = trials_of(
        [(GALLERY_N, ~GALLERY_N)], PERSON_N, (JOINTS_ND, level_ND), ("cosine", "cosine")
    )
    assert found.rank_WQ[1].tolist() == [2, 2]


def test_a_probe_of_nobody_in_the_gallery_does_not_count() -> None:
    person_N = np.array([0, 1, 2, 0, 7])
    found = trials_of(
        [(GALLERY_N, ~GALLERY_N)], person_N, (JOINTS_ND, OUTLINES_ND), ("cosine", "cosine")
    )
    assert found.person_Q.tolist() == [0]
    with pytest.raises(DataError, match="none of the probes"):
        trials_of(
            [(GALLERY_N, ~GALLERY_N)],
            np.array([0, 1, 2, 6, 7]),
            (JOINTS_ND, OUTLINES_ND),
            ("cosine", "cosine"),
        )
