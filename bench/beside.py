"""What stands beside a live run costs its loop nothing: a sink of a second a call, and viewers of
the page that take nothing.

The cost is what the loop's thread spends on handing its results over, beside what it spends on the
results themselves; each by the time of the thread on its core (`time.thread_time`), the fastest of
several rounds, so that other work on the machine does not count. That the loop waits for nobody is
tested apart (tests/runtime/serve/test_server.py, tests/runtime/serve/test_webhook.py).
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Sequence

import numpy as np

from edgehuman.bench.targets.ratios import require_model
from edgehuman.export.catalogued import load
from edgehuman.runtime.loop.results import LiveResult, to_row
from edgehuman.runtime.loop.sinks import SinkThread

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


def fastest_s(run: Callable[[], object], rounds: int = ROUNDS) -> float:
    """The fewest seconds of this thread on its core over the rounds, after one uncounted round."""
    taken = []
    for _ in range(rounds + 1):
        begin_s = time.thread_time()
        run()
        taken.append(time.thread_time() - begin_s)
    return min(taken[1:])


def slow_sink_over_none(model: str, minutes: float = 4.0, rounds: int = ROUNDS) -> float:
    """A wearable's loop with a sink of a second a call, over one without."""
    require_model(model)
    from edgehuman.runtime.stream import stream
    from edgehuman.simulate.imu.recording import simulate_recording

    loaded = load(model, threads=1)
    recording = simulate_recording(0, minutes=minutes)
    results = list(stream(loaded, recording, hop_s=HOP_S, mounting="fixed"))
    loop_s = fastest_s(
        lambda: list(stream(loaded, recording, hop_s=HOP_S, mounting="fixed")), rounds
    )
    sink = SlowSink()
    thread = SinkThread(sink, lossless=False)

    def give() -> None:
        for result in results:
            thread.put(result)

    given_s = fastest_s(give, rounds)
    thread.close()
    assert sink.calls
    return (loop_s + given_s) / loop_s


def page_over_none(model: str = DETECTOR) -> float:
    """A loop on frames of 640x480 with a page whose two viewers take nothing, over one without."""
    require_model(model)
    from edgehuman.runtime.image.frames.answer import Detector, Watching, answer_frame
    from edgehuman.runtime.image.frames.source import array_frame
    from edgehuman.runtime.serve.beside import Beside
    from edgehuman.runtime.serve.flags import LiveFlags
    from edgehuman.runtime.view.frames import about_frames, show

    watching = Watching(Detector(load(model, threads=1)))
    noise_HWC = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    frames = [array_frame(np.roll(noise_HWC, 8 * k, axis=1), k) for k in range(_FRAMES)]
    answered = [(taken, answer_frame(watching, taken)) for taken in frames]
    loop_s = fastest_s(lambda: [answer_frame(watching, taken) for taken in frames])
    said: list[str] = []
    with Beside(LiveFlags(serve="0"), about_frames(model, "noise"), said.append) as page:
        url, _, token = said[0].removeprefix("page: ").partition("/?token=")
        port = int(url.rpartition(":")[2])

        def give() -> None:
            for taken, result in page.through(answered):
                show(page, taken, result, time.time_ns())
                time.sleep(0.01)  # as the model takes its time: who waits is called each time

        with contextlib.ExitStack() as viewers:
            for path in ("/live", "/stream.mjpg"):
                viewers.enter_context(_viewer(port, path, token))
            given_s = fastest_s(give)
    return (loop_s + given_s) / loop_s


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
