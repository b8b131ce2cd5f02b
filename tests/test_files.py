"""Folders to write into are refused early where they cannot be, and none is made by asking; files
are whole or absent.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.files import (
    move_together,
    require_own_folder,
    require_usable_file,
    require_usable_folder,
    write_folder,
    write_together,
    write_whole,
    writing,
    writing_lines,
    writing_tree,
)
from edgehuman.placing import protecting
from tests import leaving


def full_disk(call: str) -> subprocess.CompletedProcess[str]:
    """Runs one call of the module where no file can grow beyond 1000 bytes, which is what a full
    disk looks like to a process.
    """
    code = (
        "import resource; from pathlib import Path; from edgehuman.files import *;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)); {call}"
    )
    return leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def whole_tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden ones too, by its name from there."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def half_written(path: Path, error: type[BaseException]) -> None:
    with writing(path) as partial:
        partial.write_bytes(b"half")
        raise error


def interrupted(*names: object) -> None:
    raise KeyboardInterrupt


def test_a_folder_that_cannot_be_written_is_refused_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file"
    file.write_text("in the way")
    for good in (tmp_path, tmp_path / "a" / "b", Path("a"), Path()):
        require_usable_folder(good, "--out")
    for bad in (file, file / "a" / "b", Path("file"), Path("file") / "a"):
        with pytest.raises(UsageError, match=r"--out: .*file is a file, not a folder"):
            require_usable_folder(bad, "--out")
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for bad in (link, link / "a"):
        with pytest.raises(UsageError, match=r"--out: .*link is a broken link, not a"):
            require_usable_folder(bad, "--out")
    link.unlink()
    link.symlink_to(tmp_path)
    require_usable_folder(link / "a", "--out")
    link.unlink()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("place", ["/proc/self", "/proc/self/a/b"])
def test_a_read_only_folder_is_refused(place: str) -> None:
    # The kernel's own: even root cannot write there.
    said = r"--out: cannot write to /proc/self \(.*\); choose another folder, fix its permissions"
    with pytest.raises(UsageError, match=said):
        require_usable_folder(Path(place), "--out")
    with pytest.raises(ArtefactError, match=said):
        require_usable_file(Path(place) / "x.onnx", "--out", ArtefactError)


def test_a_file_is_refused_where_a_folder_or_no_folder_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"--out: .*file is a file, not a folder"):
        require_usable_file(tmp_path / "file" / "x.onnx", "--out", ArtefactError)
    with pytest.raises(UsageError, match=r"--out: .* is a folder, not a file"):
        require_usable_file(tmp_path, "--out")
    require_usable_file(tmp_path / "file", "--out")
    require_usable_file(tmp_path / "other" / "x.onnx", "--out")
    assert whole_tree(tmp_path) == {"file": b""}
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_of_other_files_is_known_before_the_work(tmp_path: Path) -> None:
    require_own_folder(tmp_path / "new" / "bundle", {"a"}, "--out")
    assert [*tmp_path.iterdir()] == []
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(
        UsageError, match=r"--out: .* contains other files \(letter\.txt\); choose a ne"
    ):
        require_own_folder(tmp_path, {"a", "b"}, "--out")
    with pytest.raises(ArtefactError, match="is a file, not a folder"):
        require_own_folder(tmp_path / "letter.txt", {"a", "b"}, "--out", ArtefactError)
    require_own_folder(tmp_path, {"a", "letter.txt"}, "--out")


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "x.onnx", b"abc")
    assert (tmp_path / "new" / "x.onnx").read_bytes() == b"abc"
    assert os.listdir(tmp_path / "new") == ["x.onnx"]


@pytest.mark.parametrize("error", [ArtefactError, DataError, UsageError])
def test_an_error_is_of_the_kind_that_was_asked_for(error: type[EdgehumanError]) -> None:
    with pytest.raises(error, match=r"cannot write to /proc/self/x\.onnx .* are unchanged"):
        write_whole(Path("/proc/self/x.onnx"), b"abc", error)


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
    assert f"ArtefactError: cannot write to {tmp_path / 'c'} (" in done.stderr
    assert whole_tree(tmp_path) == before


def write_all(made: Path, out: Path) -> None:
    write_together({out / name: b"new" for name in "abc"})


def move_all(made: Path, out: Path) -> None:
    move_together({made / name: out / name for name in "abc"})


@pytest.mark.parametrize("fill", [write_all, move_all])
@pytest.mark.parametrize("turn", range(3))
def test_a_stop_between_files_that_belong_together_puts_the_old_ones_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    turn: int,
    fill: Callable[[Path, Path], None],
) -> None:
    made, out = tmp_path / "made", tmp_path / "out"
    for folder, names in ((made, "abc"), (out, "ac")):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(f"{folder.name} {name}")
    replace, calls = os.replace, 0

    def stopped(source: Path, target: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == turn + 1:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        fill(made, out)
    assert whole_tree(out) == {"a": b"out a", "c": b"out c"}


def test_files_that_were_made_elsewhere_take_their_places(tmp_path: Path) -> None:
    write_together({tmp_path / "made" / name: name.encode() for name in "ab"})
    (tmp_path / "a").write_bytes(b"old")
    move_together({tmp_path / "made" / name: tmp_path / name for name in "ab"})
    assert whole_tree(tmp_path) == {"a": b"a", "b": b"b"}


@pytest.fixture(params=["one disk", "two disks"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A folder for what links lead to."""
    memory = Path("/dev/shm")
    if request.param == "one disk":
        (tmp_path / "disk").mkdir()
        yield tmp_path / "disk"
    elif memory.is_dir() and memory.stat().st_dev != tmp_path.stat().st_dev:
        with tempfile.TemporaryDirectory(dir=memory) as name:
            yield Path(name)
    else:
        pytest.skip("there is one disk")


