"""Simulated segmentation: boundaries that jitter, holes, lost parts, specks, shadows, occlusion.

Errors are in pixels of a person 92 pixels tall, about that of surveillance video; most of them last
for a while. The same person's masks are worse in one walk than in another.

Axes: T frame, G cell of a coarse grid over the picture, L part of `figure.LOSABLE`, S spot, H row,
W column.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Bool, Float32, Float64, Index, Uint8
from edgehuman.simulate.silhouette.figure import LOSABLE

# Side of the picture around the person, and height of the person in it.
SIDE_PX, TALL_PX = 116, 92
_GRID = 14
_BLUR_PX = 1.3
# Grey levels of the blurred mask for one pixel of its boundary.
_LEVELS_PER_PX = 70.0
# How often things happen, per second.
_HOLES_HZ, _LOST_HZ, _SPECKS_HZ = 0.25, 0.22, 0.15
_LASTS_S = 0.22
_SMALLEST_PX2 = 150


@dataclass(frozen=True, slots=True)
class Segmentation:
    """Quality of masks; 1 is typical and 0 turns a kind of error off.

    Attributes:
        jitter: of the boundary, from frame to frame.
        bias: how much too wide or too narrow masks are for a whole walk.
        spread: variation of quality between walks, standard deviation of a logarithm.
        holes: frequency of holes inside the body.
        lost: frequency of feet, heads, hands or shanks lost for a while.
        specks: frequency of false spots beside the body.
        shadowed: share of the walks with a shadow attached to the feet.
        occluded: share of the walks behind a pole or something low, or cut by the picture's edge.
    """

    jitter: float = 1.0
    bias: float = 1.0
    spread: float = 0.35
    holes: float = 1.0
    lost: float = 1.0
    specks: float = 1.0
    shadowed: float = 0.1
    occluded: float = 0.05

    def __post_init__(self) -> None:
        for name in ("jitter", "bias", "spread", "holes", "lost", "specks"):
            value = getattr(self, name)
            if not 0.0 <= value <= 10.0:
                raise UsageError(f"{name} is {value}; a segmentation's {name} must be 0 to 10")
        for name in ("shadowed", "occluded"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise UsageError(f"{name} is {value}; it must be a share of the walks, 0 to 1")


EXACT = Segmentation(jitter=0, bias=0, holes=0, lost=0, specks=0, shadowed=0, occluded=0)


@dataclass(frozen=True, slots=True)
class Mistakes:
    """What goes wrong in a walk.

    Attributes:
        limit_TGG: grey level of the blurred mask above which a pixel is the person.
        lost_TL: whether a part is missing.
        holes_S6, specks_S6: per spot (first frame, last frame, x, y, radius x, radius y) in pixels.
        covered_T3: what hides the person: from and to a column, and from a row down; equal columns:
            nothing does.
    """

    limit_TGG: Uint8
    lost_TL: Bool
    holes_S6: Float64
    specks_S6: Float64
    covered_T3: Index


def make_mistakes(
    rng: np.random.Generator, track_T: Float64, rate_hz: float, quality: Segmentation
) -> Mistakes:
    """Draw what goes wrong in a walk.

    Args:
        track_T: where the person is from side to side in the camera's picture, in pixels of
            `TALL_PX`: what hides the person stands still while the person passes.
    """
    frames = len(track_T)
    poor = float(np.exp(quality.spread * rng.standard_normal()))
    return Mistakes(
        _limits(rng, frames, quality, poor),
        _lost(rng, frames, rate_hz, _LOST_HZ * quality.lost * poor),
        _spots(rng, frames, rate_hz, _HOLES_HZ * quality.holes * poor, inside=True),
        _spots(rng, frames, rate_hz, _SPECKS_HZ * quality.specks * poor, inside=False),
        _covered(rng, track_T, quality.occluded),
    )


def _limits(rng: np.random.Generator, frames: int, quality: Segmentation, poor: float) -> Uint8:
    """Threshold in every cell: half of white, plus slow and fast noise, plus the walk's bias."""
    bias = 0.25 * quality.bias * _LEVELS_PER_PX * float(rng.standard_normal())
    noise_TGG = rng.standard_normal((frames, _GRID, _GRID), dtype=np.float32)
    slow_TGG = noise_TGG.copy()
    for t in range(1, frames):
        slow_TGG[t] = 0.85 * slow_TGG[t - 1] + 0.53 * noise_TGG[t]
    size = quality.jitter * poor * _LEVELS_PER_PX
    made: Float32 = np.float32(127.5 + bias) + np.float32(size) * (
        np.float32(0.45) * slow_TGG + np.float32(0.35) * noise_TGG
    )
    return np.clip(made, 30.0, 225.0, out=made).astype(np.uint8)


