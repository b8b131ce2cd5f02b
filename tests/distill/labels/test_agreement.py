"""Teachers agree where two say the same, each in both directions."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from edgehuman.distill.labels import agreement
from edgehuman.distill.labels.agreement import (
    agree,
    both_ways,
    box_iou,
    grouped,
    joints_of,
    mask_iou,
    mask_of,
    mirrored,
)
from edgehuman.geometry import COCO_17
from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson, PersonFinder

WIDTH = 100
FRAME = np.zeros((80, WIDTH, 3), np.uint8)
# A teacher sees the mark, and so whether the picture is mirrored.
FRAME[0, 0] = 255


def f32(*values: float) -> Float32:
    return np.array(values, np.float32)


def body(x: float, score: float = 0.9) -> Float32:
    joint_J3 = np.full((17, 3), score, np.float32)
    joint_J3[:, 0], joint_J3[:, 1] = x + np.arange(17), 20 + np.arange(17)
    return joint_J3


def mask(x0: int, x1: int) -> Bool:
    made_HW = np.zeros(FRAME.shape[:2], bool)
    made_HW[10:60, x0:x1] = True
    return made_HW


@dataclass
class Told:
    """A teacher who answers the same people, and may answer others in the mirror."""

    people: list[FoundPerson]
    mirror: list[FoundPerson] | None = None
    looks: bool = False
    name: str = "told"
    asked: list[Float32 | None] = field(default_factory=list)

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        self.asked.append(box_4)
        if frame_HWC[0, 0, 0] == 255:
            return self.people
        return (
            [mirrored(each, WIDTH) for each in self.people] if self.mirror is None else self.mirror
        )


@pytest.fixture(autouse=True)
def told_by_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    def looks(finder: PersonFinder) -> bool:
        assert isinstance(finder, Told)
        return finder.looks

    monkeypatch.setattr(agreement, "may_take_one_person", looks)


BOX = f32(10, 10, 30, 60)
ONE = FoundPerson(BOX, 0.8, body(12))


def test_the_mirror_exchanges_left_and_right() -> None:
    turned = mirrored(ONE, WIDTH)
    assert turned.box_4.tolist() == [70, 10, 90, 60]
    assert turned.joint_J3 is not None
    assert ONE.joint_J3 is not None
    left, right = COCO_17.index("l_wrist"), COCO_17.index("r_wrist")
    assert turned.joint_J3[left, 0] == WIDTH - ONE.joint_J3[right, 0]
    again = mirrored(turned, WIDTH)
    assert again.joint_J3 is not None
    np.testing.assert_allclose(again.joint_J3, ONE.joint_J3)


def test_a_teacher_that_disagrees_with_itself_is_left_out() -> None:
    assert both_ways(Told([ONE]), FRAME) == [ONE]
    assert both_ways(Told([ONE], mirror=[]), FRAME) == []
    # The same box, but joints of somebody who looks the other way.
    wrong = FoundPerson(mirrored(ONE, WIDTH).box_4, 0.8, body(20))
    assert both_ways(Told([ONE], mirror=[wrong]), FRAME) == []
    assert both_ways(Told([FoundPerson(BOX, 0.1)]), FRAME) == []


def test_a_box_in_the_mirror_is_turned_too() -> None:
    teacher = Told([ONE])
    both_ways(teacher, FRAME, BOX)
    first, second = teacher.asked
    assert first is BOX
    assert second is not None
    assert second.tolist() == [70, 10, 90, 60]


def test_two_teachers_are_one_vote_each() -> None:
    near, far = FoundPerson(BOX + 2, 0.9), FoundPerson(f32(60, 10, 80, 60), 0.9)
    groups = grouped([[ONE], [far, near]])
    assert [[id(each) for each in group] for group in groups] == [[id(ONE), id(near)], [id(far)]]
    first, second = agree([Told([ONE]), Told([far, near])], FRAME)
    assert (first.is_sure, second.is_sure) == (True, False)
    np.testing.assert_allclose(first.box_4, BOX + 1)


def test_a_mask_in_the_box_is_a_vote_and_joints_alone_are_none() -> None:
    outline = FoundPerson(f32(11, 10, 31, 60), 0.9, None, mask(11, 31))
    (person,) = agree([Told([ONE]), Told([outline], looks=True)], FRAME)
    assert person.is_sure
    assert person.mask_HW is None  # one alone
    pose = FoundPerson(f32(12, 20, 28, 36), 0.9, body(13))
    (person,) = agree([Told([ONE]), Told([pose], looks=True)], FRAME)
    assert not person.is_sure
    # Half way between the two poses, a pixel apart.
    np.testing.assert_allclose(person.joint_J3, np.c_[body(12.5)[:, :2], np.full(17, 2)])


def test_joints_that_differ_by_a_tenth_of_the_height_are_not_labelled() -> None:
    one, other, third = body(10), body(10), body(10)
    other[:, 0] += 6
    third[:, 0] += 30
    other[3, 2] = 0.1
    made_J3 = joints_of([one, third, other], height=50)
    assert not made_J3[:].any()
    made_J3 = joints_of([one, third, other], height=60)
    np.testing.assert_allclose(made_J3[0], (13, 20, 2))
    assert made_J3[3].tolist() == [0, 0, 0]  # a teacher is not sure


def test_masks_of_most_teachers() -> None:
    assert mask_of([mask(10, 30)]) is None
    assert mask_of([mask(10, 30), mask(25, 45)]) is None
    agreed = mask_of([mask(10, 30), mask(10, 31), mask(50, 60)])
    assert agreed is not None
    np.testing.assert_array_equal(agreed, mask(10, 30))


def test_of_two_masks_both_must_say_so() -> None:
    agreed = mask_of([mask(10, 30), mask(12, 31)])
    assert agreed is not None
    np.testing.assert_array_equal(agreed, mask(12, 30))


def test_nobody() -> None:
    assert agree([Told([]), Told([])], FRAME) == []
    assert box_iou(f32(0, 0, 10, 10), f32(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert mask_iou(mask(0, 0), mask(0, 0)) == 0


@pytest.mark.parametrize("cut", [(8, 5, 40, 70), (10, 0, 30, 80), (0, 0, 100, 80)])
def test_a_mask_of_a_part_of_the_frame_is_the_same_mask(cut: tuple[int, int, int, int]) -> None:
    x0, y0, x1, y1 = cut
    full_HW = mask(10, 30)
    full_HW[:5] = full_HW[70:] = False
    person = FoundPerson(f32(10, 5, 30, 70), 0.9, None, full_HW)
    part = FoundPerson(person.box_4, 0.9, None, full_HW[y0:y1, x0:x1], cut)
    assert part.mask_place == cut
    for one, other in ((part, person), (mirrored(part, WIDTH), mirrored(person, WIDTH))):
        made = agreement.whole(one, 80, WIDTH)
        assert made.mask_HW is not None
        assert other.mask_HW is not None
        np.testing.assert_array_equal(made.mask_HW, other.mask_HW)
        assert agreement._same(one, other)
        assert not agreement._same(one, mirrored(other, WIDTH))
