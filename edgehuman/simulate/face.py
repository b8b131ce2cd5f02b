"""The head: its shape, the face and hair painted around it, and where a face's 68 points lie.

A place on the head is (y, t): y from -1 (its right side) to 1 (its left), t from 0 (chin) to 1
(crown), on the front half.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.fabric import Floats
from edgehuman.simulate.look import Look
from edgehuman.simulate.parts import PART

Array = NDArray[np.float64]

HEAD_HEIGHT, HEAD_WIDTH = 80, 128
_FRONT = HEAD_WIDTH * 3 // 4

# Half width, reach to the front and to the back in fractions of the head's height (chin to
# crown), from chin to crown.
HEAD_SHAPE_3K = np.array(
    [
        [0.15, 0.235, 0.285, 0.325, 0.345, 0.350, 0.335, 0.265, 0.05],
        [0.33, 0.375, 0.405, 0.425, 0.405, 0.410, 0.395, 0.300, 0.06],
        [0.12, 0.220, 0.330, 0.410, 0.450, 0.465, 0.430, 0.320, 0.06],
    ]
)

# Where hair begins (t), by the angle from the front in degrees.
_HAIRLINE_DEG = (0.0, 35.0, 55.0, 72.0, 88.0, 104.0, 125.0, 180.0)
_HAIRLINE = {
    "short": (0.80, 0.79, 0.70, 0.52, 0.40, 0.30, 0.16, 0.12),
    "thin": (1.10, 1.10, 1.10, 0.60, 0.45, 0.32, 0.20, 0.16),
    "long": (0.80, 0.77, 0.55, 0.10, 0.0, 0.0, 0.0, 0.0),
    "ponytail": (0.82, 0.80, 0.70, 0.55, 0.42, 0.32, 0.18, 0.10),
    "bun": (0.82, 0.80, 0.70, 0.55, 0.42, 0.32, 0.18, 0.10),
}


def _arc(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A right-hand list continued on the left: mirrored, in the other direction."""
    return points + [(-y, t) for y, t in reversed(points)]


_JAW = [(-np.cos(a) * 0.96, 0.50 - 0.49 * np.sin(a) ** 1.25) for a in np.linspace(0.0, np.pi, 17)]
_BROWS = _arc([(-0.72, 0.600), (-0.60, 0.630), (-0.47, 0.640), (-0.33, 0.632), (-0.20, 0.612)])
_NOSE = [(0.0, 0.53), (0.0, 0.47), (0.0, 0.41), (0.0, 0.345)]
_NOSTRILS = [(-0.20, 0.315), (-0.10, 0.300), (0.0, 0.292), (0.10, 0.300), (0.20, 0.315)]
_RIGHT_EYE = [
    (-0.60, 0.515),
    (-0.50, 0.540),
    (-0.38, 0.540),
    (-0.27, 0.512),
    (-0.38, 0.495),
    (-0.50, 0.497),
]
_LEFT_EYE = [(-_RIGHT_EYE[i][0], _RIGHT_EYE[i][1]) for i in (3, 2, 1, 0, 5, 4)]
_LIPS = [
    (-0.34, 0.180),
    (-0.20, 0.205),
    (-0.08, 0.214),
    (0.0, 0.208),
    (0.08, 0.214),
    (0.20, 0.205),
    (0.34, 0.180),
    (0.21, 0.146),
    (0.10, 0.132),
    (0.0, 0.128),
    (-0.10, 0.132),
    (-0.21, 0.146),
]
_MOUTH = [
    (-0.28, 0.180),
    (-0.10, 0.186),
    (0.0, 0.184),
    (0.10, 0.186),
    (0.28, 0.180),
    (0.10, 0.170),
    (0.0, 0.168),
    (-0.10, 0.170),
]
# The 68 points of the iBUG layout: jaw, brows, nose, eyes, lips; the person's right side first.
FACE_68 = np.array([*_JAW, *_BROWS, *_NOSE, *_NOSTRILS, *_RIGHT_EYE, *_LEFT_EYE, *_LIPS, *_MOUTH])
NOSE_TIP = np.array(_NOSE[-1])
EYES = (np.mean(_LEFT_EYE, axis=0), np.mean(_RIGHT_EYE, axis=0))
# (y, t) of an ear is beyond the front half: it lies just behind the side.
EAR_T = 0.44


def head_picture(look: Look) -> tuple[Floats, NDArray[np.uint8]]:
    """What is seen around a head (HEAD_HEIGHT, HEAD_WIDTH, 3), and what part it is."""
    picture = np.empty((HEAD_HEIGHT, HEAD_WIDTH, 3), np.uint8)
    picture[:] = np.round(look.skin)
    _draw_face(picture, look)
    hair = _hair_HW(look)
    image = picture.astype(np.float32)
    if look.beard:
        image += 0.65 * _beard_HW()[..., None] * (np.float32(look.hair_colour) - image)
    strands = (
        np.random.default_rng(look.seed).standard_normal((1, HEAD_WIDTH, 1)).astype(np.float32)
    )
    image += hair[..., None] * (np.float32(look.hair_colour) * (1.0 + 0.13 * strands) - image)
    image = cv2.GaussianBlur(np.clip(image, 0.0, 255.0), (0, 0), 0.7)
    part = np.where(hair > 0.5, PART["hair"], PART["face"]).astype(np.uint8)
    return image, part


def _place(y: float, t: float) -> tuple[float, float]:
    """(column, row) in the head's picture."""
    return (
        _FRONT + np.arcsin(np.clip(y, -1.0, 1.0)) / (2.0 * np.pi) * HEAD_WIDTH,
        (1.0 - t) * HEAD_HEIGHT,
    )


