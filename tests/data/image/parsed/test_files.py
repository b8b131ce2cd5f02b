"""Labels of files are read once for a picture that is asked for several times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.frames.set import FrameParts
from edgehuman.data.image.parsed.files import parsed_set
from edgehuman.data.image.set import FilePictures
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.errors import ImageError
from edgehuman.metrics.crowds.people import PersonParts
from tests.data.pictures import write


def test_the_last_few_are_kept_and_boxes_for_good(tmp_path: Path) -> None:
    for index in range(20):
        write(tmp_path / f"{index}.png", np.zeros((8, 9, 3), np.uint8))
    read: list[int] = []

    def load(index: int, size: tuple[int, int]) -> FrameParts:
        read.append(index)
        assert size == (8, 9)
        if index == 19:
            raise ImageError("damaged")
        person = PersonParts(2, 3, np.array([[0, 1], [0, 1]], np.uint8))
        return FrameParts([person], np.zeros(size, np.uint8))

    images = FilePictures(tmp_path, Names(f"{index}.png" for index in range(20)))
    frames = parsed_set(images, load, ("background", "person"), ["train"] * 20, "made")
    for _ in range(2):
        assert frames.people[0].box_M4.tolist() == [[3, 3, 4, 5]]
        frames.frames[0]
    assert read == [0]
    assert len([*frames.people]) == 20
    assert read == [*range(20)]
    assert frames.people[-1].box_M4.shape == (0, 4)
    with pytest.raises(ImageError, match="damaged"):
        frames.frames[19]
    assert read == [*range(20), 19]
