"""One writer at a time: who waits, how long, what it says, and what a killed holder leaves."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.placing import partial_of
from edgehuman.runtime.gallery import empty_gallery, read_gallery, write_gallery
from edgehuman.runtime.lock import locked
from tests import kills, leaving
from tests.runtime.gallery.made import gait_card

HOLDER = """
import sys, time
from pathlib import Path
from edgehuman.runtime.lock import locked
with locked(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(30)
"""


def quiet(line: str) -> None:
    raise AssertionError(line)


def test_it_leaves_nothing_and_makes_no_file(tmp_path: Path) -> None:
    with locked(tmp_path / "new" / "g", quiet):
        assert [each.name for each in (tmp_path / "new").iterdir()] == [".g.lock"]
    assert not list((tmp_path / "new").iterdir())
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "other" / "g", quiet):
        raise ZeroDivisionError
    assert not (tmp_path / "other").exists()


def test_one_thread_after_another(tmp_path: Path) -> None:
    path = tmp_path / "count"
    path.write_text("0")

    def add() -> None:
        for _ in range(5):
            with locked(path, quiet):
                count = int(path.read_text())
                time.sleep(0.001)
                path.write_text(str(count + 1))

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert path.read_text() == "30"
    assert [each.name for each in tmp_path.iterdir()] == ["count"]


def test_a_link_and_its_file_have_one_lock(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with (
        locked(tmp_path / "file", quiet),
        pytest.raises(UsageError, match=rf"link: the program with process id {os.getpid()} has"),
        locked(tmp_path / "link", lambda line: None, wait_s=0.05),
    ):
        pass


def test_waiting_is_told_of_and_bounded_and_ends_with_the_holder(tmp_path: Path) -> None:
    path = tmp_path / "g"
    holder = leaving.start(
        [sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd()
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        said: list[str] = []
        with (
            pytest.raises(UsageError, match="nothing was changed"),
            locked(path, said.append, wait_s=0.2),
        ):
            raise AssertionError
        assert said == [
            f"{path}: waiting for the program with process id {holder.pid}, for up to 0.2 s"
        ]
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        assert (tmp_path / ".g.lock").exists()
        with locked(path, quiet):
            pass
        assert not list(tmp_path.iterdir())
    finally:
        holder.kill()
        holder.communicate()


def test_a_disk_without_locks_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")

    def none(opened: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    said: list[str] = []
    with locked(tmp_path / "g", said.append):
        pass
    assert said == [
        f"{tmp_path / 'g'}: its disk has no locks (No locks available); write with one program "
        "alone"
    ]
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match=r"cannot write to .*file/g"),
        locked(tmp_path / "file" / "g", quiet),
    ):
        pass


def put(path: Path, kind: str) -> None:
    """What somebody else may have put where the lock is to be."""
    victim = path.parent / "letters"
    victim.write_text("my letters")
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to({"link": "letters", "broken link": "nowhere"}.get(kind, path.name))


@pytest.mark.skipif(sys.platform == "win32", reason="makes links and pipes")
@pytest.mark.parametrize("kind", ["link", "broken link", "link to itself", "folder", "pipe"])
def test_what_is_no_file_is_no_lock(kind: str, tmp_path: Path) -> None:
    put(tmp_path / ".g.lock", kind)
    before = sorted(tmp_path.iterdir())
    with (
        pytest.raises(UsageError, match=r"\.g\.lock is no file, .*; remove \.g\.lock"),
        locked(tmp_path / "g", quiet),
    ):
        raise AssertionError
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "letters").read_text() == "my letters"


@pytest.mark.skipif(sys.platform == "win32", reason="makes links")
def test_a_link_that_comes_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(path: Path) -> os.stat_result:
        raise FileNotFoundError

    for kind in ("link", "pipe"):
        put(tmp_path / ".g.lock", kind)
        with monkeypatch.context() as patched:
            patched.setattr(os, "lstat", nothing)
            with pytest.raises(UsageError, match="g"), locked(tmp_path / "g", quiet):
                raise AssertionError
        assert (tmp_path / "letters").read_text() == "my letters"
        (tmp_path / ".g.lock").unlink()


def test_a_file_of_a_second_name_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("my letters")
    os.link(tmp_path / "letters", tmp_path / ".g.lock")
    with locked(tmp_path / "g", quiet):
        pass
    assert [each.name for each in tmp_path.iterdir()] == ["letters"]
    assert (tmp_path / "letters").read_text() == "my letters"


@pytest.mark.parametrize("system", ["with locks", "without locks", "windows"])
def test_partial_files_are_swept_only_where_no_writer_can_be_at_work(
    system: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(opened: int, how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if system == "without locks":
        monkeypatch.setattr(pytest.importorskip("fcntl"), "flock", none)
    if system == "windows":
        monkeypatch.setattr(sys, "platform", "win32")
    partial = partial_of(tmp_path / "g")
    partial.write_text("half")
    with locked(tmp_path / "g", lambda line: None):
        assert partial.exists() == (system != "with locks")


def test_the_reason_is_the_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that is read-only, the side file cannot be opened for reading either."""
    opened = os.open

    def refuse(path: Path, flags: int, *more: int) -> int:
        if flags & os.O_CREAT:
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    with (
        pytest.raises(UsageError, match="Permission denied"),
        locked(tmp_path / "g", quiet),
    ):
        pass


WRITER = """
import sys
from pathlib import Path
import numpy as np
from edgehuman.runtime.gallery import read_gallery, update_gallery, write_gallery
path, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
vector_D = np.array([1.0, 2.0], np.float32)
for walk in range(count):
    update_gallery(path, lambda old: old.enrol(name, f"{name}-{walk}", vector_D))
"""


@pytest.mark.slow
def test_eight_programs_enrol_at_once_and_nobody_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    write_gallery(path, empty_gallery(gait_card()))
    writers = [
        leaving.start([sys.executable, "-c", WRITER, str(path), f"N{i}", "5"], cwd=Path.cwd())
        for i in range(8)
    ]
    assert [writer.wait(120) for writer in writers] == [0] * 8
    assert read_gallery(path).people() == {f"N{i}": 5 for i in range(8)}
    assert [each.name for each in tmp_path.iterdir()] == ["g.npz"]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its writers")
def test_a_kill_at_any_moment_leaves_a_whole_file_and_no_leftovers() -> None:
    words = [sys.executable, "-m", "tests.kills", "gallery", "12"]
    done = leaving.run(words, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "words", ["", "gallery", "other 3", "gallery x", "gallery 0", "gallery 1 x"]
)
def test_wrong_words_of_the_loops_are_told(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        kills.main(words.split())
    assert ended.value.code == 2
    assert "usage: python -m tests.kills" in capsys.readouterr().err
