"""File names, and the lists and folders of copies that other systems made."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from edgehuman.data.image.unlabelled.file_names import Names, listed_in, maps_in
from edgehuman.errors import DataError


def test_names_take_little_room_and_come_back() -> None:
    names = Names(["a.jpg", "", "folder/grün.png", "b\udcff.jpg"])
    assert [names[i] for i in range(len(names))] == ["a.jpg", "", "folder/grün.png", "b\udcff.jpg"]
    assert len(pickle.dumps(Names(["x" * 40] * 10_000))) < 49 * 10_000


def test_a_list_may_have_a_mark_of_its_order_windows_lines_and_suffixes(tmp_path: Path) -> None:
    path = tmp_path / "train_id.txt"
    path.write_bytes(b"\xef\xbb\xbf0000002\r\n0000006.JPG\r\nv1.5\r\n")
    assert listed_in(path) == ["0000002", "0000006", "v1.5"]
    path.write_bytes(b"")
    assert listed_in(path) == []


@pytest.mark.parametrize("name", ["../a", "/Images/a.jpg", "Images\\a", ".DS_Store"])
def test_a_list_that_names_something_else_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "list.txt").write_text(name)
    with pytest.raises(DataError, match=r"list\.txt names .*, which is no picture"):
        listed_in(tmp_path / "list.txt")


def test_what_a_system_left_among_maps_is_none(tmp_path: Path) -> None:
    for name in ("b.png", "a.PNG", "._a.png", ".DS_Store", "Thumbs.db", "c.jpg"):
        (tmp_path / name).write_bytes(b"")
    assert maps_in(tmp_path) == ["a.PNG", "b.png"]
