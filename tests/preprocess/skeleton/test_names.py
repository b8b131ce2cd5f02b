"""Joints by the names that tools give them."""

from __future__ import annotations

import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, LAYOUTS, OPENPOSE_18
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
    names = [name for name in COCO_17 if "ear" not in name]
    order = order_by_name(names)
    assert (len(order), order[COCO_17.index("l_ear")]) == (17, None)
    assert order[COCO_17.index("l_hip")] == names.index("l_hip")


@pytest.mark.parametrize("layout", ["openpose18", "body25", "mediapipe33", "halpe26"])
@pytest.mark.parametrize("lost", ["nose", "l_ankle"])
def test_a_layout_with_a_joint_missing_stays_the_same(layout: str, lost: str) -> None:
    names = [name for name in LAYOUTS[layout] if name != lost]
    order = order_by_name(names)
    assert [None if place is None else names[place] for place in order] == [
        None if name == lost else name for name in LAYOUTS[layout]
    ]


def test_more_than_a_layout_has_is_passed_over_if_the_body_is_whole() -> None:
    names = ["tail", *COCO_17, "CLAVICLE_LEFT"]
    assert order_by_name(names) == list(range(1, 18))
    with pytest.raises(DataError, match="here: joint 'lft_ankle' is not known; name joints such"):
        order_by_name([*COCO_17[:15], "lft_ankle", COCO_17[16]], "here")
    with pytest.raises(DataError, match="joint 'snout' is not known"):
        order_by_name(["snout", "tail", "paw"])
    with pytest.raises(DataError, match="joint 'left_eye' occurs twice"):
        order_by_name(["left_eye", "LEFT_EYE", "nose"])


def test_numbers_are_places() -> None:
    names = [f"kpt {k}" for k in range(17)]
    assert order_by_name(names[::-1]) == list(range(17))[::-1]
    lost = [name for name in names if name not in ("kpt 3", "kpt 0")]
    order = order_by_name(lost)
    assert (len(order), order[0], order[3], order[4]) == (17, None, None, lost.index("kpt 4"))


def test_numbers_from_one_are_only_told_of_a_whole_file() -> None:
    names = [str(k) for k in range(1, 18)]
    assert order_by_name(names, whole=True) == list(range(17))
    with pytest.raises(DataError, match="joints are numbered 1 to 17; number them from 0"):
        order_by_name(names)


def test_kinect_s_neck_is_its_upper_spine() -> None:
    names = ("SpineBase", "SpineMid", "Neck", "Head", "ShoulderLeft", "SpineShoulder")
    order = order_by_name(names)
    assert len(order) == 18
    assert order[OPENPOSE_18.index("neck")] == 5
    assert order[OPENPOSE_18.index("l_shoulder")] == 4
