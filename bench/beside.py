"""What stands beside a live run costs its loop nothing: a sink of a second a call, and viewers of
the page that take nothing.

Times are those of the loop's own thread on its core (`time.thread_time`), as other work on the
machine does not count in them. Both sides of a ratio take turns; of each the fastest round counts.
That the loop waits for nobody is a test of its own (tests/runtime/serve/test_server.py).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.bench.targets.ratios import require_model
from edgehuman.export.catalogued import load
from edgehuman.runtime.loop.play import play
from edgehuman.runtime.loop.results import LiveResult, to_row
from edgehuman.runtime.loop.sinks import Sink

ROUNDS = 15
HOP_S = 0.64
DETECTOR = "zoo:person-detector-int8"
_FRAMES = 8


class SlowSink:
    """Takes a second for whatever it is given.

    Attributes:
        calls: how often it was given something.
    """

    name = "slow"
    may_skip = True

    def __init__(self) -> None:
        self.calls = 0

    def write(self, results: Sequence[LiveResult]) -> None:
        self.calls += 1
        [to_row(result) for result in results]
        time.sleep(1.0)

    def close(self) -> None:
        """Nothing to close."""


def fastest(sides: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The fewest seconds of each side over the rounds, after one uncounted round."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, run in sides.items():
            seconds = run()
            if number:
                taken[name].append(seconds)
    return {name: min(seconds) for name, seconds in taken.items()}


def slow_sink_over_none(model: str, minutes: float = 4.0, rounds: int = ROUNDS) -> float:
    """Seconds of a wearable's loop with a sink of a second a call, over those without."""
    require_model(model)
    from edgehuman.runtime.imu.answer import Recogniser, StreamOptions
    from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
    from edgehuman.simulate.imu.recording import simulate_recording

    loaded = load(model, threads=1)
    recording = simulate_recording(0, minutes=minutes)

    class Timed(ReplaySource):
        """The recording, and how long the loop took for it."""

        seconds = 0.0

        def __iter__(self) -> Iterator[Any]:
            begin_s = time.thread_time()
            yield from super().__iter__()
            self.seconds = time.thread_time() - begin_s

    def loop(sinks: Sequence[Sink[Any]]) -> float:
        options = StreamOptions(hop_s=HOP_S, format=CANONICAL)
        source = Timed(recording)
        recogniser = Recogniser(loaded, source.name, options, lambda message: None)
        play(recogniser, source, sinks, notify=lambda message: None)
        return source.seconds

    seconds = fastest({"none": lambda: loop([]), "slow": lambda: loop([SlowSink()])}, rounds)
    return seconds["slow"] / seconds["none"]


def page_over_none(model: str = DETECTOR) -> float:
    """Seconds of a loop on frames of 640x480 with a page whose two viewers take nothing, over
    those without.
    """
    require_model(model)
    from edgehuman.runtime.image.frames.answer import Detector, Watching, answer_frame
    from edgehuman.runtime.image.frames.source import array_frame
    from edgehuman.runtime.serve.beside import Beside
    from edgehuman.runtime.serve.flags import LiveFlags
    from edgehuman.runtime.view.frames import about_frames, show

    watching = Watching(Detector(load(model, threads=1)))
    noise_HWC = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    frames = [array_frame(np.roll(noise_HWC, 8 * k, axis=1), k) for k in range(_FRAMES)]
    about = about_frames(model, "noise")

    def loop(beside: Beside) -> float:
        begin_s = time.thread_time()
        for taken in beside.through(frames):
            stamp_ns = time.time_ns()
            show(beside, taken, answer_frame(watching, taken), stamp_ns)
        return time.thread_time() - begin_s

    said: list[str] = []
    with Beside(LiveFlags(serve="0"), about, said.append) as page:
        url, _, token = said[0].removeprefix("page: ").partition("/?token=")
        port = int(url.rpartition(":")[2])
        with contextlib.ExitStack() as viewers:
            for path in ("/live", "/stream.mjpg"):
                viewers.enter_context(_viewer(port, path, token))
            none = Beside(LiveFlags(), about, said.append)
            seconds = fastest({"none": lambda: loop(none), "page": lambda: loop(page)}, ROUNDS)
    return seconds["page"] / seconds["none"]


def _viewer(port: int, path: str, token: str) -> socket.socket:
    """A connection that has asked for what changes, and reads nothing yet."""
    link = socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.connect(("127.0.0.1", port))
    head = [f"GET {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {token}"]
    if path == "/live":
        head += ["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"]
        head += ["sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="]
    link.sendall("\r\n".join([*head, "", ""]).encode())
    return link
