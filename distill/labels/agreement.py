"""What several teachers agree on: boxes, joints and masks of people in a frame.

Each teacher answers for the frame and for its mirror image. Where the two differ, it is left out
there: who disagrees with themself knows nothing. What is left counts where two teachers say the
same; what only one says becomes a region to ignore, a joint that is not labelled, or no mask.

Axes: J joints (COCO's 17), H height, W width, M people.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.geometry import COCO_17
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.foreign.families import may_take_one_person
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder

LEAST_BOX_IOU = 0.6
LEAST_MASK_IOU = 0.8
MOST_OFF = 0.1
"""Of a joint between two teachers, of the person's height."""
LEAST_JOINT_SCORE = 0.3
LEAST_SCORE = 0.25
_MIRRORED = [
    COCO_17.index({"l": "r", "r": "l"}[name[0]] + name[1:]) if name[1] == "_" else index
    for index, name in enumerate(COCO_17)
]


@dataclass(frozen=True, slots=True)
class Agreed:
    """One person.

    Attributes:
        box_4: mean of the teachers' boxes.
        is_sure: whether two agree on it; else it is a region to ignore.
        joint_J3: x, y in pixels (continuous), and 2 labelled or 0 not.
        mask_HW: None: no two agree, or nobody gives one.
    """

    box_4: Float32
    is_sure: bool
    joint_J3: Float32
    mask_HW: Bool | None


def agree(teachers: Sequence[PersonFinder], frame_HWC: Uint8) -> list[Agreed]:
    """Find the people of a frame, uint8 RGB, that teachers agree on, and those that one finds."""
    finders = [each for each in teachers if not may_take_one_person(each)]
    lookers = [each for each in teachers if may_take_one_person(each)]
    found = [both_ways(each, frame_HWC) for each in finders]
    people = []
    for group in grouped(found):
        box_4 = _mean([each.box_4 for each in group])
        closer = [person for each in lookers for person in both_ways(each, frame_HWC, box_4)[:1]]
        people.append(together(box_4, group, closer))
    return people


def both_ways(
    finder: PersonFinder, frame_HWC: Uint8, box_4: Float32 | None = None
) -> list[FoundPerson]:
    """People whom a teacher finds in a frame and in its mirror image, at the same place; their
    masks are of the whole frame.
    """
    height, width = frame_HWC.shape[:2]
    turned_HWC = np.ascontiguousarray(frame_HWC[:, ::-1])
    turned_4 = None if box_4 is None else np.array(_turned_box(box_4, width), np.float32)
    first = finder.find(frame_HWC, box_4)
    second = [mirrored(each, width) for each in finder.find(turned_HWC, turned_4)]
    return [
        whole(one, height, width)
        for one in first
        if one.score >= LEAST_SCORE and any(_same(one, other) for other in second)
    ]


def whole(person: FoundPerson, height: int, width: int) -> FoundPerson:
    """The same person, with a mask of the whole frame of this size."""
    if person.mask_HW is None or person.cut is None:
        return person
    mask_HW = np.zeros((height, width), bool)
    x0, y0, x1, y1 = person.cut
    mask_HW[y0:y1, x0:x1] = person.mask_HW
    return dataclasses.replace(person, mask_HW=mask_HW, cut=None)


def mirrored(person: FoundPerson, width: int) -> FoundPerson:
    """The same person in the mirror image of a frame of this width."""
    joint_J3, mask_HW, cut = person.joint_J3, person.mask_HW, person.cut
    if joint_J3 is not None:
        joint_J3 = joint_J3[_MIRRORED].copy()
        joint_J3[:, 0] = width - joint_J3[:, 0]
    if mask_HW is not None:
        mask_HW = mask_HW[:, ::-1]
    if cut is not None:
        cut = width - cut[2], cut[1], width - cut[0], cut[3]
    box_4 = np.array(_turned_box(person.box_4, width), np.float32)
    return FoundPerson(box_4, person.score, joint_J3, mask_HW, cut)


def _turned_box(box_4: Float32, width: int) -> tuple[float, float, float, float]:
    return width - float(box_4[2]), float(box_4[1]), width - float(box_4[0]), float(box_4[3])


def _same(one: FoundPerson, other: FoundPerson) -> bool:
    """Whether two answers are of one person: by mask, else by box; and by sure joints."""
    if one.mask_HW is not None and other.mask_HW is not None:
        if _same_pixels(one, other) < LEAST_MASK_IOU:
            return False
    elif box_iou(one.box_4, other.box_4) < LEAST_BOX_IOU:
        return False
    if one.joint_J3 is None or other.joint_J3 is None:
        return True
    sure_J = (one.joint_J3[:, 2] >= LEAST_JOINT_SCORE) & (other.joint_J3[:, 2] >= LEAST_JOINT_SCORE)
    if not sure_J.any():
        return False
    off_K = np.hypot(*(one.joint_J3[sure_J, :2] - other.joint_J3[sure_J, :2]).T)
    return bool(np.median(off_K) <= MOST_OFF * _height(one.box_4))


