"""A program ends, with the right code and words, whoever does not read what it writes."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import leaving
from tests.device_half import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")
PATIENCE_S = 25.0
SIMULATED = ("run", "zoo:activity", "--source", "simulated")
# What trains and exports writes through the same two streams: here without the hours of it.
WRITES = """
import signal, sys, time
from edgehuman import cli
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar, tell
def call(words):
    stop = []
    signal.signal(signal.SIGTERM, lambda number, frame: stop.append(number))
    for _ in progress_bar(range(10**9)):
        tell("a line of a long training " * 20)
        if stop:
            break
    open(sys.argv[1], "w").write("kept")
    return Outcome({}, "done " * 20_000), False
cli.call = call
sys.exit(cli.main())
"""


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "TERM": "xterm"}


@contextlib.contextmanager
def started(words: list[str], **streams: int) -> Iterator[subprocess.Popen[str]]:
    """A process, which is killed if it outlives the test."""
    process = leaving.start([sys.executable, *words], env=environment(), **streams)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until_full(out: int) -> None:
    """Wait until the writer of a pipe, or of a terminal, has filled it: nothing more comes."""
    import fcntl
    import termios

    size, deadline = -1, time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        found = int.from_bytes(fcntl.ioctl(out, termios.FIONREAD, bytes(4)), sys.byteorder)
        if found == size and found > 1000:
            return
        size = found
        time.sleep(0.7)
    raise AssertionError(f"only {size} bytes came")


def ended(process: subprocess.Popen[str], number: int) -> tuple[int, float]:
    """Its code after a signal, and the seconds that it took."""
    begin_s = time.monotonic()
    process.send_signal(number)
    return process.wait(PATIENCE_S), time.monotonic() - begin_s


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_whose_reader_stopped_reading_ends_by_a_signal(number: int, tmp_path: Path) -> None:
    out, into = os.pipe()
    with (
        (tmp_path / "said").open("wb") as said,
        started(
            ["-m", "edgehuman", *SIMULATED, "--json"], stdout=into, stderr=said.fileno()
        ) as process,
    ):
        until_full(out)
        code, took_s = ended(process, number)
    assert (code, took_s < 20) == (1, True)
    told = (tmp_path / "said").read_text()
    assert "standard output: nobody took anything for 3 s; the rest is lost" in told
    assert "Traceback" not in told
    assert "Fatal" not in told
    os.close(out)
    os.close(into)


def test_a_view_on_a_terminal_that_stands_still_ends_by_a_signal() -> None:
    out, into = pty.openpty()
    with started(
        ["-m", "edgehuman", *SIMULATED], stdout=into, stderr=subprocess.DEVNULL
    ) as process:
        until_full(out)
        code, took_s = ended(process, signal.SIGTERM)
    assert took_s < 20
    assert code in (0, 1)  # the view shows the newest alone: it may have been between two draws
    os.close(out)
    os.close(into)


@pytest.mark.parametrize("both", [True, False])
def test_work_with_a_bar_ends_and_keeps_what_it_made(both: bool, tmp_path: Path) -> None:
    """The stop is heard although standard error, or both, are full; the result is written."""
    out, into = os.pipe()
    with started(
        ["-c", WRITES, str(tmp_path / "made")],
        stdout=into if both else subprocess.DEVNULL,
        stderr=into,
    ) as process:
        until_full(out)
        code, took_s = ended(process, signal.SIGTERM)
    assert (code, took_s < 20) == (1 if both else 0, True)
    assert (tmp_path / "made").read_text() == "kept"
    os.close(out)
    os.close(into)


def shell(line: str) -> tuple[int, str]:
    """The code of a shell's line, and what it said on standard error."""
    done = leaving.run(
        ["bash", "-c", f"set -o pipefail; e() {{ {sys.executable} -m edgehuman \"$@\"; }}; {line}"],
        env=environment(), capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("e models | head -1", 0, ""),
        ("e run zoo:activity --source simulated --json | head -1", 0, ""),
        ("e models >&-", 1, "standard output: Bad file descriptor"),
        ("e models > /dev/full", 1, "standard output: No space left on device"),
        ("e info zoo:activity --json > /dev/full", 1, "standard output: No space left on device"),
        ("e nothing 2>&-", 2, ""),
        ("e run zoo:activity --source simulated --seconds 5 --json >&-", 1, "Bad file"),
        ("e run zoo:activity --source simulated --seconds 5 > /dev/full", 1, "No space left"),
    ],
)
def test_an_output_that_is_closed_or_full_is_told_in_words(line: str, code: int, said: str) -> None:
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    found, told = shell(line)
    assert found == code
    assert said in told
    assert "Traceback" not in told
    assert "Exception ignored" not in told
