"""A set of frames holds one entry of everything for each frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.errors import DataError

ONE = People(np.array([[0, 0, 10, 20], [5, 5, 6, 6]], np.float32), np.array([False, True]))


def frame_set(**changes: Any) -> FrameSet:
    words: dict[str, Any] = {
        "frames": [np.zeros((20, 30, 3), np.uint8)] * 2,
        "people": [ONE, ONE],
        "names": ["a", "b"],
        "role_N": np.array(["train", "test"]),
        "sequence_N": np.array(["a", "b"]),
    }
    return FrameSet(**{**words, **changes})


def test_people_are_counted_without_what_is_ignored() -> None:
    assert frame_set().num_people == 2


@pytest.mark.parametrize("name", ["people", "names", "role_N", "sequence_N"])
def test_a_missing_entry_is_named(name: str) -> None:
    with pytest.raises(DataError, match=f"{name} has 1 entries for 2 frames"):
        frame_set(**{name: getattr(frame_set(), name)[:1]})


def test_boxes_of_another_shape_are_refused() -> None:
    with pytest.raises(DataError, match="must be \\(people, 4\\)"):
        People(np.zeros((2, 5), np.float32), np.zeros(2, bool))
