"""Shots: what a camera and a person detector take, drawn within their ranges."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from edgehuman.simulate.body.stance import STANCES
from edgehuman.simulate.image.scene.camera import sample_camera
from edgehuman.simulate.image.scene.shot import OCCLUDERS, Shot, sample_shot

CAMERA = sample_camera(0, 2)


@pytest.fixture(scope="module")
def shots() -> list[Shot]:
    rng = np.random.default_rng(0)
    return [sample_shot(CAMERA, rng) for _ in range(3000)]


def test_a_shot_is_seeded() -> None:
    one, same, other = (sample_shot(CAMERA, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one == same
    assert one.seed != other.seed


def test_most_walk_some_stand_few_run(shots: list[Shot]) -> None:
    counts = Counter(shot.activity for shot in shots)
    shares = [counts[name] / len(shots) for name in STANCES]
    assert shares == pytest.approx([0.72, 0.24, 0.04], abs=0.03)


def test_most_have_nothing_in_the_way(shots: list[Shot]) -> None:
    counts = Counter(shot.occluder for shot in shots)
    shares = [counts[name] / len(shots) for name in OCCLUDERS]
    assert shares == pytest.approx([0.86, 0.03, 0.03, 0.02, 0.06], abs=0.02)
    assert all(0.45 <= abs(shot.occluder_side) <= 1.0 for shot in shots)


def test_people_are_seen_from_all_around_most_from_the_four_sides(shots: list[Shot]) -> None:
    azimuth = np.array([shot.azimuth_deg for shot in shots])
    assert azimuth.min() >= 0.0
    assert azimuth.max() < 360.0
    off = np.abs((azimuth + 45.0) % 90.0 - 45.0)  # degrees from the nearest side
    assert (off < 15.0).mean() > 15.0 / 45.0 + 0.1
    assert (off > 30.0).mean() > 0.1


def test_one_in_ten_is_cut_off_and_keeps_the_head(shots: list[Shot]) -> None:
    cut = [shot for shot in shots if shot.scale > 1.0]
    assert len(cut) / len(shots) == pytest.approx(0.10, abs=0.02)
    for shot in cut:
        # The body's middle is lower by so much that its top is still in the picture.
        top = 0.5 + shot.shift[1] - 0.5 * shot.scale
        assert 0.0 < top < 0.1
    whole = [shot.scale for shot in shots if shot.scale <= 1.0]
    assert min(whole) >= 0.84
    assert max(whole) <= 0.98


def test_everything_is_within_the_camera_s_ranges(shots: list[Shot]) -> None:
    near, far = CAMERA.distance_m
    assert all(near <= shot.distance_m <= far for shot in shots)
    assert all(shot.camera is CAMERA for shot in shots)
    assert all(0.3 <= shot.exposure.detail <= 1.0 for shot in shots)
    assert all(25 <= shot.exposure.quality <= 95 for shot in shots)
    assert all(0.0 <= shot.phase < 1.0 for shot in shots)
    assert np.median([shot.aspect for shot in shots]) == pytest.approx(np.exp(0.15), rel=0.02)
