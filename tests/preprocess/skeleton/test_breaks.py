"""Tracks that jump are told from people who walk, run or pass close to the camera."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.preprocess.skeleton.breaks import jumped, jumps
from edgehuman.records import Float32, Float64
from edgehuman.simulate.skeleton.walks import simulate_skeletons

HEIGHT_PX = 90.0


def body(x_px: float, y_px: float = 0.0) -> Float32:
    """(18, 3) someone who stands, 90 pixels from eyes to ankles."""
    height = {"nose": 3, "neck": 15, "shoulder": 15, "elbow": 32, "wrist": 45, "hip": 44}
    height |= {"knee": 68, "ankle": 90, "eye": 0, "ear": 2}
    side = {"r": -10.0, "l": 10.0}
    made = [
        (x_px + side.get(name[0], 0.0) * ("_" in name), y_px + height[name.split("_")[-1]], 0.9)
        for name in OPENPOSE_18
    ]
    return np.array(made, np.float32)


def told(*bodies: Float32, rate_hz: float = 30.0) -> list[bool]:
    return [bool(each) for each in jumps(np.stack(bodies), np.arange(len(bodies)) / rate_hz)]


def stamps(walk_TJ3: Float32, rate_hz: float) -> Float64:
    return np.arange(len(walk_TJ3)) / rate_hz


@pytest.mark.parametrize("rate_hz", [10.0, 15.0, 30.0, 60.0])
def test_half_a_height_in_a_frame_is_a_jump_to_any_side(rate_hz: float) -> None:
    away = 0.5 * HEIGHT_PX
    assert told(body(0), body(away), rate_hz=rate_hz) == [True]
    assert told(body(0), body(0), body(0, -away), rate_hz=rate_hz) == [False, True]
    assert told(body(away), body(0), body(away), rate_hz=rate_hz) == [True, True]


def test_a_runner_does_not_jump() -> None:
    for rate_hz in (5.0, 12.5, 30.0):
        step = 2.0 * HEIGHT_PX / rate_hz
        assert told(body(0), body(step), body(2 * step), rate_hz=rate_hz) == [False, False]


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 24.0, 60.0])
@pytest.mark.parametrize("least", [0.0, 0.5])
def test_right_walks_of_all_views_do_not_jump(rate_hz: float, least: float) -> None:
    """Also without the joints that the detector was not sure of."""
    frames = round(3 * rate_hz)
    walks = simulate_skeletons(8, 12, seed=6, frames=frames, rate_hz=rate_hz).skeleton_NTJ3
    walks[walks[..., 2] < least] = 0.0
    assert not any(jumps(walk, stamps(walk, rate_hz)).any() for walk in walks)


@pytest.mark.parametrize("rate_hz", [24.0, 60.0])
@pytest.mark.parametrize("share", [0.2, 0.3, 0.4, 0.6])
def test_joints_lost_at_random_are_no_jump(rate_hz: float, share: float) -> None:
    frames = round(3 * rate_hz)
    walks = simulate_skeletons(6, 6, seed=6, frames=frames, rate_hz=rate_hz).skeleton_NTJ3
    walks[np.random.default_rng(1).random(walks.shape[:3]) < share] = 0.0
    for walk in walks:
        assert not jumps(walk, stamps(walk, rate_hz)).any()
        pairs = itertools.pairwise(walk)
        assert not any(jumped(before, after, 1 / rate_hz) for before, after in pairs)


def test_one_person_for_another_is_a_jump() -> None:
    first, second = simulate_skeletons(2, 1, seed=2).skeleton_NTJ3
    second[..., 0] += np.float32(first[47, 1, 0] - second[48, 1, 0] + 400.0)
    midway = np.concatenate([first[:48], second[48:]])
    assert np.flatnonzero(jumps(midway, stamps(midway, 24.0))).tolist() == [47]
    midway[midway[..., 2] < 0.7] = 0.0
    assert np.flatnonzero(jumps(midway, stamps(midway, 24.0))).tolist() == [47]


def test_single_wrong_joints_and_confused_sides_are_no_jump() -> None:
    stray = body(0)
    stray[[4, 7, 10], :2] += 5 * HEIGHT_PX
    assert told(body(0), stray, body(0)) == [False, False]
    wide = body(0)
    wide[:, 0] *= 3.0
    assert told(wide, wide[flip_indices("openpose18")], wide) == [False, False]


def test_a_body_cut_off_at_the_hips_jumps_by_its_whole_height() -> None:
    half, near, far = body(0), body(0.25 * HEIGHT_PX), body(0.5 * HEIGHT_PX)
    for each in (half, near, far):
        each[[9, 10, 12, 13]] = 0.0
    assert told(half, near) == [False]
    assert told(half, far) == [True]


def test_frames_with_few_joints_in_common_do_not_jump() -> None:
    first, second = body(0), body(10 * HEIGHT_PX)
    second[5:] = 0.0
    assert told(first, second) == [False]
    assert told(first, np.zeros_like(first)) == [False]
    assert told(first) == []


@pytest.mark.parametrize("least", [0.0, 0.6])
def test_frame_by_frame_a_jump_is_the_same(least: float) -> None:
    """The quick look at two frames decides as the whole walk does."""
    walks = simulate_skeletons(6, 4, seed=9, frames=24, rate_hz=8.0).skeleton_NTJ3
    walks[1::2, ::3, :, 0] += np.linspace(0, 400, len(walks) // 2)[:, None, None]
    walks[walks[..., 2] < least] = 0.0
    for walk_TJ3 in walks:
        expected = jumps(walk_TJ3, stamps(walk_TJ3, 8.0)).tolist()
        pairs = itertools.pairwise(walk_TJ3)
        assert [jumped(before, after, 1 / 8.0) for before, after in pairs] == expected
    assert any(jumps(walk, stamps(walk, 8.0)).any() for walk in walks)
