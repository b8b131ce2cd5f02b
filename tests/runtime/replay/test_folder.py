"""A recording's folder: bounded, whole after a kill, and never led out of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.replay.folder import (
    ABOUT,
    LINES,
    About,
    Recorder,
    file_of,
    is_recording,
    read_about,
    read_lines,
)


def recorded(folder: Path, count: int = 5, most_mb: float = 1.0, size: int = 10) -> Recorder:
    recorder = Recorder(folder, About("frames", "door.mp4", {"fps": 25.0}), most_mb)
    for place in range(count):
        recorder.add({"place": place}, bytes([place % 256]) * size, "png")
    return recorder


def places(folder: Path) -> list[Any]:
    return [line["place"] for line, _ in read_lines(folder)]


def test_what_was_kept_comes_back_in_its_order(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "day"
    recorder = recorded(folder)
    assert places(folder) == list(range(5))  # before it is closed: a kill loses nothing
    recorder.close()
    about = read_about(folder, "frames")
    assert (about.source, about.more["fps"], about.removed) == ("door.mp4", 25.0, 0)
    contents = [file_of(line, part).read_bytes() for line, part in read_lines(folder)]  # type: ignore[union-attr]
    assert contents == [bytes([place]) * 10 for place in range(5)]
    assert folder.stat().st_mode & 0o077 == 0
    assert (is_recording(folder), is_recording(tmp_path), is_recording("")) == (True, False, False)


def test_room_is_bounded_and_the_newest_stay(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    recorder = recorded(folder, count=200, most_mb=0.1, size=5000)
    left = sum(path.stat().st_size for path in folder.glob("*/*"))
    assert left == recorder.size <= 100_000
    kept = places(folder)
    assert kept == list(range(recorder.removed, 200))
    assert 10 < len(kept) < 20
    assert read_about(folder, "frames").removed == recorder.removed
    recorder.close()


def test_a_run_that_was_killed_is_replayed_to_its_last_whole_line(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    recorded(folder).close()
    path = folder / "000000" / LINES
    content = path.read_bytes()
    for cut in range(len(content) - 20, len(content)):
        path.write_bytes(content[:cut])
        assert places(folder) == list(range(4))


def test_a_line_that_is_cut_short_in_the_middle_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "day"
    recorded(folder, count=200, most_mb=1.0, size=5000).close()
    path = folder / "000001" / LINES
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(DataError, match="cut short"):
        places(folder)


@pytest.mark.parametrize(
    "name",
    ["../../secret.png", "/etc/passwd", "00000000.png/..", "a.png", "00000001.PNG", "", "0.png\n",
     "..", 7, ["00000000.png"]],
)  # fmt: skip
def test_no_line_leads_out_of_its_folder(tmp_path: Path, name: Any) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    with pytest.raises(DataError, match="no file of a recording"):
        file_of({"file": name}, tmp_path / "000000")


def test_a_missing_file_and_a_link_are_refused(tmp_path: Path) -> None:
    (tmp_path / "00000001.png").symlink_to("/etc/passwd")
    for name in ("00000000.png", "00000001.png"):
        with pytest.raises(DataError, match="missing"):
            file_of({"file": name}, tmp_path)
    assert file_of({}, tmp_path) is None


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"format": "1"}', '{"format": 1, "kind": "frames"}', "\x00", "[" * 100_000,
     '{"format": 1, "kind": "frames", "source": "x", "removed": "2"}',
     '{"format": 99, "kind": "frames", "source": "x"}',
     '{"format": 1, "kind": "samples", "source": "x"}'],
)  # fmt: skip
def test_what_says_nothing_of_itself_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / ABOUT).write_text(text)
    with pytest.raises(DataError, match=r"recording|record the run again|newer"):
        read_about(tmp_path, "frames")


@pytest.mark.parametrize("line", [b"[]\n", b"{\n", b"\xff\n", b"1\n", b'{"a": ' * 9999 + b"\n"])
def test_a_line_that_is_no_object_is_said(tmp_path: Path, line: bytes) -> None:
    folder = tmp_path / "day"
    recorded(folder).close()
    with (folder / "000000" / LINES).open("ab") as stream:
        stream.write(line)
    with pytest.raises(DataError, match="line 6 is no JSON"):
        places(folder)


def test_a_folder_with_files_and_no_room_are_refused(tmp_path: Path) -> None:
    about = About("frames", "x", {})
    for room in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="--record-mb"):
            Recorder(tmp_path / "new", about, room)
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(UsageError, match="contains other files"):
        Recorder(tmp_path, about, 1)
    with pytest.raises(UsageError, match="--record"):
        Recorder(tmp_path / "mine.txt", about, 1)
