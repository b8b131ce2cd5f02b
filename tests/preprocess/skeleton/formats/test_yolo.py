"""YOLO's text files: which columns are joints, a confidence, a track."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.formats.yolo import is_yolo, read_yolo

BOX = ["0", "0.5", "0.5", "0.1", "0.4"]


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize(
    ("end", "track"),
    [([], None), (["0.87"], None), (["12"], "12"), (["0.87", "12"], "12"), (["1"], "1")],
)
def test_columns_after_the_joints(
    width: int, end: list[str], track: str | None, tmp_path: Path
) -> None:
    joints = ["0.25", "0.75", "0.5"][:width] * 17
    path = tmp_path / "walk_31.txt"
    path.write_text(" ".join([*BOX, *joints, *end]) + "\n\n")
    assert is_yolo(path)
    [person] = read_yolo(path)
    assert (person.pose.frame, person.pose.track) == (31, track)
    sure = 0.5 if width == 3 else np.nan
    np.testing.assert_array_equal(person.pose.joints_J3, [[0.25, 0.75, sure]] * 17)


def test_a_line_of_another_form_is_named(tmp_path: Path) -> None:
    path = tmp_path / "walk_31.txt"
    path.write_text("0 1 2 3 4 5\n")
    assert not is_yolo(path)
    with pytest.raises(DataError, match=r"walk_31\.txt: line 1: found 6 columns; a YOLO pose has"):
        list(read_yolo(path))
    path.write_text("a b c\n")
    with pytest.raises(DataError, match="found 3 columns"):
        list(read_yolo(path))


def test_a_file_without_a_number_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "walk.txt"
    path.write_text(" ".join([*BOX, *["0.5"] * 51]))
    with pytest.raises(DataError, match=r"name is 'walk\.txt'; it must end in the frame number"):
        list(read_yolo(path))
