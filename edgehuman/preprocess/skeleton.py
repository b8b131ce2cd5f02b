"""What makes a skeleton record: joints in the right order, in pixels, 24 a second.

Axes: N sequence, S all frames, T frame, J joint.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError

Floats = NDArray[np.float32]

RATE_HZ = 24.0
NUM_JOINTS = 18


def require_skeleton(skeleton_TJ3: NDArray[Any], where: str) -> None:
    """Raise DataError unless joints are float32 (T, 18, 3), finite, with confidences 0..1."""
    if skeleton_TJ3.ndim != 3 or skeleton_TJ3.shape[1:] != (NUM_JOINTS, 3):
        raise DataError(
            f"{where}: found shape {skeleton_TJ3.shape}; skeletons are (frames, 18, 3): x, y, "
            "confidence of the OpenPose-18 joints"
        )
    if skeleton_TJ3.dtype != np.float32:
        raise DataError(f"{where}: found {skeleton_TJ3.dtype}; skeletons are float32")
    finite_T = np.isfinite(skeleton_TJ3).all(axis=(1, 2))
    if not finite_T.all():
        raise DataError(
            f"{where}: frame {int(np.argmin(finite_T))} holds a value that is not a finite number; "
            "a joint that was not seen is 0, 0 with confidence 0"
        )
    sure = skeleton_TJ3[..., 2]
    if sure.size and not (sure.min() >= 0.0 and sure.max() <= 1.0):
        wrong = float(sure.max() if sure.max() > 1.0 else sure.min())
        raise DataError(
            f"{where}: found confidence {wrong:g}; confidences are 0 to 1, so divide by their "
            "largest possible value"
        )
