"""Faults of a live run, each of its kind: what comes in is a flood, clocks jump, disks are full,
somebody else's code raises. The run goes on, or says what happened.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.cli import main
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.stream import stream_of
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.sinks import SinkThread
from edgehuman.runtime.model import load
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.board import About
from edgehuman.runtime.serve.flags import LiveFlags
from edgehuman.simulate.imu.recording import simulate_recording
from tests.runtime.image.camera.cameras import stage

__all__ = ["stage"]
MODEL = "zoo:activity"
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def row(k: int) -> bytes:
    """One datagram of a sensor at 50 Hz that trembles with x up."""
    numbers = k / 50, 1 + 0.01 * (k % 3), 0.01 * (k % 5), 0.01 * (k % 7), 0, 0.01 * (k % 2), 0
    return ",".join(f"{number:.3f}" for number in numbers).encode()


@pytest.fixture
def port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        return int(holder.getsockname()[1])


@on_linux
@pytest.mark.slow
def test_a_flood_of_garbage_beside_a_sensor_neither_ends_nor_fills_the_run(
    port: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """Thousands of datagrams a second that are no rows, some of them as large as they can be."""
    done, sent = threading.Event(), [0]

    def flood() -> None:
        junk = [b"\xff\x00" * 30, b"{" * 9000, b"1,2", os.urandom(60_000), b"", b"t,ax\n" * 500]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not done.is_set():
                for each in junk:
                    sender.sendto(each, ("127.0.0.1", port))
                    sent[0] += 1
                time.sleep(0.0005)

    def sense() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for k in range(2000):
                sender.sendto(row(k), ("127.0.0.1", port))
                if done.wait(0.002):
                    return

    threads = [threading.Thread(target=each) for each in (sense, flood)]
    before_mb, begin_s = _resident_mb(), time.monotonic()
    for thread in threads:
        thread.start()
    try:
        words = ["run", MODEL, "--source", f"udp://127.0.0.1:{port}", "--json"]
        code = main([*words, "--seconds", "4"])
    finally:
        done.set()
        for thread in threads:
            thread.join()
    said = capsys.readouterr().err
    assert code in (0, 1), said  # 1: the kernel left too few rows for a window
    assert sent[0] > 1000
    assert time.monotonic() - begin_s < 30
    assert _resident_mb() - before_mb < 64
    assert len(said) < 4000  # each kind is told once, however many there are
    assert "Traceback" not in said


@pytest.mark.parametrize("jump_s", [-3600.0, 3600.0])
def test_a_wall_clock_that_jumps_moves_no_time_of_a_camera(
    jump_s: float, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the network's time does when a board without a battery has found a server."""
    real, jumped = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + jumped[0])
    monkeypatch.setattr(time, "time_ns", lambda: int(1e9 * (real() + jumped[0])))
    times: list[float] = []
    with stream_of(Watching(Nobody()), Camera(f"{stage}steady?fps=200")) as results:
        for result in results:
            assert result.event == ""
            assert result.age_ms is not None
            assert 0 <= result.age_ms < 20_000
            assert result.t_s is not None
            times.append(result.t_s)
            jumped[0] = jump_s if len(times) > 4 else 0.0
            if len(times) == 10:
                break
    assert times == sorted(times)
    assert times[-1] - times[0] < 60


@pytest.mark.parametrize("jump_s", [-30.0, 30.0, 1e6, -1e6])
def test_a_sensors_clock_that_jumps_costs_a_window_and_not_the_stream(
    jump_s: float,
) -> None:
    recording = simulate_recording(0, minutes=1.0)
    stamp_s_T = np.arange(len(recording.imu_TC)) / recording.rate_hz
    stamp_s_T[len(stamp_s_T) // 2 :] += jump_s
    listening = edgehuman.stream(load(MODEL), None)
    rows_T7 = np.column_stack([stamp_s_T, recording.imu_TC])
    found: list[ImuResult] = []
    for at in range(0, len(rows_T7), 50):
        found += listening.push(rows_T7[at : at + 50])
    found += listening.end()
    whole = (60 - 2.56) / 0.64
    assert whole - 6 <= len(found) <= whole + 1
    times = [result.t_s for result in found]
    assert times == sorted(times)


class Nobody:
    """Finds nobody."""

    name = "nobody"

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """Nobody."""
        return []


class Throwing:
    """A sink that raises, at once or when it is closed."""

    name, may_skip = "throwing", False

    def __init__(self, error: Exception, at_end: bool) -> None:
        self._error, self._at_end = error, at_end

    def write(self, results: Sequence[object]) -> None:
        if not self._at_end:
            raise self._error

    def close(self) -> None:
        raise self._error


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(
    "error", [RuntimeError("of somebody's own"), KeyError("x"), OSError(errno.ENOSPC, "full")]
)
def test_a_sink_that_throws_is_told_by_name_and_the_others_get_everything(
    error: Exception, at_end: bool
) -> None:
    got: list[object] = []

    class Good(Throwing):
        name = "good"

        def write(self, results: Sequence[object]) -> None:
            got.extend(results)

        def close(self) -> None:
            """Nothing to close."""

    beside = Beside(LiveFlags(), About("frames", "a source", "a model"), print)
    with beside:
        beside.start_sinks([Throwing(error, at_end), Good(error, False)])
        for number in range(100):
            beside.put(number)
            time.sleep(0)
        broken = beside.close_sinks()
    assert got[-1] == 99
    assert len(broken) == 1
    assert broken[0].startswith("throwing: ")


def test_a_sink_that_throws_holds_no_lossless_loop() -> None:
    """Who waits for its room is let go."""
    thread: SinkThread[int] = SinkThread(Throwing(ValueError("no"), False), True, capacity=2)
    begin_s = time.monotonic()
    for number in range(50):
        thread.put(number)
    assert thread.close(5.0)
    assert time.monotonic() - begin_s < 5
    assert isinstance(thread.error, ValueError)


class FullDisk:
    """A file on a disk that takes nothing more."""

    def write(self, text: str, /) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def flush(self) -> None:
        """Nothing to flush."""

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize("also", [[], ["--json"]])
def test_a_disk_that_is_full_ends_the_file_and_not_the_run(
    also: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("edgehuman.runtime.imu.run.open_to_write", lambda path: FullDisk())
    save = str(tmp_path / "day.jsonl")
    words = ["run", MODEL, "--source", "simulated", "--seconds", "30", "--save", save]
    assert main([*words, *also]) == 1
    out, err = capsys.readouterr()
    assert f"{save}: " in err
    assert "No space left on device" in err
    assert "windows over 30" in (err if also else out)
    if also:
        assert len([json.loads(line) for line in out.splitlines()]) > 30  # all the same


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    before = threading.active_count()
    yield
    until_s = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until_s:
        time.sleep(0.01)
    assert threading.active_count() <= before


def _resident_mb() -> float:
    from edgehuman.bench.latency import resident_mb

    return resident_mb()
