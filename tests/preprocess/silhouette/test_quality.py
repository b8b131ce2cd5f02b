"""Steps and quality of silhouettes."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.preprocess.silhouette.quality import evened, legs_of, quality_of, steps_of
from edgehuman.records import Float64, Uint8


def record(width: int, lean: int = 0) -> Uint8:
    """A body of 64 rows, its legs so wide, its feet moved to the right by some columns."""
    made = np.zeros((64, 64), np.uint8)
    made[:40, 24:40] = 255
    made[40:, 32 - width // 2 : 32 + width // 2] = 255
    made[54:] = np.roll(made[54:], lean, axis=1)
    return made


def legs(widths: list[int], leans: list[int]) -> Float64:
    return np.array([legs_of(record(*each)) for each in zip(widths, leans, strict=True)])


def test_the_width_and_the_side_of_the_legs() -> None:
    assert legs_of(record(20)) == (20.0, 0.0)
    # Feet of 20 columns, 5 to the right: 15 of 20 are on the right.
    assert legs_of(record(20, 5)) == (25.0, 0.5)
    assert legs_of(np.zeros((64, 64), np.uint8)) == (0.0, 0.0)


def test_legs_part_twice_a_stride_and_feet_change_once() -> None:
    """0.9 strides a second for two seconds are 3.6 steps."""
    phase = 2 * np.pi * 0.9 * np.arange(50) / 25.0
    wide = [2 * round(8 + 4 * float(np.cos(2 * each))) for each in phase]
    side = [round(4 * float(np.sin(each))) for each in phase]
    for made in (legs(wide, [0] * 50), legs([12] * 50, side)):
        steps, clear = steps_of(made, 25.0)
        assert steps == pytest.approx(3.6, rel=0.08)
        assert clear > 0.8
    assert steps_of(legs([12] * 50, [0] * 50), 25.0) == (0.0, 0.0)
    assert steps_of(legs([12, 20] * 4, [0] * 8), 25.0) == (0.0, 0.0)  # a third of a second


def test_simulated_walkers_take_steps_from_all_views() -> None:
    walks = load_silhouettes("simulated", people=1, each=11)
    for i in range(len(walks)):
        made = np.array([legs_of(each) for each in walks.sequence(i)])
        steps, clear = steps_of(made, 25.0)
        assert 0.8 <= steps / (len(made) / 25.0) <= 2.6
        assert clear > 0.3


def test_cut_masks_and_halves_that_differ_lower_the_quality() -> None:
    phase = 2 * np.pi * 1.8 * np.arange(50) / 25.0
    made = legs([2 * round(8 + 4 * float(np.cos(each))) for each in phase], [0] * 50)
    whole = quality_of(made, 25.0, 1.0, alike=1.0)
    assert whole.score > 80
    assert quality_of(made, 25.0, 0.5, alike=1.0).score < whole.score
    assert quality_of(made, 25.0, 1.0, alike=0.6).score < whole.score
    assert "view" not in whole.parts


def test_legs_at_uneven_times_take_the_same_steps() -> None:
    """1.8 steps a second for four seconds are 7.2, of every third frame, and of some left out."""
    time_T = np.arange(0.0, 4.0, 0.04, np.float64)
    legs_T2: Float64 = np.stack([20 + 5 * np.cos(2 * np.pi * 1.8 * time_T), 0 * time_T], axis=1)
    for kept in (slice(None), slice(None, None, 3), np.arange(100) % 5 != 2):
        even_T2, rate_hz = evened(time_T[kept], legs_T2[kept])
        assert steps_of(even_T2, rate_hz)[0] == pytest.approx(7.2, rel=0.08)
    assert evened(time_T[:1], legs_T2[:1])[0].shape == (0, 2)
