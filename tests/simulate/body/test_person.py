"""People: the same from the same seed, different from another, and all of human size."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.simulate.body.gait_shape import NUM_HARMONICS, pelvis_waveform, waist_harmonics
from edgehuman.simulate.body.person import sample_person

PEOPLE = [sample_person(seed) for seed in range(200)]


def test_a_seed_is_a_person() -> None:
    first, again, other = sample_person(5), sample_person(5), sample_person(6)
    assert first.bone_m == again.bone_m
    assert first.mount_rad == again.mount_rad
    walk, walk_again = first.gaits["walking"].pelvis_6K, again.gaits["walking"].pelvis_6K
    assert np.array_equal(walk, walk_again)
    assert first.bone_m != other.bone_m


def test_people_have_human_sizes_and_differ() -> None:
    height_m = np.array([person.height_m for person in PEOPLE])
    stride_hz = np.array([person.gaits["walking"].stride_hz for person in PEOPLE])
    assert 1.45 < height_m.min() < 1.60 < 1.80 < height_m.max() < 2.0
    assert 0.7 < stride_hz.min() < 0.85 < 0.95 < stride_hz.max() < 1.15
    shape = np.array([list(p.bone_m.values()) for p in PEOPLE]) / height_m[:, None]
    assert (shape.std(axis=0) / shape.mean(axis=0) > 0.02).all()


def test_every_leg_reaches_the_ground_while_walking() -> None:
    for person in PEOPLE:
        gait = person.gaits["walking"]
        assert 0.0 < gait.drop_m < 0.15 * person.leg_m
        assert 0.8 < gait.stride_m / person.height_m / 0.76 < 1.2


def test_the_pelvis_of_a_waveform_shows_the_waveform_again() -> None:
    """One harmonic, no rotation: acceleration is minus omega squared times place."""
    waist = np.zeros((6, NUM_HARMONICS), complex)
    waist[2, 1] = 0.2
    pelvis = pelvis_waveform(waist, 1.0, (0.1, 0.1, 0.1))
    omega = 2 * np.pi * 2
    assert pelvis[2, 1] == pytest.approx(-0.2 * 9.80665 / omega**2)
    assert np.count_nonzero(pelvis) == 1


def test_stairs_are_slower_up_and_sharper_down() -> None:
    up, level, down = (
        np.median([person.gaits[name].stride_hz for person in PEOPLE])
        for name in ("walking_upstairs", "walking", "walking_downstairs")
    )
    assert up < 0.95 * level < down
    size = {name: abs(waist_harmonics(name)[2]).max() for name in ("walking", "walking_downstairs")}
    assert size["walking_downstairs"] > 1.5 * size["walking"]


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="seed is -3"):
        sample_person(-3)
