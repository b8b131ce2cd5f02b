"""The skeleton: bones keep their length, feet keep their ground, postures look like postures."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import BONES_26, SEGMENT_ORIGIN, SEGMENTS, SKELETON_26
from edgehuman.simulate.body.activities import ACTIVITIES
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Bout, random_schedule, with_transitions
from edgehuman.simulate.body.walker import Motion, walk

J = {name: i for i, name in enumerate(SKELETON_26)}
S = {name: i for i, name in enumerate(SEGMENTS)}
DAY = [
    Bout("standing", 4),
    Bout("walking", 8),
    Bout("walking_upstairs", 8),
    Bout("walking_downstairs", 8),
    Bout("jogging", 6),
    Bout("sitting", 6),
    Bout("laying", 6),
    Bout("sitting", 4),
    Bout("standing", 4),
]


@pytest.fixture(scope="module")
def motion() -> Motion:
    return walk(sample_person(1), with_transitions(DAY), seed=2)


def _during(motion: Motion, activity: str, edge: int = 120) -> slice:
    """The frames of the activity's first bout, without its edges."""
    here = np.flatnonzero(motion.label_T == ACTIVITIES.index(activity))
    breaks = np.flatnonzero(np.diff(here) > 1)
    last = here[breaks[0]] if len(breaks) else here[-1]
    return slice(int(here[0]) + edge, int(last) - edge)


def test_bones_never_change_length(motion: Motion) -> None:
    ends = np.array([(J[a], J[b]) for a, b in BONES_26])
    joints = motion.joints_TJ3
    length = np.linalg.norm(joints[:, ends[:, 0]] - joints[:, ends[:, 1]], axis=-1)
    assert np.ptp(length, axis=0).max() < 1e-9
    assert length.min() > 0.01


def test_segments_are_rotations_that_agree_with_the_joints(motion: Motion) -> None:
    rotation = motion.rotation_TS33
    assert np.allclose(np.swapaxes(rotation, -1, -2) @ rotation, np.eye(3), atol=1e-9)
    assert np.allclose(np.linalg.det(rotation[::50]), 1.0)
    for segment, end in (("l_thigh", "l_knee"), ("r_shank", "r_ankle"), ("l_forearm", "l_wrist")):
        bone = motion.joints_TJ3[:, J[SEGMENT_ORIGIN[segment]]] - motion.joints_TJ3[:, J[end]]
        along = bone / np.linalg.norm(bone, axis=-1, keepdims=True)
        assert np.allclose(rotation[:, S[segment], :, 2], along, atol=1e-9)


def test_the_neck_is_the_mean_of_the_shoulders(motion: Motion) -> None:
    joints = motion.joints_TJ3
    middle = (joints[:, J["l_shoulder"]] + joints[:, J["r_shoulder"]]) / 2
    assert np.allclose(joints[:, J["neck"]], middle)


def test_feet_do_not_sink_and_do_not_slide() -> None:
    for seed in range(4):
        schedule = [Bout("standing", 3), Bout("walking", 10), Bout("standing", 3)]
        joints = walk(sample_person(seed), schedule, seed=seed).joints_TJ3
        soles = joints[:, [J["l_heel"], J["l_toe"], J["r_heel"], J["r_toe"]]]
        assert soles[..., 2].min() > -0.01
        toe = soles[300:1300, 1]
        low = toe[:-1, 2] < 0.004
        speed = np.linalg.norm(np.diff(toe, axis=0), axis=-1) * 100.0
        assert low.mean() > 0.35
        assert np.median(speed[low]) < 0.02


def test_a_walker_stops_with_the_feet_beside_each_other() -> None:
    schedule = [Bout("standing", 3), Bout("walking", 7.3), Bout("standing", 4)]
    motion = walk(sample_person(4), schedule)
    ankles = motion.joints_TJ3[-1, [J["l_ankle"], J["r_ankle"]]]
    forward = motion.rotation_TS33[-1, S["pelvis"], :, 0]
    assert abs((ankles[0] - ankles[1]) @ forward) < 0.06
    assert np.allclose(ankles[:, 2], motion.person.bone_m["ankle_height"], atol=0.02)


def test_a_stair_is_seventeen_centimetres_a_step() -> None:
    for name, sign in (("walking_upstairs", 1), ("walking_downstairs", -1)):
        schedule = [Bout("standing", 3), Bout(name, 10), Bout("standing", 3)]
        motion = walk(sample_person(3), schedule)
        climbed = np.ptp(motion.joints_TJ3[:, J["pelvis"], 2])
        steps = 2 * motion.person.gaits[name].stride_hz * 10
        assert climbed / steps == pytest.approx(0.17, abs=0.03)
        heel = motion.joints_TJ3[[0, -1], J["l_heel"], 2]
        assert np.sign(heel[1] - heel[0]) == sign
        assert abs((heel[1] - heel[0]) / 0.17 - round((heel[1] - heel[0]) / 0.17)) < 0.05


