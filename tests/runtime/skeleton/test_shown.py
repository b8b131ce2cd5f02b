"""What a track has shown of late."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.skeleton.motion.walking import ON_THE_SPOT, STANDS
from edgehuman.records import Float32, SkeletonSequence
from edgehuman.runtime.skeleton.shown import Shown, idle_of, overlap_of
from edgehuman.runtime.skeleton.windows import PoseWindow
from edgehuman.simulate.skeleton.idle import simulate_idle
from edgehuman.simulate.skeleton.walks import simulate_skeletons

FRAMES, HOP = 24, 15
ONE, OTHER = np.array([1.0, 0.0], np.float32), np.array([0.6, 0.8], np.float32)


def shown(walk: Float32, vectors: list[Float32], on_the_spot: bool = False, there: float = 1.0):  # type: ignore[no-untyped-def]
    made = Shown(FRAMES, HOP, 24.0, on_the_spot)
    for k, vector_D in enumerate(vectors):
        window = walk[k * HOP : k * HOP + FRAMES]
        record = SkeletonSequence(window, 0, "cam#1")
        made.take(PoseWindow(record, "1", 0.0, 0, there=there), vector_D)
    return made


def test_windows_add_their_new_frames_alone() -> None:
    """24 + 3 x 15 frames are 2.9 s, with 5 steps or so."""
    walk = simulate_skeletons(1, 1, seed=3).skeleton_NTJ3[0]
    one, four = shown(walk, [ONE]).quality(), shown(walk, [ONE] * 4).quality()
    assert one.seen == pytest.approx(1.8, abs=0.4)
    assert four.seen == pytest.approx(one.seen * 69 / 24, rel=0.15)
    assert one.agreement is None
    assert four.agreement == 1.0
    assert four.score > one.score
    assert shown(walk, [ONE]).idle() == ""


def test_halves_that_differ_and_gaps_lower_the_quality() -> None:
    """Windows overlap their neighbours: the first is compared with the last."""
    walk = simulate_skeletons(1, 1, seed=3).skeleton_NTJ3[0]
    whole = shown(walk, [ONE] * 3).quality()
    # A cosine of 0.6 is 0.2 of the way from 0.5 to 1.
    assert shown(walk, [ONE, ONE, OTHER]).quality().agreement == pytest.approx(0.2, abs=1e-6)
    assert shown(walk, [ONE] * 3, there=0.5).quality().completeness == pytest.approx(
        whole.completeness / 2
    )


def test_who_stands_and_who_walks_on_the_spot() -> None:
    still = simulate_idle("stands", 1, 4)[0]
    assert shown(still, [ONE] * 4).idle() == STANDS
    treadmill = simulate_idle("walks on a treadmill", 1, 4)[0]
    assert shown(treadmill, [ONE] * 4).idle() == ON_THE_SPOT
    assert shown(treadmill, [ONE] * 4, on_the_spot=True).idle() == ""
    assert idle_of(STANDS, on_the_spot=True) == STANDS


def test_how_many_windows_share_frames() -> None:
    assert (overlap_of(24, 15), overlap_of(24, 24), overlap_of(24, 6)) == (1, 0, 3)
