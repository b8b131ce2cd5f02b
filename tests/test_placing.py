"""How a file takes its place: its mode and its link stay, and what a killed writer left goes."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from edgehuman import placing
from edgehuman.errors import UsageError
from edgehuman.files import write_together, write_whole, writing, writing_lines
from edgehuman.placing import partial_of, protecting, sweep
from tests.leaving import start


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444, 0o664])
@pytest.mark.parametrize("writer", ["whole", "together", "writing", "lines"])
def test_a_file_that_is_replaced_keeps_its_mode(writer: str, mode: int, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    path.chmod(mode)
    if writer == "whole":
        write_whole(path, b"new")
    elif writer == "together":
        write_together({path: b"new", tmp_path / "b.txt": b"other"})
    elif writer == "writing":
        with writing(path) as partial:
            partial.write_bytes(b"new")
    else:
        with writing_lines(path, "--out") as stream:
            stream.write("new")
    assert path.read_bytes() == b"new"
    assert mode_of(path) == mode


def test_a_new_file_has_the_mode_that_was_asked_for_less_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_whole(tmp_path / "open", b"a")
        write_whole(tmp_path / "own", b"a", mode=0o600)
    finally:
        os.umask(before)
    assert (mode_of(tmp_path / "open"), mode_of(tmp_path / "own")) == (0o644, 0o600)


def test_nobody_else_can_read_a_private_file_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "own"
    path.write_text("old")
    path.chmod(0o600)
    seen: list[int] = []
    sync = os.fsync

    def look(descriptor: int) -> None:
        seen.extend(mode_of(each) for each in tmp_path.glob(".own.*.partial"))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", look)
    write_whole(path, b"new")
    assert seen[0] == 0o600


@pytest.mark.parametrize("held", ["a file", "nothing yet", "a link to a file"])
def test_a_link_stays_a_link(held: str, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    file = tmp_path / "disk" / "real"
    if held == "a file":
        file.write_text("old")
    if held == "a link to a file":
        file.symlink_to("behind")
        (tmp_path / "disk" / "behind").write_text("old")
    link = tmp_path / "link"
    link.symlink_to(Path("disk") / "real")
    write_whole(link, b"one")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"one")
    assert file.is_symlink() == (held == "a link to a file")
    with writing(link) as partial:
        partial.write_bytes(b"two")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"two")
    assert not list(tmp_path.rglob("*.partial"))


def test_threads_that_write_one_file_leave_one_of_their_versions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    versions = [bytes([65 + i]) * 100_000 for i in range(8)]
    threads = [threading.Thread(target=write_whole, args=(path, one)) for one in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_bytes() in versions
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_what_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "g[1].npz"
    left = [partial_of(path), partial_of(path)]
    others = [
        path,
        partial_of(tmp_path / "other.npz"),
        tmp_path / ".g[1].npz.partial",
        tmp_path / "g1.npz",
        partial_of(tmp_path / "g[1].npz.1-0a0b0c0d-0"),
    ]
    for each in (*left, *others):
        each.write_text("")
    sweep(path)
    assert sorted(tmp_path.iterdir()) == sorted(others)


@pytest.mark.skipif(os.name != "posix", reason="asks POSIX which processes live")
def test_what_dead_writers_left_goes_with_the_next_write_and_nothing_of_the_living(
    tmp_path: Path,
) -> None:
    with start([sys.executable, "-c", ""]) as ended:
        ended.wait()
    pid, machine, write = partial_of(tmp_path / "a").name.split(".")[2].split("-")
    dead = [
        f".a.{ended.pid}-{machine}-1.partial",
        f".other.bin.{ended.pid}-{machine}-7.before",
        f".a.{pid}-{machine}-{placing._FIRST - 1}.partial",  # of an earlier process with this id
    ]
    living = [
        f".a.{pid}-{machine}-{int(write) + 1000}.partial",
        f".a.{os.getppid()}-{machine}-1.partial",
        f".a.{ended.pid}-00000000-1.partial",  # of another machine
        ".a.partial",
    ]
    for name in (*dead, *living):
        (tmp_path / name).write_text("half")
    (tmp_path / f".tree.{ended.pid}-{machine}-2.partial").mkdir()
    (tmp_path / f".tree.{ended.pid}-{machine}-2.partial" / "inside").write_text("half")
    write_whole(tmp_path / "a", b"whole")
    assert {each.name for each in tmp_path.iterdir()} == {"a", *living}


def test_an_inode_that_is_an_input_is_not_replaced_under_any_name(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_text("input")
    os.link(source, tmp_path / "hard")
    (tmp_path / "soft").symlink_to(source)
    found = source.stat()
    for name in ("source", "hard", "soft"):
        with (
            protecting({(found.st_dev, found.st_ino): "--source source"}),
            pytest.raises(UsageError, match="is the file of --source source; nothing was written"),
        ):
            write_whole(tmp_path / name, b"output")
    assert source.read_text() == "input"
    assert len(list(tmp_path.iterdir())) == 3
