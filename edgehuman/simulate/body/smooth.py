"""Smooth curves over time: steps, bumps, noise, and the spline from slow controls to frames.

A control is a row of knots at about a tenth of the frame rate. A uniform cubic B-spline turns knots
into frames: twice continuously differentiable, so accelerations have no steps, and computed as a
matrix product, so it costs almost nothing.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64

# Standard deviation of `upsample` for white knots of unit variance: a cubic B-spline keeps 0.479 of
# their variance, averaged over the interval.
WHITE_STD = np.sqrt(0.479)


def step(s: Float64) -> Float64:
    """Minimum-jerk step: 0 below 0, 1 above 1, velocity and acceleration zero at both."""
    s = np.clip(s, 0.0, 1.0)
    stepped: Float64 = s * s * s * (10.0 + s * (6.0 * s - 15.0))
    return stepped


def bump(s: Float64) -> Float64:
    """A smooth hill: 0 outside 0..1, 1 in the middle."""
    s = np.clip(s, 0.0, 1.0)
    hill: Float64 = (4.0 * s * (1.0 - s)) ** 3
    return hill


def _basis(per_knot: int) -> Float64:
    """(4, per_knot) values of the four cubic B-spline pieces over one knot interval."""
    x = np.arange(per_knot) / per_knot
    return np.stack([(1 - x) ** 3, 3 * x**3 - 6 * x**2 + 4, 3 * x * (1 + x - x * x) + 1, x**3]) / 6


def upsample(knots_CM: Float64, per_knot: int, num: int) -> Float64:
    """(C, num) frames from knots (C, M); frame i is at knot i / per_knot; ends are held constant.

    Every knot contributes with weights that sum to `per_knot`, so integrals are exact.
    """
    intervals = -(-num // per_knot)
    missing = max(0, intervals + 2 - knots_CM.shape[1])
    padded = np.concatenate(
        [knots_CM[:, :1], knots_CM, np.repeat(knots_CM[:, -1:], missing, axis=1)], axis=1
    )
    windows = np.lib.stride_tricks.sliding_window_view(padded, 4, axis=1)[:, :intervals]
    frames: Float64 = (windows.reshape(-1, 4) @ _basis(per_knot)).reshape(len(knots_CM), -1)
    return frames[:, :num]


def smooth_noise(
    rng: np.random.Generator, channels: int, num: int, samples_per_knot: int
) -> Float64:
    """(channels, num) noise of unit variance; its shortest wave is about two knots long."""
    knots = rng.standard_normal((channels, num // samples_per_knot + 4))
    noise: Float64 = upsample(knots, samples_per_knot, num) / WHITE_STD
    return noise


def spline_at(knots_M: Float64, position_T: Float64) -> Float64:
    """Values (T,) of one B-spline at any real knot positions; ends are held constant."""
    index = np.floor(position_T).astype(np.int64)
    x = position_T - index
    last = len(knots_M) - 1
    weights = ((1 - x) ** 3, 3 * x**3 - 6 * x**2 + 4, 3 * x * (1 + x - x * x) + 1, x**3)
    total: Float64 = np.zeros(len(x))
    for shift, weight in enumerate(weights):
        total += weight / 6.0 * knots_M[np.clip(index + shift - 1, 0, last)]
    return total
