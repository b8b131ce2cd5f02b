"""Outlines of solids: by hand, balls and ellipsoids before a camera on the x axis."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.records import Float64
from edgehuman.simulate.silhouette.solids import Blob, Sight, outline, tangents


def column(*xyz: float) -> Float64:
    return np.array(xyz, np.float64)[:, None]


# At x = 10, looking back at the origin: right is y, down is -z; 100 px per metre at the origin.
SIGHT = Sight(
    column(10, 0, 0),
    column(0, 1, 0),
    column(0, 0, -1),
    column(-1, 0, 0),
    np.zeros((2, 1)),
    np.array([1000.0]),
    (50.0, 60.0),
)


def box(*solid: Blob) -> list[float]:
    """Left, top, right, bottom of an outline."""
    points = outline(SIGHT, solid)[0]
    return [*points.min(axis=0), *points.max(axis=0)]


def test_a_ball_is_a_circle_that_shrinks_with_distance() -> None:
    near, far = column(0, 0.2, 0.1), column(-10, 0, 0)
    assert box(Blob(near, np.array([0.1]))) == pytest.approx([60, 40, 80, 60])
    # Twice as far away, the outline is half as large.
    assert box(Blob(far, np.array([0.1]))) == pytest.approx([45, 55, 55, 65])
    right, down, depth = tangents(SIGHT, near)
    assert [right[0], down[0], depth[0]] == pytest.approx([0.02, -0.01, 10.0])


def test_an_ellipsoid_is_as_wide_as_its_axes_from_there() -> None:
    axes = (column(0.3, 0, 0), column(0, 0.2, 0), column(0, 0, 0.1))
    # Its depth along the line of sight does not show.
    assert box(Blob(column(0, 0, 0), np.zeros(1), axes)) == pytest.approx([30, 50, 70, 70])
    turned = (column(0, 0.2, 0.2), column(0, -0.1, 0.1))
    assert box(Blob(column(0, 0, 0), np.zeros(1), turned))[2] == pytest.approx(50 + 10 * 5**0.5)


def test_a_hull_holds_its_blobs_and_is_convex() -> None:
    first, last = (
        Blob(column(0, 0, 0), np.array([0.05])),
        Blob(column(0, 0.3, -0.4), np.array([0.1])),
    )
    left, top, right, bottom = box(first, last)
    assert [left, top, right, bottom] == pytest.approx([45, 55, 90, 110])
    points = outline(SIGHT, (first, last))[0]
    step = np.roll(points, -1, axis=0) - points
    turn = step[:, 0] * np.roll(step[:, 1], -1) - step[:, 1] * np.roll(step[:, 0], -1)
    assert (turn > -1e-9).all()
