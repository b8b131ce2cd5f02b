"""Mistakes of whole files of skeletons are found, and right files are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.preprocess.skeleton.screen import (
    all_zero,
    joint_mistakes,
    joint_remarks,
    outside,
    size_mistake,
    slow_mistake,
    upside_down,
)
from edgehuman.records import Float32
from edgehuman.simulate.skeleton.walks import simulate_skeletons


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(15, 4, seed=4).skeleton_NTJ3


@pytest.fixture(scope="module")
def frames(walks: Float32) -> Float32:
    return walks.reshape(-1, 18, 3)


def test_right_skeletons_of_all_views_are_left_alone(walks: Float32, frames: Float32) -> None:
    for walk in walks:
        assert joint_mistakes(walk) == []
        assert joint_remarks(walk) == []
    assert size_mistake(frames, 1080, 1920) is None


def test_y_upwards_is_recognised(frames: Float32) -> None:
    risen = frames.copy()
    risen[..., 1] = np.where(risen[..., 2] > 0, 1080 - risen[..., 1], 0)
    said = upside_down(risen)
    assert said is not None
    assert "the neck is below the ankles in 100% of frames" in said


@pytest.mark.parametrize("ankle", ["r_ankle", "l_ankle"])
def test_one_ankle_tells_up_from_down(walks: Float32, ankle: str) -> None:
    lost = walks.copy()
    lost[:, :, OPENPOSE_18.index(ankle)] = 0.0
    assert [upside_down(walk) for walk in lost] == [None] * len(walks)
    lost[..., 1] = np.where(lost[..., 2] > 0, 1080 - lost[..., 1], 0)
    said = upside_down(lost.reshape(-1, 18, 3))
    assert said is not None
    assert "in 100% of frames" in said
    lost[..., [OPENPOSE_18.index(name) for name in ("r_ankle", "l_ankle")], :] = 0.0
    assert upside_down(lost.reshape(-1, 18, 3)) is None


def test_the_pictures_size_is_checked(frames: Float32) -> None:
    said = size_mistake(frames, 1920, 1080)
    assert said is not None
    assert said.endswith("inside one of 1920x1080: swap its width and height")
    said = size_mistake(frames, 240, 320)
    assert said is not None
    assert "lie outside the picture of 320x240 pixels; they reach x = 1" in said
    assert size_mistake(frames, 0, 0) is None


def test_detectors_overshoot_the_picture_by_a_tenth() -> None:
    points = np.array([[-9, 0], [109, 219], [-11, 0], [0, 221]], np.float32)
    assert outside(points, 100, 200).tolist() == [False, False, True, True]


def test_frames_that_are_too_few_to_see_a_step_in() -> None:
    assert slow_mistake(np.full(20, 0.1)) is None
    said = slow_mistake(np.array([0.2, 0.2, 0.2, 0.04]))
    assert said is not None
    assert said.startswith("the frame rate is 5.0 Hz, and steps cannot be seen below 10 Hz; use")


def test_coordinates_that_are_no_pixels_are_recognised(frames: Float32) -> None:
    said = size_mistake((frames / [1920, 1080, 1]).astype(np.float32), 0, 0)
    assert said is not None
    assert "multiply x by the picture's width" in said


def test_too_few_frames_say_nothing(frames: Float32) -> None:
    few = frames[:5]
    assert joint_mistakes(few[:, ::-1]) == []
    assert size_mistake(few[:1], 10, 10) is None
    assert slow_mistake(np.empty(0)) is None


def test_frames_that_show_nobody() -> None:
    made = np.zeros((3, 18, 3), np.float32)
    made[1, 4, 2] = 0.1
    assert all_zero(made).tolist() == [True, False, True]


def test_shares_of_the_picture_with_x_and_y_swapped_are_both_said(walks: Float32) -> None:
    made = (walks[0] / np.array([1920, 1080, 1]))[..., [1, 0, 2]].astype(np.float32)
    first, second = joint_mistakes(made)
    assert "x and y are swapped" in first
    assert "joints must be in pixels" in second


def test_one_weak_sign_is_a_remark(walks: Float32) -> None:
    """The shoulders are swapped, and only the face of somebody who stays on the spot shows it."""
    front = walks[0, :1].repeat(48, axis=0)
    body = np.array([[0, 0], [0, 40], [-30, 40], [-35, 80], [-35, 110], [30, 40], [35, 80]])
    legs = np.array([[35, 110], [-20, 110], [-20, 170], [-20, 230], [20, 110], [20, 170]])
    face = np.array([[20, 230], [-8, -8], [8, -8], [-15, -4], [15, -4]])
    front[..., :2] = 500 + np.concatenate([body, legs, face])
    front[..., 2] = np.random.default_rng(0).uniform(0.85, 0.95, front.shape[:2])
    assert joint_mistakes(front) == joint_remarks(front) == []
    swapped = front[:, flip_indices("openpose18")]
    assert joint_mistakes(swapped) == []
    [said] = joint_remarks(swapped)
    assert said.startswith("left and right may be swapped: faces are seen with the left shoulder")
