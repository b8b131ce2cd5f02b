"""Who is seen from the side or from behind, by their joints.

Axes: N people, J the 17 joints of COCO.
"""

from __future__ import annotations

import numpy as np

from edgehuman.geometry import COCO_17
from edgehuman.records import Bool, Float32

_NARROW = 0.35
"""Of the trunk's length: nearer to each other are the shoulders of who is seen from the side."""
_JOINTS = [COCO_17.index(name) for name in ("l_shoulder", "r_shoulder", "l_hip", "r_hip")]


def is_turned(joint_NJ3: Float32) -> Bool:
    """(N,) whether a person does not face the camera: their left shoulder is not on the right side
    of the picture, by a third of their trunk or more. False where shoulders or hips are unknown.

    Args:
        joint_NJ3: x, y in pixels, and more than 0 where known.
    """
    at_NK3 = joint_NJ3[:, _JOINTS]
    wide_N = at_NK3[:, 0, 0] - at_NK3[:, 1, 0]
    trunk_N2 = 0.5 * (at_NK3[:, :2, :2] - at_NK3[:, 2:, :2]).sum(axis=1)
    is_known_N = (at_NK3[..., 2] > 0).all(axis=1)
    return np.asarray(is_known_N & (wide_N < _NARROW * np.hypot(*trunk_N2.T)))
