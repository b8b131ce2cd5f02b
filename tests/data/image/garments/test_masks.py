"""Masks of COCO's files, in pixels that can be counted."""

from __future__ import annotations

import pytest

from edgehuman.data.image.garments.masks import extent_of, fault_in, mask_of
from edgehuman.errors import ImageError


def test_polygons_and_run_lengths_give_the_same_pixels() -> None:
    square = mask_of([[2, 1, 6, 1, 6, 4, 2, 4]], (8, 10), "a")
    assert square.box == (2, 1, 6, 4)
    assert square.part_HW.all()
    # Down the columns: two empty ones, then 1 off, 3 on, 4 off four times.
    counts = [17, 3, 5, 3, 5, 3, 5, 3, 36]
    runs = mask_of({"size": [8, 10], "counts": counts}, (8, 10), "a")
    assert runs.box == square.box
    coco = pytest.importorskip("pycocotools.mask")
    packed = coco.frPyObjects({"size": [8, 10], "counts": counts}, 8, 10)
    text = {"size": [8, 10], "counts": packed["counts"].decode()}
    assert fault_in(text, (8, 10)) == ""
    assert mask_of(text, (8, 10), "a").box == square.box
    two = mask_of([[0, 0, 2, 0, 2, 2, 0, 2], [5, 5, 8, 5, 8, 8, 5, 8]], (8, 10), "a")
    assert (two.box, int(two.part_HW.sum())) == ((0, 0, 8, 8), 4 + 9)
    assert mask_of([], (8, 10), "a").part_HW.size == 0


def test_the_extent_of_polygons() -> None:
    extent = extent_of([[2, 1, 6, 1, 6, 4], [0, 0, 1, 0, 1, 9]])
    assert extent is not None
    assert extent.tolist() == [0, 0, 6, 9]
    assert extent_of([]) is None
    assert extent_of({"size": [1, 1], "counts": [1]}) is None


@pytest.mark.parametrize("wrong", [3, "a", [3], [["a"] * 6], [[1e9] * 6], [[float("nan")] * 6]])
def test_what_is_no_mask_is_said(wrong: object) -> None:
    assert fault_in(wrong, (8, 10))


def test_text_that_holds_no_runs_is_named() -> None:
    with pytest.raises(ImageError, match="c: its mask"):
        mask_of({"size": [8, 10], "counts": "\x01\x7f"}, (8, 11), "c")
