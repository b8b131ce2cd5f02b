"""Cameras that watch people walk: by hand, a few points before a pin-hole."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float64
from edgehuman.simulate.gait.pinhole import (
    NUM_NORMALS,
    NUM_UNIFORMS,
    VIEWS_DEG,
    Cameras,
    Seen,
    spread,
    watch,
)

J = {name: i for i, name in enumerate(OPENPOSE_18)}
# Every camera 10 m away and 1 m above the ground, level, and as close as it can zoom.
STRAIGHT = Cameras(
    height_m=(0.9, 0.9), distance_m=(10.0, 10.0), fill=(1.0, 1.0), roll_deg=0.0, size_px=(200, 200)
)


def stick(frames: int = 1, step_m: float = 0.0) -> Float64:
    """(18, 3, 1, T): hips at 0.9 m, nose at 1.7, ankles on the ground, left side at y = 0.2."""
    made = np.zeros((18, 3, 1, frames))
    made[:, 2] = 0.9
    made[J["nose"], 2], made[J["neck"], 2] = 1.7, 1.5
    for side, y in (("l", 0.2), ("r", -0.2)):
        for name in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "eye", "ear"):
            made[J[f"{side}_{name}"], 1] = y
        made[J[f"{side}_ankle"], 2] = 0.0
    made[:, 0] += step_m * (np.arange(frames) - 0.5 * (frames - 1))
    return made


def watched(view_deg: float, joints: Float64, cameras: Cameras = STRAIGHT, **more: float) -> Seen:
    uniform = np.full((1, NUM_UNIFORMS), more.get("uniform", 0.5))
    normal = np.full((1, NUM_NORMALS), more.get("normal", 0.0))
    ahead = np.zeros((3, 1, joints.shape[-1]))
    ahead[0] = 1.0
    return watch(joints, ahead, np.array([view_deg]), uniform, normal, cameras)


def test_a_person_who_fills_the_picture() -> None:
    seen = watched(0.0, stick())
    x, y = seen.pixel_2NJT[:, 0, :, 0]
    # 1.7 m tall at 10 m: 200 pixels are 0.17 of tangent.
    assert seen.focal_px_N == pytest.approx(200 / 0.17)
    assert y[J["nose"]] == pytest.approx(0.0)
    assert y[J["l_ankle"]] == pytest.approx(200.0)
    assert y[J["l_hip"]] == pytest.approx(200 * 0.8 / 1.7)
    # From the front, the person's left is at the picture's right, 0.4 m from the right side.
    assert x[J["l_hip"]] - x[J["r_hip"]] == pytest.approx(200 * 0.4 / 1.7)
    assert seen.size_px_N == pytest.approx(200.0)


@pytest.mark.parametrize(
    ("view_deg", "facing", "left", "sides"), [(0, 1, 0, 1), (90, 0, 1, 0), (180, -1, 0, -1)]
)
def test_where_the_camera_stands(view_deg: float, facing: float, left: float, sides: float) -> None:
    seen = watched(view_deg, stick())
    x = seen.pixel_2NJT[0, 0, :, 0]
    assert seen.facing_NT[0, 0] == pytest.approx(facing, abs=0.01)
    assert seen.left_NT[0, 0] == pytest.approx(left, abs=0.01)
    assert np.sign(np.round(x[J["l_hip"]] - x[J["r_hip"]], 6)) == sides
    # Seen from the left, the left hip is 0.2 m nearer than the middle of the hips.
    assert seen.depth_NJT[0, J["l_hip"], 0] == pytest.approx(-0.2 if view_deg == 90 else 0.0)


def test_a_whole_walk_stays_in_the_picture() -> None:
    joints = stick(21, step_m=0.2)
    for view_deg in VIEWS_DEG:
        seen = watched(view_deg, joints)
        for low, high in zip(
            seen.pixel_2NJT.min(axis=(1, 2, 3)), seen.pixel_2NJT.max(axis=(1, 2, 3)), strict=True
        ):
            assert low >= -1e-6
            assert high <= 200.0 + 1e-6
    # Who walks towards the camera grows.
    front = watched(0.0, joints).pixel_2NJT[1, 0]
    tall = front[J["l_ankle"]] - front[J["nose"]]
    assert (np.diff(tall) > 0).all()


def test_a_smaller_focal_length_leaves_room() -> None:
    half = Cameras(
        height_m=(0.9, 0.9), distance_m=(10, 10), fill=(0.5, 0.5), roll_deg=0.0, size_px=(200, 200)
    )
    for uniform, low in ((0.0, 0.0), (0.5, 50.0), (1.0, 100.0)):
        y = watched(0.0, stick(), half, uniform=uniform).pixel_2NJT[1]
        assert (y.min(), y.max()) == pytest.approx((low, low + 100.0))


def test_a_crooked_camera_turns_the_picture() -> None:
    crooked = Cameras(
        height_m=(0.9, 0.9), distance_m=(10, 10), fill=(1, 1), roll_deg=10.0, size_px=(200, 200)
    )
    x, y = watched(90.0, stick(), crooked, normal=1.0).pixel_2NJT[:, 0, :, 0]
    across, down = x[J["l_ankle"]] - x[J["nose"]], y[J["l_ankle"]] - y[J["nose"]]
    assert np.degrees(np.arctan2(abs(across), down)) == pytest.approx(10.0, abs=1.5)


def test_numbers_are_spread_over_a_range() -> None:
    assert spread((2.0, 4.0), np.array([0.0, 0.25, 1.0])).tolist() == [2.0, 2.5, 4.0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"views_deg": ()}, "views_deg is empty"),
        ({"height_m": (0.1, 2.0)}, "height_m"),
        ({"distance_m": (9.0, 5.0)}, "distance_m"),
        ({"fill": (0.5, 1.1)}, "at most 1, or the walk leaves the picture"),
        ({"size_px": (31, 200)}, "at least 32 pixels"),
    ],
)
def test_cameras_that_are_none(words: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Cameras(**words)  # type: ignore[arg-type]
