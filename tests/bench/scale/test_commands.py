"""Commands: garbage and megabytes on stdout, deaf to signals, and what they leave behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import pytest

from edgehuman.bench.scale import cells, commands
from edgehuman.bench.scale.commands import Stop
from edgehuman.errors import DataError


def line(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_what_is_printed_before_the_outcome_is_passed_over(tmp_path: Path) -> None:
    code, printed = Stop().run(
        line("print('NCCL version 2');print('{\"a\": 1}')"), tmp_path / "l", 1
    )
    assert (code, cells._outcome(printed)) == (0, {"a": 1})
    assert cells._outcome('{"a": 1}\ngarbage') is None


def test_of_megabytes_the_end_is_kept(tmp_path: Path) -> None:
    talk = "import sys\nfor _ in range(300): sys.stdout.write('x' * 65536)\nprint('\\n{\"a\": 2}')"
    code, printed = Stop().run(line(talk), tmp_path / "l", 1)
    assert (code, cells._outcome(printed)) == (0, {"a": 2})
    assert len(printed) <= commands._MOST_PRINTED


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_command_that_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    deaf = (
        "import signal, time, pathlib\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(60)"
    )
    stop, codes = Stop(), []
    thread = threading.Thread(target=lambda: codes.append(stop.run(line(deaf), tmp_path / "l", 1)))
    thread.start()
    until = time.monotonic() + 20
    while not (tmp_path / "begun").exists() and time.monotonic() < until:
        time.sleep(0.01)
    stop.ask()
    thread.join(0.3)
    assert thread.is_alive()
    stop.kill()
    thread.join(20)
    assert [code for code, _ in codes] == [-9]


@pytest.mark.skipif(sys.platform == "win32", reason="sessions of POSIX")
def test_what_a_command_leaves_behind_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "_CLOSING_S", 0.2)
    parent = (
        "import os, sys\n"
        "nap = 'import time; time.sleep(60)'\n"
        "print(os.spawnl(os.P_NOWAIT, sys.executable, 'nap', '-c', nap))"
    )
    begun = time.monotonic()
    code, printed = Stop().run(line(parent), tmp_path / "l", 1)
    assert code == 0
    assert time.monotonic() - begun < 20
    until = time.monotonic() + 10
    while _runs(int(printed)) and time.monotonic() < until:
        time.sleep(0.01)
    assert not _runs(int(printed))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat")
        return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="has no pipes with names")
def test_a_pipe_in_the_place_of_a_log_or_a_state_is_not_waited_for(tmp_path: Path) -> None:
    for name in ("log.txt", "cell.json"):
        os.mkfifo(tmp_path / name)
    with pytest.raises(DataError, match=r"log\.txt is no file"):
        Stop().run(line(""), tmp_path / "log.txt", 1)
    with pytest.raises(DataError, match=r"cell\.json is no file"):
        cells.read_state(tmp_path)
