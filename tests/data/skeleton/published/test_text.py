"""Skeletons as a text file a frame: numbers that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import DataError
from tests.data.pose_trees import text_frames, walks

GAIT3D = ("0000/camid0_videoid2/seq0", "0001/camid1_videoid2/seq0", "0001/camid3_videoid1/seq1")


def test_broken_text_is_named(tmp_path: Path) -> None:
    text_frames(tmp_path / GAIT3D[0], walks(1)[0], "{:04d}.txt")
    file = tmp_path / GAIT3D[0] / "0003.txt"
    file.write_text("1,2,3")
    with pytest.raises(DataError, match="found 3 numbers; a frame needs 53"):
        load_skeletons(tmp_path)
    file.write_text("1,two")
    with pytest.raises(DataError, match="cannot be read as numbers"):
        load_skeletons(tmp_path)