def fill_lines(folder: Path, text: str) -> None:
    with writing_lines(folder / "index", "--out") as stream:
        stream.write(text)


def fill_moved(folder: Path, text: str) -> None:
    write_together({folder.parent / "made" / name: text.encode() for name in "ab"})
    move_together(
        {
            folder.parent / "made" / "a": folder / "deep" / "a",
            folder.parent / "made" / "b": folder / "index",
        }
    )
    assert not list((folder.parent / "made").iterdir())


@pytest.mark.parametrize("led", ["a file", "nothing yet", "a folder"])
@pytest.mark.parametrize("fill", ["tree", "lines", "moved"])
def test_what_a_link_leads_to_is_replaced_and_the_link_stays(
    fill: str, led: str, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    link = out / ("deep" if led == "a folder" else "index")
    link.symlink_to(home / link.name)
    if led == "a folder":
        (home / "deep").mkdir()
    if led == "a file":
        (home / "index").write_text("old")
        (home / "index").chmod(0o640)
    {"tree": fill_tree, "lines": fill_lines, "moved": fill_moved}[fill](out, "1")
    assert (out / "index").read_text() == "1"
    assert link.is_symlink()
    filled = {"index": b"1"} if led != "a folder" else {"deep/a": b"1"} if fill != "lines" else {}
    assert whole_tree(home) == filled
    assert led != "a file" or (home / "index").stat().st_mode & 0o777 == 0o640
    assert not [*tmp_path.rglob("*.partial"), *home.rglob("*.partial")]


def test_lines_so_far_are_kept_beside_the_file_that_a_link_leads_to(
    home: Path, tmp_path: Path
) -> None:
    (home / "lines").write_text("old")
    (tmp_path / "link").symlink_to(home / "lines")
    with pytest.raises(KeyboardInterrupt):
        stopped_after(tmp_path / "link", "so far")
    assert (home / "lines").read_text() == "old"
    assert (home / "lines.partial").read_text() == "so far"


def test_a_folder_appears_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "new" / "bundle", {"a": b"1", "b": b"2"}, "--out")
    assert whole_tree(tmp_path) == {"new/bundle/a": b"1", "new/bundle/b": b"2"}
    write_folder(tmp_path / "new" / "bundle", {"a": b"3", "b": b"4"}, "--out")
    assert whole_tree(tmp_path) == {"new/bundle/a": b"3", "new/bundle/b": b"4"}
    with pytest.raises(ArtefactError, match=r"--out: .* contains other files \(b\)"):
        write_folder(tmp_path / "new" / "bundle", {"a": b"5"}, "--out")


