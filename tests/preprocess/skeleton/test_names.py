"""Joints by the names that tools give them."""

from __future__ import annotations

import pytest

from edgehuman.geometry import COCO_17, LAYOUTS
from edgehuman.preprocess.skeleton.names import joint_named, order_by_name


@pytest.mark.parametrize(
    ("name", "joint"),
    [
        ("NOSE", "nose"),
        ("LEFT_EYE_INNER", "l_eye_inner"),
        ("leftShoulder", "l_shoulder"),
        ("LShoulder", "l_shoulder"),
        ("shoulder.left", "l_shoulder"),
        ("righthip", "r_hip"),
        ("Left Ankle", "l_ankle"),
        ("MOUTH_LEFT", "l_mouth"),
        ("left_pinky", "l_little"),
        ("RIGHT_FOOT_INDEX", "r_big_toe"),
        ("MidHip", "pelvis"),
        ("LBigToe", "l_big_toe"),
    ],
)
def test_a_joint_has_many_names(name: str, joint: str) -> None:
    assert joint_named(name) == joint


@pytest.mark.parametrize("layout", ["coco17", "openpose18", "body25", "mediapipe33", "halpe26"])
def test_names_in_any_order_give_the_layout_of_their_number(layout: str) -> None:
    names = LAYOUTS[layout]
    turned = list(reversed(names))
    assert order_by_name(turned) == list(reversed(range(len(names))))


def test_what_a_tool_leaves_out_is_none() -> None:
    names = [name for name in COCO_17 if "e" not in name[:3] and name != "nose"] + ["tail"]
    order = order_by_name(names)
    assert order is not None
    assert order[0] is None
    assert order[COCO_17.index("l_hip")] == names.index("l_hip")


def test_numbers_sort_and_other_words_keep_the_order() -> None:
    assert order_by_name(["kpt 0", "kpt 1", "kpt 10", "kpt 2"]) == [0, 1, 3, 2]
    assert order_by_name(["snout", "tail", "paw"]) is None
