"""What is drawn, and where."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.image.frames.draw import drawn
from edgehuman.runtime.image.frames.results import Person, joint_names

BLACK = np.zeros((100, 200, 3), np.uint8)


def test_the_box_is_drawn_in_pixels_of_the_picture_and_the_picture_stays() -> None:
    person = Person(np.array((80, 40, 160, 160), np.float32), 0.87)
    picture = drawn(BLACK, [person], (0.5, 0.5))
    assert picture[50, 40].any()
    assert picture[50, 79].any()
    assert not picture[50, 60].any()
    assert not BLACK.any()


def test_joints_that_are_sure_and_their_limbs() -> None:
    joint_J3 = np.zeros((17, 3), np.float32)
    joint_J3[5], joint_J3[6] = (50, 40, 0.9), (90, 40, 0.9)  # the shoulders
    joint_J3[7], joint_J3[9] = (50, 80, 0.1), (1e30, 0, 0.9)
    person = Person(np.array((20, 20, 199, 99), np.float32), 0.5, joint_J3, joint_names(17))
    picture = drawn(BLACK, [person], (1, 1))
    assert picture[40, 70].any()  # between the shoulders
    assert not picture[60, 50].any()  # the elbow is not sure


def test_a_mask_tints_what_it_covers() -> None:
    mask_HW = np.zeros((20, 10), bool)
    mask_HW[:, 5:] = True
    person = Person(
        np.array((0, 0, 1, 1), np.float32), 0.5, mask_HW=mask_HW, cut=(100, 60, 110, 80)
    )
    picture = drawn(BLACK, [person], (1, 1))
    assert picture[70, 107].any()
    assert not picture[70, 102].any()


def test_parts_have_colours_of_their_own_whoever_wears_them() -> None:
    part_HW = np.repeat(np.array([0, 1, 2], np.uint8), 4)[:, None] * np.ones((1, 8), np.uint8)
    people = [
        Person(
            np.array((x, 0, x + 8, 12), np.float32), 0.5, mask_HW=part_HW >= 0,
            cut=(x, 30, x + 8, 42), part_HW=part_HW, parts=("background", "hat", "coat"),
        )
        for x in (20, 60)
    ]  # fmt: skip
    picture = drawn(BLACK, people, (1, 1))
    assert not picture[32, 24].any()
    assert picture[36, 24].tolist() == picture[36, 64].tolist()
    assert picture[36, 24].any()
    assert picture[40, 24].tolist() != picture[36, 24].tolist()


def test_many_people_tracks_and_boxes_at_the_edge() -> None:
    people = [Person(np.array((0, 0, 200, 100), np.float32), 1.0, track=str(k)) for k in range(20)]
    assert drawn(BLACK, people, (1, 1)).any()
