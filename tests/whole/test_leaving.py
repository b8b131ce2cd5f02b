"""An interrupted test run leaves no process."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.whole.house import ROOT, TESTS

ENDLESS = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"


@pytest.mark.skipif(sys.platform != "linux", reason="Linux kills children with their parent")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_process_in_its_own_session_leaves_with_the_run(how: signal.Signals) -> None:
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from tests.leaving import start\n"
        f"child = start([sys.executable, '-c', {ENDLESS!r}], start_new_session=True)\n"
        "child.wait()\n"
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


def test_every_test_starts_its_processes_so() -> None:
    plain = re.compile(r"subprocess\.Popen\(|\bos\.fork\(|\bpty\.fork\(")
    allowed = {"tests/leaving.py", "tests/warm.py", "tests/whole/test_leaving.py"}
    found = [
        file
        for file, path in TESTS.items()
        if file not in allowed and plain.search(path.read_text())
    ]
    assert found == [], "start them with tests.leaving.start"