def test_walking_speed_is_cadence_times_stride(motion: Motion) -> None:
    pelvis = motion.joints_TJ3[_during(motion, "walking"), J["pelvis"], :2]
    way = np.linalg.norm(np.diff(pelvis[::10], axis=0), axis=-1).sum()
    gait = motion.person.gaits["walking"]
    assert way / (len(pelvis) / 100.0) == pytest.approx(gait.stride_hz * gait.stride_m, rel=0.15)


def test_postures_look_like_postures(motion: Motion) -> None:
    joints = motion.joints_TJ3
    height = {
        name: joints[_during(motion, name), J["pelvis"], 2].mean() - floor
        for name, floor in (("standing", 0.0), ("sitting", joints[-1, J["l_heel"], 2]))
    }
    person = motion.person
    assert height["standing"] == pytest.approx(person.stand_m, abs=0.02)
    assert height["sitting"] == pytest.approx(person.seat_m, abs=0.03)
    lying = _during(motion, "laying")
    trunk = joints[lying, J["neck"]] - joints[lying, J["pelvis"]]
    assert np.abs(trunk[:, 2]).max() < 0.35 * person.bone_m["trunk"]
    anterior = motion.rotation_TS33[lying, S["pelvis"], 2, 0]
    assert anterior.min() > 0.2


def test_transitions_are_smooth(motion: Motion) -> None:
    """No joint of the trunk jerks while the posture changes: under 1.5 g, and no jumps."""
    moving = motion.label_T >= ACTIVITIES.index("stand_to_sit")
    trunk = motion.joints_TJ3[:, [J["pelvis"], J["neck"], J["nose"]]]
    acceleration = np.diff(trunk, 2, axis=0) * 100.0**2
    assert np.linalg.norm(acceleration, axis=-1)[moving[1:-1]].max() < 1.5 * 9.81


def test_arms_swing_against_the_legs(motion: Motion) -> None:
    span = _during(motion, "walking")
    facing = motion.rotation_TS33[span, S["pelvis"], :, 0]

    def ahead(name: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        place = motion.joints_TJ3[span, J[name]] - motion.joints_TJ3[span, J["pelvis"]]
        made: np.ndarray[tuple[int], np.dtype[np.float64]] = (place * facing).sum(axis=-1)
        return made

    assert np.corrcoef(ahead("l_wrist"), ahead("l_ankle"))[0, 1] < -0.5
    assert np.corrcoef(ahead("l_wrist"), ahead("r_ankle"))[0, 1] > 0.5


def test_labels_are_the_schedule() -> None:
    schedule = [Bout("standing", 2.0), Bout("walking", 3.0), Bout("standing", 1.5)]
    motion = walk(sample_person(0), schedule, rate_hz=50.0)
    assert len(motion.label_T) == len(motion.joints_TJ3) == 325
    names = [motion.labels[motion.label_T[i]] for i in (0, 99, 100, 249, 250, 324)]
    assert names == ["standing", "standing", "walking", "walking", "standing", "standing"]


def test_a_seed_is_a_day() -> None:
    person, schedule = sample_person(0), random_schedule(0, 0.3)
    first = walk(person, schedule, seed=1).joints_TJ3
    assert np.array_equal(first, walk(person, schedule, seed=1).joints_TJ3)
    assert not np.array_equal(first, walk(person, schedule, seed=2).joints_TJ3)


@pytest.mark.parametrize("activity", ACTIVITIES)
@pytest.mark.parametrize("rate_hz", [25.0, 120.0])
def test_a_schedule_of_any_one_activity_can_be_played(activity: str, rate_hz: float) -> None:
    joints = walk(sample_person(2), [Bout(activity, 4.0)], rate_hz).joints_TJ3
    assert len(joints) == 4 * rate_hz
    assert np.isfinite(joints).all()
    assert np.abs(np.diff(joints, axis=0)).max() * rate_hz < 15.0


@pytest.mark.parametrize("rate_hz", [5.0, 1e6, float("nan")])
def test_a_rate_out_of_range_is_refused(rate_hz: float) -> None:
    with pytest.raises(UsageError, match="rate_hz is"):
        walk(sample_person(0), [Bout("standing", 2)], rate_hz)
