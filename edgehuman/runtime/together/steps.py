"""Steps, as a camera sees them and as a sensor feels them: the same oscillation, of one clock.

    seen = steps_seen(t_s_T, joint_TJ3, joints)        of one track
    felt = steps_felt(t_s_T, imu_TC)                   of one sensor
    alike = compare(seen, felt, bound_s=0.6)
    alike.r, alike.lag_s, alike.span_s

Both become complex signals on one grid of 25 Hz whose angle is the phase within a step and whose
size is near 1 in walking and near 0 in standing:

- seen: how head and trunk rise and fall, how far the ankles and knees are apart, and the signed
  distances between left and right, squared: these swing once a stride, their squares once a step.
  All three have their maxima at double support, so they are added;
- felt, three signals: acceleration along gravity; the turning rate, squared as above; its norm.
  Which of them is regular depends on where the sensor is worn.

Their likeness is |sum of felt times conj(seen)| over their norms, the largest over lags up to a
bound and over the three signals. The absolute value makes a constant phase no matter, as it depends
on the view and the placement; a difference in cadence of 1/T makes it 0 within T seconds, and so
does who stands while the other walks.

Comparing step signals of the two is of Huang and Tseng, "Fusing Video and Inertial Sensor Data for
Walking Person Identification" (arXiv 1802.07021), who match times and sizes of steps of the waist;
cross-correlation for the lag is of Plötz et al., "Automatic synchronization of wearable sensors and
video-cameras" (ISWC 2012). Orientations, as Kempfle and Van Laerhoven, "Quaterni-On" (WristSense
2021), and Henschel et al., "Accurate Long-Term Multiple People Tracking Using Video and Body-Worn
IMUs" (TIP 2020) take them, are not used: they need a calibrated camera.

Axes: T record, J joint, C channel, G grid, K signal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.records import Bool, Complex, Float32, Float64

GRID_HZ = 25.0
STEP_HZ, STRIDE_HZ = (1.4, 2.6), (0.7, 1.3)
"""Steps and strides a second: bands that pass whole; a third of a hertz outside nothing does."""
LAG_STEP_S = 0.2
"""A phase that is constant does not matter, so lags need not be finer than cadence changes."""
_LONGEST_GAP_S = 0.3
_SURE = 0.2  # confidence from which a joint counts
_TALL = 3.4  # heights of a person, in distances from hips to shoulders
_SLOW_S, _SLOWER_S = 1.2, 1.6
# Sizes at which a signal is half way between standing and walking: shares of the height, g, rad/s.
_BOUNCE, _APART, _SQUARED = 0.006, 0.05, 0.004
_ACCEL_G, _TURN2, _TURN = 0.05, 0.15, 0.15
_GRAVITY_S = 2.0
_UPPER = (
    *("nose", "l_eye", "r_eye", "l_ear", "r_ear"),
    *("l_shoulder", "r_shoulder", "l_hip", "r_hip"),
)
_FRAME = ("l_shoulder", "r_shoulder", "l_hip", "r_hip")
_LEGS = (("l_ankle", "r_ankle"), ("l_knee", "r_knee"))
NEEDED = (*_FRAME, *(name for pair in _LEGS for name in pair))
"""Joints without which no steps are seen."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Step signals on the grid.

    Attributes:
        begin: number of the first point; point k is at k / GRID_HZ seconds.
        step_KG: complex, size 0 to 1; 0 where nothing is known.
        known_G: where something is.
    """

    begin: int
    step_KG: Complex
    known_G: Bool


@dataclass(frozen=True, slots=True)
class Likeness:
    """Attributes:
    r: 0 to 1.
    lag_s: by how much the sensor's clock is late, for that.
    walked_s: seconds for which both walked (geometric mean).
    span_s: over how long that was, breaks included: the length of a steady walk whose times have
        the same standard deviation.
    """

    r: float = 0.0
    lag_s: float = 0.0
    walked_s: float = 0.0
    span_s: float = 0.0


def steps_seen(t_s_T: Float64, joint_TJ3: Float32, joints: Sequence[str]) -> Steps | None:
    """The steps of one track, one signal; None: too little of it was seen.

    Args:
        t_s_T: rising, seconds.
        joint_TJ3: x, y in pixels and confidence.
        joints: their names; `NEEDED` are among them.
    """
    at = {name: number for number, name in enumerate(joints)}
    is_sure_TJ = joint_TJ3[..., 2] > _SURE
    whole_T: Bool = np.asarray(is_sure_TJ[:, [at[name] for name in _FRAME]].all(axis=1))
    if int(whole_T.sum()) < 4:
        return None
    tall_T = _height(t_s_T, joint_TJ3, at, whole_T)
    begin, place_G = _grid(t_s_T)
    known_G = _known(t_s_T, place_G)

    def on_grid(value_T: Float64, slow_s: float) -> Float64:
        return _without_slow(np.interp(place_G, t_s_T, value_T), known_G, slow_s)

    bounce_T = _rise(joint_TJ3, is_sure_TJ, at) / tall_T
    apart_T, squared_G = np.zeros(len(t_s_T)), np.zeros(len(place_G), np.complex128)
    for left, right in _LEGS:
        both_T = is_sure_TJ[:, at[left]] & is_sure_TJ[:, at[right]]
        if int(both_T.sum()) < 4:
            continue
        gap_T2 = (joint_TJ3[:, at[left], :2] - joint_TJ3[:, at[right], :2]) / tall_T[:, None]
        x_T, y_T = (np.interp(t_s_T, t_s_T[both_T], gap_T2[both_T, axis]) for axis in (0, 1))
        apart_T += np.hypot(x_T, y_T)
        for side_T in (x_T, y_T):
            squared_G += analytic(on_grid(side_T, _SLOWER_S), STRIDE_HZ) ** 2
    step_G = (
        _sized(analytic(on_grid(bounce_T, _SLOW_S), STEP_HZ), _BOUNCE)
        + _sized(analytic(on_grid(apart_T, _SLOW_S), STEP_HZ), _APART)
        + _sized(squared_G, _SQUARED)
    )
    return Steps(begin, (step_G * known_G / 3)[None], known_G)


def steps_felt(t_s_T: Float64, imu_TC: Float32) -> Steps | None:
    """The steps of one sensor, three signals; None: there are too few samples.

    Args:
        t_s_T: rising, seconds.
        imu_TC: (T, 6): g and rad/s.
    """
    if len(t_s_T) < 4:
        return None
    begin, place_G = _grid(t_s_T)
    known_G = _known(t_s_T, place_G)
    accel_G3 = np.stack([np.interp(place_G, t_s_T, imu_TC[:, k]) for k in range(3)], axis=1)
    gyro_G3 = np.stack([np.interp(place_G, t_s_T, imu_TC[:, k]) for k in range(3, 6)], axis=1)
    down_G3 = np.stack([_mean(accel_G3[:, k], known_G, _GRAVITY_S) for k in range(3)], axis=1)
    size_G1 = np.linalg.norm(down_G3, axis=1, keepdims=True)
    upward_G = (accel_G3 * down_G3 / np.maximum(size_G1, 1e-6)).sum(axis=1)
    squared_G = np.zeros(len(place_G), np.complex128)
    for k in range(3):
        turn_G = _without_slow(gyro_G3[:, k], known_G, _SLOWER_S)
        squared_G += analytic(turn_G, STRIDE_HZ) ** 2
    norm_G = np.linalg.norm(gyro_G3, axis=1)
    step_KG = np.stack(
        [
            _sized(analytic(_without_slow(upward_G, known_G, _SLOW_S), STEP_HZ), _ACCEL_G),
            _sized(squared_G, _TURN2),
            _sized(analytic(_without_slow(norm_G, known_G, _SLOW_S), STEP_HZ), _TURN),
        ]
    )
    return Steps(begin, step_KG * known_G, known_G)


def compare(seen: Steps, felt: Steps, bound_s: float) -> Likeness:
    """How alike the steps are.

    Args:
        bound_s: the sensor's clock is late or early by at most so much.
    """
    most = round(bound_s / LAG_STEP_S)
    best = Likeness()
    for number in range(-most, most + 1):
        lag = round(number * LAG_STEP_S * GRID_HZ)
        first = max(seen.begin, felt.begin - lag)
        last = min(seen.begin + seen.known_G.size, felt.begin - lag + felt.known_G.size)
        if last <= first:
            continue
        of_seen = slice(first - seen.begin, last - seen.begin)
        of_felt = slice(first + lag - felt.begin, last + lag - felt.begin)
        both_G = seen.known_G[of_seen] & felt.known_G[of_felt]
        seen_G, felt_KG = seen.step_KG[0, of_seen] * both_G, felt.step_KG[:, of_felt] * both_G
        seen_size = float((np.abs(seen_G) ** 2).sum())
        norm_K = np.sqrt(seen_size * (np.abs(felt_KG) ** 2).sum(axis=1))
        r_K = np.abs(felt_KG @ np.conj(seen_G)) / np.maximum(norm_K, 1e-9)
        k = int(r_K.argmax())
        if r_K[k] > best.r:
            walked_s, span_s = float(norm_K[k]) / GRID_HZ, _span_s(np.abs(seen_G * felt_KG[k]))
            best = Likeness(float(r_K[k]), number * LAG_STEP_S, walked_s, span_s)
    return best


def _span_s(weight_G: Float64) -> float:
    """The length of a steady walk whose times have this standard deviation."""
    time_G = np.arange(len(weight_G)) / GRID_HZ
    share_G = weight_G / max(float(weight_G.sum()), 1e-9)
    return float(np.sqrt(12 * (share_G * (time_G - (share_G * time_G).sum()) ** 2).sum()))


def cadence_hz(steps: Steps) -> float | None:
    """Steps a second while walking, by the median turn of the phase; None: nobody walked."""
    k = int((np.abs(steps.step_KG) ** 2).sum(axis=1).argmax())
    step_G = steps.step_KG[k]
    is_walking_G = np.abs(step_G) > 0.5
    pairs_G = is_walking_G[1:] & is_walking_G[:-1]
    if int(pairs_G.sum()) < GRID_HZ:
        return None
    turn_G = np.angle(step_G[1:] * np.conj(step_G[:-1]))[pairs_G]
    return float(np.median(turn_G)) * GRID_HZ / (2 * np.pi)


def analytic(value_G: Float64, band_hz: tuple[float, float]) -> Complex:
    """The part of a real signal inside a band, as a complex one of positive frequencies."""
    count = len(value_G)
    size = 1 << int(np.ceil(np.log2(count + 4 * GRID_HZ)))  # a break, so that its ends do not meet
    hz_F = np.fft.fftfreq(size, 1 / GRID_HZ)
    low_F = np.clip((hz_F - band_hz[0] + 0.3) / 0.4, 0, 1)
    high_F = np.clip((hz_F - band_hz[1] + 0.1) / 0.7, 0, 1)
    pass_F = 2 * np.sin(np.pi / 2 * low_F) ** 2 * np.cos(np.pi / 2 * high_F) ** 2
    made: Complex = np.fft.ifft(np.fft.fft(value_G, size) * pass_F)[:count]
    return made


def _height(t_s_T: Float64, joint_TJ3: Float32, at: dict[str, int], whole_T: Bool) -> Float64:
    """A person's height in the picture, pixels, as it slowly changes."""
    upper_T2 = joint_TJ3[:, [at["l_shoulder"], at["r_shoulder"]], :2].mean(axis=1)
    lower_T2 = joint_TJ3[:, [at["l_hip"], at["r_hip"]], :2].mean(axis=1)
    trunk_T = np.hypot(*(upper_T2 - lower_T2).T)[whole_T]
    tall_T = np.interp(t_s_T, t_s_T[whole_T], trunk_T) * _TALL
    size = max(1, round(len(t_s_T) / max(t_s_T[-1] - t_s_T[0], 0.1))) | 1  # a second's frames
    mean_T = np.convolve(np.pad(tall_T, size // 2, mode="edge"), np.full(size, 1 / size), "valid")
    return np.maximum(mean_T, 1.0)


def _rise(joint_TJ3: Float32, is_sure_TJ: Bool, at: dict[str, int]) -> Float64:
    """How far head and trunk went down since the first frame, pixels: the sum of the joints' mean
    steps, so that one that is missing at times makes no jump.
    """
    upper = [at[name] for name in _UPPER if name in at]
    y_TJ, is_sure_TJ = joint_TJ3[:, upper, 1].astype(np.float64), is_sure_TJ[:, upper]
    both_TJ = is_sure_TJ[1:] & is_sure_TJ[:-1]
    step_T = np.where(both_TJ, np.diff(y_TJ, axis=0), 0).sum(axis=1)
    return np.concatenate([[0.0], np.cumsum(step_T / np.maximum(both_TJ.sum(axis=1), 1))])


def _grid(t_s_T: Float64) -> tuple[int, Float64]:
    """The first point of the grid, and the times of all, from the first record to the last."""
    begin, end = int(np.ceil(t_s_T[0] * GRID_HZ)), int(np.floor(t_s_T[-1] * GRID_HZ))
    return begin, np.arange(begin, max(end, begin) + 1) / GRID_HZ


def _known(t_s_T: Float64, place_G: Float64) -> Bool:
    """Where there are records close before and after."""
    after_G = np.clip(np.searchsorted(t_s_T, place_G), 1, len(t_s_T) - 1)
    known_G: Bool = t_s_T[after_G] - t_s_T[after_G - 1] <= _LONGEST_GAP_S
    return known_G


def _mean(value_G: Float64, known_G: Bool, over_s: float) -> Float64:
    """The mean of what is known around each point."""
    weight = np.hanning((round(over_s * GRID_HZ) | 1) + 2)[1:-1]
    if len(weight) > len(value_G):
        return np.full(len(value_G), value_G[known_G].mean() if known_G.any() else 0.0)
    total_G = np.convolve(np.where(known_G, value_G, 0.0), weight, "same")
    made: Float64 = total_G / np.maximum(np.convolve(known_G * 1.0, weight, "same"), 1e-6)
    return made


def _without_slow(value_G: Float64, known_G: Bool, over_s: float) -> Float64:
    """The signal without its mean around each point; 0 where it is not known."""
    return np.where(known_G, value_G - _mean(value_G, known_G, over_s), 0.0)


def _sized(step_G: Complex, half: float) -> Complex:
    """The same phase, with a size of 0 to 1."""
    made: Complex = step_G / np.sqrt(np.abs(step_G) ** 2 + half**2)
    return made
