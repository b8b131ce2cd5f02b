"""Whether a picture of a camera shows anything: black ones, and those that do not change.

    health = Health()
    health.look(bgr_HWC, now_s)        "", "black" or "frozen"

A camera that is covered, or whose decoder hangs, goes on giving frames. A real sensor has noise, so
no two of its pictures are equal in every pixel. Axes: H height, W width, C colour.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

State = Literal["", "black", "frozen"]
FROZEN_S = 2.0
BLACK_MEAN, BLACK_STD = 4.0, 2.0
"""Of values of 0 to 255; a black picture is below both."""
_STEP = 8
_MOST_SAMPLED = 1 << 14


class Health:
    """The state of one camera's pictures. Each is sampled first; all pixels are looked at only
    where the sample is black, or that of the last picture.
    """

    def __init__(self) -> None:
        self._before: NDArray[Any] | None = None
        self._sample: NDArray[Any] | None = None
        self._since_s = 0.0

    def look(self, bgr_HWC: NDArray[Any], now_s: float) -> State:
        """The state with this picture, which is kept until the next and must not be changed."""
        sample = _sample(bgr_HWC)
        same = (
            self._before is not None
            and self._sample is not None
            and np.array_equal(sample, self._sample)
            and np.array_equal(bgr_HWC, self._before)
        )
        self._before, self._sample = bgr_HWC, sample
        if not same:
            self._since_s = now_s
        if _is_black(sample) and _is_black(bgr_HWC):
            return "black"
        return "frozen" if same and now_s - self._since_s > FROZEN_S else ""


def _sample(bgr_HWC: NDArray[Any]) -> NDArray[Any]:
    step = _STEP if bgr_HWC.size > _MOST_SAMPLED else 1
    return np.ascontiguousarray(bgr_HWC[::step, ::step])


def _is_black(picture: NDArray[Any]) -> bool:
    full = 257.0 if picture.dtype == np.uint16 else 1.0
    return bool(picture.mean() < BLACK_MEAN * full and picture.std() < BLACK_STD * full)
