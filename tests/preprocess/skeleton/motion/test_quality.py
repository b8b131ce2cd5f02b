"""What lowers the quality of a walk of skeletons."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.quality import WEIGHTS, quality_of
from edgehuman.records import Float32
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.walks import simulate_skeletons


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(6, 4, seed=5).skeleton_NTJ3


def mean(walks: Float32) -> float:
    return float(np.mean([quality_of(walk, 24.0).score for walk in walks]))


def test_the_exponents_add_up_to_one() -> None:
    assert sum(WEIGHTS) == pytest.approx(1.0)
    assert min(WEIGHTS) >= 0.05


def test_whole_walks_are_good_and_less_of_them_is_worse(walks: Float32) -> None:
    whole = mean(walks)
    assert whole > 85
    lost = walks.copy()
    lost[np.random.default_rng(0).random(lost.shape[:3]) < 0.4] = 0.0
    doubtful = walks.copy()
    doubtful[..., 2] *= 0.3
    assert mean(walks[:, :24]) < whole
    assert mean(lost) < whole - 15
    assert mean(doubtful) < whole - 15
    noisy = Detector(noise=4.0, swapped=4.0)
    assert mean(simulate_skeletons(6, 4, seed=5, detector=noisy).skeleton_NTJ3) < whole


def test_a_stride_is_seen_from_the_side() -> None:
    side, front = (
        simulate_skeletons(6, 1, seed=5, cameras=Cameras(views_deg=(deg,))).skeleton_NTJ3
        for deg in (90.0, 0.0)
    )
    views = [np.mean([quality_of(w, 24.0).view for w in made]) for made in (side, front)]
    assert views[0] > 0.95
    assert views[1] < 0.75


def test_frames_that_were_not_there_and_halves_that_differ_count(walks: Float32) -> None:
    whole = quality_of(walks[0], 24.0, alike=1.0)
    assert quality_of(walks[0], 24.0, alike=1.0, there=0.5).completeness == pytest.approx(
        0.5 * whole.completeness
    )
    assert quality_of(walks[0], 24.0, alike=0.6).score < whole.score
    assert quality_of(walks[0], 24.0).agreement is None


def test_without_legs_the_quality_is_0(walks: Float32) -> None:
    walk = walks[0].copy()
    walk[:, [OPENPOSE_18.index(f"{s}_{n}") for s in "rl" for n in ("knee", "ankle")]] = 0.0
    assert quality_of(walk, 24.0, alike=1.0).score == 0
    assert quality_of(np.zeros((0, 18, 3), np.float32), 24.0).score == 0
