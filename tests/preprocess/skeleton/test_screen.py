"""Mistakes of whole files of skeletons are found, and right files are left alone."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import COCO_17, OPENPOSE_18, flip_indices
from edgehuman.preprocess.skeleton.screen import (
    all_zero,
    layout_mistakes,
    mirrored_sides,
    order_mistake,
    outside,
    rate_mistake,
    size_mistake,
    slow_mistake,
    step_rate,
    upside_down,
)
from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.records import Float32, Float64
from edgehuman.simulate.skeleton.walks import simulate_skeletons


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(15, 4, seed=4).skeleton_NTJ3


@pytest.fixture(scope="module")
def frames(walks: Float32) -> Float32:
    return walks.reshape(-1, 18, 3)


def steps(walks: Float32, rate_hz: float) -> Float64:
    return np.array([step_rate(walk, rate_hz) for walk in walks])


def test_right_skeletons_of_all_views_are_left_alone(walks: Float32, frames: Float32) -> None:
    assert layout_mistakes(frames) == []
    assert size_mistake(frames, 1080, 1920) is None
    assert rate_mistake(steps(walks, 24.0), 24.0) is None


def test_coco_order_is_recognised(frames: Float32) -> None:
    names = (*COCO_17, "neck")
    wrong = frames[:, [OPENPOSE_18.index(name) for name in names]]
    said = order_mistake(wrong)
    assert said is not None
    assert "in the order of COCO-17 with the neck after it; convert them to OpenPose-18" in said
    assert layout_mistakes(wrong) == [said]


def test_a_neck_after_the_nose_is_recognised(frames: Float32) -> None:
    names = ("nose", "neck", *COCO_17[1:])
    said = order_mistake(frames[:, [OPENPOSE_18.index(name) for name in names]])
    assert said is not None
    assert "COCO-17 with the neck after the nose" in said


@pytest.mark.parametrize("seed", range(5))
def test_an_order_that_nobody_has_is_not_named(frames: Float32, seed: int) -> None:
    """A shuffled body is 7 heights of limbs; read in a known order it is no body either."""
    said = order_mistake(frames[:, np.random.default_rng(seed).permutation(18)])
    assert said is not None
    assert "but must be at most 4. The order of the joints is unknown" in said
    assert said.endswith("convert them to OpenPose-18: " + ", ".join(OPENPOSE_18))
    assert "COCO" not in said


@pytest.mark.parametrize(
    ("lost", "said"), [("neck", "OpenPose-18 without the neck"), ("l_ear", "without the left ear")]
)
def test_openpose_joints_that_were_called_coco_are_recognised(
    frames: Float32, lost: str, said: str
) -> None:
    """Before it is said that they stand on their heads, which their names make them do."""
    kept = [i for i, name in enumerate(OPENPOSE_18) if name != lost]
    read = to_record(frames[:, kept], "test", "coco17")
    assert upside_down(read) is not None
    [line] = layout_mistakes(read)
    assert f"{said}, and were read as COCO-17; convert them to OpenPose-18" in line


def test_swapped_sides_are_recognised(frames: Float32) -> None:
    said = mirrored_sides(frames[:, flip_indices("openpose18")])
    assert said is not None
    assert "left and right are swapped in" in said
    mirrored = frames.copy()
    mirrored[..., 0] = np.where(mirrored[..., 2] > 0, 1920 - mirrored[..., 0], 0)
    assert mirrored_sides(mirrored) is not None


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


@pytest.mark.parametrize("confidence", [0.1, 0.9])
@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
def test_legs_at_the_pictures_edge_are_no_unknown_order(
    walks: Float32, share: float, confidence: float
) -> None:
    """A picture ends at the hips, the belly or the chest; what is under it is put on its edge."""
    neck, hip = (walks[..., OPENPOSE_18.index(name), 1] for name in ("neck", "r_hip"))
    edge = (neck + share * (hip - neck))[..., None]
    edge = edge + np.random.default_rng(0).normal(0.0, 3.0, walks.shape[:3])
    cut = walks.copy()
    cut[..., 2] = np.where(walks[..., 1] > edge, confidence, np.maximum(walks[..., 2], 0.05))
    cut[..., 1] = np.minimum(walks[..., 1], edge)
    assert [order_mistake(walk) for walk in cut] == [None] * len(walks)


def test_unsure_legs_near_the_hips_are_no_unknown_order(walks: Float32) -> None:
    cut = walks.copy()
    for name in ("knee", "ankle"):
        for side in "rl":
            hip = walks[:, :, OPENPOSE_18.index(f"{side}_hip"), :2]
            away = np.random.default_rng(0).normal(0.0, 8.0, hip.shape)
            cut[:, :, OPENPOSE_18.index(f"{side}_{name}"), :2] = hip + away
            cut[:, :, OPENPOSE_18.index(f"{side}_{name}"), 2] = 0.1
    assert [order_mistake(walk) for walk in cut] == [None] * len(walks)


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


def test_steps_are_counted() -> None:
    """Ankles that pass each other 0.9 times a second to and fro: 1.8 steps per second."""
    walk = np.ones((96, 18, 3), np.float32)
    walk[:, OPENPOSE_18.index("neck"), 1] = -50.0
    swing = 30 * np.sin(2 * np.pi * 0.9 * np.arange(96) / 24)
    walk[:, OPENPOSE_18.index("l_ankle"), 0] = swing
    walk[:, OPENPOSE_18.index("r_ankle"), 0] = -swing
    assert step_rate(walk, 24.0) == pytest.approx(1.8, abs=0.07)
    assert np.isnan(step_rate(walk[:20], 24.0))
    assert np.isnan(step_rate(np.zeros_like(walk), 24.0))


@pytest.mark.parametrize(("said_hz", "wrong"), [(24, False), (30, False), (60, True), (8, True)])
def test_a_wrong_frame_rate_is_recognised(walks: Float32, said_hz: float, wrong: bool) -> None:
    said = rate_mistake(steps(walks, said_hz), said_hz)
    assert (said is not None) == wrong
    if said is not None:
        assert f"at {said_hz} Hz people take" in said
        assert said.endswith(", or nobody walks there")
        nearer = float(said.partition("nearer ")[2].partition(",")[0])
        assert 21 <= nearer <= 28


@pytest.mark.parametrize(("rate_hz", "frames"), [(60, 48), (50, 40), (30, 26), (24, 24)])
def test_right_walks_of_under_a_stride_tell_no_rate(rate_hz: int, frames: int) -> None:
    """The strongest line of their spectrum is the first that is looked at, whatever it is."""
    short = simulate_skeletons(12, 3, seed=5, frames=frames, rate_hz=rate_hz).skeleton_NTJ3
    found = steps(short, rate_hz)
    assert np.isnan(found).mean() > 0.6
    assert rate_mistake(found, rate_hz) is None


def test_people_who_stand_take_no_steps(walks: Float32) -> None:
    """They sway by 2 pixels, slowly, and their trunks are about 160 pixels long."""
    drawn = np.random.default_rng(0).normal(size=(len(walks), 96, 18, 2))
    sway = np.zeros_like(drawn)
    for i in range(1, 96):
        sway[:, i] = 0.9 * sway[:, i - 1] + drawn[:, i]
    standing = np.repeat(walks[:, 40:41], 96, axis=1)
    standing[..., :2] += sway
    assert np.isnan(steps(standing, 24.0)).all()


def test_a_rate_is_not_judged_by_the_few_walks_that_show_steps() -> None:
    few = np.array([5.0, 5.0, 5.0, np.nan, np.nan, np.nan])
    assert rate_mistake(few, 24.0) is None
    assert rate_mistake(few[:4], 24.0) is not None


def test_too_few_frames_say_nothing(frames: Float32) -> None:
    few = frames[:5]
    assert layout_mistakes(few[:, ::-1]) == []
    assert size_mistake(few[:1], 10, 10) is None
    assert rate_mistake(steps(frames[None, :96], 500.0), 500.0) is None
    assert slow_mistake(np.empty(0)) is None


def test_frames_that_show_nobody() -> None:
    made = np.zeros((3, 18, 3), np.float32)
    made[1, 4, 2] = 0.1
    assert all_zero(made).tolist() == [True, False, True]
