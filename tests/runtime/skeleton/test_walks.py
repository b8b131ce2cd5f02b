"""Walks from a port: what ends listening, and what is said where nothing came."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.loop.source import BlockQueue, Source
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.feeds import PoseDatagramFeed
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.source import open_poses
from edgehuman.runtime.skeleton.walks import Walks, walks_of
from tests.runtime.gait_models import ANNA, walk, write_gait_model
from tests.runtime.listening import ended

ANY_PORT = "udp://127.0.0.1:0"


@pytest.fixture
def nose(tmp_path: Path) -> Model:
    return load(write_gait_model(tmp_path / "nose.onnx"))


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Source[PoseBlock]:
    """What `walks_of` will listen to; it takes datagrams already."""
    source = open_poses(ANY_PORT)
    monkeypatch.setattr("edgehuman.runtime.skeleton.walks.open_poses", lambda *_, **__: source)
    return source


def send(port: Source[PoseBlock], lines: int) -> None:
    """So many lines of ANNA at once, then nothing more."""
    assert isinstance(port.feed, PoseDatagramFeed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for line in walk(ANNA, lines / 12):
            sender.sendto(json.dumps(line).encode(), port.feed.address)


@contextmanager
def interrupted(port: Source[PoseBlock], rows: int) -> Iterator[None]:
    """Ctrl-C, once so many rows were heard and taken."""
    left = threading.Event()
    queue = port.queue
    assert isinstance(queue, BlockQueue)

    def interrupt() -> None:
        deadline_s = time.monotonic() + 20
        while time.monotonic() < deadline_s and not left.wait(0.05):
            # The reader runs inside the block that the signals are caught in.
            if port.entered and port.report()["rows"] >= rows and not queue.waiting:
                break
        if not left.wait(0.2):
            os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    except KeyboardInterrupt:
        pytest.fail("Ctrl-C was not caught")
    finally:
        left.set()
        thread.join()


@pytest.mark.slow
def test_a_sender_that_stops_early_ends_with_the_clock(
    nose: Model, port: Source[PoseBlock]
) -> None:
    send(port, 11)  # 0.8 s of stream, so the stamps never reach the second
    walks: Walks = ended(lambda: walks_of(nose, ANY_PORT, 1.0))
    # Six frames, and again three later.
    assert walks.windows == {"0": 2}


@pytest.mark.slow
def test_a_port_where_nobody_sends(nose: Model) -> None:
    with pytest.raises(DataError, match=r"127.0.0.1:0: nothing arrived in 0.2 s; check that some"):
        ended(lambda: walks_of(nose, ANY_PORT, 0.2))


@pytest.mark.slow
def test_garbage_is_something_that_came(nose: Model, port: Source[PoseBlock]) -> None:
    assert isinstance(port.feed, PoseDatagramFeed)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"garbage", port.feed.address)
    with pytest.raises(DataError, match=r"0 frames, 0 of them used, .*1 line.* unreadable"):
        ended(lambda: walks_of(nose, ANY_PORT, 0.2))


def test_an_interrupt_ends_listening_and_what_came_counts(
    nose: Model, port: Source[PoseBlock], capsys: pytest.CaptureFixture[str]
) -> None:
    # A shell that puts the tests in the background may have SIGINT ignored.
    before = signal.getsignal(signal.SIGINT)
    send(port, 24)
    with interrupted(port, 24):
        walks = walks_of(nose, ANY_PORT, 600.0)
    assert walks.windows == {"0": 7}
    assert "stopped; what arrived until then is used" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("lines", "said"),
    [(0, "stopped before anything arrived"), (5, "5 frames, 5 of them used, hold no window")],
)
def test_an_interrupt_before_a_window_is_an_error(
    lines: int, said: str, nose: Model, port: Source[PoseBlock]
) -> None:
    send(port, lines)
    with interrupted(port, lines), pytest.raises(DataError, match=said):
        walks_of(nose, ANY_PORT, 600.0)