def _same_pixels(one: FoundPerson, other: FoundPerson) -> float:
    """`mask_iou` of two people, whose masks may be of parts of the frame."""
    places = [each.mask_place or (0, 0, 0, 0) for each in (one, other)]
    x1, y1 = np.minimum(places[0][2:], places[1][2:]).tolist()
    x0, y0 = np.maximum(places[0][:2], places[1][:2]).tolist()
    shared, areas = [], 0
    for each, (left, top, _, _) in zip((one, other), places, strict=True):
        assert each.mask_HW is not None
        areas += int(np.count_nonzero(each.mask_HW))
        shared.append(each.mask_HW[y0 - top : max(y0, y1) - top, x0 - left : max(x0, x1) - left])
    both = int(np.count_nonzero(shared[0] & shared[1]))
    return both / max(1, areas - both)


def grouped(found: Sequence[Sequence[FoundPerson]]) -> list[list[FoundPerson]]:
    """Answers of several teachers by person: each takes the box nearest to the first answer's."""
    left = [list(each) for each in found]
    groups = []
    for index, own in enumerate(left):
        for person in own:
            group = [person]
            for others in left[index + 1 :]:
                scores = [box_iou(person.box_4, other.box_4) for other in others]
                best = int(np.argmax(scores)) if scores else -1
                if scores and scores[best] >= LEAST_BOX_IOU:
                    group.append(others.pop(best))
            groups.append(group)
    return groups


def together(box_4: Float32, group: Sequence[FoundPerson], closer: Sequence[FoundPerson]) -> Agreed:
    """One person of teachers who find people, and of those who look into their boxes."""
    masks = [each.mask_HW for each in (*group, *closer) if each.mask_HW is not None]
    # The box around joints alone is smaller than the person: only one around a mask is a vote.
    votes = [
        each.box_4
        for each in closer
        if each.mask_HW is not None and box_iou(each.box_4, box_4) >= LEAST_BOX_IOU
    ]
    poses = [each.joint_J3 for each in (*group, *closer) if each.joint_J3 is not None]
    is_sure = len(group) + len(votes) >= 2
    tight_4 = _mean([*(each.box_4 for each in group), *votes])
    return Agreed(tight_4, is_sure, joints_of(poses, _height(box_4)), mask_of(masks))


def joints_of(poses: Sequence[Float32], height: float) -> Float32:
    """The mean of the joints on which the two closest teachers agree; others are not labelled."""
    made_J3 = np.zeros((len(COCO_17), 3), np.float32)
    for joint in range(len(COCO_17)):
        point_K2 = np.array(
            [pose_J3[joint, :2] for pose_J3 in poses if pose_J3[joint, 2] >= LEAST_JOINT_SCORE]
        )
        if len(point_K2) < 2:
            continue
        apart_KK = np.hypot(*np.moveaxis(point_K2[:, None] - point_K2[None], -1, 0))
        np.fill_diagonal(apart_KK, np.inf)
        one, other = np.unravel_index(int(apart_KK.argmin()), apart_KK.shape)
        if apart_KK[one, other] <= MOST_OFF * height:
            made_J3[joint] = (*((point_K2[one] + point_K2[other]) / 2), 2.0)
    return made_J3


def mask_of(masks: Sequence[Bool]) -> Bool | None:
    """Pixels that more than half of the teachers give the person, of two both, if the first two
    agree; None: they do not.
    """
    if len(masks) < 2 or mask_iou(masks[0], masks[1]) < LEAST_MASK_IOU:
        return None
    return np.asarray(np.mean(masks, axis=0) > 0.5, bool)


def box_iou(one_4: Float32, other_4: Float32) -> float:
    """Intersection over union of two boxes."""
    size_2 = np.minimum(one_4[2:], other_4[2:]) - np.maximum(one_4[:2], other_4[:2])
    both = float(np.maximum(size_2, 0.0).prod())
    areas = sum(float(np.maximum(each[2:] - each[:2], 0.0).prod()) for each in (one_4, other_4))
    return both / max(areas - both, 1e-9)


def mask_iou(one_HW: Bool, other_HW: Bool) -> float:
    """Intersection over union of two masks; 0 of two empty ones."""
    both = int(np.count_nonzero(one_HW & other_HW))
    return both / max(1, int(np.count_nonzero(one_HW | other_HW)))


def _mean(boxes: Sequence[Float32]) -> Float32:
    return np.asarray(np.mean(boxes, axis=0), np.float32)


def _height(box_4: Float32) -> float:
    return max(1.0, float(box_4[3] - box_4[1]))
