"""Learning-rate schedule: linear warm-up, then half a cosine."""

from __future__ import annotations

import math


def learning_rate(step: int, steps: int, peak: float, floor: float, warmup: float) -> float:
    """Return the learning rate of step `step` (0-based) of `steps`."""
    rising = round(warmup * steps)
    if step < rising:
        return peak * (step + 1) / rising
    progress = (step - rising) / max(1, steps - rising)
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))
