"""Other poses of people in photos: arms and legs are cut out, turned about their joints and pasted
again, so that a network sees more than the poses that people take before a camera.

    moved = articulate(image_HWC, is_person_HW, joint_J3, rng)     None: too few joints are known

A limb is two rigid pieces of the photo, either of them foreshortened along its bone; the lower one
begins where the upper one ends. What a limb hid of the trunk gets the colours around it. The
background is not moved: paste the person on another one. Source of the idea: Pishchulin et al.,
"Articulated people detection and pose estimation: reshaping the future", CVPR 2012, section 3.
Axes: H height, W width, C colour, J the 17 joints of COCO.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crops.view import ABSENT, box_of
from edgehuman.preprocess.image.pixels import resize, resize_labels, to_crop
from edgehuman.records import Float32, Float64, Uint8

HIDDEN = 1.0
_SHOULDERS, _HIPS = (5, 6), (11, 12)
_LIMBS = ((5, 7, 9), (6, 8, 10), (11, 13, 15), (12, 14, 16))
_SHORTEST_TRUNK = 12.0
# Room around the picture for what is stretched out, as a share of its larger side.
_ROOM = 0.25
_SHORTENED = (0.45, 1.1)
# Crops are much smaller than that: a larger person would only take memory and time.
_MOST_SIDE = 1024


@dataclass(frozen=True, slots=True)
class _Kind:
    """Attributes:
    turn_deg: largest turn of the upper and of the lower piece.
    half_width: of a piece, as a share of the trunk's length.
    beyond: how far the lower piece reaches beyond its last joint, as a share of its bone.
    behind: probability that the limb is drawn behind the rest.
    """

    turn_deg: tuple[float, float]
    half_width: float
    beyond: float
    behind: float


_ARM = _Kind((150.0, 140.0), 0.16, 0.5, 0.3)
_LEG = _Kind((75.0, 110.0), 0.35, 0.35, 0.7)


@dataclass(frozen=True, slots=True)
class Moved:
    """Attributes:
    image_HWC: the person in the new pose; black where nobody is.
    is_person_HW: where the person is.
    joint_J3: x, y, and 0 unknown, 1 hidden, 2 visible, in pixels of this picture; `ABSENT`: turned
        out of it.
    """

    image_HWC: Uint8
    is_person_HW: NDArray[np.bool_]
    joint_J3: Float32


def articulate(
    image_HWC: Uint8,
    is_person_HW: NDArray[np.bool_],
    joint_J3: Float32,
    rng: np.random.Generator,
) -> Moved | None:
    """Turn the arms and legs of a person, each by angles of its own.

    Args:
        image_HWC: uint8 (H, W, 3). is_person_HW: bool (H, W).
        joint_J3: float32 (17, 3): x, y, and more than 0 where known.

    Returns:
        The person in a picture with room on all sides, of 1024 pixels a side at most without it;
        None: shoulders, hips or all limbs unknown, or far outside the picture.
    """
    if not is_person_HW.any():
        return None
    image_HWC, is_person_HW, old_J3 = _alone(image_HWC, is_person_HW, joint_J3)
    limbs = [limb for limb in _LIMBS if _are_near(old_J3[list(limb)], is_person_HW)]
    trunk = _trunk_length(old_J3, is_person_HW)
    if trunk < _SHORTEST_TRUNK or not limbs:
        return None
    limbs = [limbs[place] for place in rng.permutation(len(limbs))]
    room = int(_ROOM * max(is_person_HW.shape))
    owner_HW = _owners(is_person_HW, old_J3, limbs, trunk)
    shown_HWC, shown_HW = _without_limbs(image_HWC, owner_HW, old_J3)
    old_J3[:, :2] += np.float32(room)
    image_HWC, owner_HW, shown_HWC, shown_HW = (
        np.pad(each, ((room, room), (room, room), (0, 0))[: each.ndim])
        for each in (image_HWC, owner_HW, shown_HWC, shown_HW)
    )
    new_J3 = old_J3.copy()
    for number, limb in enumerate(limbs):
        kind = _kind(limb)
        upper_23, lower_23 = _turns(limb, kind, old_J3, new_J3, rng)
        behind_HW = (shown_HW > 0) if rng.random() < kind.behind else np.zeros_like(shown_HW, bool)
        for piece, matrix_23 in ((2 * number + 2, lower_23), (2 * number + 3, upper_23)):
            own_HW = _with_joint(owner_HW, piece, old_J3[limb[1]], kind.half_width * trunk)
            drawn_HWC = _warped(np.dstack([image_HWC, own_HW]), matrix_23)
            drawn_HW = (drawn_HWC[..., 3] > 127) & ~behind_HW
            shown_HWC[drawn_HW] = drawn_HWC[drawn_HW][:, :3]
            shown_HW[drawn_HW] = piece
    _hide(new_J3, shown_HW, limbs)
    return Moved(shown_HWC, shown_HW > 0, new_J3)


def _alone(
    image_HWC: Uint8, is_person_HW: NDArray[np.bool_], joint_J3: Float32
) -> tuple[Uint8, NDArray[np.bool_], Float32]:
    """The part of a picture that holds the person, shrunk if it is large."""
    box = box_of(is_person_HW.astype(np.uint8), None, *is_person_HW.shape)
    x0, y0, x1, y1 = (int(edge) for edge in box)
    part_HWC, part_HW = image_HWC[y0:y1, x0:x1], is_person_HW[y0:y1, x0:x1]
    most = max(part_HW.shape)
    if most <= _MOST_SIDE:
        return part_HWC, part_HW, joint_J3 - np.array([x0, y0, 0], np.float32)
    height, width = (max(1, round(side * _MOST_SIDE / most)) for side in part_HW.shape)
    small_HW = resize_labels(part_HW.astype(np.uint8), height, width) > 0
    return resize(part_HWC, height, width), small_HW, to_crop(joint_J3, box, height, width)


def _are_near(joint_K3: Float32, is_person_HW: NDArray[np.bool_]) -> bool:
    """Whether joints are all known, and not farther from the person than the picture is large."""
    reach = 2 * max(is_person_HW.shape)
    return bool((joint_K3[:, 2] > 0).all() and (np.abs(joint_K3[:, :2]) < reach).all())


def _kind(limb: tuple[int, int, int]) -> _Kind:
    return _ARM if limb[0] in _SHOULDERS else _LEG


def _trunk_length(joint_J3: Float32, is_person_HW: NDArray[np.bool_]) -> float:
    """From the middle of the shoulders to that of the hips; 0 if one of the four is unknown."""
    if not _are_near(joint_J3[[*_SHOULDERS, *_HIPS]], is_person_HW):
        return 0.0
    middle_2 = joint_J3[list(_SHOULDERS), :2].mean(axis=0) - joint_J3[list(_HIPS), :2].mean(axis=0)
    return float(np.hypot(*middle_2))


def _owners(
    is_person_HW: NDArray[np.bool_], joint_J3: Float32, limbs: list[tuple[int, int, int]],
    trunk: float,
) -> Uint8:  # fmt: skip
    """Whose each pixel is: 0 nobody's, 1 the trunk's and head's, 2 + 2 * limb its lower piece's,
    3 + 2 * limb its upper piece's.
    """
    (left, right), (left_hip, right_hip) = _SHOULDERS, _HIPS
    at = joint_J3[:, :2].astype(np.float64)
    trunk_bones = [(at[left], at[right_hip]), (at[right], at[left_hip]), (at[left], at[left_hip]),
                   (at[right], at[right_hip]), (at[left], at[right])]  # fmt: skip
    row_H, column_W = (np.arange(side, dtype=np.float32) for side in is_person_HW.shape)
    nearest_HW = np.full(is_person_HW.shape, np.inf, np.float32)
    for bone in trunk_bones:
        np.minimum(nearest_HW, _distance(row_H, column_W, *bone), out=nearest_HW)
    nearest_HW /= np.float32(0.2 * trunk)
    owner_HW = is_person_HW.astype(np.uint8)
    for number, limb in enumerate(limbs):
        kind = _kind(limb)
        upper, middle, lower = (at[joint] for joint in limb)
        beyond = lower + kind.beyond * (lower - middle)
        for piece, ends in ((2, (middle, beyond)), (3, (upper, middle))):
            share_HW = _distance(row_H, column_W, *ends) / np.float32(kind.half_width * trunk)
            is_own_HW = is_person_HW & (share_HW < nearest_HW) & (share_HW < 1)
            owner_HW[is_own_HW] = 2 * number + piece
            nearest_HW[is_own_HW] = share_HW[is_own_HW]
    return owner_HW


def _distance(row_H: Float32, column_W: Float32, start_2: Float64, end_2: Float64) -> Float32:
    """The distance of every pixel from a bone, in pixels."""
    (x, y), (across, down) = start_2.tolist(), (end_2 - start_2).tolist()
    x_W, y_H1 = column_W - x, row_H[:, None] - y
    along_HW = (x_W * across + y_H1 * down) / max(across**2 + down**2, 1e-6)
    np.clip(along_HW, 0, 1, out=along_HW)
    apart_HW: Float32 = np.hypot(x_W - along_HW * across, y_H1 - along_HW * down)
    return apart_HW


def _with_joint(owner_HW: Uint8, piece: int, joint_3: Float32, half_width: float) -> Uint8:
    """Where a piece is, 255, and what its limb has around the elbow or knee, so that turned pieces
    still touch.
    """
    import cv2

    around_HW = np.zeros_like(owner_HW)
    x, y = (round(each) for each in joint_3[:2].tolist())
    cv2.circle(around_HW, (x, y), max(1, int(half_width)), 255, -1)
    around_HW[owner_HW // 2 != piece // 2] = 0
    around_HW[owner_HW == piece] = 255
    return around_HW


def _without_limbs(image_HWC: Uint8, owner_HW: Uint8, joint_J3: Float32) -> tuple[Uint8, Uint8]:
    """The trunk and head, what limbs hid of the trunk filled from around, and where they are."""
    import cv2

    whole_HW = (owner_HW == 1).astype(np.uint8)
    corner_42 = joint_J3[[*_SHOULDERS, *reversed(_HIPS)], :2].round().astype(np.int32)
    hidden_HW = np.zeros_like(whole_HW)
    cv2.fillConvexPoly(hidden_HW, cv2.convexHull(corner_42), 1)
    hidden_HW &= (owner_HW > 1).astype(np.uint8)
    share_HW = whole_HW.astype(np.float32)
    side = 2 * int(0.5 * math.sqrt(float(hidden_HW.sum()))) + 3
    around_HWC = cv2.blur(image_HWC * share_HW[..., None], (side, side))
    around_HWC /= cv2.blur(share_HW, (side, side))[..., None] + np.float32(1e-3)
    shown_HWC = np.where(whole_HW[..., None] > 0, image_HWC, np.uint8(0))
    is_hidden_HW = hidden_HW > 0
    shown_HWC[is_hidden_HW] = np.clip(around_HWC[is_hidden_HW], 0, 255).astype(np.uint8)
    return shown_HWC, whole_HW | hidden_HW


def _turns(
    limb: tuple[int, int, int],
    kind: _Kind,
    old_J3: Float32,
    new_J3: Float32,
    rng: np.random.Generator,
) -> tuple[Float64, Float64]:
    """Sample the maps of the upper and lower piece; move the limb's joints in `new_J3`."""
    upper, middle, lower = limb
    first, second = (float(rng.triangular(-most, 0, most)) for most in kind.turn_deg)
    if rng.random() < 0.2:  # as it is, but for its lower piece
        first = 0.0
    shorten = [float(rng.uniform(*_SHORTENED)) if rng.random() < 0.5 else 1.0 for _ in range(2)]
    at = {joint: old_J3[joint, :2].astype(np.float64) for joint in limb}
    upper_23 = _about(at[upper], at[upper], at[middle] - at[upper], math.radians(first), shorten[0])
    elbow_2 = upper_23[:, :2] @ at[middle] + upper_23[:, 2]
    angle = math.radians(first + second)
    lower_23 = _about(at[middle], elbow_2, at[lower] - at[middle], angle, shorten[1])
    new_J3[middle, :2] = elbow_2
    new_J3[lower, :2] = lower_23[:, :2] @ at[lower] + lower_23[:, 2]
    return upper_23, lower_23


