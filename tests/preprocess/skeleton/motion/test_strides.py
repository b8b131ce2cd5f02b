"""Steps of walks of all lengths and views, with joints that are lost or confused."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.skeleton.screening import ALL_ROUND
from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.motion.strides import line_of, strides_of, trunks
from edgehuman.preprocess.skeleton.steps import step_rate
from edgehuman.records import Float32, Float64
from edgehuman.simulate.skeleton.walks import simulate_skeletons

JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(5, 12, seed=31, cameras=ALL_ROUND).skeleton_NTJ3


def made(frames: int = 48, strides_hz: float = 0.9) -> Float32:
    """Legs that part by 60 pixels each way, under a trunk of 100."""
    walk = np.zeros((frames, 18, 3), np.float32)
    walk[..., 2] = 1.0
    walk[:, JOINT["neck"], 1] = -100.0
    swing = 30.0 * np.sin(2 * np.pi * strides_hz * np.arange(frames) / 24.0)
    for name, share, down in (("ankle", 1.0, 160.0), ("knee", 0.5, 80.0)):
        for side, sign in (("l", 1), ("r", -1)):
            walk[:, JOINT[f"{side}_{name}"], 0] = sign * share * swing
            walk[:, JOINT[f"{side}_{name}"], 1] = down
    return walk


def test_two_seconds_of_0_9_strides_are_3_6_steps() -> None:
    found = strides_of(made(), 24.0)
    assert found.steps == pytest.approx(3.6, rel=0.06)
    assert found.rhythm > 0.98
    assert found.swing == pytest.approx(0.6, abs=0.03)  # 60 of 100 pixels
    assert strides_of(made(24), 24.0).steps == pytest.approx(1.8, rel=0.1)


def test_steps_go_on_without_the_ankles_or_the_knees() -> None:
    for lost in ("ankle", "knee"):
        walk = made()
        walk[:, [JOINT[f"r_{lost}"], JOINT[f"l_{lost}"]]] = 0.0
        assert strides_of(walk, 24.0).steps == pytest.approx(3.6, rel=0.06)


def test_without_legs_or_trunk_there_are_no_steps() -> None:
    walk = made()
    walk[:, [JOINT[f"{side}_{name}"] for side in "rl" for name in ("ankle", "knee")]] = 0.0
    assert (strides_of(walk, 24.0).steps, strides_of(walk, 24.0).rhythm) == (0.0, 0.0)
    walk = made()
    walk[:, JOINT["neck"]] = 0.0
    assert trunks(walk) is None
    assert strides_of(walk, 24.0).steps == 0.0
    assert strides_of(made(6), 24.0).steps == 0.0  # a quarter of a second


def test_legs_that_a_detector_exchanges_keep_their_rhythm() -> None:
    walk = made(96)
    exchanged = np.random.default_rng(0).random(96) < 0.3
    legs = [JOINT[f"{side}_{name}"] for side in "rl" for name in ("knee", "ankle")]
    other = walk.copy()
    other[:, legs] = walk[:, legs[2:] + legs[:2]]
    walk = np.where(exchanged[:, None, None], other, walk)
    found = strides_of(walk, 24.0)
    assert found.steps == pytest.approx(7.2, rel=0.1)
    assert found.rhythm > 0.7


def test_from_all_views_short_pieces_say_what_the_whole_walk_says(walks: Float32) -> None:
    rate_hz = np.array([step_rate(walk, 24.0) for walk in walks])
    whole = np.array([2 * strides_of(walk, 24.0).rate_hz for walk in walks])
    short = np.array([2 * strides_of(walk[:36], 24.0).rate_hz for walk in walks])
    assert np.mean(np.abs(np.log(whole / rate_hz)) < 0.1) > 0.9
    assert np.mean(np.abs(np.log(short / rate_hz)) < 0.2) > 0.85


def test_a_line_is_not_moved_by_single_wrong_values() -> None:
    time_K: Float64 = np.arange(21, dtype=np.float64) / 10.0 - 1.0
    value_K = 3.0 * time_K + 1.0
    value_K[4] = 100.0
    slope, middle = line_of(time_K, value_K)
    assert [slope, middle] == pytest.approx([3.0, 1.0])
