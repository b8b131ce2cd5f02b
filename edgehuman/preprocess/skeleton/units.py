"""In which unit joints are: pixels, shares of the picture, or metres around a point.

Axes: T frames, J joints, K joints that were seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import LAYOUTS
from edgehuman.records import Float64

# Coordinates within this are no pixels: shares of the picture, or metres; nearly all of them are.
_LARGEST_SHARE, _NEARLY_ALL = 2.0, 0.99
# Shares of a picture go a little below 0 at its edge; metres around a point do so everywhere.
_NEGATIVE = 0.2
_FARTHEST_M = 8.0
# From the neck to the ankles of somebody who stands, a child or tall.
_NECK_HEIGHTS_M = (0.6, 1.8)
# Metres are drawn at this scale around this place.
_PX_PER_M, _CENTRE_PX = 250.0, (960.0, 540.0)


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


def rises(joints_TJ3: Float64, layout: str) -> bool | None:
    """Whether y points up in joints (T, J, 3) in metres; None if they are no body that stands."""
    names = LAYOUTS[layout]
    if "neck" in names:
        high_T = joints_TJ3[:, names.index("neck"), 1]
    else:
        shoulders = [names.index(f"{side}_shoulder") for side in "rl"]
        high_T = joints_TJ3[:, shoulders, 1].mean(axis=1)
    low_T = joints_TJ3[:, [names.index(f"{side}_ankle") for side in "rl"], 1].mean(axis=1)
    above_T = (high_T - low_T)[np.isfinite(high_T - low_T)]
    if not len(above_T):
        return None
    above_m = float(np.median(above_T))
    low, high = _NECK_HEIGHTS_M
    return above_m > 0.0 if low <= abs(above_m) <= high else None


def draw_metres(joints_TJ3: Float64, y_up: bool, layout: str) -> None:
    """Bring joints in metres into pixels, in place: as the sensor sees them, without perspective.

    Kinect's x grows to the sensor's left.
    """
    joints_TJ3[..., 0] *= -1.0 if layout == "kinect25" else 1.0
    joints_TJ3[..., 1] *= -1.0 if y_up else 1.0
    joints_TJ3[..., :2] = joints_TJ3[..., :2] * _PX_PER_M + _CENTRE_PX


def metres_drawn(y_up: bool) -> str:
    """What was done with coordinates in metres."""
    turned = ", y up" if y_up else ""
    return (
        f"coordinates are in metres{turned}: drawn at {_PX_PER_M:g} pixels a metre, without "
        "perspective"
    )


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
        f"coordinates are {xy_K2.min():.3g} to {xy_K2.max():.3g} around a point, and no body that "
        "stands, in metres; joints must be in pixels of the picture with y down: write the 2-D "
        "joints (MediaPipe: pose_landmarks, Kinect: MapCameraPointToColorSpace)"
    )


def _extent(xy: NDArray[Any]) -> float:
    return float(np.quantile(np.abs(xy), 0.99))
