"""The people of one frame: chosen, clipped, sorted, and in pixels of the frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.image.pixels import clip_box
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.answer import (
    Watching,
    answer_frame,
    chosen,
    once,
    outlines_alike,
)
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.image.frames.source import TakenFrame


def somebody(score: float, *box: float) -> FoundPerson:
    return FoundPerson(np.array(box, np.float32), score)


class Finder:
    """Always finds the same people."""

    name = "played"

    def __init__(self, *people: FoundPerson) -> None:
        self._people = [*people]

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        return self._people


def test_boxes_are_clipped_and_those_outside_are_nobody() -> None:
    people = [
        somebody(0.6, -10, 5, 30, 200),
        somebody(0.9, 10, 10, 20, 20),
        somebody(0.95, 100, 0, 120, 30),
        somebody(0.4, 0, 0, 9, 9),
    ]
    found = chosen(people, 0.5, 50, 100)
    assert [person.score for person in found] == [0.9, 0.6]
    assert found[1].box_4.tolist() == [0, 5, 30, 50]
    frame_HWC = np.zeros((50, 100, 3), np.uint8)
    taken = TakenFrame("a.jpg", 0, None, frame_HWC, 50, 100)
    assert len(answer_frame(Watching(Finder(*people), most=1), taken).people) == 1


@pytest.mark.parametrize(
    "wrong", [somebody(float("nan"), 0, 0, 9, 9), somebody(0.1, 0, 0, 9, np.inf)]
)
def test_what_is_not_finite_is_an_error_whatever_its_score(wrong: FoundPerson) -> None:
    with pytest.raises(DataError, match="not finite"):
        chosen([wrong], 0.5, 50, 100)


@pytest.mark.parametrize("side", [0, 1e-30, 1e-9, 4e-7, 1e-6, 1e-3, 1])
@pytest.mark.parametrize("corner", [0, 0.25, 1, 7, 99])
def test_whoever_is_chosen_can_be_cut_out(corner: float, side: float) -> None:
    found = FoundPerson(np.array((corner, 0, corner + side, 9), np.float32), 0.9)
    for person in chosen([found], 0.5, 50, 100):
        clip_box(person.box_4.tolist(), 50, 100)


def test_a_large_photo_is_answered_in_its_own_pixels() -> None:
    joint_J3 = np.array([[10, 20, 0.5]], np.float32)
    person = FoundPerson(np.array((5, 10, 15, 30), np.float32), 0.9, joint_J3)
    taken = TakenFrame("a.jpg", 0, None, np.zeros((50, 100, 3), np.uint8), 200, 400)
    result = answer_frame(Watching(Finder(person)), taken)
    assert result.people[0].box_4.tolist() == [20, 40, 60, 120]
    assert result.people[0].joint_J3 is not None
    assert result.people[0].joint_J3.tolist() == [[40, 80, 0.5]]
    assert (result.height, result.width, result.person_ms) == (200, 400, 0)


def test_a_frame_without_a_picture_has_its_reason() -> None:
    result = answer_frame(Watching(Finder()), TakenFrame("7", 7, 0.7, reason="cannot be decoded"))
    assert (result.reason, result.t_s, result.people) == ("cannot be decoded", 0.7, ())


def test_a_person_found_twice_is_one_by_the_outline() -> None:
    """Boxes of one person that differ in size, as a detector gives of who is close; not two people
    of whom one is before the other, nor boxes that do not touch.
    """

    def person(box: tuple[int, int, int, int], score: float, track: str = "") -> Person:
        x0, y0, x1, y1 = box
        mask_HW = np.zeros((y1 - y0, x1 - x0), np.bool_)
        mask_HW[max(20 - y0, 0) : 90 - y0, max(40 - x0, 0) : 70 - x0] = True
        return Person(np.array(box, np.float32), score, mask_HW=mask_HW, cut=box, track=track)

    large, small = person((30, 10, 90, 100), 0.6, "1"), person((38, 12, 72, 92), 0.9)
    assert outlines_alike(large, small) == 1.0
    assert [each.score for each in once([small, large])] == [0.6]  # the one that has a track
    assert once([replace(small, track="1"), replace(large, track="2")])[0].track == "1"
    half = person((38, 12, 72, 55), 0.7)
    assert outlines_alike(large, half) == pytest.approx(0.5)
    assert [each.score for each in once([large, half])] == [0.6, 0.7]
    away = replace(half, cut=(300, 12, 334, 55))
    assert (outlines_alike(large, away), outlines_alike(large, Person(large.box_4, 0.5))) == (0, 0)
    boxed = Person(large.box_4 + 200, 0.5)
    assert [id(each) for each in once([large, away, boxed])] == [id(large), id(away), id(boxed)]


def test_a_second_box_of_who_is_followed_is_nobody_else() -> None:
    """Also without joints and outlines; not somebody apart, nor a child before somebody."""

    def person(x0: float, y0: float, x1: float, y1: float, track: str = "") -> Person:
        return Person(np.array((x0, y0, x1, y1), np.float32), 0.5, track=track)

    own, larger, smaller = (
        person(10, 10, 50, 110, "1"),
        person(5, 5, 60, 112),
        person(12, 12, 48, 80),
    )
    apart, child = person(30, 10, 70, 110), person(15, 70, 35, 110)
    assert [id(each) for each in once([larger, own, smaller, apart, child])] == [
        id(own),
        id(apart),
        id(child),
    ]
    assert len(once([person(10, 10, 50, 110), larger])) == 2  # nobody is followed
    assert len(once([own, person(5, 5, 60, 112, "2")])) == 2


def test_a_person_found_twice_is_one_by_the_joints() -> None:
    def person(x: float, score: float, joints: bool = True) -> Person:
        box_4 = np.array([x, 0, x + 40, 100], np.float32)
        if not joints:
            return Person(box_4, score)
        joint_J3 = np.ones((17, 3), np.float32)
        joint_J3[:, 0], joint_J3[:, 1] = np.linspace(x, x + 40, 17), np.linspace(0, 100, 17)
        return Person(box_4, score, joint_J3, COCO_17)

    people = [person(0, 0.9), person(1, 0.8), person(60, 0.7), person(0, 0.6, joints=False)]
    assert [each.score for each in once(people)] == [0.9, 0.7, 0.6]
    assert once([]) == []
