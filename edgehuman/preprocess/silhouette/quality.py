"""How good a walk of silhouettes is to know somebody by (`preprocess.quality`).

Steps are seen by the legs. From the side they part and close once a step, so their width is a wave;
from the front the feet are lifted in turn, so more of the feet is seen on one side and then on the
other, once a stride. Records are as high as the person, so a mask that is cut at the picture's edge
looks whole in them; whoever has the mask counts it (`screen.is_cut`).

Axes: T frames, H and W pixels, 2: width and side of the legs.
"""

from __future__ import annotations

import numpy as np

from edgehuman.preprocess.quality import Quality, Weights, agreement_part, steps_part
from edgehuman.preprocess.rhythm import rhythm_of, unusual
from edgehuman.records import Float64, Uint8

# Equal: not fitted to anything. The view of a silhouette is not known.
WEIGHTS = Weights(steps=0.25, view=0.25, completeness=0.25, agreement=0.25)
# The legs and the feet: rows below these of 64.
_LEGS, _FEET = 40, 54
_WHITE = 127
_PIECE_S, _FEWEST = 2.0, 10
# The width, in pixels of 64, and the share by which the sides differ change less if nobody walks.
_LEAST_SWING_2 = (1.0, 0.05)
# A wave of steps is one of strides at twice the rate, too, which nobody walks at.
_RARE = 0.1


def legs_of(record_HW: Uint8) -> tuple[float, float]:
    """Pixels from the first to the last column that the legs of a record (64, 64) fill, and by what
    share more of the feet is on the right of the picture than on the left, -1..1.
    """
    column_W = np.flatnonzero((record_HW[_LEGS:] > _WHITE).any(axis=0))
    if not len(column_W):
        return 0.0, 0.0
    feet_W = (record_HW[_FEET:] > _WHITE).sum(axis=0)
    middle = record_HW.shape[1] // 2
    left, right = float(feet_W[:middle].sum()), float(feet_W[middle:].sum())
    return float(column_W[-1] - column_W[0] + 1), (right - left) / max(left + right, 1.0)


def evened(time_T: Float64, legs_T2: Float64) -> tuple[Float64, float]:
    """The legs at equal steps of time, as cameras drop frames and not all outlines can be used;
    frames a second.

    Args:
        time_T: seconds, rising.
        legs_T2: as of `steps_of`.
    """
    count = len(time_T)
    if count < 2 or time_T[-1] <= time_T[0]:
        return np.zeros((0, 2)), 1.0
    grid_T = np.linspace(time_T[0], time_T[-1], count)
    even_T2 = np.stack([np.interp(grid_T, time_T, legs_T2[:, i]) for i in (0, 1)], axis=1)
    return even_T2, (count - 1) / float(time_T[-1] - time_T[0])


def steps_of(legs_T2: Float64, rate_hz: float) -> tuple[float, float]:
    """Steps that the legs show, and how clearly, 0..1.

    Args:
        legs_T2: of each frame that shows the person, in order (`legs_of`).
        rate_hz: frames a second.
    """
    count = max(1, round(len(legs_T2) / (_PIECE_S * rate_hz)))
    steps = clear = seconds = 0.0
    for piece_T2 in np.array_split(legs_T2, count):
        moves_2 = piece_T2.std(axis=0) >= _LEAST_SWING_2 if len(piece_T2) >= _FEWEST else (0, 0)
        # The nearer leg makes the wider step, so an oblique view repeats once a stride.
        found = [
            rhythm_of(piece_T2[:, [column]], rate_hz, cycles)
            for column, cycles in ((0, 2), (0, 1), (1, 1))
            if moves_2[column]
        ]
        if not found:
            continue
        strides_hz, rhythm = max(found, key=lambda each: each[1] - _RARE * unusual(each[0]))
        took_s = len(piece_T2) / rate_hz
        steps += 2.0 * strides_hz * took_s
        clear += rhythm * took_s
        seconds += took_s
    return steps, clear / seconds if seconds else 0.0


def quality_of(
    legs_T2: Float64, rate_hz: float, whole: float, alike: float | None = None
) -> Quality:
    """The quality of a walk.

    Args:
        legs_T2: as of `steps_of`.
        whole: share of the walk's frames that can be used and whose mask is not cut, 0..1.
        alike: mean cosine of the model's vectors of its two halves; None: too short for two.
    """
    steps, rhythm = steps_of(legs_T2, rate_hz)
    return Quality(
        WEIGHTS,
        steps=steps_part(steps, rhythm),
        completeness=whole,
        agreement=agreement_part(alike),
        seen=steps,
    )
