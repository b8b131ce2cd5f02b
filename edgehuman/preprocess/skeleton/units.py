"""In which unit joints are: pixels, shares of the picture, or metres around a point.

Axes: K joints that were seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64

# Coordinates within this are no pixels: shares of the picture, or metres; nearly all of them are.
_LARGEST_SHARE, _NEARLY_ALL = 2.0, 0.99
# Shares of a picture go a little below 0 at its edge; metres around a point do so everywhere.
_NEGATIVE = 0.2
_FARTHEST_M = 8.0


def are_shares(xy_K2: NDArray[np.floating]) -> bool:
    """Whether coordinates (K, 2) are too small for pixels; K at least 1."""
    return float((np.abs(xy_K2) <= _LARGEST_SHARE).mean()) >= _NEARLY_ALL


def unit_of(xy_K2: Float64, signed: bool = False) -> str:
    """The unit of coordinates (K, 2), K at least 1: pixels, shares, signed or metres.

    Args:
        signed: shares may be -1 to 1 across the picture.
    """
    negative = float((xy_K2 < 0.0).mean()) > _NEGATIVE
    if are_shares(xy_K2):
        return ("signed" if signed else "metres") if negative else "shares"
    return "metres" if negative and _extent(xy_K2) <= _FARTHEST_M else "pixels"


def shares_said(xy_K2: NDArray[np.floating]) -> str:
    """What is wrong with coordinates that are no pixels, and what to do."""
    return (
        f"coordinates are shares of the picture, at most {_extent(xy_K2):.2g}; joints must be in "
        "pixels: multiply x by the picture's width and y by its height, or give --size, such as "
        "1920x1080"
    )


def metres_said(xy_K2: Float64) -> str:
    """The same of metres."""
    return (
        f"coordinates are {xy_K2.min():.3g} to {xy_K2.max():.3g}, metres around a point; joints "
        "must be in pixels of the picture with y down: write the 2-D joints (MediaPipe: "
        "pose_landmarks, Kinect: MapCameraPointToColorSpace)"
    )


def _extent(xy: NDArray[Any]) -> float:
    return float(np.quantile(np.abs(xy), 0.99))
