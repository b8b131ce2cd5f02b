"""Joints and landmarks of a drawn figure: COCO-17 and COCO-WholeBody-133, with visibility.

Visibility is 2 if the picture shows the point's own piece of the body, or the cloth on it, at that
pixel; 1 if something else is in front of it or it is on the far side; 0, with x = y = 0, outside
the picture.
"""

from __future__ import annotations

import numpy as np

from edgehuman.geometry import COCO_17
from edgehuman.records import Float32, Float64, Uint8
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.figure.face import EAR_T, EYES, FACE_68, NOSE_TIP, surface_points
from edgehuman.simulate.image.figure.rig import Posed
from edgehuman.simulate.image.figure.tube import View

FEET_6 = (
    "l_big_toe",
    "l_small_toe",
    "l_heel",
    "r_big_toe",
    "r_small_toe",
    "r_heel",
)
NUM_LANDMARKS = 17 + len(FEET_6) + 68 + 21 + 21

# (towards the thumb, down the hand) in lengths of a hand from wrist to knuckles; wrist first,
# then four points of each finger from thumb to little finger.
_HAND_21 = np.array(
    [
        (0.00, 0.00),
        *((0.22, 0.25), (0.36, 0.55), (0.42, 0.85), (0.44, 1.05)),
        *((0.28, 0.98), (0.29, 1.32), (0.28, 1.52), (0.26, 1.68)),
        *((0.09, 1.02), (0.09, 1.40), (0.09, 1.62), (0.08, 1.80)),
        *((-0.10, 0.98), (-0.10, 1.32), (-0.10, 1.53), (-0.09, 1.70)),
        *((-0.27, 0.92), (-0.26, 1.18), (-0.25, 1.34), (-0.23, 1.48)),
    ]
)

# The piece that contains each landmark: a name in the `joints` of tubes.
PIECES = (
    *COCO_17,
    *("l_toe", "l_toe", "l_heel", "r_toe", "r_toe", "r_heel"),
    *(["nose"] * 68),
    *(["l_wrist"] * 21),
    *(["r_wrist"] * 21),
)


def landmark_points(posed: Posed, body: Body) -> tuple[Float64, Float64]:
    """World points (133, 3), and the outward normal of the surface at each (133, 3).

    The normal is zero if a point is inside its piece and can be seen from all sides.
    """
    frame = body.frame("head")
    head_23 = posed.ends_P23[posed.rig.names.index("head")]
    faces = FACE_68, np.stack([NOSE_TIP, *EYES])
    face_N3, head_N3 = (surface_points(place, head_23, frame[:, 1], frame[:, 0]) for place in faces)
    ears = surface_points(
        np.array([[1.0, EAR_T], [-1.0, EAR_T]]), head_23, frame[:, 1], frame[:, 0]
    )
    limbs = [body.joint(name) for name in COCO_17[5:]]
    feet = [_foot_points(body, name) for name in ("l", "r")]
    hands = [_hand_points(body, name) for name in ("l", "r")]
    points = np.concatenate([head_N3, ears, limbs, *feet, face_N3, *hands])
    facing = np.zeros_like(points)
    facing[:3] = [_outward(frame, y) for y, _ in faces[1]]
    facing[3], facing[4] = frame[:, 1], -frame[:, 1]
    facing[23:91] = [_outward(frame, y) for y, _ in FACE_68]
    trunk, hips = body.frame("trunk")[:, 1], body.frame("pelvis")[:, 1]
    facing[5], facing[6] = trunk, -trunk
    facing[11], facing[12] = hips, -hips
    return points, facing


def _outward(frame_33: Float64, y: float) -> Float64:
    """Outward normal of the head's surface at a position y across its front."""
    outward: Float64 = np.sqrt(max(0.0, 1.0 - y * y)) * frame_33[:, 0] + y * frame_33[:, 1]
    return outward


def _foot_points(body: Body, name: str) -> Float64:
    """Big toe, small toe, heel."""
    frame, toe = body.frame(f"{name}_foot"), body.joint(f"{name}_toe")
    out = frame[:, 1] * (1.0 if name == "l" else -1.0)
    up = frame[:, 2] * 0.02
    big = toe - 0.012 * out + up - 0.01 * frame[:, 0]
    small = toe + 0.028 * out + up - 0.045 * frame[:, 0]
    heel = body.joint(f"{name}_heel") + up + 0.01 * frame[:, 0]
    return np.stack([big, small, heel])


def _hand_points(body: Body, name: str) -> Float64:
    """The 21 points of a hand, flat, thumb forwards."""
    frame, wrist = body.frame(f"{name}_forearm"), body.joint(f"{name}_wrist")
    length_m = np.sqrt(((body.joint(f"{name}_hand") - wrist) ** 2).sum())
    forward_N1, down_N1 = _HAND_21[:, :1], _HAND_21[:, 1:]
    placed: Float64 = wrist + length_m * (forward_N1 * frame[:, 0] - down_N1 * frame[:, 2])
    return placed


def see(posed: Posed, body: Body, view: View, owner_HW: Uint8) -> Float32:
    """All landmarks in the picture (133, 3): x, y in pixels and visibility."""
    points_N3, facing_N3 = landmark_points(posed, body)
    pixel_N2, _ = view.project(points_N3)
    height, width = owner_HW.shape
    column_N, row_N = np.rint(pixel_N2).astype(np.int64).T
    within_N = (column_N >= 0) & (column_N < width) & (row_N >= 0) & (row_N < height)
    owner_N = owner_HW[np.where(within_N, row_N, 0), np.where(within_N, column_N, 0)]
    toward_N3 = view.position_3 - points_N3
    cosine_N = (facing_N3 * toward_N3).sum(-1) / np.sqrt((toward_N3**2).sum(-1))
    # The trunk's joints are inside it: they are hidden only when well on the far side.
    limit_N = np.full(len(points_N3), 0.05)
    limit_N[[5, 6, 11, 12]] = -0.5
    near_N = (cosine_N > limit_N) | ~facing_N3.any(axis=1)
    held = posed.rig.joints
    own_N = np.array(
        [
            0 < owner <= len(held) and piece in held[owner - 1]
            for owner, piece in zip(owner_N.tolist(), PIECES, strict=True)
        ]
    )
    made = np.zeros((len(points_N3), 3), np.float32)
    made[:, :2] = pixel_N2
    made[:, 2] = 1 + (own_N & near_N)
    made[~within_N] = 0.0
    return made
