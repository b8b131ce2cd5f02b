"""Pixels, shares of the picture, or metres."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.skeleton.units import are_shares, metres_said, shares_said, unit_of
from edgehuman.records import Float64

PIXELS = np.array([[10.0, 20.0], [300.0, 400.0], [-5.0, 900.0], [50.0, 60.0]])
AROUND = np.array([[-0.5, -0.9], [0.5, 0.9], [-0.2, 0.1], [0.3, -0.4]])


@pytest.mark.parametrize(
    ("xy", "signed", "unit"),
    [
        (PIXELS, False, "pixels"),
        (PIXELS / 1000, False, "shares"),
        (PIXELS / 1000, True, "shares"),
        (AROUND, False, "metres"),
        (AROUND, True, "signed"),
        (AROUND * 5, False, "metres"),
        (AROUND * 50, False, "pixels"),
    ],
)
def test_the_unit_is_told_by_extent_and_sign(xy: Float64, signed: bool, unit: str) -> None:
    assert unit_of(xy, signed) == unit


def test_what_is_said_of_no_pixels() -> None:
    assert are_shares(PIXELS / 1000)
    assert "at most 0.86; joints must be in pixels" in shares_said(PIXELS / 1000)
    assert metres_said(AROUND).startswith("coordinates are -0.9 to 0.9 around a point, and no body")
