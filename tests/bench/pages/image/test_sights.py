"""Looks at single people in videos: who is looked at, and how."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.bench.pages.image.sights import Looking, Sight, alone, sights_of, smaller, spread
from edgehuman.errors import DataError

NOBODY: Any = None
"""A video with truth beside it needs no detector."""


def sights(count: int) -> list[Sight]:
    frame_HWC = np.zeros((300, 200, 3), np.uint8)
    box_4 = np.array((50, 40, 150, 240), np.float32)
    return [Sight(frame_HWC, box_4, place) for place in range(count)]


def video(folder: Path, lines: list[str]) -> str:
    """Four frames of 200 x 120 pixels, each as bright as its number, with these lines of truth."""
    path = folder / "door.avi"
    code = cv2.VideoWriter.fourcc(*"MJPG")
    writer = cv2.VideoWriter(str(path), code, 10.0, (200, 120))
    for number in range(4):
        writer.write(np.full((120, 200, 3), 60 * number, np.uint8))
    writer.release()
    path.with_suffix(".txt").write_text("\n".join(lines))
    return str(path)


def test_people_of_a_truth_are_looked_at_where_they_stand_alone(tmp_path: Path) -> None:
    lines = [f"{frame},7,21,11,30,100,1" for frame in (1, 2, 3, 4)]
    lines += ["2,8,41,11,30,100,1", "3,8,101,61,20,50,1", "4,9,181,11,20,100,1"]
    path = video(tmp_path, lines)
    found = sights_of(path, NOBODY, 0, Looking(tall=90))
    # In the second frame another covers a third of the first; the others are small or at the edge.
    assert [each.place % 10**7 for each in found] == [0, 2, 3]
    assert [round(float(each.frame_HWC.mean()) / 60) for each in found] == [0, 2, 3]
    x0, y0, x1, y1 = found[0].box_4.tolist()
    assert (x1 - x0, y1 - y0) == (30, 100)
    later = sights_of(path, NOBODY, 1, Looking(tall=90, first=3))
    assert [each.place for each in later] == [found[2].place + 10**12]
    assert len(sights_of(path, NOBODY, 0, Looking(tall=40))) == 4


def test_a_text_that_is_no_truth(tmp_path: Path) -> None:
    path = video(tmp_path, ["what is seen here"])
    with pytest.raises(DataError):
        sights_of(path, NOBODY, 0, Looking())


def test_who_is_covered_by_another_is_not_alone() -> None:
    box_G4 = np.array([[0, 0, 10, 10], [9, 0, 19, 10], [40, 0, 50, 10], [49.9, 0, 59.9, 10]])
    assert [each is None for each in alone(box_G4)] == [True, True, False, False]
    assert alone(np.zeros((0, 4))) == []


def test_a_smaller_picture_keeps_the_person_in_the_box() -> None:
    [sight] = sights(1)
    small = smaller(sight, 100)
    assert small.frame_HWC.shape == (150, 100, 3)
    np.testing.assert_allclose(small.box_4, (25, 20, 75, 120))
    assert smaller(sight, 0) is sight
    assert smaller(sight, 400) is sight


def test_looks_are_spread_in_neighbours() -> None:
    assert [each.place for each in spread(sights(5), 10)] == [0, 1, 2, 3, 4]
    assert [each.place for each in spread(sights(21), 4)] == [0, 1, 19, 20]
