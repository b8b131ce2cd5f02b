"""Cameras and their surroundings: geometry, exposure, and what differs between them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.records import Float32
from edgehuman.simulate.body.stance import STANCES
from edgehuman.simulate.image.figure.tube import View
from edgehuman.simulate.image.scene.backdrop import FAMILIES, Spot, backdrop, scene
from edgehuman.simulate.image.scene.camera import (
    NUM_CAMERAS,
    Exposure,
    expose,
    look_at,
    sample_camera,
)
from edgehuman.simulate.image.scene.shot import OCCLUDERS, sample_shot

CAMERA = replace(
    sample_camera(0, 0), gain_3=(1.0, 1.0, 1.0), gamma=1.0, blur_px=0.0, noise=0.0, quality=100
)
SHARP = Exposure(1.0, 0.0, 1.0, (0, 0), 100)


def grey(level: float, height: int = 64, width: int = 32) -> Float32:
    return np.full((3, height, width), level, np.float32)


def test_a_view_looks_at_the_person_from_its_azimuth() -> None:
    for azimuth_deg, place in ((0.0, (5.0, 0.0)), (90.0, (0.0, 5.0)), (180.0, (-5.0, 0.0))):
        view = look_at(2.0, 5.0, float(np.radians(azimuth_deg)))
        assert view.position_3 == pytest.approx([*place, 2.0], abs=1e-9)
        pixel, _ = view.project(np.array([[0.0, 0.0, 0.9], [0.0, 0.0, 1.7]]))
        assert pixel[0] == pytest.approx([0.0, 0.0], abs=1e-9)
        assert pixel[1, 1] < -0.1
        assert view.axes_33 @ view.axes_33.T == pytest.approx(np.eye(3), abs=1e-9)


def test_a_perfect_camera_shows_the_light() -> None:
    image = expose(grey(100.0), CAMERA, SHARP)
    assert image.shape == (64, 32, 3)
    assert np.abs(image.astype(int) - 100).max() <= 1


def test_gain_tint_and_curve() -> None:
    bright = expose(grey(100.0), CAMERA, replace(SHARP, gain=1.5))
    assert bright.mean() == pytest.approx(150.0, abs=1.5)
    warm = expose(grey(100.0), replace(CAMERA, gain_3=(1.2, 1.0, 0.8)), SHARP)
    assert warm.mean(axis=(0, 1)) == pytest.approx([120.0, 100.0, 80.0], abs=2.0)
    curved = expose(grey(100.0), replace(CAMERA, gamma=1.2), SHARP)
    assert curved.mean() == pytest.approx(255.0 * (100 / 255) ** 1.2, abs=1.5)
    assert expose(grey(400.0), CAMERA, SHARP).min() == 255


def test_noise_has_its_size_and_no_bias() -> None:
    # JPEG halves the resolution of colour but keeps that of brightness.
    weights = np.array([0.299, 0.587, 0.114])
    expected = 6.0 * np.sqrt((weights**2).sum())
    image = expose(grey(100.0, 256, 128), replace(CAMERA, noise=6.0), SHARP) @ weights
    assert image.std() == pytest.approx(expected, rel=0.1)
    assert image.mean() == pytest.approx(100.0, abs=0.7)
    large = expose(grey(100.0, 700, 600), replace(CAMERA, noise=6.0), SHARP) @ weights
    assert large.shape == (700, 600)
    assert large.std() == pytest.approx(expected, rel=0.1)


def test_detail_and_blur_take_contrast_away() -> None:
    light = grey(40.0, 128, 64)
    light[:, :, ::4] = 220.0
    sharp = expose(light, CAMERA, SHARP).std()
    assert expose(light, CAMERA, replace(SHARP, detail=0.4)).std() < 0.4 * sharp
    assert expose(light, CAMERA, replace(SHARP, blur_px=4.0)).std() < 0.4 * sharp


def test_cameras_differ_and_are_the_same_again() -> None:
    cameras = [sample_camera(3, number) for number in range(NUM_CAMERAS)]
    assert {camera.family for camera in cameras} == set(FAMILIES)
    assert len({camera.gain_3 for camera in cameras}) == NUM_CAMERAS
    sample_camera.cache_clear()
    assert sample_camera(3, 2) == cameras[2]
    assert sample_camera(4, 2) != cameras[2]
    for camera in cameras:
        assert np.linalg.norm(camera.light.towards_3) == pytest.approx(1.0)
        assert camera.light.towards_3[1] < 0.0  # from above


@pytest.mark.parametrize("family", FAMILIES)
def test_every_place_has_a_floor_below_and_a_wall_above(family: str) -> None:
    place = scene(family, 1)
    assert place.floor_HWC.shape == (512, 512, 3)
    assert place.wall_HWC.shape == (256, 640, 3)
    far = look_at(2.0, 8.0, 0.7)
    view = View(far.position_3, far.axes_33, np.array([400.0, 400.0]), np.array([31.5, 63.5]))
    spot = Spot(3.0, 0.0, 5.0, 0.1, (2.0, 3.0))
    image = backdrop(place, spot, view, 128, 64)
    assert image.shape == (128, 64, 3)
    assert image.dtype == np.uint8
    assert image[:20].std() > 1.0
    # The wall's foot is 3 m behind the person: a level line, above it only wall.
    behind = np.array([[-3.0 * np.cos(0.7), -3.0 * np.sin(0.7), 0.0]])
    row = round(float(view.project(behind)[0][0, 1]))
    black = replace(place, wall_HWC=np.zeros_like(place.wall_HWC))
    masked = backdrop(black, spot, view, 128, 64)
    assert not masked[: row - 1].any()
    assert np.array_equal(masked[row + 2 :], image[row + 2 :])
    assert image[row + 2 :].any()


def test_shots_cover_what_there_is() -> None:
    rng = np.random.default_rng(0)
    shots = [sample_shot(CAMERA, rng) for _ in range(400)]
    assert {shot.occluder for shot in shots} == set(OCCLUDERS)
    assert {shot.activity for shot in shots} == set(STANCES)
    turned = np.histogram([shot.azimuth_deg for shot in shots], 8, (0.0, 360.0))[0]
    assert turned.min() > 20
    whole = [shot.scale for shot in shots if shot.scale <= 1.0]
    assert 0.8 < len(whole) / len(shots) < 0.97
    low, high = CAMERA.distance_m
    assert all(low <= shot.distance_m <= high for shot in shots)
