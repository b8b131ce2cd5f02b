"""Smooth curves: what the spline, the step and the noise promise."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.body.smooth import bump, smooth_noise, spline_at, step, upsample


def test_step_and_bump_have_their_ends_and_middles() -> None:
    assert step(np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert bump(np.array([-1.0, 0.0, 0.5, 1.0])).tolist() == [0.0, 0.0, 1.0, 0.0]


def test_a_constant_and_a_line_stay_what_they_are() -> None:
    knots = np.array([np.full(8, 3.0), np.arange(8.0)])
    frames = upsample(knots, 4, 24)
    assert np.allclose(frames[0], 3.0)
    assert np.allclose(frames[1, 4:], np.arange(4, 24) / 4.0)


def test_the_integral_of_the_knots_is_kept() -> None:
    knots = np.array([[0.0, 0.0, 0.0, 2.0, 5.0, 1.0, 0.0, 0.0, 0.0]])
    assert upsample(knots, 10, 80).sum() / 10 == pytest.approx(8.0)


def test_a_part_of_the_knots_gives_the_same_part_of_the_frames() -> None:
    knots = np.random.default_rng(0).standard_normal((2, 20))
    whole = upsample(knots, 5, 80)
    part = upsample(knots[:, 3:14], 5, 45)
    assert np.allclose(part[:, 5:40], whole[:, 20:55])


def test_spline_at_agrees_with_upsample_and_holds_its_ends() -> None:
    knots = np.random.default_rng(1).standard_normal(12)
    assert np.allclose(spline_at(knots, np.arange(8, 80) / 8), upsample(knots[None], 8, 80)[0, 8:])
    assert spline_at(knots, np.array([-5.0, 40.0])) == pytest.approx([knots[0], knots[-1]])


def test_noise_has_unit_variance() -> None:
    noise = smooth_noise(np.random.default_rng(2), 4, 40_000, 10)
    assert noise.shape == (4, 40_000)
    assert noise.std() == pytest.approx(1.0, abs=0.05)
