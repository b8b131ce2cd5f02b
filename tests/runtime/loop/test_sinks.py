"""Sinks keep order, lose nothing from a file, never slow a live loop, and fail alone."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.loop.results import LiveResult
from edgehuman.runtime.loop.sinks import JsonLines, SinkThread, open_to_write


def result(t_s: float, **more: object) -> LiveResult:
    return ImuResult(t_s, "walking", 0.9, 1.5, "sitting", int(t_s * 1e9), "hand", **more)  # type: ignore[arg-type]


class Gate:
    """A sink that takes nothing until it is opened."""

    name = "gate"
    may_skip = False

    def __init__(self) -> None:
        self.open = threading.Event()
        self.taken: list[float] = []

    def write(self, results: Sequence[LiveResult]) -> None:
        self.open.wait(60.0)
        self.taken += [one.t_s for one in results]

    def close(self) -> None:
        self.taken.append(-1.0)


class Full(Gate):
    """A sink that can take nothing."""

    def write(self, results: Sequence[LiveResult]) -> None:
        raise OSError("no space left")


def test_json_lines_hold_what_the_docs_promise() -> None:
    stream = io.StringIO()
    JsonLines(stream, "text").write([result(2.5), result(3.0, reason="frozen", true_label="up")])
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert rows[0] == {
        "t_s": 2.5,
        "label": "walking",
        "score": 0.9,
        "latency_ms": 1.5,
        "raw_label": "sitting",
        "delay_s": 0.0,
        "source": "hand",
    }
    assert list(rows[1])[len(rows[0]) :] == ["true_label", "reason"]
    assert (rows[1]["reason"], rows[1]["true_label"]) == ("frozen", "up")


def test_a_slow_sink_of_a_live_stream_loses_the_oldest_and_counts_them() -> None:
    gate = Gate()
    thread = SinkThread(gate, lossless=False, capacity=3)
    thread.put(result(0.0))
    _wait_until(lambda: not thread.waiting)  # the sink holds it and is stuck
    for k in range(1, 11):
        thread.put(result(float(k)))
    assert not gate.open.is_set()  # nobody waited for it
    assert thread.dropped == 7
    gate.open.set()
    assert thread.close(60.0)
    assert gate.taken == [0.0, 8.0, 9.0, 10.0, -1.0]


def test_a_slow_sink_of_a_file_holds_the_loop_and_loses_nothing() -> None:
    gate = Gate()
    thread = SinkThread(gate, lossless=True, capacity=2)
    threading.Timer(0.1, gate.open.set).start()
    for k in range(50):
        thread.put(result(float(k)))
    assert thread.close(60.0)
    assert gate.taken == [*map(float, range(50)), -1.0]
    assert thread.dropped == 0


@pytest.mark.parametrize("lossless", [True, False])
def test_a_sink_that_fails_ends_alone(lossless: bool) -> None:
    thread = SinkThread(Full(), lossless=lossless, capacity=1)
    for k in range(20):
        thread.put(result(float(k)))
    assert thread.close(60.0)
    assert isinstance(thread.error, OSError)


def test_a_sink_that_hangs_is_left_behind() -> None:
    gate = Gate()
    thread = SinkThread(gate, lossless=False)
    thread.put(result(0.0))
    assert not thread.close(0.05)
    gate.open.set()


def _wait_until(true: Callable[[], bool]) -> None:
    for _ in range(500):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("waited five seconds in vain")


def test_a_device_is_written_as_it_is_and_a_folder_is_refused(tmp_path: Path) -> None:
    with contextlib.closing(open_to_write(Path(os.devnull))) as stream:
        stream.write("gone")
    assert not Path(os.devnull).is_file()
    with contextlib.closing(open_to_write(tmp_path / "new" / "x.jsonl")) as stream:
        stream.write("kept")
    assert (tmp_path / "new" / "x.jsonl").read_text() == "kept"
    with pytest.raises(UsageError, match=r"--save: .* is a folder, not a file"):
        open_to_write(tmp_path)


@pytest.mark.slow
def test_an_earlier_file_stays_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("earlier")
    stream = open_to_write(path)
    stream.write("new")
    stream.flush()
    assert path.read_text() == "earlier"
    stream.close()
    stream.close()
    assert path.read_text() == "new"
    stream = open_to_write(path)
    stream.write("half")
    del stream  # a run that failed
    gc.collect()
    assert path.read_text() == "new"
    assert {each.name for each in tmp_path.iterdir()} == {"x.jsonl", "x.jsonl.partial"}
    assert (tmp_path / "x.jsonl.partial").read_text() == "half"


@pytest.mark.slow
@pytest.mark.parametrize("waits_in", ["put", "close"])
def test_a_sink_that_takes_nothing_does_not_keep_a_stop(waits_in: str) -> None:
    """As a named pipe that nobody reads: for ever without a stop, a moment with one."""
    gate, stopped = Gate(), threading.Event()
    thread = SinkThread(gate, lossless=True, capacity=2, stopped=stopped.is_set, patience_s=0.3)
    ended = threading.Event()

    def work() -> None:
        for n in range(9 if waits_in == "put" else 2):
            thread.put(result(float(n)))
        thread.close()
        ended.set()

    threading.Thread(target=work, daemon=True).start()
    assert not ended.wait(0.8)
    stopped.set()
    assert ended.wait(10.0)
    assert bool(thread.dropped) == (waits_in == "put")
    gate.open.set()
