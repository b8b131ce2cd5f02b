"""Sizes along the body: builds, and stretches of a piece."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.look import Build
from edgehuman.simulate.image.figure import shapes
from edgehuman.simulate.image.figure.rig import KNOTS
from edgehuman.simulate.image.figure.shapes import (
    SEAT,
    THIGH,
    TORSO,
    seat_size,
    stretch,
    torso_size,
)

AVERAGE = Build(girth=1.0, shoulders=1.0, hips=1.0, bust=0.0, belly=0.0)


@pytest.mark.parametrize(
    "name",
    ["THIGH", "SHANK", "UPPER_ARM", "FOREARM", "HAND", "TORSO", "SEAT", "NECK", "FOOT"],
)
def test_every_piece_has_nine_sizes_of_a_person(name: str) -> None:
    size_3K = getattr(shapes, name)
    assert size_3K.shape == (3, KNOTS)
    assert size_3K.min() > 0.005
    assert size_3K.max() < 0.2


def test_neighbours_join_without_a_step() -> None:
    for upper, lower in ((THIGH, shapes.SHANK), (shapes.UPPER_ARM, shapes.FOREARM)):
        assert upper[:, -1] == pytest.approx(lower[:, 0], abs=0.006)


def test_the_average_build_is_the_table_scaled() -> None:
    assert torso_size(AVERAGE, 1.1) == pytest.approx(1.1 * TORSO)
    assert seat_size(AVERAGE, 0.9) == pytest.approx(0.9 * SEAT)
    assert torso_size(Build(1.2, 1.0, 1.0, 0.0, 0.0), 1.0) == pytest.approx(1.2 * TORSO)


def test_a_belly_and_a_bust_are_in_front_and_shoulders_and_hips_at_the_sides() -> None:
    belly = torso_size(Build(1.0, 1.0, 1.0, 0.0, 1.0), 1.0) - TORSO
    assert belly[1, 2] == pytest.approx(0.075)
    assert not belly[[0, 2]].any()
    bust = torso_size(Build(1.0, 1.0, 1.0, 1.0, 0.0), 1.0) - TORSO
    assert bust[1].argmax() == 5
    assert bust[1, 5] == pytest.approx(0.045)
    wide = torso_size(Build(1.0, 1.1, 1.2, 0.0, 0.0), 1.0) / TORSO
    assert wide[0, 0] == pytest.approx(1.2)
    assert wide[0, 6] == pytest.approx(1.1)
    assert wide[1:] == pytest.approx(1.0)


def test_a_stretch_is_what_lies_between_its_ends() -> None:
    line = np.repeat(np.arange(KNOTS, dtype=float)[None], 3, axis=0)
    assert stretch(line, 0.0, 1.0) == pytest.approx(line)
    assert stretch(line, 0.5, 1.0)[0] == pytest.approx(np.linspace(4.0, 8.0, KNOTS))
    assert stretch(line, 0.25, 0.5)[1, [0, -1]].tolist() == [2.0, 4.0]
    # Nothing lies beyond the end: the last size is kept.
    assert stretch(line, 0.0, 2.0)[0, -1] == 8.0
