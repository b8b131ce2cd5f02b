"""A stop signal is never lost: whichever process gets it, and whenever it comes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from edgehuman.training.processes import Place
from edgehuman.training.stopping import StopSignals
from tests.leaving import run, start
from tests.training.stopped_pair import stop_pair
from tests.two_processes import ROOT

ALONE = Place(torch.device("cpu"), 0, 1, torch.float32)
# Asked twice while it waits where no handler in Python can run.
STUCK = """
import ctypes, os, signal, threading, time
from edgehuman.training.stopping import StopSignals
def send():
    for pause_s in (0.2, 2.2):
        time.sleep(pause_s)
        os.kill(os.getpid(), signal.SIGTERM)
with StopSignals(2):
    threading.Thread(target=send, daemon=True).start()
    libc, mutex = ctypes.CDLL(None), ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)  # for ever, whatever signals come
"""


BLOCKED = """
import sys
from edgehuman.runtime.loop.standard import run_watched
from edgehuman.training.stopping import StopSignals
def work():
    with StopSignals(2) as stop:
        print("begun", flush=True)
        while not stop.asked:
            print("x" * 65536, file=sys.stderr, flush=True)
    return 1
sys.exit(run_watched(work))
"""


def test_the_second_signal_ends_at_once() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by a run in the background
    with StopSignals(1) as stop:
        assert not stop.agreed(ALONE)
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.agreed(ALONE)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_that_torchrun_hands_on_is_the_same_one() -> None:
    with StopSignals(2) as stop:
        os.kill(os.getpid(), signal.SIGINT)  # of the terminal, to every process
        os.kill(os.getpid(), signal.SIGINT)  # of torchrun, which got it too
        assert stop.asked
    assert signal.set_wakeup_fd(-1) == -1


def test_a_signal_while_the_processes_agree_is_not_lost() -> None:
    stop_pair("agreeing", 1)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize(
    ("moment", "rank"), [("joining", 1), ("evaluating", 1), ("saving", 0), ("any", 1)]
)
def test_a_signal_at_any_other_moment_is_not_lost(moment: str, rank: int) -> None:
    stop_pair(moment, rank, 0.5)


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("whom", ["agent", "second"])
def test_torchrun_and_one_of_its_processes_are_stopped_with_a_checkpoint(
    whom: str, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    agent = start(
        [*command, "-m", "tests.training.toy", str(out), "1000000", str(tmp_path)],
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        end_s = time.monotonic() + 60
        while not (out / "state.pt").exists() and time.monotonic() < end_s:
            time.sleep(0.05)
        second = int((tmp_path / "process-1").read_text())
        os.kill(agent.pid if whom == "agent" else second, signal.SIGTERM)
        agent.wait(timeout=25)
    finally:
        agent.kill()
    state = torch.load(out / "state.pt", weights_only=True)
    assert 0 < state["step"] < 1_000_000
    # The mark of the job stays, by which it goes on when torchrun starts it again.
    assert [path.name for path in out.glob(".*")] == [".torchrun"], "leftovers"


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="blocks itself by a mutex of glibc")
def test_asked_twice_it_ends_though_pytorch_waits() -> None:
    done = run([sys.executable, "-c", STUCK], cwd=ROOT, check=False, timeout=25)
    assert done.returncode == 128 + signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")
def test_one_of_two_that_waits_in_its_output_ends_by_a_signal() -> None:
    """With the watch over the standard streams, as the command has it."""
    process = start(
        [sys.executable, "-c", BLOCKED],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(0.5)  # nobody reads the other stream: it is full at once
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 1
    finally:
        process.kill()
        process.communicate()


def test_numbers_are_handed_on_to_whoever_had_them_before() -> None:
    read, written = os.pipe()
    os.set_blocking(written, False)
    before = signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    try:
        with StopSignals(2):
            os.kill(os.getpid(), signal.SIGTERM)
            assert os.read(read, 64) == bytes([signal.SIGTERM])
        assert signal.set_wakeup_fd(before) == written
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(written)
