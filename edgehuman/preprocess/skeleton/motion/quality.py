"""How good a walk of skeletons is to know somebody by (`preprocess.quality`).

Axes: T frames, J joints.
"""

from __future__ import annotations

import numpy as np

from edgehuman.preprocess.quality import SURE, Quality, Weights, agreement_part, steps_part
from edgehuman.preprocess.skeleton.motion.strides import strides_of
from edgehuman.records import Float32

# `python -m edgehuman.bench.pages.skeleton.discard --fit`
WEIGHTS = Weights(steps=0.05, view=0.05, completeness=0.75, agreement=0.15)
# Ankles part so far, in trunk lengths, if a stride is seen from the side.
_FROM_THE_SIDE = 0.9


def quality_of(
    skeleton_TJ3: Float32, rate_hz: float, alike: float | None = None, there: float = 1.0
) -> Quality:
    """The quality of a walk, or of a piece of it.

    Args:
        skeleton_TJ3: float32 (T, 18, 3) at a constant rate: x, y in pixels, confidence, 0 for a
            joint that was not seen.
        rate_hz: frames a second.
        alike: cosine of the model's vectors of its two halves; None: too short for two.
        there: share of the frames that the source gave, 0..1.
    """
    strides = strides_of(skeleton_TJ3, rate_hz)
    sure = float(np.minimum(skeleton_TJ3[..., 2] / SURE, 1.0).mean()) if len(skeleton_TJ3) else 0.0
    return Quality(
        WEIGHTS,
        steps=steps_part(strides.steps, strides.rhythm),
        view=min(strides.swing / _FROM_THE_SIDE, 1.0),
        completeness=sure * there,
        agreement=agreement_part(alike),
        seen=strides.steps,
    )
