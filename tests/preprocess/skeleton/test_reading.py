"""What the numbers of a source mean: layout, units, confidences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.reading import RawPose, Reading
from edgehuman.records import Float64
from edgehuman.simulate.skeleton.walks import simulate_skeletons


def body(scale: float = 1.0) -> Float64:
    """COCO-17, joint j at (100 + 10 j, 200 + 20 j) times a scale, confidence 0.8."""
    j = np.arange(17)
    return np.stack([scale * (100.0 + 10 * j), scale * (200.0 + 20 * j), np.full(17, 0.8)], axis=1)


def test_pixels_stay() -> None:
    record = Reading().record(RawPose(body()))
    assert record.shape == (18, 3)
    assert record[0].tolist() == pytest.approx([100, 200, 0.8])


def test_shares_become_pixels_by_the_size_of_the_line_or_of_the_user() -> None:
    pose = RawPose(body() / (1000, 500, 1), width_px=1000, height_px=500)
    reading = Reading()
    assert reading.record(pose)[0].tolist() == pytest.approx([100, 200, 0.8])
    assert reading.remarks == [
        "coordinates are 0 to 1 across the picture; multiplied by its size of 1000x500 pixels"
    ]
    stated = Reading(declare(size="2000x1000"))
    assert stated.record(pose)[0].tolist() == pytest.approx([200, 400, 0.8])
    assert stated.size_of(pose) == (2000, 1000)


def test_shares_of_an_unknown_size_stay_in_a_stream_and_are_refused_in_a_file() -> None:
    pose = RawPose(body() / (1000, 500, 1), where="a.json")
    assert Reading().record(pose)[0, 0] == pytest.approx(0.1)
    with pytest.raises(DataError, match=r"a\.json: coordinates are shares of the picture"):
        Reading().decide([pose])


def test_openpose_may_count_from_minus_one_to_one() -> None:
    scaled = (body() / (1000, 600, 1)) * (2, 2, 1) - (1, 1, 0)
    pose = RawPose(scaled, width_px=1000, height_px=600)
    reading = Reading(signed=True)
    reading.decide([pose])
    assert reading.record(pose)[0].tolist() == pytest.approx([100, 200, 0.8])


def in_metres(y_up: bool) -> RawPose:
    """A real body of 1.5 m from the neck to the ankles, around its hips."""
    joints_J3 = simulate_skeletons(1, 1, seed=0).skeleton_NTJ3[0, 0].astype(np.float64)
    neck, ankle = joints_J3[1, :2], joints_J3[[10, 13], :2].mean(axis=0)
    joints_J3[:, :2] = (joints_J3[:, :2] - (neck + ankle) / 2) * 1.5 / (ankle[1] - neck[1])
    joints_J3[:, 1] *= -1.0 if y_up else 1.0
    return RawPose(joints_J3)


@pytest.mark.parametrize("y_up", [False, True])
@pytest.mark.parametrize("whole", [False, True], ids=["stream", "file"])
def test_a_body_in_metres_is_drawn(y_up: bool, whole: bool) -> None:
    pose, reading = in_metres(y_up), Reading()
    if whole:
        reading.decide([pose])
    found_J3 = reading.record(pose)
    assert found_J3[13, 1] - found_J3[1, 1] == pytest.approx(375, rel=0.1)
    assert found_J3[4, 0] == pytest.approx(960 + 250 * pose.joints_J3[4, 0], abs=0.01)
    assert found_J3[4, 2] == pytest.approx(pose.joints_J3[4, 2], abs=1e-6)
    said = "coordinates are in metres, y up" if y_up else "coordinates are in metres: drawn"
    assert any(remark.startswith(said) for remark in reading.remarks)


def test_the_distance_from_the_sensor_is_no_confidence() -> None:
    pose = in_metres(True)
    pose.joints_J3[:, 2] = 2.8
    for whole in (False, True):
        reading = Reading()
        if whole:
            reading.decide([pose])
        assert set(reading.record(pose)[:, 2].tolist()) == {1.0}
        assert any("depth (z)" in remark for remark in reading.remarks)


def test_small_numbers_around_a_point_that_are_no_body_are_refused() -> None:
    metres = (body() - (180, 360, 0)) / (2000, 2000, 1)
    for whole in (False, True):
        reading = Reading()
        if whole:
            reading.decide([RawPose(metres)])
        with pytest.raises(DataError, match="around a point, and no body that stands, in metres"):
            reading.record(RawPose(metres))


def test_a_person_at_the_edge_of_the_picture_is_in_pixels() -> None:
    pose = RawPose(body() - (180, 360, 0))
    reading = Reading()
    reading.decide([pose])
    assert reading.record(pose)[0].tolist() == pytest.approx([-80, -160, 0.8])


def test_movenet_is_y_first() -> None:
    turned = body()[:, [1, 0, 2]]
    for pose in (RawPose(turned, layout="movenet"), RawPose(turned)):
        stated = Reading(declare(layout="movenet17"))
        assert stated.record(pose)[0].tolist() == pytest.approx([100, 200, 0.8])


def test_the_user_s_layout_counts_before_the_number_of_joints() -> None:
    pose = RawPose(body())
    with pytest.raises(DataError, match=r"found 17 joints; body25 has 25\. If they are coco17"):
        Reading(declare(layout="body25")).record(pose)
    with pytest.raises(DataError, match="unknown layout 'mine'; valid: openpose18"):
        Reading().record(replace(pose, layout="mine"))
    with pytest.raises(DataError, match="found 16 joints; valid: 18"):
        Reading().record(RawPose(body()[:16]))


def test_what_was_not_seen_is_zero_whatever_its_confidence() -> None:
    joints = body()
    joints[3] = np.nan
    record = Reading().record(RawPose(joints))
    assert not record[17].any()  # the left ear is joint 3 of COCO-17 and 17 of OpenPose-18
    assert record[16].any()
    nobody = Reading().record(RawPose(np.full((17, 3), np.nan)))
    assert not nobody.any()


def test_without_confidences_every_seen_joint_is_sure() -> None:
    joints = body()
    joints[:, 2] = np.nan
    reading = Reading()
    assert (reading.record(RawPose(joints))[:, 2] == 1.0).all()
    assert reading.remarks == ["joints have no confidence; 1 is assumed"]


def test_kinect_has_no_face_and_that_is_said_once() -> None:
    joints = np.tile([50.0, 60.0, 1.0], (25, 1)) + np.arange(25)[:, None] * (1, 0, 0)
    reading = Reading()
    for _ in range(2):
        record = reading.record(RawPose(joints, layout="kinect25"))
    assert not record[[0, 14, 15, 16, 17]].any()
    assert record[1:14, 2].all()
    assert len([remark for remark in reading.remarks if "no nose" in remark]) == 1


def test_one_odd_frame_makes_no_kinect() -> None:
    """Head, neck, spine and pelvis of Kinect lie one below the other; of BODY-25 they do not."""
    odd, usual = np.ones((25, 3)), np.ones((25, 3))
    odd[[3, 20, 1, 0], 1] = (10, 20, 30, 40)
    usual[[0, 1, 8], 1] = (10, 20, 40)
    usual[3, 1] = 30
    for joints in (odd, usual):
        joints[:, 0] = 500.0
    poses = [RawPose(joints, layout="body25", where="a.json") for joints in (odd, usual, usual)]
    reading = Reading()
    reading.decide(poses)
    assert [reading.layout_of(pose) for pose in poses] == ["body25"] * 3
    turned = Reading()
    turned.decide([poses[1], poses[0], poses[0]])
    with pytest.raises(DataError, match="in the order of kinect25; give --layout kinect25"):
        turned.layout_of(poses[1])


def test_poses_of_several_layouts_and_sizes_are_read_together_as_alone() -> None:
    small, bare, lost = body(0.5), body(), body()
    bare[:, 2] = np.nan
    lost[4] = np.nan
    poses = [
        RawPose(body()),
        RawPose(small, width_px=100, height_px=100),
        RawPose(np.zeros((0, 3))),
        RawPose(bare),
        RawPose(np.concatenate([body(), body()[:1]])),
        RawPose(lost),
    ]
    reading = Reading()
    reading.decide(poses)
    made_TJ3 = reading.records(poses)
    assert made_TJ3.dtype == np.float32
    for pose, joints_J3 in zip(poses, made_TJ3, strict=True):
        np.testing.assert_array_equal(joints_J3, Reading().record(pose))


@pytest.mark.parametrize("whole", [True, False])
def test_the_depth_of_mediapipe_is_no_confidence(whole: bool) -> None:
    j = np.arange(33)
    joints = np.stack([100.0 + 10 * j, 200.0 + 20 * j, np.linspace(-0.5, 0.5, 33)], axis=1)
    reading, pose = Reading(), RawPose(joints)
    if whole:
        reading.decide([pose] * 30)
    assert (reading.record(pose)[:, 2] == 1.0).all()
    assert reading.remarks[0] == "the third number of a joint is its depth (z), no confidence"
    seen = RawPose(np.abs(joints))
    assert reading_of(seen)[0, 2] == pytest.approx(0.5)


def reading_of(pose: RawPose) -> Float64:
    return np.asarray(Reading().record(pose), np.float64)