def _polygon(points: list[tuple[float, float]]) -> NDArray[np.int32]:
    """Points in 1/16 texel, as OpenCV draws them with `shift=4`."""
    return np.round(np.array([_place(y, t) for y, t in points]) * 16).astype(np.int32)


def _draw_face(picture: NDArray[np.uint8], look: Look) -> None:
    skin = np.array(look.skin)
    dark, shade = tuple(0.30 * np.array(look.hair_colour) + 0.1 * skin), tuple(0.72 * skin)
    lips = tuple(np.clip(skin * (0.82, 0.55, 0.56), 0, 255))
    line, shift = cv2.LINE_AA, 4
    for eye in (_RIGHT_EYE, _LEFT_EYE):
        middle = np.mean(eye, axis=0)
        socket = _polygon(
            [
                (1.25 * (y - middle[0]) + middle[0], 1.9 * (t - middle[1]) + middle[1])
                for y, t in eye
            ]
        )
        cv2.fillPoly(picture, [socket], tuple(0.80 * skin), line, shift)
        cv2.fillPoly(picture, [_polygon(eye)], (235, 232, 228), line, shift)
        x, y = np.array(_place(*middle)) * 16
        cv2.circle(picture, (round(x), round(y)), 26, (38, 28, 24), -1, line, shift)
    for brow in (_BROWS[:5], _BROWS[5:]):
        cv2.polylines(picture, [_polygon(brow)], False, dark, 2, line, shift)
    cv2.polylines(picture, [_polygon([(0.10, 0.50), (0.16, 0.33)])], False, shade, 2, line, shift)
    cv2.polylines(picture, [_polygon(_NOSTRILS)], False, tuple(0.55 * skin), 2, line, shift)
    cv2.fillPoly(picture, [_polygon(_LIPS)], lips, line, shift)
    cv2.polylines(picture, [_polygon(_MOUTH[:5])], False, tuple(0.45 * skin), 1, line, shift)
    for side in (-1, 1):
        # An ear straddles the side of the head: y is past 1 there, so it is placed by its angle.
        x = _FRONT + side * HEAD_WIDTH * 0.265
        centre = (round(x * 16), round((1.0 - EAR_T) * HEAD_HEIGHT * 16))
        cv2.ellipse(picture, centre, (60, 130), 0, 0, 360, tuple(0.86 * skin), -1, line, shift)
        cv2.ellipse(picture, centre, (60, 130), 0, 0, 360, tuple(0.62 * skin), 1, line, shift)
    if look.glasses:
        for eye in (_RIGHT_EYE, _LEFT_EYE):
            x, y = np.array(_place(*np.mean(eye, axis=0))) * 16
            cv2.ellipse(
                picture, (round(x), round(y)), (76, 68), 0, 0, 360, (30, 28, 28), 2, line, shift
            )
        for side in (-1, 1):
            ends = [(side * 0.7, 0.53), (side * 1.0, 0.50)]
            cv2.polylines(picture, [_polygon(ends)], False, (30, 28, 28), 2, line, shift)


def _angles_deg() -> Floats:
    """(HEAD_WIDTH,) degrees from the front of each column."""
    turn = (np.arange(HEAD_WIDTH) + 0.5 - _FRONT) * (360.0 / HEAD_WIDTH)
    return np.abs((turn + 180.0) % 360.0 - 180.0).astype(np.float32)


def _hair_HW(look: Look) -> Floats:
    """(HEAD_HEIGHT, HEAD_WIDTH) 0..1: where hair grows."""
    begins = np.interp(_angles_deg(), _HAIRLINE_DEG, _HAIRLINE[look.hair])
    t = 1.0 - (np.arange(HEAD_HEIGHT) + 0.5) / HEAD_HEIGHT
    return np.clip((t[:, None] - begins) * 25.0 + 0.5, 0.0, 1.0).astype(np.float32)


def _beard_HW() -> Floats:
    """(HEAD_HEIGHT, HEAD_WIDTH) 0..1: chin, cheeks and around the mouth."""
    t = 1.0 - (np.arange(HEAD_HEIGHT) + 0.5) / HEAD_HEIGHT
    below = 0.26 + 0.10 * np.clip((_angles_deg() - 20.0) / 50.0, 0.0, 1.0)
    beard = np.clip((below - t[:, None]) * 30.0, 0.0, 1.0)
    beard *= np.clip((85.0 - _angles_deg()) / 8.0, 0.0, 1.0)
    mouth_x, mouth_y = _place(0.0, 0.17)
    columns, rows = np.arange(HEAD_WIDTH) - mouth_x, np.arange(HEAD_HEIGHT) - mouth_y
    near = (columns / 6.0) ** 2 + (rows[:, None] / 3.0) ** 2
    return (beard * np.clip(near - 0.6, 0.0, 1.0)).astype(np.float32)


def surface_points(place_N2: Array, ends_23: Array, left_3: Array, front_3: Array) -> Array:
    """World points (N, 3) of places (y, t) on the front of a head."""
    y_N, t_N = place_N2.T
    height_m = np.sqrt(((ends_23[1] - ends_23[0]) ** 2).sum())
    knots = np.linspace(0.0, 1.0, HEAD_SHAPE_3K.shape[1])
    side_N = np.interp(t_N, knots, HEAD_SHAPE_3K[0]) * height_m
    reach_N = np.interp(t_N, knots, HEAD_SHAPE_3K[1]) * height_m
    ahead_N = np.sqrt(np.maximum(1.0 - y_N**2, 0.0))
    axis_N3 = ends_23[0] + (ends_23[1] - ends_23[0]) * t_N[:, None]
    placed: Array = (
        axis_N3 + (side_N * y_N)[:, None] * left_3 + (reach_N * ahead_N)[:, None] * front_3
    )
    return placed
