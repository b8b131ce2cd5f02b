"""Frames, times and pictures as tools write them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.place import Place, frame_number, number_of, placed

HERE = Place("here")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("12.jpg", 12),
        ("walk_000000000007_keypoints.json", 7),
        ("2024-05-01_frame0012.png", 12),
        ("a/b9/img_3.jp2", 3),
        ("C:\\videos\\cam2\\45.jpg", 45),
        ("video.mp4_31", 31),
        ("000031", 31),
        ("img-0012_jpg.rf.0a1b2c3d4e.txt", 12),
    ],
)
def test_the_last_number_of_a_name_is_the_frame(name: str, number: int) -> None:
    assert frame_number(name, "here") == number


@pytest.mark.parametrize("name", ["first.jpg", "", "9" * 21])
def test_a_name_without_a_usable_number_is_named(name: str) -> None:
    with pytest.raises(DataError, match=r"here: the frame's name is .*; it must end in the frame"):
        frame_number(name, "here")


def test_a_part_of_a_frame_is_none() -> None:
    with pytest.raises(DataError, match=r"here: frame is 0\.033; it must be a whole number, or a"):
        placed({"frame": 0.033}, HERE)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0), ("0.5", 0.5), (10**400, None), (math.nan, None), (math.inf, None), (True, None),
        (None, None), ([3], None), ("soon", None),
    ],
)  # fmt: skip
def test_what_is_no_finite_number_counts_as_absent(value: Any, number: float | None) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize("value", [None, math.nan, math.inf, [1], {"a": 1}, True, 10**400])
@pytest.mark.parametrize("key", ["frame", "t", "timestamp_ms", "timestamp", "width", "fps"])
def test_a_value_of_another_type_says_nothing(key: str, value: Any) -> None:
    # Their words, as NaN is no equal of itself.
    assert repr(placed({key: value, "height": 480}, HERE)) == repr(HERE)


def test_images_of_coco_are_found_by_their_id() -> None:
    images = [{"id": 7, "file_name": "a_31.jpg", "width": 64, "height": 48}, {"id": [8]}, 9]
    whole = placed({"images": images, "annotations": []}, HERE)
    found = placed({"image_id": 7}, whole)
    assert (found.frame, found.width_px, found.height_px) == (31, 64, 48)
    assert placed({"image_id": [8]}, whole).frame == -1


def test_what_the_outer_object_says_stays() -> None:
    outer = placed({"fps": 25, "resolution": [640, 480], "frame": "frame_3"}, HERE)
    inner = placed({"fps": 0, "orig_shape": ["high", "wide"]}, outer)
    assert repr(inner) == repr(outer)
    assert (inner.rate_hz, inner.width_px, inner.frame) == (25.0, 640, 3)
