"""Skeleton records: what is refused, layouts, resampling, filters' numbers, the quality score."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import BODY_25, COCO_17, HALPE_26, OPENPOSE_18
from edgehuman.preprocess.skeleton.walk import (
    between,
    gaps,
    mean_confidence,
    quality_score,
    require_skeleton,
    resample,
    to_record,
)
from edgehuman.records import Float32

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}


def still(frames: int = 3, joints: int = 18) -> Float32:
    """(T, J, 3): joint j at (j, 10 j), confidence 0.5."""
    made = np.empty((frames, joints, 3), np.float32)
    made[..., 0], made[..., 1] = np.arange(joints), 10 * np.arange(joints)
    made[..., 2] = 0.5
    return made


def test_a_record_passes_as_it_is() -> None:
    made = still()
    require_skeleton(made, "walk")
    record = to_record(made, "walk")
    assert record.dtype == np.float32
    np.testing.assert_array_equal(record, still())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s[:, :17], r"shape is \(3, 17, 3\); it must be \(frames, 18, 3\)"),
        (lambda s: s[..., :2], "shape is"),
        (lambda s: s.astype(np.float64), "dtype is float64; it must be float32"),
        (lambda s: np.where(np.arange(3)[:, None, None] == 1, np.nan, s), "frame 1 has a value"),
        (
            lambda s: s + np.array([0, 0, 1], np.float32),
            "confidence is 1.5; it must be 0 to 1",
        ),
        (lambda s: s - np.array([0, 0, 1], np.float32), "confidence is -0.5"),
    ],
)
def test_what_is_no_record_is_refused(change: object, said: str) -> None:
    assert callable(change)
    made = change(still())
    kept = made if made.dtype == np.float64 and "float64" in said else made.astype(np.float32)
    with pytest.raises(DataError, match=said):
        require_skeleton(kept, "walk")


@pytest.mark.parametrize("names", [OPENPOSE_18, COCO_17, BODY_25, HALPE_26])
def test_the_number_of_joints_tells_the_layout(names: tuple[str, ...]) -> None:
    joints = still(2, len(names))
    record = to_record(joints, "walk")
    assert record.shape == (2, 18, 3)
    for name in OPENPOSE_18:
        if name in names:
            np.testing.assert_array_equal(record[:, _JOINT[name]], joints[:, names.index(name)])
    if "neck" not in names:
        # COCO-17: shoulders are joints 5 and 6.
        assert record[0, _JOINT["neck"]].tolist() == [5.5, 55.0, 0.5]


def test_a_neck_of_one_shoulder_is_absent() -> None:
    joints = still(1, 17)
    joints[0, COCO_17.index("l_shoulder")] = 0.0
    record = to_record(joints, "walk")
    assert not record[0, _JOINT["neck"]].any()
    assert not record[0, _JOINT["l_shoulder"]].any()
    assert record[0, _JOINT["r_shoulder"]].tolist() == [6.0, 60.0, 0.5]


def test_what_lies_under_confidence_zero_is_dropped() -> None:
    joints = still(1)
    joints[0, 4] = (77.0, 77.0, 0.0)
    assert not to_record(joints, "walk")[0, 4].any()


@pytest.mark.parametrize("count", [1, 16, 19, 132])
def test_a_wrong_number_of_joints_is_named(count: int) -> None:
    with pytest.raises(DataError, match=f"walk: found {count} joints; valid: 18"):
        to_record(still(2, count), "walk")


def test_a_layout_that_does_not_fit_is_named() -> None:
    with pytest.raises(DataError, match="found 18 joints; coco17 has 17"):
        to_record(still(), "walk", "coco17")
    with pytest.raises(
        DataError, match=r"has 18\. If they are coco17, set their layout to 'coco17'"
    ):
        to_record(still(joints=17), "walk", "openpose18")


def test_values_that_are_no_numbers_are_named() -> None:
    with pytest.raises(DataError, match="joints must be"):
        to_record(np.full((2, 18, 3), "x"), "walk")
    broken = still(4).astype(np.float64)
    broken[2, 3, 0] = np.inf
    with pytest.raises(DataError, match=r"frame 2 has .*, joint 3 is \[inf, .*"):
        to_record(broken, "walk")


def ramp(frames: int) -> Float32:
    """Every joint moves by 1 pixel a frame."""
    made = np.zeros((frames, 18, 3), np.float32)
    made[..., 0] = np.arange(frames)[:, None]
    made[..., 2] = 0.8
    return made


def test_thirty_a_second_become_twenty_four() -> None:
    walk = resample(ramp(31), np.arange(31) / 30)
    assert len(walk) == 25
    np.testing.assert_allclose(walk[:, 0, 0], np.arange(25) * 30 / 24, atol=1e-5)
    np.testing.assert_allclose(walk[..., 2], 0.8, atol=1e-6)


def test_a_missing_frame_is_bridged_by_its_neighbours() -> None:
    stamps = np.array([0, 1, 3, 4]) / 24
    walk = resample(ramp(5)[[0, 1, 3, 4]], stamps)
    np.testing.assert_allclose(walk[:, 7, 0], [0, 1, 2, 3, 4], atol=1e-5)


def test_no_joint_is_made_up() -> None:
    joints = ramp(3)
    joints[1, 4] = 0.0
    walk = resample(joints, np.array([0.0, 1.0, 2.0]), rate_hz=4.0)
    seen = walk[:, 4, 2] > 0
    # Around the frame that lacks it, the joint is as in the nearer frame.
    assert seen.tolist() == [True, True, False, False, False, False, True, True, True]
    assert set(walk[seen, 4, 0].tolist()) == {0.0, 2.0}
    assert (walk[:, 5, 2] > 0).all()


def test_a_joint_that_one_frame_saw_is_taken_from_the_nearer() -> None:
    before, after = ramp(2)[0], ramp(11)[10]
    after[3] = 0
    near, far = (between(before, after, share) for share in (0.25, 0.75))
    assert near[3].tolist() == before[3].tolist()
    assert far[3].tolist() == [0, 0, 0]
    assert (near[4, 0], far[4, 0]) == (2.5, 7.5)
    # Frame by frame or all at once.
    both = between(np.stack([before] * 2), np.stack([after] * 2), np.array([0.25, 0.75]))
    np.testing.assert_array_equal(both, [near, far])


def test_rounded_stamps_change_nothing() -> None:
    joints = ramp(50)
    assert resample(joints, np.round(np.arange(50) / 24, 4)) is joints


def test_one_frame_stays_one_frame() -> None:
    joints = ramp(1)
    assert resample(joints, np.array([3.0])) is joints


@pytest.mark.parametrize(
    ("stamps", "said"),
    [
        ([0.0, 0.1], "stamps for 3 frames"),
        ([0.0, 0.1, 0.1], "frame 2 is stamped 0.1 s; stamps must increase"),
        ([0.0, 0.2, 0.1], "frame 2 is stamped 0.1 s"),
        ([0.0, np.nan, 0.1], "frame 1 is stamped nan s"),
    ],
)
def test_stamps_that_do_not_rise_are_named(stamps: list[float], said: str) -> None:
    with pytest.raises(DataError, match=said):
        resample(ramp(3), np.array(stamps))


def test_a_walk_is_parted_where_more_than_half_a_second_is_missing() -> None:
    stamps = np.array([0.0, 0.1, 0.5, 1.2, 1.3])
    assert gaps(stamps) == [slice(0, 3), slice(3, 5)]
    assert gaps(stamps[:1]) == [slice(0, 1)]


def test_quality_is_the_papers_formula() -> None:
    rng = np.random.default_rng(0)
    joints = np.zeros((14, 18, 3), np.float32)
    joints[..., 2] = rng.uniform(0.2, 0.9, (14, 18))
    length_N = np.array([5, 9])
    by_hand = []
    for part in (joints[:5, :, 2], joints[5:, :, 2]):
        mean, std = part.mean(axis=0), part.std(axis=0)
        by_hand.append(float((mean - np.log(std)).sum()))
    np.testing.assert_allclose(quality_score(joints, length_N), by_hand, rtol=1e-5)
    means = [float(joints[:5, :, 2].mean()), float(joints[5:, :, 2].mean())]
    np.testing.assert_allclose(mean_confidence(joints, length_N), means, rtol=1e-6)


def test_a_confidence_that_never_changes_has_a_finite_score() -> None:
    joints = still(4)
    # 18 joints: 0.5 - ln 0.001
    np.testing.assert_allclose(
        quality_score(joints, np.array([4])), 18 * (0.5 + np.log(1000)), rtol=1e-6
    )
