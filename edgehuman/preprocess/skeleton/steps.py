"""Steps per second of a walk, and frame rates at which people would walk too fast or too slowly.

Axes: T frames of one walk, N walk.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import OPENPOSE_18
from edgehuman.records import Float32, Float64

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
STEP_HZ = (1.0, 3.4)
# Most walkers, even slow or hurried; outside it a wrong frame rate is likely, but not certain.
_USUAL_HZ, _MEAN_HZ = (1.1, 3.0), 1.8
_CAMERAS_HZ = (5, 6, 8, 10, 12, 12.5, 15, 20, 24, 25, 30, 48, 50, 60, 90, 100, 120, 240)
# The ankles of standing people move less than this relative to each other, in trunk lengths.
_LEAST_SWING = 0.1
# At least this share of the walks at a rate must show steps before the rate is judged: up to 0.3 of
# correct walks shorter than a stride show something like fast steps.
_SHARE_WALKING = 0.6
_FINER = 8
_FEWEST_FRAMES = 6
# Share of the movement that a wave explains to be clear, and to need no second sign; the two rates
# agree within this logarithm.
_CLEAR, _REGULAR, _AGREES = 0.35, 0.7, 0.15


def step_rate(skeleton_TJ3: Float32, rate_hz: float) -> float:
    """Steps per second of one walk at a frame rate; NaN if it is too short or shows none.

    Relative to one ankle, the other moves back and forth once per stride, which is two steps. The
    ankles are furthest apart once per step: unless the movement is as regular as a pendulum's, both
    must give the same rate, as a detector that confuses the legs doubles the first.
    """
    apart_T2 = _apart(skeleton_TJ3)
    if apart_T2 is None:
        return float("nan")
    strides_hz, share = _cycles(apart_T2, rate_hz, _LEAST_SWING)
    if share >= _REGULAR:
        return 2.0 * strides_hz
    steps_hz, _ = _cycles(np.hypot(*apart_T2.T)[:, None], rate_hz, 0.0)
    agrees = abs(np.log(2.0 * strides_hz / steps_hz)) < _AGREES
    return 2.0 * strides_hz if share >= _CLEAR and agrees else float("nan")


def _apart(skeleton_TJ3: Float32) -> Float64 | None:
    """(T, 2) from the right to the left ankle in trunk lengths, gaps filled; None if unseen."""
    right, left, neck, hip = (
        skeleton_TJ3[:, _JOINT[name]] for name in ("r_ankle", "l_ankle", "neck", "r_hip")
    )
    seen_T = (right[:, 2] > 0.0) & (left[:, 2] > 0.0) & (neck[:, 2] > 0.0) & (hip[:, 2] > 0.0)
    if seen_T.sum() < max(0.8 * len(seen_T), 24):
        return None
    time_T = np.arange(len(seen_T), dtype=np.float64)
    trunk_T = np.hypot(*(neck - hip)[seen_T, :2].astype(np.float64).T)
    away_K2 = (left - right)[seen_T, :2].astype(np.float64) / np.maximum(trunk_T, 1e-6)[:, None]
    return np.stack([np.interp(time_T, time_T[seen_T], row) for row in away_K2.T], axis=1)


def _cycles(wave_TX: Float64, rate_hz: float, least_swing: float) -> tuple[float, float]:
    """Cycles per second of a wave, and the share of its power that they explain; NaN and 0 if there
    are none.

    The wave must repeat at least one and a half times. If fewer strides were filmed, the first line
    of the search is the strongest. Nobody can walk a stride in fewer than six frames: faster waves
    are joints that a detector confuses, or two people.
    """
    frames = len(wave_TX)
    power = _power(wave_TX)
    first, last = int(1.5 * _FINER), frames * _FINER // _FEWEST_FRAMES
    if last <= first:
        return float("nan"), 0.0
    top = first + int(np.argmax(power[first:last]))
    if top == first or power[top] < (least_swing * frames / 4.0) ** 2:
        return float("nan"), 0.0
    share = power[max(top - _FINER, first) : top + _FINER + 1].sum() / power[first:].sum()
    return top / (_FINER * frames) * rate_hz, float(share)


def _power(wave_TX: Float64) -> Float64:
    """Power spectrum of a detrended wave (T, 1) or (T, 2), `_FINER` times as fine as usual.

    A swing of amplitude a peaks at (a T / 4)^2: half of it is at negative frequencies, and the Hann
    window halves the rest.
    """
    frames = len(wave_TX)
    powers_T3 = np.vander(np.linspace(-1.0, 1.0, frames), 3)
    trend_3X = np.linalg.lstsq(powers_T3, wave_TX, rcond=None)[0]
    smooth_TX = (wave_TX - powers_T3 @ trend_3X) * np.hanning(frames)[:, None]
    lines = np.abs(np.fft.rfft(smooth_TX, _FINER * frames, axis=0)) ** 2
    power: Float64 = lines.sum(axis=1)
    return power


def rate_mistake(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str | None:
    """A frame rate at which people would take far too many or too few steps per second.

    Return None if many of the walks show no steps.

    Args:
        steps_hz_N: `step_rate` of walks at that rate; NaN where unknown.
    """
    known = steps_hz_N[np.isfinite(steps_hz_N)]
    if known.size < max(3, _SHARE_WALKING * steps_hz_N.size):
        return None
    low, high = STEP_HZ
    if low <= np.median(known) <= high:
        return None
    return steps_said(steps_hz_N, rate_hz)


def steps_said(steps_hz_N: NDArray[np.floating], rate_hz: float) -> str:
    """Describe the step rate at a frame rate, and a likelier frame rate."""
    steps_hz = float(np.nanmedian(steps_hz_N))
    low, high = STEP_HZ
    return (
        f"at {rate_hz:g} Hz people take {steps_hz:.1f} steps per second; walking is "
        f"{low:g} to {high:g}, so the frame rate is nearer {rate_hz * _MEAN_HZ / steps_hz:.0f}, "
        "or nobody walks there"
    )


def rate_remark(steps_hz: float, rate_hz: float) -> str | None:
    """What may be a wrong frame rate, by the steps of one walk; it may be a slow or fast walker."""
    low, high = _USUAL_HZ
    # Under three frames a second, `t` is in other units, which others tell.
    if not np.isfinite(steps_hz) or low <= steps_hz <= high or rate_hz < 3.0:
        return None
    wanted_hz = rate_hz * _MEAN_HZ / steps_hz
    likely_hz = min(_CAMERAS_HZ, key=lambda each: abs(np.log(each / wanted_hz)))
    return (
        f"at {rate_hz:g} Hz there are {steps_hz:.1f} steps per second, and most people take "
        f"{low:g} to {high:g}: if the frames were taken at about {likely_hz:g} Hz, the stamps are "
        "wrong; set t to frame number / rate"
    )
