"""Pin-hole cameras that watch people walk: camera positions, and projection of the joints.

Axes: N walk, T frame, J joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Float64

# Azimuths of CASIA-B's eleven cameras: 0 in front of the walker, 180 behind.
VIEWS_DEG: tuple[float, ...] = tuple(18.0 * i for i in range(11))

NUM_UNIFORMS = 6
NUM_NORMALS = 2
_NEAREST_M = 1.0


@dataclass(frozen=True, slots=True)
class Cameras:
    """Ranges of camera positions and resolution; each walk draws its own camera from them.

    Attributes:
        views_deg: azimuths: 0 in front of the walker, 90 on the left, 180 behind.
        view_spread_deg: standard deviation about them.
        height_m, distance_m: above the ground, and from the middle of the walk.
        fill: focal length as a share of the largest that keeps the whole walk in the picture.
        roll_deg: standard deviation of the camera's roll.
        size_px: (height, width) of the pictures.
    """

    views_deg: Sequence[float] = VIEWS_DEG
    view_spread_deg: float = 2.5
    height_m: tuple[float, float] = (1.4, 3.2)
    distance_m: tuple[float, float] = (6.0, 14.0)
    fill: tuple[float, float] = (0.55, 0.98)
    roll_deg: float = 1.5
    size_px: tuple[int, int] = (1080, 1920)

    def __post_init__(self) -> None:
        if not self.views_deg:
            raise UsageError("views_deg is empty; give at least one azimuth in degrees")
        for name, low in (("height_m", 0.2), ("distance_m", 4.5), ("fill", 0.05)):
            first, last = getattr(self, name)
            if not low <= first <= last:
                raise UsageError(
                    f"{name} is {(first, last)}; it must be two ascending numbers from {low} up"
                )
        if self.fill[1] > 1.0:
            raise UsageError(
                f"fill is {self.fill}; it must be at most 1, or the walk leaves the picture"
            )
        if min(self.size_px) < 32:
            raise UsageError(
                f"size_px is {self.size_px}; (height, width) must be at least 32 pixels"
            )


def spread(low_high: tuple[float, float], uniform_N: Float64) -> Float64:
    """Map numbers 0..1 to a range."""
    low, high = low_high
    return low + (high - low) * uniform_N


@dataclass(frozen=True, slots=True)
class Seen:
    """Walks as cameras saw them.

    Attributes:
        pixel_2NJT: x, y in pixels, y downwards.
        facing_NT: cosine of the angle between the head's direction and the camera: 1 towards it.
        left_NT: the same for the body's left side.
        depth_NJT: depth relative to the middle of the hips, metres.
        size_px_N: height of a standing person of 1.7 m in the middle of the walk.
        focal_px_N: focal length.
    """

    pixel_2NJT: Float64
    facing_NT: Float64
    left_NT: Float64
    depth_NJT: Float64
    size_px_N: Float64
    focal_px_N: Float64


@dataclass(frozen=True, slots=True)
class Stands:
    """Where the cameras of walks stand, and where they look.

    Attributes:
        position_3N: metres in the world.
        axes_33N: rows right, down and ahead, unit vectors of the world.
        distance_m_N: from the middle of the walk, level.
    """

    position_3N: Float64
    axes_33N: Float64
    distance_m_N: Float64


def stand(view_deg_N: Float64, uniform_NU: Float64, normal_NZ: Float64, cameras: Cameras) -> Stands:
    """Place the camera of each walk; arguments as for `watch`."""
    azimuth_N = np.radians(view_deg_N)
    distance_m_N = spread(cameras.distance_m, uniform_NU[:, 1])
    position_3N = np.stack(
        [
            distance_m_N * np.cos(azimuth_N),
            distance_m_N * np.sin(azimuth_N),
            spread(cameras.height_m, uniform_NU[:, 0]),
        ]
    )
    roll_N = np.radians(cameras.roll_deg) * normal_NZ[:, 0]
    return Stands(position_3N, _axes(position_3N, azimuth_N, roll_N), distance_m_N)


def watch(
    joints_J3NT: Float64,
    ahead_3NT: Float64,
    view_deg_N: Float64,
    uniform_NU: Float64,
    normal_NZ: Float64,
    cameras: Cameras,
) -> Seen:
    """Project each walk to its camera; walks go along x through the origin.

    Args:
        joints_J3NT: world positions, metres, of OpenPose-18.
        ahead_3NT: unit vectors of the head's direction.
        view_deg_N: azimuth of each camera.
        uniform_NU, normal_NZ: `NUM_UNIFORMS` and `NUM_NORMALS` random numbers.
    """
    height_px, width_px = cameras.size_px
    stands = stand(view_deg_N, uniform_NU, normal_NZ, cameras)
    position_3N = stands.position_3N
    seen_J3NT = np.einsum("kcn,jcnt->jknt", stands.axes_33N, joints_J3NT - position_3N[:, :, None])
    depth_JNT = np.maximum(seen_J3NT[:, 2], _NEAREST_M)
    # Centre the picture on the projected walk.
    tangent_2JNT = np.stack([seen_J3NT[:, 0] / depth_JNT, seen_J3NT[:, 1] / depth_JNT])
    low_2N, high_2N = tangent_2JNT.min(axis=(1, 3)), tangent_2JNT.max(axis=(1, 3))
    extent_2N = np.maximum(high_2N - low_2N, 1e-3)
    largest_N = np.minimum(width_px / extent_2N[0], height_px / extent_2N[1])
    focal_px_N = spread(cameras.fill, uniform_NU[:, 2]) * largest_N
    size_2 = np.array([[width_px], [height_px]])
    room_2N = size_2 - focal_px_N * extent_2N
    first_2N = room_2N * uniform_NU[:, 3:5].T
    pixel_2JNT = (tangent_2JNT - low_2N[:, None, :, None]) * focal_px_N[:, None]
    pixel_2JNT += first_2N[:, None, :, None]
    towards_3NT = position_3N[:, :, None] - joints_J3NT[1]
    towards_3NT /= np.sqrt((towards_3NT**2).sum(axis=0))
    hips_NT = 0.5 * (depth_JNT[8] + depth_JNT[11])
    return Seen(
        pixel_2NJT=pixel_2JNT.transpose(0, 2, 1, 3),
        facing_NT=(towards_3NT * ahead_3NT).sum(axis=0),
        left_NT=towards_3NT[1],
        depth_NJT=(depth_JNT - hips_NT).transpose(1, 0, 2),
        size_px_N=1.7 * focal_px_N / stands.distance_m_N,
        focal_px_N=focal_px_N,
    )


def _axes(position_3N: Float64, azimuth_N: Float64, roll_N: Float64) -> Float64:
    """(3, 3, N): rows right, down and ahead of cameras that look at the walker's waist."""
    ahead = np.array([0.0, 0.0, 0.9])[:, None] - position_3N
    ahead /= np.sqrt((ahead**2).sum(axis=0))
    right = np.stack([-np.sin(azimuth_N), np.cos(azimuth_N), np.zeros_like(azimuth_N)])
    down = np.cross(ahead, right, axis=0)
    cosine, sine = np.cos(roll_N), np.sin(roll_N)
    return np.stack([cosine * right + sine * down, cosine * down - sine * right, ahead])
