"""An interrupted test run leaves no process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.house import ROOT, TESTS, lines_of, require_none

ENDLESS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
START = "start(words, start_new_session=True).wait()"
# What a shell starts leaves with the shell.
SHELL = "import shlex; run(['sh', '-c', shlex.join(leaving_words(words)) + '; exit 1'])"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux kills children with their parent")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("starts", ["run(words, start_new_session=True)", START, SHELL])
def test_a_process_in_its_own_session_leaves_with_the_run(starts: str, how: signal.Signals) -> None:
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tests.leaving import leaving_words, run, start\n"
        f"words = [sys.executable, '-c', {ENDLESS!r}]\n"
        f"{starts}\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    assert run.stdout is not None
    child = int(run.stdout.readline())
    run.send_signal(how)
    run.communicate(timeout=30)
    deadline_s = time.monotonic() + 30
    while is_running(child) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not is_running(child)


def is_running(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


STARTS = re.compile(
    r"subprocess\.(run|Popen|call|check_\w+|get\w*output)\(|from subprocess import"
    r"|\bos\.(fork\w*|system|popen|spawn\w+|posix_spawn\w*)\(|\bpty\.fork\("
)


def test_every_test_starts_its_processes_so() -> None:
    allowed = {
        *("tests/kills.py", "tests/leaving.py", "tests/warm.py", "tests/whole/test_leaving.py"),
        "tests/bench/scale/test_commands.py",  # one that is left behind, and ended, is its subject
    }
    require_none(
        "a test starts processes with tests.leaving.run or start, so that they leave with it",
        (
            f"{file}:{number}: {line.strip()}"
            for file, path in TESTS.items()
            if file not in allowed
            for number, line in enumerate(lines_of(path), 1)
            if STARTS.search(line) and "def " not in line
        ),
    )


@pytest.mark.parametrize(
    ("line", "starts"),
    [
        ("done = subprocess.run(words)", True),
        ("subprocess.check_output(words)", True),
        ("from subprocess import run", True),
        ("os.system(words)", True),
        ("done: subprocess.CompletedProcess[str] = leaving.run(words)", False),
        ("child = start(words, stdout=subprocess.PIPE)", False),
    ],
)
def test_which_lines_start_a_process(line: str, starts: bool) -> None:
    assert bool(STARTS.search(line)) is starts
