"""Labels of composed scenes: who is in front hides who is behind; sides are the person's own."""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.data.image.crowds.cutouts import CutOut, cut_out
from edgehuman.data.image.crowds.parts import label_scene
from edgehuman.data.image.crowds.plan import Thing
from tests.data.image.crowds.drawn import photo
from tests.data.image.crowds.test_seen import ONE, plan

SAME = np.arange(256, dtype=np.uint8)


def person(source: int, number: int) -> CutOut | None:
    """Left half of part 3, right half of part 4."""
    image_HWC, part_HW = photo(number)
    body_HW = (part_HW == 1) | (part_HW == 2)
    x_K = np.flatnonzero(body_HW.any(axis=0))
    halves_HW = np.where(np.arange(body_HW.shape[1]) < x_K.mean(), 3, 4).astype(np.uint8)
    return cut_out(image_HWC, body_HW, body_HW, part_HW=np.where(body_HW, halves_HW, 9))


def test_parts_lie_where_the_person_does() -> None:
    labels = label_scene(plan(ONE), person, (SAME,), range(5))
    y_K, x_K = np.nonzero(labels.who_HW)
    box = (x_K.min(), y_K.min(), x_K.max() + 1, y_K.max() + 1)
    np.testing.assert_allclose(box, (90, 60, 110, 150), atol=1)
    assert np.unique(labels.who_HW).tolist() == [0, 1]
    row_W = labels.part_HW[100]
    assert row_W[92:99].tolist() == [3] * 7
    assert row_W[101:108].tolist() == [4] * 7
    assert not labels.part_HW[:, :88].any()


def test_in_a_mirrored_person_left_is_right() -> None:
    mirrored = dataclasses.replace(ONE, mirrored=True)
    labels = label_scene(plan(mirrored), person, (SAME,), (0, 1, 2, 4, 3))
    # The picture's left half is what was the right one, whose name was exchanged with it.
    assert labels.part_HW[100, 92:99].tolist() == [3] * 7


def test_the_nearer_person_and_things_hide_who_is_behind() -> None:
    front = dataclasses.replace(ONE, foot=(105.0, 152.0))
    labels = label_scene(plan(ONE, front), person, (SAME,), range(5))
    assert labels.who_HW[100, 92] == 1
    assert labels.who_HW[100, 97:114].tolist() == [2] * 17
    wall = Thing("box", (90.0, 50.0, 130.0, 155.0), (90.0, 90.0, 90.0), 0)
    hidden = label_scene(plan(ONE, front, things=(wall,)), person, (SAME,), range(5))
    assert not hidden.who_HW.any()
    assert not hidden.part_HW.any()


def test_a_table_gives_the_parts_of_the_scene() -> None:
    table = np.zeros(256, np.uint8)
    table[[3, 4]] = 1
    labels = label_scene(plan(ONE), person, (table,), range(2))
    assert np.unique(labels.part_HW).tolist() == [0, 1]
