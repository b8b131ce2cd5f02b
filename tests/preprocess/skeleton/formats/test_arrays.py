"""Bare arrays of joints: their axes, and whether x or y comes first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.preprocess.skeleton.formats.arrays import is_numbers, read_array
from edgehuman.records import Float64


def standing(frames: int = 3) -> Float64:
    """(T, 17, 3) x, y, confidence of somebody who stands: ankles below shoulders."""
    made = np.full((frames, 17, 3), 0.5)
    made[:, :, 0] = np.linspace(0.4, 0.6, 17)
    low = [i for i, name in enumerate(COCO_17) if "ankle" in name or "knee" in name]
    made[:, :, 1] = 0.2
    made[:, low, 1] = 0.9
    return made


@pytest.mark.parametrize(
    ("array", "layout"),
    [
        (standing(), None),
        (standing()[..., [1, 0, 2]], "movenet17"),
        (standing()[:, None, None][..., [1, 0, 2]], "movenet17"),
        (np.full((3, 33, 4), 0.5), None),
    ],
)
def test_frames_of_one_person(array: Float64, layout: str | None) -> None:
    found = list(read_array(array.tolist(), "here"))
    assert [person.pose.frame for person in found] == [0, 1, 2]
    assert {person.pose.layout for person in found} == {layout}


def test_of_several_people_those_that_are_there_are_read() -> None:
    people = np.zeros((2, 6, 56))
    people[:, :2, :51] = standing(2)[:, None, :, [1, 0, 2]].reshape(2, 1, 51)
    people[:, :2, 55] = 0.8
    found = list(read_array(people.tolist(), "here"))
    assert [person.pose.frame for person in found] == [0, 0, 1, 1]
    assert found[0].pose.layout == "movenet17"


@pytest.mark.parametrize(
    ("objects", "said"),
    [
        ([[[1, 2, 3]] * 17, [[1, 2, 3]] * 16], "lists differ in length"),
        ([[[1, 2, 3]] * 19], r"found an array \(1, 19, 3\); give \(frames, joints, 3\)"),
        ([[1, 2, 3]], "found an array"),
    ],
)
def test_other_arrays_are_named(objects: list[Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        list(read_array(objects, "here"))


@pytest.mark.parametrize(
    ("text", "yes"), [("[[[0.1", True), ("[ [1", True), ('[{"a"', False), ("[1", False)]
)
def test_arrays_begin_as_lists_of_numbers(text: str, yes: bool) -> None:
    assert is_numbers(text) == yes
