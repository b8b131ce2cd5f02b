"""What joins the sides of a recording."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.replay.folder import ABOUT
from edgehuman.runtime.together.recording import (
    ORDER,
    Kept,
    folder_of,
    is_of_both,
    keeping,
    read_kept,
    read_order,
)

KEPT = Kept("camera", "door.mp4", ("anna", "ben"), {"anna": 0.5, "ben": 0.0}, 1.0, 123)


def test_what_was_kept_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    begun = keeping(folder, KEPT)
    begun.write_about(456)
    for name, t_s in (("camera", 0.0), ("camera", 0.1), ("anna", 0.2), ("camera", 1.5)):
        begun.released(name, t_s)
    begun.close()
    assert is_of_both(folder)
    found = read_kept(folder)
    assert (found.zero_ns, found.sensors, found.offsets) == (456, KEPT.sensors, KEPT.offsets)
    assert list(read_order(folder)) == ["camera", "camera", "anna", "camera"]
    assert folder_of(folder, found, "ben") == folder / "sensor-2"
    assert folder_of(folder, found, "camera") == folder / "camera"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_with_files_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "note.txt").touch()
    with pytest.raises(UsageError, match="contains other files"):
        keeping(tmp_path, KEPT)


def test_a_run_that_was_killed_is_read_to_its_last_line(tmp_path: Path) -> None:
    (tmp_path / ORDER).write_text('{"side": "camera", "count": 2}\n{"side": "an')
    assert list(read_order(tmp_path)) == ["camera", "camera"]
    assert list(read_order(tmp_path / "nothing")) == []


@pytest.mark.parametrize(
    "line", ["[]", "{}", '{"side": 1, "count": 1}', '{"side": "a", "count": 1e9}', "x"]
)
def test_an_order_that_is_none_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / ORDER).write_text(line + "\n")
    with pytest.raises(DataError, match="a line is no order of results"):
        list(read_order(tmp_path))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sensors", []),
        ("sensors", ["anna", "anna"]),
        ("sensors", ["camera", "anna"]),
        ("camera", 3),
        ("shown", None),
        ("offsets", {"anna": "x"}),
        ("bound_s", True),
        ("zero_ns", 1.5),
    ],
)
def test_a_recording_that_says_not_what_joins_it_is_an_error(
    tmp_path: Path, key: str, value: Any
) -> None:
    folder = tmp_path / "day"
    keeping(folder, KEPT).close()
    row = json.loads((folder / ABOUT).read_text())
    (folder / ABOUT).write_text(json.dumps(row | {key: value}))
    with pytest.raises(DataError, match="does not say what joins its sides; record again"):
        read_kept(folder)


def test_other_folders_are_no_recording_of_both(tmp_path: Path) -> None:
    assert not is_of_both(tmp_path)
    (tmp_path / ABOUT).write_text('{"kind": "frames"}')
    assert not is_of_both(tmp_path)
    (tmp_path / ABOUT).write_text("{")
    assert not is_of_both(tmp_path)