def test_a_full_disk_leaves_no_half_folder(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bundle"
    done = full_disk(f"write_folder(Path({str(folder)!r}), {{'a': b'1', 'b': bytes(5000)}}, '-o')")
    assert f"ArtefactError: cannot write to {folder} (" in done.stderr
    assert [*tmp_path.iterdir()] == []


def test_an_interruption_leaves_no_half_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_folder(tmp_path / "bundle", {"a": b"1", "b": b"2"}, "--out")
    assert [*tmp_path.iterdir()] == []


def test_an_interruption_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x.onnx", b"old")
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x.onnx", b"new")
    assert os.listdir(tmp_path) == ["x.onnx"]
    assert (tmp_path / "x.onnx").read_bytes() == b"old"


def test_what_writes_to_a_path_by_itself_is_whole_or_absent_too(tmp_path: Path) -> None:
    with writing(tmp_path / "new" / "x.tar") as partial:
        partial.write_bytes(b"old")
        assert not (tmp_path / "new" / "x.tar").exists()
    for error in (ValueError, KeyboardInterrupt):
        for folder in ("new", "newer"):
            with pytest.raises(error):
                half_written(tmp_path / folder / "x.tar", error)
    assert whole_tree(tmp_path) == {"new/x.tar": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["new"]
    with pytest.raises(OSError, match="x"), writing(tmp_path / "new" / "x.tar" / "y"):
        pass


def test_lines_replace_those_of_an_earlier_run_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.jsonl"
    for text in ("old", "new"):
        with writing_lines(path, "--save") as stream:
            stream.write(text)
            assert text == "old" or path.read_text() == "old"
    assert whole_tree(tmp_path) == {"new/x.jsonl": b"new"}


def stopped_after(path: Path, text: str) -> None:
    with writing_lines(path, "--save") as stream:
        stream.write(text)
        raise KeyboardInterrupt


def test_an_error_keeps_the_old_lines_and_those_so_far(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("old")
    for text in ("half", ""):  # without a line there is nothing to keep
        with pytest.raises(KeyboardInterrupt):
            stopped_after(path, text)
    found = (tmp_path / "x.jsonl.partial").stat()  # is an input now
    with protecting({(found.st_dev, found.st_ino): "--gallery"}), pytest.raises(KeyboardInterrupt):
        stopped_after(path, "more")
    assert whole_tree(tmp_path) == {"x.jsonl": b"old", "x.jsonl.partial": b"half"}
    with (
        pytest.raises(UsageError, match=r"--save: .* is a folder"),
        writing_lines(tmp_path, "--save"),
    ):
        pass


def fill_tree(folder: Path, text: str) -> None:
    with writing_tree(folder, "--out") as partial:
        (partial / "deep").mkdir()
        (partial / "deep" / "a").write_text(text)
        (partial / "index").write_text(text)
        assert not (folder / "index").exists() or (folder / "index").read_text() != text


def test_a_tree_takes_its_place_beside_what_is_there(tmp_path: Path) -> None:
    fill_tree(tmp_path / "new", "1")
    (tmp_path / "new" / "letter.txt").write_text("mine")
    fill_tree(tmp_path / "new", "2")
    assert whole_tree(tmp_path / "new") == {"deep/a": b"2", "index": b"2", "letter.txt": b"mine"}
    assert sorted(os.listdir(tmp_path / "new")) == ["deep", "index", "letter.txt"]


def test_half_a_tree_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill_tree(tmp_path / "old", "1")
    done = full_disk(
        f"\nwith writing_tree(Path({str(tmp_path / 'new')!r}), '--out') as partial:\n"
        "    (partial / 'a').write_bytes(b'1'); (partial / 'b').write_bytes(bytes(5000))"
    )
    assert f"ArtefactError: cannot write to {tmp_path / 'new'} (" in done.stderr
    monkeypatch.setattr(os, "replace", interrupted)
    for name in ("old", "new"):
        with pytest.raises(KeyboardInterrupt):
            fill_tree(tmp_path / name, "2")
    assert whole_tree(tmp_path) == {"old/deep/a": b"1", "old/index": b"1"}
    assert os.listdir(tmp_path) == ["old"]


def test_two_processes_write_under_two_names(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from edgehuman.files import writing\n"
        "with writing(Path(sys.argv[1])) as partial: partial.write_bytes(b'other')\n"
    )
    path = tmp_path / "x.tar"
    with writing(path) as partial:
        partial.write_bytes(b"mine")
        leaving.run([sys.executable, "-c", code, str(path)], check=True)
        assert path.read_bytes() == b"other"
    assert whole_tree(tmp_path) == {"x.tar": b"mine"}


def test_what_is_renamed_is_on_the_disk_and_its_name_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    def told(name: str, call: Callable[..., object]) -> Callable[..., object]:
        def tell(*given: object) -> object:
            order.append(name)
            return call(*given)

        return tell

    monkeypatch.setattr(os, "fsync", told("sync", os.fsync))
    monkeypatch.setattr(os, "replace", told("rename", os.replace))
    write_together({tmp_path / "a": b"1", tmp_path / "b": b"2"})
    assert order == ["sync", "sync", "rename", "rename", "sync"]
