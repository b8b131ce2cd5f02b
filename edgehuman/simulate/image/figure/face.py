"""The head: its shape, the texture of face and hair, and the 68 facial landmarks.

A position on the head is (y, t): y from -1 (its right side) to 1 (its left), t from 0 (chin) to 1
(crown), on the front half.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float32, Float64, Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.clothes.fabric import column, from_planes
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.figure.parts import DETAIL, PART

Places = list[tuple[float, float]]

HEAD_HEIGHT, HEAD_WIDTH = 80, 128
_FRONT = HEAD_WIDTH * 3 // 4

# Half width, extent to the front and to the back in fractions of the head's height (chin to
# crown), from chin to crown.
HEAD_SHAPE_3K = np.array(
    [
        [0.15, 0.235, 0.285, 0.325, 0.345, 0.350, 0.335, 0.275, 0.170],
        [0.33, 0.375, 0.405, 0.425, 0.405, 0.410, 0.395, 0.315, 0.190],
        [0.12, 0.220, 0.330, 0.410, 0.450, 0.465, 0.430, 0.345, 0.200],
    ]
)

# Hairline (t), by the angle from the front in degrees.
_HAIRLINE_DEG = (0.0, 35.0, 55.0, 72.0, 88.0, 104.0, 125.0, 180.0)
_HAIRLINE = {
    "short": (0.80, 0.79, 0.70, 0.52, 0.40, 0.30, 0.16, 0.12),
    "thin": (1.10, 1.10, 1.10, 0.60, 0.45, 0.32, 0.20, 0.16),
    "long": (0.80, 0.77, 0.55, 0.10, 0.0, 0.0, 0.0, 0.0),
    "ponytail": (0.82, 0.80, 0.70, 0.55, 0.42, 0.32, 0.18, 0.10),
    "bun": (0.82, 0.80, 0.70, 0.55, 0.42, 0.32, 0.18, 0.10),
}


def _arc(points: Places) -> Places:
    """Extend the points of the right side to the left: mirrored, in reverse order."""
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
# (y, t) of an ear is beyond the front half: it is just behind the side.
EAR_T = 0.44


def head_picture(look: Look) -> tuple[Uint8, Uint8, Uint8]:
    """Texture of a head (HEAD_HEIGHT, HEAD_WIDTH, 3), and part and detail of each texel."""
    picture = np.full((HEAD_HEIGHT, HEAD_WIDTH, 3), look.skin, np.uint8)
    detail = np.zeros((HEAD_HEIGHT, HEAD_WIDTH), np.uint8)
    _draw_face(picture, look)
    if look.glasses:
        _draw_glasses(picture, _RIM)
        _draw_glasses(detail, (DETAIL["glasses"],), cv2.LINE_8)
    hair = _hair_HW(look.hair)
    colour = column(look.hair_colour)
    image = np.array(cv2.split(picture), np.float32)
    if look.beard:
        image += 0.65 * _beard_HW() * (colour - image)
    image += hair * (colour * _strands(look.seed % 8) - image)
    part = np.where(hair > 0.5, PART["hair"], PART["face"]).astype(np.uint8)
    detail[part == PART["hair"]] = 0
    return np.asarray(cv2.GaussianBlur(from_planes(image), (3, 3), 0.7), np.uint8), part, detail


def _place(y: float, t: float) -> tuple[float, float]:
    """(column, row) in the head's picture."""
    return (
        _FRONT + float(np.arcsin(np.clip(y, -1.0, 1.0))) / (2.0 * np.pi) * HEAD_WIDTH,
        (1.0 - t) * HEAD_HEIGHT,
    )


def _polygon(points: Places) -> NDArray[np.int32]:
    """Points in 1/16 texel, as OpenCV draws them with `shift=4`."""
    return np.round(np.array([_place(y, t) for y, t in points]) * 16).astype(np.int32)


def _widened(eye: Places) -> Places:
    """The socket around an eye."""
    y, t = np.mean(eye, axis=0)
    return [(1.25 * (eye_y - y) + y, 1.9 * (eye_t - t) + t) for eye_y, eye_t in eye]


def _middle(points: Places) -> tuple[int, int]:
    y, t = np.mean(points, axis=0)
    column, row = _place(float(y), float(t))
    return round(column * 16), round(row * 16)


# Shapes drawn on all faces, in 1/16 texel.
_SOCKETS = [_polygon(_widened(eye)) for eye in (_RIGHT_EYE, _LEFT_EYE)]
_WHITES = [_polygon(eye) for eye in (_RIGHT_EYE, _LEFT_EYE)]
_PUPILS = [_middle(eye) for eye in (_RIGHT_EYE, _LEFT_EYE)]
_BROW_LINES = [_polygon(_BROWS[:5]), _polygon(_BROWS[5:])]
_NOSE_LINE = [_polygon([(0.10, 0.50), (0.16, 0.33)])]
_NOSTRIL_LINE = [_polygon(_NOSTRILS)]
_LIP_SHAPE, _MOUTH_LINE = [_polygon(_LIPS)], [_polygon(_MOUTH[:5])]
_ARMS = [_polygon([(side * 0.7, 0.53), (side * 1.0, 0.50)]) for side in (-1, 1)]
# An ear crosses the side of the head, so it is placed by its angle.
_EARS = [
    (round((_FRONT + side * 0.265 * HEAD_WIDTH) * 16), round((1.0 - EAR_T) * HEAD_HEIGHT * 16))
    for side in (-1, 1)
]


