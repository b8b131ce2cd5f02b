"""Steps that a piece of a walk shows, from one window of a second to minutes.

The legs of a walker part and close in a rhythm: from the right ankle to the left, and from the
right knee to the left, is a wave of one cycle a stride, from whichever side it is seen. The rate
that explains most of both is the stride's; how much it explains is the rhythm. Unlike
`steps.step_rate`, which judges frame rates and says nothing of less than a stride and a half, this
takes short pieces, and joints that are lost for a while, or one pair of them for good.

Axes: T frames, K of them, 2 pairs of joints (ankles, knees).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.rhythm import rhythm_of
from edgehuman.records import Bool, Float32, Float64

_JOINT = {name: i for i, name in enumerate(OPENPOSE_18)}
_RIGHT = [_JOINT["r_ankle"], _JOINT["r_knee"]]
_LEFT = [_JOINT["l_ankle"], _JOINT["l_knee"]]
_NECK, _HIPS = _JOINT["neck"], [_JOINT["r_hip"], _JOINT["l_hip"]]
_PIECE_S = 2.0
# The ankles' distance in all but the widest frames.
_FARTHEST = 0.9
# Fewer frames with legs, or a shorter piece, show no step.
_FEWEST_FRAMES, _SHORTEST_S = 8, 0.4
# A pair of joints counts if so many of the frames show it.
_PAIR_SEEN = 0.3


@dataclass(frozen=True, slots=True)
class Strides:
    """What a piece of a walk shows of the legs.

    Attributes:
        rate_hz: strides a second; a stride is two steps. NaN if nothing is known.
        rhythm: share of the legs' movement that this rate explains, 0..1.
        swing: how far the ankles part, or the knees if they alone are seen, in trunk lengths: 0.8
            and more for walkers from the side, 0.3 from the front.
        seconds: time in which a pair was seen.
    """

    rate_hz: float
    rhythm: float
    swing: float
    seconds: float

    @property
    def steps(self) -> float:
        """Steps that were seen; 0 if nothing is known."""
        return 2.0 * self.rate_hz * self.seconds if self.rhythm > 0.0 else 0.0


NOTHING = Strides(float("nan"), 0.0, 0.0, 0.0)


def strides_of(skeleton_TJ3: Float32, rate_hz: float) -> Strides:
    """The strides of a walk, or of a piece of one.

    A long walk is looked at in pieces of two seconds, as nobody keeps a rate for long.

    Args:
        skeleton_TJ3: float32 (T, 18, 3) at a constant rate: x, y in pixels, confidence, 0 for a
            joint that was not seen.
        rate_hz: frames a second.
    """
    trunk_T = trunks(skeleton_TJ3)
    if trunk_T is None:
        return NOTHING
    away_T22, seen_T2 = _legs(skeleton_TJ3, trunk_T)
    count = max(1, round(len(trunk_T) / (_PIECE_S * rate_hz)))
    pieces = zip(np.array_split(away_T22, count), np.array_split(seen_T2, count), strict=True)
    found = [_piece(*piece, rate_hz) for piece in pieces]
    found = [each for each in found if each.rhythm > 0.0]
    if not found:
        return NOTHING
    seconds_K = np.array([each.seconds for each in found])
    whole_s = float(seconds_K.sum())

    def mean(values: list[float]) -> float:
        return float(seconds_K @ values) / whole_s

    return Strides(
        mean([each.rate_hz for each in found]),
        mean([each.rhythm for each in found]),
        mean([each.swing for each in found]),
        whole_s,
    )


def _piece(away_T22: Float64, seen_T2: Bool, rate_hz: float) -> Strides:
    """The strides of a piece that is short enough for one rate."""
    shown_2 = seen_T2.mean(axis=0)
    pairs = [pair for pair in (0, 1) if shown_2[pair] >= _PAIR_SEEN]
    frames = int(seen_T2[:, pairs].any(axis=1).sum())
    if frames < _FEWEST_FRAMES or frames / rate_hz < _SHORTEST_S:
        return NOTHING
    filled = [_filled(away_T22[:, pair], seen_T2[:, pair]) for pair in pairs]
    far = [np.hypot(*away_T2.T)[:, None] for away_T2 in filled]
    # Legs that a detector exchanges change the sign of a wave, and not of how far apart they are.
    signed = rhythm_of(np.concatenate(filled, axis=1), rate_hz, 1)
    folded = rhythm_of(np.concatenate(far, axis=1), rate_hz, 2)
    strides_hz, rhythm = max(signed, folded, key=lambda each: each[1])
    swing = float(np.quantile(far[0], _FARTHEST))
    return Strides(strides_hz, rhythm, swing, frames / rate_hz)


def _filled(away_T2: Float64, seen_T: Bool) -> Float64:
    """A wave with straight lines where it was not seen."""
    if seen_T.all():
        return away_T2
    time_T = np.arange(len(seen_T), dtype=np.float64)
    return np.stack(
        [np.interp(time_T, time_T[seen_T], away_T2[seen_T, axis]) for axis in (0, 1)], axis=1
    )


def trunks(skeleton_TJ3: Float32) -> Float64 | None:
    """(T,) length of the trunk in pixels, calm: it changes as the person comes or goes. None if it
    is hardly ever seen.
    """
    neck_T3, hips_T23 = skeleton_TJ3[:, _NECK], skeleton_TJ3[:, _HIPS]
    seen_T2 = hips_T23[..., 2] > 0.0
    hip_T2 = (hips_T23[..., :2] * seen_T2[..., None]).sum(axis=1, dtype=np.float64)
    hip_T2 /= np.maximum(seen_T2.sum(axis=1), 1)[:, None]
    long_T = np.hypot(*(hip_T2 - neck_T3[:, :2]).T)
    known_T = (neck_T3[:, 2] > 0.0) & seen_T2.any(axis=1) & (long_T > 0.0)
    if known_T.sum() < max(_FEWEST_FRAMES, 0.25 * len(long_T)):
        return None
    time_T = np.linspace(-1.0, 1.0, len(long_T))
    log_K = np.log(long_T[known_T])
    slope, middle = line_of(time_T[known_T], log_K)
    calm_T: Float64 = np.exp(middle + slope * time_T)
    return calm_T


def line_of(time_K: Float64, value_K: Float64) -> tuple[float, float]:
    """Slope and middle of a line that single wrong values do not move: fitted twice, the second
    time without the values that are far from the first.
    """
    slope, middle = _fitted(time_K, value_K)
    away_K = np.abs(value_K - middle - slope * time_K)
    near_K = away_K <= 3.0 * np.median(away_K) + 1e-9
    if _FEWEST_FRAMES <= near_K.sum() < len(near_K):
        slope, middle = _fitted(time_K[near_K], value_K[near_K])
    return slope, middle


def _fitted(time_K: Float64, value_K: Float64) -> tuple[float, float]:
    """Slope and value at time 0 of the line of least squares."""
    time, value = time_K.mean(), value_K.mean()
    away_K = time_K - time
    slope = float(away_K @ value_K / max(float(away_K @ away_K), 1e-12))
    return slope, float(value - slope * time)


def _legs(skeleton_TJ3: Float32, trunk_T: Float64) -> tuple[Float64, Bool]:
    """From the right to the left ankle and knee in trunk lengths (T, 2 pairs, 2), and which pairs
    were seen (T, 2).
    """
    right_T23, left_T23 = skeleton_TJ3[:, _RIGHT], skeleton_TJ3[:, _LEFT]
    seen_T2: Bool = (right_T23[..., 2] > 0.0) & (left_T23[..., 2] > 0.0)
    away_T22 = (left_T23 - right_T23)[..., :2].astype(np.float64) / trunk_T[:, None, None]
    return np.where(seen_T2[..., None], away_T22, 0.0), seen_T2
