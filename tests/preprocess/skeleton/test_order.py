"""Joints in another order, or with x and y swapped, are told from walkers of all views."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.preprocess.skeleton.order import only_seen, order_mistake, seen_joints
from edgehuman.preprocess.skeleton.screen import joint_mistakes, upside_down
from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.records import Float32
from edgehuman.simulate.skeleton.walks import simulate_skeletons

HUMAN36M_17 = (
    *("pelvis", "r_hip", "r_knee", "r_ankle", "l_hip", "l_knee", "l_ankle", "spine", "neck"),
    *("nose", "nose", "l_shoulder", "l_elbow", "l_wrist", "r_shoulder", "r_elbow", "r_wrist"),
)


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(15, 4, seed=4).skeleton_NTJ3


@pytest.fixture(scope="module")
def frames(walks: Float32) -> Float32:
    return walks.reshape(-1, 18, 3)


def test_coco_order_is_recognised(frames: Float32) -> None:
    names = (*COCO_17, "neck")
    wrong = frames[:, [OPENPOSE_18.index(name) for name in names]]
    said = order_mistake(wrong)
    assert said is not None
    assert "in the order of COCO-17 with the neck after it; convert them to OpenPose-18" in said
    assert joint_mistakes(wrong) == [said]


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
    assert "but must be at most 4, and joints are not as far below the head" in said
    assert "The order of the joints is unknown" in said
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
    [line] = joint_mistakes(read)
    assert f"{said}, and were read as COCO-17; convert them to OpenPose-18" in line


def called(frames_SJ3: Float32, real: tuple[str, ...], taken_for: str) -> Float32:
    """Skeletons as another tool writes them, read as a layout that has as many joints."""
    hips = frames_SJ3[:, [OPENPOSE_18.index(f"{side}_hip") for side in "rl"]].mean(axis=1)
    middle = {"pelvis": hips, "spine": 0.5 * (hips + frames_SJ3[:, OPENPOSE_18.index("neck")])}
    joints = [
        middle[name] if name in middle else frames_SJ3[:, OPENPOSE_18.index(name)] for name in real
    ]
    return to_record(np.stack(joints, axis=1), "test", taken_for)


def test_the_order_of_another_tool_is_recognised(frames: Float32) -> None:
    line = order_mistake(called(frames, HUMAN36M_17, "coco17"))
    assert line is not None
    assert "the order of Human3.6M, and were read as COCO-17" in line


def test_x_and_y_swapped_are_recognised_before_an_unknown_order(walks: Float32) -> None:
    """In pixels, in shares of the picture, and with joints lost: always the simple reason."""
    lost = walks.copy()
    lost[lost[..., 2] < 0.6] = 0.0
    for made in (walks, lost, walks / np.array([1920, 1080, 1])):
        for walk in made.astype(np.float32):
            said = order_mistake(walk[..., [1, 0, 2]])
            assert said is not None
            assert "x and y are swapped: write x (to the right) before y (down)" in said
    turned = walks[0].copy()
    turned[..., 0], turned[..., 1] = 1080 - walks[0][..., 1], walks[0][..., 0]
    said = order_mistake(turned)
    assert said is not None
    assert "The pictures are on their side: turn them by a quarter" in said


@pytest.mark.parametrize("least", [0.0, 0.5, 0.7])
@pytest.mark.parametrize("keeps_score", [True, False])
def test_joints_at_the_origin_are_unseen(walks: Float32, least: float, keeps_score: bool) -> None:
    """As Ultralytics writes them, with their score or without: no walk of any view is accused, and
    shuffled joints are still found.
    """
    made = walks.copy()
    low = made[..., 2] < least
    made[low, :2] = 0.0
    if not keeps_score:
        made[low, 2] = 0.0
    assert [order_mistake(walk) for walk in made] == [None] * len(made)
    assert not seen_joints(made)[low].any()
    assert not only_seen(made)[low].any()
    shuffled = made[:, :, np.random.default_rng(1).permutation(18)]
    assert all(order_mistake(walk) is not None for walk in shuffled[:10])


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