def _draw_face(picture: Uint8, look: Look) -> None:
    skin = np.array(look.skin)
    brow = (0.30 * np.array(look.hair_colour) + 0.1 * skin).tolist()
    lips = np.clip(skin * (0.82, 0.55, 0.56), 0, 255).tolist()
    line, shift = cv2.LINE_AA, 4
    cv2.fillPoly(picture, _SOCKETS, (0.80 * skin).tolist(), line, shift)
    cv2.fillPoly(picture, _WHITES, (235, 232, 228), line, shift)
    for centre in _PUPILS:
        cv2.circle(picture, centre, 26, (38, 28, 24), -1, line, shift)
    cv2.polylines(picture, _BROW_LINES, False, brow, 2, line, shift)
    cv2.polylines(picture, _NOSE_LINE, False, (0.72 * skin).tolist(), 2, line, shift)
    cv2.polylines(picture, _NOSTRIL_LINE, False, (0.55 * skin).tolist(), 2, line, shift)
    cv2.fillPoly(picture, _LIP_SHAPE, lips, line, shift)
    cv2.polylines(picture, _MOUTH_LINE, False, (0.45 * skin).tolist(), 1, line, shift)
    for centre in _EARS:
        for colour, wide in ((0.86 * skin, -1), (0.62 * skin, 1)):
            cv2.ellipse(picture, centre, (60, 130), 0, 0, 360, colour.tolist(), wide, line, shift)


def _draw_glasses(picture: Uint8, colour: tuple[float, ...], line: int = cv2.LINE_AA) -> None:
    for centre in _PUPILS:
        cv2.ellipse(picture, centre, (76, 68), 0, 0, 360, colour, 2, line, 4)
    cv2.polylines(picture, _ARMS, False, colour, 2, line, 4)


_RIM = (30, 28, 28)


@lru_cache(maxsize=1)
def _angles_deg() -> Float32:
    """(HEAD_WIDTH,) degrees from the front of each column."""
    turn = (np.arange(HEAD_WIDTH) + 0.5 - _FRONT) * (360.0 / HEAD_WIDTH)
    return np.asarray(np.abs((turn + 180.0) % 360.0 - 180.0), np.float32)


@lru_cache(maxsize=1)
def _levels() -> Float32:
    """(HEAD_HEIGHT, 1) t of each row."""
    rows = np.arange(HEAD_HEIGHT, dtype=np.float32)[:, None]
    return np.asarray(1.0 - (rows + 0.5) / HEAD_HEIGHT, np.float32)


@lru_cache(maxsize=8)
def _strands(number: int) -> Float32:
    """(HEAD_WIDTH,) brightness of each strand of hair, about 1."""
    noise = generator(number, 0x4A1).standard_normal(HEAD_WIDTH)
    return np.asarray(1.0 + 0.13 * noise, np.float32)


@lru_cache(maxsize=len(_HAIRLINE))
def _hair_HW(hair: str) -> Float32:
    """(HEAD_HEIGHT, HEAD_WIDTH) 0..1: where hair grows."""
    begins = np.interp(_angles_deg(), _HAIRLINE_DEG, _HAIRLINE[hair])
    return np.clip((_levels() - begins) * 25.0 + 0.5, 0.0, 1.0).astype(np.float32)


@lru_cache(maxsize=1)
def _beard_HW() -> Float32:
    """(HEAD_HEIGHT, HEAD_WIDTH) 0..1: chin, cheeks and around the mouth."""
    below = 0.26 + 0.10 * np.clip((_angles_deg() - 20.0) / 50.0, 0.0, 1.0)
    beard = np.clip((below - _levels()) * 30.0, 0.0, 1.0)
    beard *= np.clip((85.0 - _angles_deg()) / 8.0, 0.0, 1.0)
    mouth_x, mouth_y = _place(0.0, 0.17)
    columns, rows = np.arange(HEAD_WIDTH) - mouth_x, np.arange(HEAD_HEIGHT) - mouth_y
    near = (columns / 6.0) ** 2 + (rows[:, None] / 3.0) ** 2
    return (beard * np.clip(near - 0.6, 0.0, 1.0)).astype(np.float32)


def surface_points(
    place_N2: Float64, ends_23: Float64, left_3: Float64, front_3: Float64
) -> Float64:
    """World points (N, 3) of positions (y, t) on the front of a head."""
    y_N, t_N = place_N2.T
    height_m = np.sqrt(((ends_23[1] - ends_23[0]) ** 2).sum())
    knots = np.linspace(0.0, 1.0, HEAD_SHAPE_3K.shape[1])
    side_N = np.interp(t_N, knots, HEAD_SHAPE_3K[0]) * height_m
    reach_N = np.interp(t_N, knots, HEAD_SHAPE_3K[1]) * height_m
    ahead_N = np.sqrt(np.maximum(1.0 - y_N**2, 0.0))
    axis_N3 = ends_23[0] + (ends_23[1] - ends_23[0]) * t_N[:, None]
    placed: Float64 = (
        axis_N3 + (side_N * y_N)[:, None] * left_3 + (reach_N * ahead_N)[:, None] * front_3
    )
    return placed
