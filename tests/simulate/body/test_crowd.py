"""Many walks posed at once: bones, feet and rows of arrays as in a walk alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.geometry import SKELETON_26
from edgehuman.simulate.body.crowd import BONES, Walks, pose_walks
from edgehuman.simulate.body.gait_shape import NUM_HARMONICS
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.posture import CONTROLS, ROW, posture

J = {name: i for i, name in enumerate(SKELETON_26)}
PEOPLE = [sample_person(seed) for seed in range(3)]
FRAMES = 40


def walks(sway: float = 1.0) -> Walks:
    """A stride of each of three people, in average posture; `sway` scales what the gait adds."""
    control_NC = np.stack([posture(who, "walking") for who in PEOPLE])
    gaits = [who.gaits["walking"] for who in PEOPLE]
    return Walks(
        bone_m={name: np.array([who.bone_m[name] for who in PEOPLE]) for name in BONES},
        pelvis_N6K=sway * np.stack([gait.pelvis_6K for gait in gaits]),
        stride_m_N=np.array([gait.stride_m for gait in gaits]),
        stand_m_N=np.array([who.stand_m for who in PEOPLE]),
        track_N=np.full(3, 0.85),
        clock_NT=np.tile(np.linspace(-0.5, 0.5, FRAMES), (3, 1)),
        arm_lag_N=np.zeros(3),
        swing_N4=np.tile([0.4, 0.2, 0.4, 0.2], (3, 1)),
        controls={
            name: np.repeat(control_NC[:, ROW[name], None], FRAMES, axis=1)
            for name in CONTROLS[: ROW["cadence"]]
        },
    )


@pytest.mark.parametrize(
    ("bone", "start", "end"),
    [
        ("thigh", "l_hip", "l_knee"),
        ("shank", "r_knee", "r_ankle"),
        ("upper_arm", "l_shoulder", "l_elbow"),
        ("forearm", "r_elbow", "r_wrist"),
        ("trunk", "pelvis", "neck"),
    ],
)
def test_bones_are_each_person_s_own(bone: str, start: str, end: str) -> None:
    joints, _ = pose_walks(walks())
    assert joints.shape == (26, 3, 3, FRAMES)
    long = np.linalg.norm(joints[J[start]] - joints[J[end]], axis=0)
    wanted = np.array([who.bone_m[bone] for who in PEOPLE])
    assert long == pytest.approx(np.repeat(wanted[:, None], FRAMES, axis=1), rel=1e-9)


def test_everyone_walks_along_x_and_crosses_the_origin_when_the_clock_is_nought() -> None:
    made = walks(sway=0.0)
    pelvis = pose_walks(made)[0][J["pelvis"]]
    assert pelvis[0] == pytest.approx(made.stride_m_N[:, None] * made.clock_NT)
    assert pelvis[1] == pytest.approx(0.0)
    drop = np.array([who.gaits["walking"].drop_m for who in PEOPLE])
    assert pelvis[2, :, 0] == pytest.approx(made.stand_m_N - drop)


def test_a_gait_adds_its_harmonics_to_the_pelvis() -> None:
    still, made = walks(sway=0.0), walks(sway=0.0)
    made.pelvis_N6K[1, 2, 1] = 0.02  # metres, twice a stride, of the second walk
    added = pose_walks(made)[0][J["pelvis"], 2] - pose_walks(still)[0][J["pelvis"], 2]
    clock_T = made.clock_NT[1]
    assert added[1] == pytest.approx(0.02 * np.cos(4 * np.pi * (clock_T + 0.25)))
    assert not added[[0, 2]].any()
    assert made.pelvis_N6K.shape[-1] == NUM_HARMONICS


def test_a_foot_in_mid_stance_stands_on_its_foothold() -> None:
    made = walks(sway=0.0)
    # The left foot's mid-stance is at a whole number of the clock.
    joints, _ = pose_walks(replace(made, clock_NT=np.zeros_like(made.clock_NT)))
    ankle = joints[J["l_ankle"], :, :, 0]
    out = 0.85 * made.bone_m["hip_half"]
    assert ankle[0] == pytest.approx(-0.035 * made.stride_m_N)
    assert ankle[1] == pytest.approx(out)
    assert ankle[2] == pytest.approx(made.bone_m["ankle_height"])
    right = joints[J["r_ankle"], :, :, 0]
    assert (right[2] > ankle[2]).all()


def test_a_walk_is_the_same_in_any_company() -> None:
    made = walks()
    alone = Walks(
        bone_m={name: values[1:2] for name, values in made.bone_m.items()},
        pelvis_N6K=made.pelvis_N6K[1:2],
        stride_m_N=made.stride_m_N[1:2],
        stand_m_N=made.stand_m_N[1:2],
        track_N=made.track_N[1:2],
        clock_NT=made.clock_NT[1:2],
        arm_lag_N=made.arm_lag_N[1:2],
        swing_N4=made.swing_N4[1:2],
        controls={name: values[1:2] for name, values in made.controls.items()},
    )
    together, ahead = pose_walks(made)
    joints, alone_ahead = pose_walks(alone)
    assert np.array_equal(joints[:, :, 0], together[:, :, 1])
    assert np.array_equal(alone_ahead[:, 0], ahead[:, 1])


def test_heads_face_ahead() -> None:
    _, ahead = pose_walks(walks())
    assert np.linalg.norm(ahead, axis=0) == pytest.approx(1.0)
    assert (ahead[0] > 0.8).all()
