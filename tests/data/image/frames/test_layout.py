"""Boxes as files state them: what is refused, and what is left out."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.layout import cleaned, corners, people_of
from edgehuman.errors import DataError
from edgehuman.preprocess.image.pixels import clip_box
from tests.data.frame_trees import made_frames, people


def test_sides_become_corners() -> None:
    assert corners([[10, 20, 5, 6]], "a").tolist() == [[10, 20, 15, 26]]
    assert corners([[10, 20, 15, 26]], "a", is_sized=False).tolist() == [[10, 20, 15, 26]]
    assert corners([], "a").shape == (0, 4)


@pytest.mark.parametrize(
    "boxes",
    [
        *([[1, 2, 3]], [1, 2, 3, 4], "box", [["a", 1, 2, 3]], [[1, 2, 3, float("nan")]]),
        *([[1, 2, 3, 10**400]], [[0, 0, 1e9, 1]], [None], [[[1, 2, 3, 4]]], 7, [{}], None),
    ],
)
def test_what_is_no_box_is_named(boxes: Any) -> None:
    with pytest.raises(DataError, match=r"a.json, image 7: .* are no boxes; each must be \[x, y, "):
        people_of(boxes, [False], "a.json, image 7")


def test_boxes_without_area_and_repeated_ones_are_left_out() -> None:
    one = (0, 0, 10, 20)
    wrong = people(one, one, (5, 5, 5, 9), (9, 9, 2, 2), one, ignore=(4,))
    right = people(one, (1, 0, 10, 20))
    frames, said = cleaned(dataclasses.replace(made_frames(2), people=[wrong, right]))
    assert frames.people[0].box_M4.tolist() == [list(one)] * 2
    assert frames.people[0].ignore_M.tolist() == [False, True]  # a region is no person
    assert frames.people[1] is right
    assert frames.num_people == 3
    assert said == "left out 2 boxes without area and 1 repeated ones"
    assert cleaned(frames) == (frames, "")


@pytest.mark.parametrize("side", [0, 1e-30, 1e-9, 4e-7, 1e-6, 3e-6, 1e-3, 0.5, 1])
@pytest.mark.parametrize("corner", [0, 0.25, 1, 7])
def test_what_is_left_is_a_box_that_can_be_cut_out(corner: float, side: float) -> None:
    """Whatever its size, a box that stays is not refused later, and the frame keeps the others."""
    near = people((corner, corner, corner + side, corner + 5), (0, 0, 10, 20))
    frames, said = cleaned(dataclasses.replace(made_frames(2), people=[near, near]))
    for box_4 in frames.people[0].box_M4:
        clip_box(box_4.tolist(), 60, 80)
    assert frames.people[0].box_M4[-1].tolist() == [0, 0, 10, 20]
    wide = float(np.float32(corner + side)) - corner
    assert len(frames.people[0].box_M4) == 2 or wide <= 2e-6
    gone = 4 - sum(len(each.box_M4) for each in frames.people)
    assert said == (f"left out {gone} boxes without area and 0 repeated ones" if gone else "")
