from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgehuman.errors import ArtefactError
from edgehuman.writing import (
    require_folder,
    require_writable,
    write_folder,
    write_together,
    write_whole,
)


def full_disk(call: str) -> subprocess.CompletedProcess[str]:
    """Runs one call of the module where no file can grow beyond 1000 bytes, which is what a full
    disk looks like to a process.
    """
    code = (
        "import resource; from pathlib import Path; from edgehuman.writing import *;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); {call}"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def whole_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, by its name from there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "x.onnx", b"abc")
    assert (tmp_path / "new" / "x.onnx").read_bytes() == b"abc"
    assert os.listdir(tmp_path / "new") == ["x.onnx"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"x\.onnx cannot be written"):
        require_writable(tmp_path / "file" / "x.onnx")


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="is a folder; --out is the path of the file"):
        require_writable(tmp_path)


def test_a_read_only_folder(tmp_path: Path) -> None:
    # The kernel's own: even root cannot write there.
    with pytest.raises(ArtefactError, match=r"cannot be written .* nothing was left there"):
        require_writable(Path("/proc/self/x.onnx"))


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    done = full_disk(f"write_whole(Path({str(tmp_path / 'x.onnx')!r}), bytes(5000))")
    assert "ArtefactError" in done.stderr
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("names", [("a", "b", "c"), ("a", "b"), ()])
def test_files_that_belong_together_come_together_or_not_at_all(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"old " + name.encode())
    before = whole_tree(tmp_path)
    paths = [str(tmp_path / name) for name in "abc"]
    contents = "[b'1', b'2', bytes(5000)]"
    done = full_disk(f"write_together(dict(zip(map(Path, {paths}), {contents})))")
    assert "ArtefactError" in done.stderr
    assert "c cannot be written" in done.stderr
    assert whole_tree(tmp_path) == before


@pytest.mark.parametrize("turn", range(3))
def test_a_stop_between_files_that_belong_together_puts_the_old_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    (tmp_path / "a").write_bytes(b"old a")
    (tmp_path / "c").write_bytes(b"old c")
    replace, calls = os.replace, 0

    def interrupted(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == turn + 1:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_together({tmp_path / name: b"new" for name in "abc"})
    assert whole_tree(tmp_path) == {"a": b"old a", "c": b"old c"}


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "new" / "bundle", {"a": b"1", "b": b"2"})
    assert whole_tree(tmp_path) == {"new/bundle/a": b"1", "new/bundle/b": b"2"}
    write_folder(tmp_path / "new" / "bundle", {"a": b"3", "b": b"4"})
    assert whole_tree(tmp_path) == {"new/bundle/a": b"3", "new/bundle/b": b"4"}


def test_a_full_disk_leaves_no_half_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bundle"
    done = full_disk(f"write_folder(Path({str(folder)!r}), {{'a': b'1', 'b': bytes(5000)}})")
    assert f"ArtefactError: {folder} cannot be written" in done.stderr
    assert [*tmp_path.iterdir()] == []


def test_an_interruption_leaves_no_half_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "bundle", {"a": b"1", "b": b"2"})
    assert [*tmp_path.iterdir()] == []


def test_what_is_asked_before_the_work_leaves_no_folder(tmp_path: Path) -> None:
    require_folder(tmp_path / "new" / "bundle", {"a"})
    require_writable(tmp_path / "other" / "x.onnx")
    assert [*tmp_path.iterdir()] == []


def test_a_folder_of_other_files_is_known_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ArtefactError, match=r"holds other files \(letter\.txt\)"):
        require_folder(tmp_path, {"a", "b"})
    with pytest.raises(ArtefactError, match="is a file; --out is the path of a new folder"):
        require_folder(tmp_path / "letter.txt", {"a", "b"})


def test_an_interruption_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x.onnx", b"old")

    def interrupted(*names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x.onnx", b"new")
    assert os.listdir(tmp_path) == ["x.onnx"]
    assert (tmp_path / "x.onnx").read_bytes() == b"old"
