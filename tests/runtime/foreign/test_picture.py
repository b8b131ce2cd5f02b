"""A frame as a network of others takes it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.foreign.graph import Graph
from edgehuman.runtime.foreign.picture import picture_of, require_columns
from tests.runtime.frame_models import write_foreign

ANSWER = {"y": np.zeros((1, 3), np.float32)}


def test_rows_or_colours_may_come_first_and_open_sides_are_the_usual(tmp_path: Path) -> None:
    first = picture_of(Graph(write_foreign(tmp_path / "a.onnx", (1, 3, "h", "w"), ANSWER)), 32, 48)
    assert (first.height, first.width, first.first) == (32, 48, True)
    last = picture_of(Graph(write_foreign(tmp_path / "b.onnx", (1, 8, 16, 3), ANSWER)))
    assert (last.height, last.width, last.first) == (8, 16, False)
    picture_HWC = np.zeros((8, 16, 3), np.uint8)
    picture_HWC[..., 0] = 30
    array = last.array(picture_HWC, "bgr", (1, 2, 4), (2, 2, 2))
    assert array.shape == (1, 8, 16, 3)
    assert array[0, 0, 0].tolist() == [-0.5, -1, 13]


def test_what_is_no_picture_is_refused(tmp_path: Path) -> None:
    vast = Graph(write_foreign(tmp_path / "a.onnx", (1, 3, 9000, 9000), ANSWER))
    with pytest.raises(ArtefactError, match="takes pictures of 9000x9000 pixels"):
        picture_of(vast)
    grey = Graph(write_foreign(tmp_path / "b.onnx", (1, 1, 64, 64), ANSWER))
    with pytest.raises(ArtefactError, match="a picture is float or uint8"):
        picture_of(grey)
    with pytest.raises(ArtefactError, match="rows of 5 numbers were expected"):
        require_columns(grey, np.zeros((2, 4)), (5,))
