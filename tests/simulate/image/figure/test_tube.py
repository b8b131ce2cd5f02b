"""One tube before one camera: its outline, its texture and its light, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.figure.rig import KNOTS, Piece, Posed, Texture, at, make_rig
from edgehuman.simulate.image.figure.tube import ACROSS, Light, Outlines, View, outline
from edgehuman.simulate.image.scene.camera import look_at

WIDTH = 8
LIGHT = Light((0.0, 0.0, -1.0), 0.5, 0.5)


def eight_columns() -> Texture:
    """Column c has red c + 1."""
    rgb = np.zeros((1, WIDTH, 3), np.uint8)
    rgb[..., 0] = np.arange(WIDTH) + 1
    return Texture(rgb.reshape(-1, 3), 1, WIDTH)


def tube(side_m: float, front_m: float, back_m: float, roundness: float = 0.0) -> Posed:
    """Upright from z 0 to 2 at the origin; it faces x and its left is y."""
    size = np.repeat([[side_m], [front_m], [back_m]], KNOTS, axis=1)
    round_ends = (roundness, roundness)
    piece = Piece(
        "torso",
        "tube",
        "skirt",
        at("pelvis"),
        at("neck"),
        "trunk",
        size,
        eight_columns(),
        roundness=round_ends,
    )
    rig = make_rig([piece])
    ends = np.array([[[0.0, 0.0, 0.0], [0.0, 0.0, 2.0]]])
    left, front = np.array([[0.0, 1.0, 0.0]]), np.array([[1.0, 0.0, 0.0]])
    return Posed(rig, ends, left, front, rig.size_P3K)


def seen_from(azimuth_deg: float) -> View:
    """From 10 m, level with the camera's aim, 100 pixels a metre there."""
    far = look_at(0.9, 10.0, float(np.radians(azimuth_deg)))
    return View(far.position_3, far.axes_33, np.array([1000.0, 1000.0]), np.array([50.0, 90.0]))


def outlined(posed: Posed, azimuth_deg: float) -> Outlines:
    return outline(posed, np.array([0]), seen_from(azimuth_deg), LIGHT, samples=65)


@pytest.mark.parametrize(("azimuth_deg", "half_px"), [(0.0, 20.0), (90.0, 10.0), (45.0, 15.81)])
def test_an_ellipse_is_as_wide_as_its_support(azimuth_deg: float, half_px: float) -> None:
    outlines = outlined(tube(0.2, 0.1, 0.1), azimuth_deg)
    assert outlines.half_PK[0, 32] == pytest.approx(half_px, abs=0.05)
    assert outlines.middle_PK[0, 32] == pytest.approx(0.0, abs=1e-6)


def test_a_belly_shows_at_the_side_that_it_points_to() -> None:
    # From the person's left (90 degrees) its front is at the picture's left.
    outlines = outlined(tube(0.2, 0.3, 0.1), 90.0)
    assert outlines.half_PK[0, 32] == pytest.approx(20.0, abs=0.05)
    x0, _, x1, _ = outlines.box_P4[0]
    assert 18 <= x0 <= 20
    assert 59 <= x1 <= 62


def test_a_round_end_reaches_farther_than_a_cut_one() -> None:
    cut, ball = outlined(tube(0.1, 0.1, 0.1), 0.0), outlined(tube(0.1, 0.1, 0.1, 1.0), 0.0)
    tall = [outlines.box_P4[0, 3] - outlines.box_P4[0, 1] for outlines in (cut, ball)]
    assert tall[1] - tall[0] == pytest.approx(20, abs=3)
    assert cut.half_PK[0, [0, -1]].tolist() == [-1.0, -1.0]


@pytest.mark.parametrize(("azimuth_deg", "column"), [(0, 2), (90, 0), (180, 6), (270, 4)])
def test_the_texture_turns_with_the_body(azimuth_deg: float, column: int) -> None:
    # Column 0 begins at the left and a quarter of the eight, column 2, at the front.
    outlines = outlined(tube(0.1, 0.1, 0.1), azimuth_deg - 10.0)
    texels = outlines.row_PK[0, 32] + outlines.column_PS[0]
    middle = texels[ACROSS // 2 - 1 : ACROSS // 2 + 1]
    assert column in middle.tolist()
    assert len(set(texels.tolist())) in (4, 5)  # half of the eight is seen


def test_the_texture_is_not_mirrored() -> None:
    # The tube points up the picture; across is then its right, where the person's left is.
    outlines = outlined(tube(0.1, 0.1, 0.1), 0.0)
    assert outlines.along_P2[0] == pytest.approx([0.0, -1.0], abs=1e-6)
    first, last = outlines.column_PS[0, [2, -3]]
    assert (first, last) == (3, 0)  # its right-hand side first, its left-hand side last


def test_light_comes_from_where_it_is() -> None:
    posed = tube(0.1, 0.1, 0.1)
    view, order = seen_from(0.0), np.array([0])
    right = outline(posed, order, view, Light((1.0, 0.0, 0.0), 0.8, 0.2), 65).light_PS[0]
    front = outline(posed, order, view, LIGHT, 65).light_PS[0]
    assert right[-4] > 2.0 * right[4]
    assert front.argmax() in (ACROSS // 2 - 1, ACROSS // 2)
    assert front.max() == pytest.approx(0.5 * 0.9 + 0.5, abs=0.01)


def test_a_view_of_half_the_size_shows_the_same() -> None:
    view, point = seen_from(30.0), np.array([[0.3, -0.2, 1.4]])
    full, _ = view.project(point)
    half, _ = view.shrunk(0.5).project(point)
    assert np.allclose((half + 0.5) * 2.0 - 0.5, full)


def test_left_is_right_in_a_picture_from_the_front() -> None:
    left = np.array([[0.0, 0.3, 0.9]])
    for azimuth_deg, sign in ((0.0, 1.0), (180.0, -1.0)):
        pixel, depth = seen_from(azimuth_deg).project(left)
        assert pixel[0, 0] - 50.0 == pytest.approx(sign * 30.0)
        assert depth[0] == pytest.approx(10.0)
