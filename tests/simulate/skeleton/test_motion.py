"""Measured walks on other bodies: bones, steps, directions, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float64
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.detector import Detector
from edgehuman.simulate.skeleton.motion import NAMES, Build, film, sample_build

EVEN = Build(dict.fromkeys(sample_build(0, 0).factor, 1.0))
CLEAR = Detector(noise=0.0, bias=0.0, spread=0.0, dropped=0.0, swapped=0.0)
AT = {name: place for place, name in enumerate(OPENPOSE_18)}


def measured(frames: int = 60, heading_deg: float = 30.0) -> Float64:
    """Somebody 1.7 m tall who walks three metres, y up; legs swing, arms hang."""
    rest = {
        "neck": (0, 1.4, 0), "head": (0.02, 1.6, 0), "r_shoulder": (0, 1.4, 0.2),
        "l_shoulder": (0, 1.4, -0.2), "r_elbow": (0, 1.1, 0.22), "l_elbow": (0, 1.1, -0.22),
        "r_wrist": (0, 0.85, 0.22), "l_wrist": (0, 0.85, -0.22), "r_hip": (0, 0.9, 0.1),
        "l_hip": (0, 0.9, -0.1), "r_knee": (0, 0.5, 0.1), "l_knee": (0, 0.5, -0.1),
        "r_ankle": (0, 0.08, 0.1), "l_ankle": (0, 0.08, -0.1),
    }  # fmt: skip
    joints_TK3 = np.array([[rest[name] for name in NAMES]] * frames, np.float64)
    joints_TK3[:, :, 0] += np.linspace(-1.5, 1.5, frames)[:, None]
    swing_T = 0.3 * np.sin(np.linspace(0, 12, frames))
    for side, sign in (("r", 1), ("l", -1)):
        joints_TK3[:, NAMES.index(f"{side}_ankle"), 0] += sign * swing_T
    angle = np.radians(heading_deg)
    x, z = joints_TK3[..., 0].copy(), joints_TK3[..., 2].copy()
    joints_TK3[..., 0] = np.cos(angle) * x - np.sin(angle) * z + 4.0
    joints_TK3[..., 2] = np.sin(angle) * x + np.cos(angle) * z - 7.0
    return joints_TK3


def filmed(build: Build = EVEN, heading_deg: float = 30.0, take: int = 0) -> tuple[Float64, float]:
    skeleton_TJ3, view_deg = film(
        measured(heading_deg=heading_deg), NAMES, build, 30.0, 3, 1, take,
        Cameras(view_spread_deg=0.0, roll_deg=0.0), CLEAR,
    )  # fmt: skip
    return skeleton_TJ3.astype(np.float64), view_deg


def length(skeleton_TJ3: Float64, one: str, other: str) -> float:
    return float(np.linalg.norm(skeleton_TJ3[0, AT[one], :2] - skeleton_TJ3[0, AT[other], :2]))


def test_a_walk_is_seen_upright_whatever_its_heading_and_place() -> None:
    skeleton_TJ3, view_deg = filmed()
    again_TJ3, _ = filmed(heading_deg=200.0)
    np.testing.assert_allclose(skeleton_TJ3[..., :2], again_TJ3[..., :2], atol=1e-3)
    y = {name: skeleton_TJ3[:, place, 1] for name, place in AT.items()}
    for high, low in (("nose", "neck"), ("neck", "r_hip"), ("l_hip", "l_knee")):
        assert (y[high] < y[low]).all()
    assert 0 <= view_deg < 360


def test_left_is_left_and_the_face_looks_where_the_walk_goes() -> None:
    for take in range(12):
        skeleton_TJ3, view_deg = filmed(take=take)
        right, left = (skeleton_TJ3[:, AT[f"{side}_shoulder"], 0].mean() for side in "rl")
        ahead, turn = np.cos(np.radians(view_deg)), np.sin(np.radians(view_deg))
        if abs(ahead) > 0.5:  # from the front, the left side is on the right of the picture
            assert (left > right) == (ahead > 0)
        if abs(turn) > 0.5:
            way = skeleton_TJ3[-1, AT["neck"], 0] - skeleton_TJ3[0, AT["neck"], 0]
            nose = (skeleton_TJ3[:, AT["nose"], 0] - skeleton_TJ3[:, AT["neck"], 0]).mean()
            assert np.sign(way) == np.sign(nose)


def test_another_body_has_other_bones_and_its_steps_grow_with_its_legs() -> None:
    long = Build({**EVEN.factor, "thigh": 1.2, "shank": 1.2})
    plain, made = filmed()[0], filmed(long)[0]
    legs, trunk = (
        tuple(length(each, *ends) for each in (plain, made))
        for ends in (("r_hip", "r_knee"), ("neck", "r_hip"))
    )
    assert (legs[1] / trunk[1]) / (legs[0] / trunk[0]) == pytest.approx(1.2, rel=0.06)
    assert long.leg == pytest.approx(1.2)


def test_bodies_and_takes_are_drawn_by_their_numbers() -> None:
    assert sample_build(4, 9) == sample_build(4, 9)
    assert sample_build(4, 9) != sample_build(4, 10)
    assert np.array_equal(filmed(take=2)[0], filmed(take=2)[0])
    assert filmed(take=2)[1] != filmed(take=3)[1]


def test_what_is_no_measured_walk_is_refused() -> None:
    names = [name if name != "r_knee" else "other" for name in NAMES]
    with pytest.raises(DataError, match="found no r_knee; a measured walk needs"):
        film(measured(), names, EVEN, 30.0, 0, 0, 0)
    standing = np.repeat(measured()[:1], 30, axis=0)
    with pytest.raises(DataError, match=r"the walk is 0\.00 m long; it must be at least 1 m"):
        film(standing, NAMES, EVEN, 30.0, 0, 0, 0)
