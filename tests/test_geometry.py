"""Joint layouts: the tables are consistent and derived joints are means."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import (
    BONES_26,
    COCO_17,
    GAIT_LIMBS_6,
    GAIT_PARTS_3,
    LIMBS_18,
    OPENPOSE_18,
    SEGMENT_ORIGIN,
    SEGMENTS,
    SKELETON_26,
    TRUNK_5,
    convert,
    flip_indices,
    gait_order,
)


def test_layouts_have_the_right_count_and_unique_names() -> None:
    for layout, count in ((OPENPOSE_18, 18), (COCO_17, 17), (SKELETON_26, 26)):
        assert len(layout) == len(set(layout)) == count


def test_tables_name_only_joints_of_the_skeleton() -> None:
    assert {joint for bone in BONES_26 for joint in bone} == set(SKELETON_26)
    assert {joint for limb in LIMBS_18 for joint in limb} == set(OPENPOSE_18)
    assert set(SEGMENT_ORIGIN) == set(SEGMENTS)
    assert set(SEGMENT_ORIGIN.values()) <= set(SKELETON_26)


def test_the_neck_of_coco_is_the_mean_of_the_shoulders() -> None:
    joints = np.zeros((17, 2))
    joints[COCO_17.index("l_shoulder")] = (2.0, 4.0)
    joints[COCO_17.index("r_shoulder")] = (0.0, 2.0)
    made = convert(joints, "coco17", "openpose18")
    assert made[OPENPOSE_18.index("neck")].tolist() == [1.0, 3.0]
    assert made[OPENPOSE_18.index("l_shoulder")].tolist() == [2.0, 4.0]


def test_a_derived_joint_takes_the_lowest_confidence() -> None:
    joints = np.ones((17, 3), np.float32)
    joints[COCO_17.index("r_shoulder"), 2] = 0.25
    made = convert(joints, "coco17", "openpose18", has_confidence=True)
    assert made[OPENPOSE_18.index("neck"), 2] == 0.25
    assert made.dtype == np.float32


def test_a_joint_that_the_source_lacks_is_zero_in_every_frame() -> None:
    joints = np.ones((4, 25, 3), np.float32)
    made = convert(joints, "kinect25", "openpose18", has_confidence=True)
    assert made.shape == (4, 18, 3)
    assert not made[:, OPENPOSE_18.index("nose")].any()
    assert made[:, OPENPOSE_18.index("neck")].all()


def test_a_round_trip_keeps_every_coco_joint() -> None:
    joints = np.arange(2 * 17 * 3, dtype=float).reshape(2, 17, 3)
    back = convert(convert(joints, "coco17", "openpose18"), "openpose18", "coco17")
    assert np.array_equal(back, joints)


def test_the_skeleton_begins_with_openpose() -> None:
    joints = np.arange(26 * 3, dtype=float).reshape(26, 3)
    assert np.array_equal(convert(joints, "skeleton26", "openpose18"), joints[:18])


@pytest.mark.parametrize("layout", ["openpose18", "coco17", "skeleton26"])
def test_flipping_twice_changes_nothing(layout: str) -> None:
    flip = flip_indices(layout)
    assert np.array_equal(flip[flip], np.arange(len(flip)))
    assert not np.array_equal(flip, np.arange(len(flip)))


def test_unknown_layouts_and_wrong_shapes_are_errors() -> None:
    with pytest.raises(UsageError, match=r"openpose25.*openpose18, coco17"):
        convert(np.zeros((17, 2)), "coco17", "openpose25")
    with pytest.raises(UsageError, match="cannot derive"):
        convert(np.zeros((17, 2)), "coco17", "skeleton26")
    with pytest.raises(DataError, match=r"\(18, 2\).*17"):
        convert(np.zeros((18, 2)), "coco17", "openpose18")


def test_every_joint_is_in_one_limb_and_every_limb_in_one_part() -> None:
    assert sorted(gait_order().tolist()) == list(range(18))
    assert [limb for pair in GAIT_PARTS_3.values() for limb in pair] == list(GAIT_LIMBS_6)
    names = [OPENPOSE_18[j] for j in gait_order()]
    assert names[:3] == ["nose", "l_eye", "l_ear"]
    assert names[15:] == ["r_hip", "r_knee", "r_ankle"]
    assert set(TRUNK_5) < set(OPENPOSE_18)