def _spans(
    rng: np.random.Generator, frames: int, rate_hz: float, often_hz: float
) -> tuple[Index, Index]:
    """First frames and frames after the last of things that happen so often."""
    count = int(rng.poisson(often_hz * frames / rate_hz))
    first = rng.integers(0, frames, count)
    length = 1 + np.floor(rng.exponential(_LASTS_S, count) * rate_hz).astype(np.int64)
    return first, np.minimum(first + length, frames)


def _spots(
    rng: np.random.Generator, frames: int, rate_hz: float, often_hz: float, inside: bool
) -> Float64:
    first, last = _spans(rng, frames, rate_hz, often_hz)
    place_2S = rng.random((2, len(first)))
    radius_2S = 1.0 + rng.gamma(2.0, 0.9, (2, len(first)))
    if inside:
        # Between chest and knees.
        x, y = 0.5 + 0.10 * (place_2S[0] - 0.5), 0.28 + 0.44 * place_2S[1]
    else:
        side = np.where(place_2S[0] < 0.5, -1.0, 1.0)
        x, y = 0.5 + side * (0.14 + 0.18 * np.abs(2 * place_2S[0] - 1)), 0.2 + 0.68 * place_2S[1]
    return np.stack([first, last, SIDE_PX * x, SIDE_PX * y, *radius_2S], axis=1)


def _lost(rng: np.random.Generator, frames: int, rate_hz: float, often_hz: float) -> Bool:
    made_TL = np.zeros((frames, len(LOSABLE)), bool)
    first, last = _spans(rng, frames, rate_hz, often_hz)
    part = rng.choice(len(LOSABLE), len(first), p=_LOST_SHARE)
    for one, start, end in zip(part.tolist(), first.tolist(), last.tolist(), strict=True):
        made_TL[start:end, one] = True
    return made_TL


# Feet and hands are lost most often.
_WEIGHT = {"head": 0.5, "forearm": 1.0, "upper_arm": 0.1, "shank": 0.4, "foot": 1.5}
_LOST_SHARE = np.array([_WEIGHT[name.split("_", 1)[-1]] for name in LOSABLE])
_LOST_SHARE /= _LOST_SHARE.sum()


def _covered(rng: np.random.Generator, track_T: Float64, share: float) -> Index:
    """(first column, last column, first row) of what hides the person, or (0, 0, 0)."""
    made_T3 = np.zeros((len(track_T), 3), np.int64)
    chosen, kind, where, size = rng.random(4).tolist()
    if chosen >= share:
        return made_T3
    passes = np.ptp(track_T) > TALL_PX
    away_T = track_T[int(where * (len(track_T) - 1))] - track_T
    middle = 0.5 * SIDE_PX
    if kind < 0.4:
        # Something low, as a hedge or a parked car, that hides the legs' lower part.
        made_T3[:] = (0, SIDE_PX, int(middle + TALL_PX * (0.14 + 0.26 * size)))
    elif kind < 0.7 or not passes:
        half = TALL_PX * (0.04 + 0.05 * size)
        made_T3[:, 0], made_T3[:, 1] = middle + away_T - half, middle + away_T + half
    elif track_T[-1] > track_T[0]:
        # The picture begins where the person was at first, and hides half of them there.
        made_T3[:, 1] = middle + track_T[0] - track_T
    else:
        made_T3[:, 0], made_T3[:, 1] = middle + track_T[0] - track_T, SIDE_PX
    return np.clip(made_T3, 0, SIDE_PX)


def segment(drawn_HW: Uint8, mistakes: Mistakes, t: int) -> Uint8:
    """The mask (H, W), 0 or 1, of a person drawn in white, in frame t."""
    for first, last, x, y, wide, high in mistakes.holes_S6.tolist():
        if first <= t < last:
            _ellipse(drawn_HW, x, y, wide, high, 0)
    for first, last, x, y, wide, high in mistakes.specks_S6.tolist():
        if first <= t < last:
            _ellipse(drawn_HW, x, y, wide, high, 255)
    begin, end, row = mistakes.covered_T3[t].tolist()
    if end > begin:
        kept_HW = drawn_HW.copy()
        drawn_HW[row:, begin:end] = 0
        if cv2.countNonZero(drawn_HW) < _SMALLEST_PX2:
            drawn_HW = kept_HW
    soft_HW = cv2.GaussianBlur(drawn_HW, (5, 5), _BLUR_PX)
    limit_HW = cv2.resize(mistakes.limit_TGG[t], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
    made: Uint8 = cv2.compare(soft_HW, limit_HW, cv2.CMP_GT).astype(np.uint8, copy=False)
    return made


def _ellipse(drawn_HW: Uint8, x: float, y: float, wide: float, high: float, value: int) -> None:
    cv2.ellipse(
        drawn_HW, (round(x), round(y)), (round(wide), round(high)), 0.0, 0.0, 360.0, value, -1
    )
