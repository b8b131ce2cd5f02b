"""Where a person's box will be: a Kalman filter of constant velocity, in seconds.

The middle, width and height of a box move independently of each other, so that a filter is a few
numbers for each, and the filters of a whole frame are one array. A state is that of the last
observation; a prediction is made from it for any later time and is not kept, so that frames may
come at any pace, be missing, or stall.

Noise is in proportion to the height h. A detector's boxes are h/20 off, as ByteTrack has it (Zhang
et al., "ByteTrack", ECCV 2022; the filter of DeepSORT). A walker's speed changes by some 0.3 h/s in
a second (0.5 m/s), and a box wanders by 0.08 h; ByteTrack takes three times both, with which a
filter follows the detector's errors. Over time dt, F = [[1, dt], [0, 1]] and, as speed drifts all
the while, Q = place^2 [[dt, 0], [0, 0]] + speed^2 [[dt^3/3, dt^2/2], [dt^2/2, dt]]. Left out: the
aspect as a coordinate of its own (width is one instead, as in BoT-SORT, arXiv 2206.14651).

Axes: K people, S: place, speed, variance of the place, covariance, variance of the speed; 4: x and
y of the middle, width, height, in pixels and pixels per second.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Float64

_FPS = 30.0  # of ByteTrack's numbers


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviations, of the height.

    Attributes:
        measured: of a box.
        place: by which the place wanders in a second.
        speed: by which the speed changes in a second, per second.
        first_speed: of the speed at the first box, per second.
    """

    measured: float = 1 / 20
    place: float = 0.08
    speed: float = 0.3
    first_speed: float = 1.0


WALKERS = Noise()
BYTETRACK = Noise(place=math.sqrt(_FPS) / 20, speed=_FPS**1.5 / 160, first_speed=10 * _FPS / 160)
"""h/20 of place and h/160 of speed a frame, at 30 frames a second."""
_FIRST = 2
_SIZE = slice(2, 4)
_LEAST_SIDE = 1e-3


def begun(box_K4: Float64, noise: Noise = WALKERS) -> Float64:
    """States (K, S, 4) of boxes x1, y1, x2, y2 that are seen for the first time."""
    state_KS4 = np.zeros((len(box_K4), 5, 4))
    state_KS4[:, 0] = middles(box_K4)
    height_K1 = state_KS4[:, 0, 3:]
    state_KS4[:, 2] = (_FIRST * noise.measured * height_K1) ** 2
    state_KS4[:, 4] = (noise.first_speed * height_K1) ** 2
    return state_KS4


def predicted(
    state_KS4: Float64, after_s_K: Float64, noise: Noise = WALKERS, growing_K: object = True
) -> Float64:
    """States (K, S, 4) so many seconds after the last observation.

    Args:
        growing_K: whether size goes on changing; of somebody hidden it does not.
    """
    dt_K1 = np.asarray(after_s_K, np.float64).reshape(-1, 1)
    height_K1 = state_KS4[:, 0, 3:]
    place_K1 = (noise.place * height_K1) ** 2
    speed_K1 = (noise.speed * height_K1) ** 2
    at_K4, speed_K4, place_var_K4, both_K4, speed_var_K4 = state_KS4.transpose(1, 0, 2)
    step_K4 = speed_K4 * dt_K1
    step_K4[:, _SIZE] *= np.asarray(growing_K, np.float64).reshape(-1, 1)
    found_KS4 = np.empty_like(state_KS4)
    found_KS4[:, 0] = at_K4 + step_K4
    np.maximum(found_KS4[:, 0, _SIZE], _LEAST_SIDE, out=found_KS4[:, 0, _SIZE])
    found_KS4[:, 1] = speed_K4
    found_KS4[:, 2] = place_var_K4 + dt_K1 * (2 * both_K4 + dt_K1 * speed_var_K4)
    found_KS4[:, 2] += dt_K1 * (place_K1 + dt_K1**2 * speed_K1 / 3)
    found_KS4[:, 3] = both_K4 + dt_K1 * (speed_var_K4 + dt_K1 * speed_K1 / 2)
    found_KS4[:, 4] = speed_var_K4 + dt_K1 * speed_K1
    return found_KS4


def updated(state_KS4: Float64, box_K4: Float64, noise: Noise = WALKERS) -> Float64:
    """Predicted states (K, S, 4) with the boxes that were seen."""
    seen_K4 = middles(box_K4)
    noise_K1 = (noise.measured * state_KS4[:, 0, 3:]) ** 2
    at_K4, speed_K4, place_var_K4, both_K4, speed_var_K4 = state_KS4.transpose(1, 0, 2)
    sum_K4 = place_var_K4 + noise_K1
    place_gain_K4, speed_gain_K4 = place_var_K4 / sum_K4, both_K4 / sum_K4
    off_K4 = seen_K4 - at_K4
    found_KS4 = np.empty_like(state_KS4)
    found_KS4[:, 0] = at_K4 + place_gain_K4 * off_K4
    found_KS4[:, 1] = speed_K4 + speed_gain_K4 * off_K4
    found_KS4[:, 2] = (1 - place_gain_K4) * place_var_K4
    found_KS4[:, 3] = (1 - place_gain_K4) * both_K4
    found_KS4[:, 4] = speed_var_K4 - speed_gain_K4 * both_K4
    return found_KS4


def replayed(
    state_KS4: Float64,
    last_K4: Float64,
    box_K4: Float64,
    gap_s_K: Float64,
    steps: int,
    noise: Noise = WALKERS,
) -> Float64:
    """States (K, S, 4) of people who are seen again: as if they had been seen all the while, on a
    straight line between the last box and this one (OC-SORT's observation-centric re-update, Cao et
    al., CVPR 2023, section 4.1). Else the filter takes the error that it gathered for speed.

    Args:
        state_KS4: at the last observation.
        last_K4, box_K4: what was seen then, and what is now.
        gap_s_K: seconds between them.
        steps: updates, the last of them with `box_K4`.
    """
    for step in range(1, steps + 1):
        share = step / steps
        state_KS4 = predicted(state_KS4, gap_s_K / steps, noise)
        state_KS4 = updated(state_KS4, last_K4 + share * (box_K4 - last_K4), noise)
    return state_KS4


def boxes(state_KS4: Float64) -> Float64:
    """Boxes (K, 4) x1, y1, x2, y2 of states."""
    half_K2 = state_KS4[:, 0, 2:] / 2
    box_K4 = np.empty((len(state_KS4), 4))
    box_K4[:, :2] = state_KS4[:, 0, :2] - half_K2
    box_K4[:, 2:] = state_KS4[:, 0, :2] + half_K2
    return box_K4


def middles(box_K4: Float64) -> Float64:
    """x and y of the middle, width, height (K, 4) of boxes x1, y1, x2, y2."""
    side_K2 = np.maximum(box_K4[:, 2:] - box_K4[:, :2], _LEAST_SIDE)
    return np.concatenate([(box_K4[:, :2] + box_K4[:, 2:]) / 2, side_K2], axis=1)
