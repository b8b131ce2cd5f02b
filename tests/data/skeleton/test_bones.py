"""Bone lengths as the baseline of gait: matchstick men."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.data.skeleton.bones import bone_lengths, bone_scores
from edgehuman.geometry import OPENPOSE_18
from tests.data.gait.test_score import PEOPLE, walks_of


def test_bone_lengths_alone_find_matchstick_men() -> None:
    walks = walks_of(PEOPLE, 3)
    assert bone_scores(walks, "gallery-probe").metrics["rank1"] == 1.0
    length_B = bone_lengths(walks.sequence(0))
    assert length_B.sum() == pytest.approx(1.0)
    # Neck to shoulder 10, upper arm 10: as long as each other.
    assert length_B[1] == pytest.approx(length_B[2], rel=0.02)


def test_a_bone_that_was_never_seen_takes_the_mean_of_the_others() -> None:
    walks = walks_of(PEOPLE, 2)
    walks.skeleton_SJ3[: int(walks.length_N[0]), OPENPOSE_18.index("nose")] = 0
    assert bone_lengths(walks.sequence(0))[0] == 0
    assert np.isfinite(bone_scores(walks, "gallery-probe").metrics["map"])


@pytest.mark.filterwarnings("error")
def test_a_bone_that_nobody_shows_says_nothing_and_does_not_warn() -> None:
    walks = walks_of(PEOPLE, 2)
    walks.skeleton_SJ3[:, OPENPOSE_18.index("nose")] = 0
    assert bone_scores(walks, "gallery-probe").metrics["rank1"] == 1.0


def test_bone_lengths_are_judged_on_the_walks_that_the_network_is() -> None:
    walks = walks_of(PEOPLE, 3)
    frames = int(walks.length_N[0])
    cut = dataclasses.replace(
        walks,
        skeleton_SJ3=walks.skeleton_SJ3[:-1],
        length_N=np.array([*walks.length_N[:-1], frames - 1]),
    )
    assert bone_scores(cut, "gallery-probe").probes == 6
    assert bone_scores(cut, "gallery-probe", frames).probes == 5
