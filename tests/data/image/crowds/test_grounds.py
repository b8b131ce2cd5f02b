"""Backgrounds fill the frame, and are the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.crowds.grounds import (
    drawn_ground,
    grain_table,
    plain_ground,
    street_ground,
)
from edgehuman.data.image.crowds.plan import Camera

HIGH = Camera(60, 80, "far", -100.0, 0.1, 0.7)
EYE = Camera(60, 80, "street", 20.0, 0.9, 1.0)


@pytest.mark.parametrize("camera", [HIGH, EYE])
def test_every_kind_fills_the_frame(camera: Camera) -> None:
    street_HWC = np.full((120, 40, 3), 77, np.uint8)
    for made_HWC in (street_ground(street_HWC, camera, 5), plain_ground(camera, 5)):
        assert made_HWC.shape == (60, 80, 3)
        assert made_HWC.dtype == np.uint8
    assert (street_ground(street_HWC, camera, 5) == 77).all()
    np.testing.assert_array_equal(plain_ground(camera, 5), plain_ground(camera, 5))
    assert (plain_ground(camera, 5) != plain_ground(camera, 6)).any()


def test_a_high_camera_sees_the_ground_alone() -> None:
    street_HWC = np.zeros((100, 40, 3), np.uint8)
    street_HWC[:20] = 255  # the sky
    assert not street_ground(street_HWC, HIGH, 1).any()
    assert street_ground(street_HWC, EYE, 1)[0].any()


def test_the_simulator_draws_floor_and_wall() -> None:
    made_HWC = drawn_ground(0, 3, EYE, 9)
    assert made_HWC.shape == (60, 80, 3)
    assert made_HWC.std() > 2
    np.testing.assert_array_equal(made_HWC, drawn_ground(0, 3, EYE, 9))


def test_the_grain_has_unit_variance() -> None:
    assert grain_table().std() == pytest.approx(1.0, abs=1e-3)


def test_some_plain_grounds_are_no_picture_at_all() -> None:
    """One shade, or noise: what a covered or broken camera gives."""
    camera = Camera(120, 160, "near", 20.0, 0.5, 1.0)
    grounds = [plain_ground(camera, seed) for seed in range(60)]
    steps = np.array([float(np.abs(np.diff(g.astype(np.int16), axis=1)).mean()) for g in grounds])
    assert 1 <= (steps == 0).sum() <= 15
    assert 2 <= (steps > 20).sum() <= 20
    assert all(ground.shape == grounds[0].shape and ground.flags.writeable for ground in grounds)