def _about(
    pivot_2: Float64, moved_2: Float64, bone_2: Float64, angle: float, shorten: float
) -> Float64:
    """The map that shortens a piece along its bone, turns it about `pivot`, and moves that."""
    along_2 = bone_2 / max(float(np.hypot(*bone_2)), 1e-6)
    cosine, sine = math.cos(angle), math.sin(angle)
    turn_22 = np.array([[cosine, -sine], [sine, cosine]])
    map_22 = turn_22 @ (np.eye(2) + (shorten - 1) * np.outer(along_2, along_2))
    return np.concatenate([map_22, (moved_2 - map_22 @ pivot_2)[:, None]], axis=1)


def _warped(array: Uint8, matrix_23: Float64) -> Uint8:
    import cv2

    height, width = array.shape[:2]
    return cv2.warpAffine(array, matrix_23, (width, height))  # type: ignore[return-value]


def _hide(joint_J3: Float32, shown_HW: Uint8, limbs: list[tuple[int, int, int]]) -> None:
    """Mark the elbows, wrists, knees and ankles before which another part of the body is seen, and
    those that are no longer in the picture.
    """
    height, width = shown_HW.shape
    for number, limb in enumerate(limbs):
        for joint in limb[1:]:
            column, row = (int(each) for each in joint_J3[joint, :2].round())
            if not (0 <= row < height and 0 <= column < width):
                joint_J3[joint, 2] = ABSENT
            elif shown_HW[row, column] // 2 != number + 1:
                joint_J3[joint, 2] = HIDDEN
