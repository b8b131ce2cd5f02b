"""How old a label is when it comes: of a camera that is faster than the machine, and the slowest
hundredth beside the median.

    python -m edgehuman.bench.targets.targets --only fast-source steady

A camera over HTTP stands in for one (MJPEG, 640x480), at twice or half the frames that this machine
answers; its process, its pipe and everything that `edgehuman.stream` does are inside the age.
"""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from edgehuman.bench.contestants import FailedRun
from edgehuman.bench.target import Target
from edgehuman.bench.targets import ratios
from edgehuman.bench.targets.ratios import DETECTOR, HOP_S, require_model
from edgehuman.progress import tell
from edgehuman.records import Float64
from edgehuman.runtime.model import load

HEIGHT, WIDTH = 480, 640
_PICTURES, _MOST_FPS = 24, 240.0
_PACKET = 5
"""Samples of a wearable that come together, as over Bluetooth."""
_SETTLED_S = 10.0
_BOUNDARY = "frame"


def of_hours() -> Iterator[Target]:
    """The targets of live runs that go on: what they hold, and how old their labels are."""
    what = "growth of resident memory over the simulated hours of --hours"
    yield Target(
        "memory", what, "at most", 5.0, "MB",
        lambda config: ratios.memory_growth_mb(config.model, config.hours),
    )  # fmt: skip
    for of in ("wearable", "frames"):
        what = f"the same of 24 simulated hours, {of}; a thread or an open file more is a failure"
        yield Target(f"day-{of}", what, "at most", 10.0, "MB", partial(ratios.day_growth_mb, of))
    what = "median age of the last tenth of --minutes / of the first, a camera twice as fast"
    yield Target(
        "fast-source", what, "at most", 1.5, "x",
        lambda config: last_over_first(config.minutes),
    )  # fmt: skip
    what = "p99 / p50 of a camera's frame from its capture to its label, at half the speed"
    yield Target("steady-frames", what, "at most", 2.0, "x", lambda config: steady_camera())
    what = "p99 / p50 of a window from its last sample to its label, processor time"
    yield Target(
        "steady-wearable", what, "at most", 2.0, "x",
        lambda config: steady_wearable(config.model),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ages:
    """Ages of a camera's frames when they were answered.

    Attributes:
        t_s_N, age_ms_N: when each frame was taken, since the run began, and its age.
        frame_ms: what the models need for one.
        passed_over: frames that nobody looked at.
    """

    t_s_N: Float64
    age_ms_N: Float64
    frame_ms: float
    passed_over: int

    def median_ms(self, begin_s: float, end_s: float) -> float:
        """Of the frames of that time; NaN of none."""
        chosen_N = (self.t_s_N >= begin_s) & (self.t_s_N < end_s)
        return float(np.median(self.age_ms_N[chosen_N])) if chosen_N.any() else float("nan")

    def p99_over_p50(self) -> float:
        """Once the first seconds are over."""
        settled_N = self.age_ms_N[self.t_s_N >= _SETTLED_S]
        p50, p99 = np.percentile(settled_N, [50, 99])
        return float(p99 / p50)


def last_over_first(minutes: float) -> float:
    """Median age of the last tenth of the time over that of the first, of a camera that sends twice
    the frames that this machine answers.

    Raises:
        FailedRun: no frame was passed over: the source was not too fast.
    """
    ages = ages_of(2.0, 60 * minutes)
    part_s = 6 * minutes
    first_ms = ages.median_ms(0, part_s)
    parts_ms = [ages.median_ms(k * part_s, (k + 1) * part_s) for k in range(10)]
    last_ms = ages.median_ms(9 * part_s, 11 * part_s)
    _tell(f"{minutes:g} minutes at twice the speed", ages)
    tell(f"median age by tenths of the time: {', '.join(f'{each:.0f}' for each in parts_ms)} ms")
    if not ages.passed_over:
        raise FailedRun("no frame was passed over: the source was no faster than the machine")
    return last_ms / first_ms


def steady_camera(seconds: float = 60.0) -> float:
    """p99 over p50 of the age of a camera that sends half the frames that this machine answers."""
    ages = ages_of(0.5, seconds)
    _tell(f"{seconds:g} s at half the speed", ages)
    return ages.p99_over_p50()


def ages_of(speed: float, seconds: float) -> Ages:
    """Ages of the frames of a camera of so many times the frames that this machine answers."""
    require_model(DETECTOR)
    from edgehuman.runtime.image.frames.stream import stream_of
    from edgehuman.runtime.image.frames.watch import watching_alone

    watching = watching_alone(load(DETECTOR, threads=1))
    frame_ms = _frame_ms(watching)
    found: list[tuple[float, float]] = []
    fps = min(_MOST_FPS, speed * 1e3 / frame_ms)
    with serving(fps) as url, stream_of(watching, url, seconds=seconds) as results:
        for result in results:
            if result.event or result.reason or result.t_s is None or result.age_ms is None:
                continue
            found.append((result.t_s, result.age_ms))
        report = results.report()
    if not found:
        raise FailedRun("no frame of the camera came")
    t_s_N, age_ms_N = np.array(found).T
    passed_over = sum(int(each["passed_over"]) for each in report["sources"])
    return Ages(t_s_N, age_ms_N, frame_ms, passed_over)


def steady_wearable(model: str, minutes: float = 20.0) -> float:
    """p99 over p50 of what the thread spends from the arrival of a window's last sample to its
    label, without smoothing, of packets of five samples; the time by the clock is told beside it.
    """
    require_model(model)
    from edgehuman.runtime.stream import stream
    from edgehuman.simulate.imu.recording import simulate_recording

    recording = simulate_recording(0, minutes=minutes)
    stamp_s_T = np.arange(len(recording.imu_TC)) / recording.rate_hz
    row_T7 = np.column_stack([stamp_s_T, recording.imu_TC])
    listening = stream(load(model, threads=1), None, hop_s=HOP_S, smoothing="none")
    latency_ms, core_ms = [], []
    for at in range(0, len(row_T7), _PACKET):
        core_s = time.thread_time()
        given = listening.push(row_T7[at : at + _PACKET])
        core_ms += [1e3 * (time.thread_time() - core_s)] * bool(given)
        latency_ms += [result.latency_ms for result in given]
    p50_ms, p99_ms = np.percentile(latency_ms, [50, 99])
    own = np.percentile(core_ms, [50, 99])
    tell(
        f"{len(latency_ms)} windows: arrival to label p50 {p50_ms:.2f} ms, p99 {p99_ms:.2f} ms; of "
        f"the thread's own time {own[0]:.2f} and {own[1]:.2f} ms"
    )
    return float(own[1] / own[0])


@contextlib.contextmanager
def serving(fps: float) -> Iterator[str]:
    """The address of a camera on this machine that sends so many pictures a second, whoever reads
    them how fast.
    """
    handler = partial(_Camera, pictures=_pictures(), fps=fps)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/live.mjpg"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Camera(http.server.BaseHTTPRequestHandler):
    """Sends MJPEG until nobody reads."""

    def __init__(self, *words: object, pictures: Sequence[bytes], fps: float) -> None:
        self._pictures, self._fps = pictures, fps
        super().__init__(*words)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        begin_s, number = time.monotonic(), 0
        with contextlib.suppress(OSError):  # nobody reads any more
            while True:
                jpeg = self._pictures[number % len(self._pictures)]
                head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}"
                self.wfile.write(f"{head}\r\n\r\n".encode() + jpeg + b"\r\n")
                number += 1
                time.sleep(max(0.0, begin_s + number / self._fps - time.monotonic()))

    def log_message(self, *words: object) -> None:
        """Nothing is printed."""


def _pictures() -> list[bytes]:
    """JPEGs of a scene that moves."""
    import cv2

    rng = np.random.default_rng(0)
    small_HWC = rng.integers(0, 256, (HEIGHT // 16, WIDTH // 16, 3), np.uint8)
    scene_HWC = cv2.resize(small_HWC, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    turned = (np.roll(scene_HWC, 8 * k, axis=1) for k in range(_PICTURES))
    return [bytes(cv2.imencode(".jpg", picture)[1]) for picture in turned]


def _frame_ms(watching: object) -> float:
    """What the models need for a frame, the median."""
    import cv2

    from edgehuman.runtime.image.frames.answer import Watching, answer_frame
    from edgehuman.runtime.image.frames.taken import array_frame

    assert isinstance(watching, Watching)
    taken_ms = []
    for k, jpeg in enumerate(_pictures()):
        bgr_HWC = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        frame = array_frame(bgr_HWC, k)
        begin_s = time.perf_counter()
        answer_frame(watching, frame)
        taken_ms.append(1e3 * (time.perf_counter() - begin_s))
    return float(np.median(taken_ms))


def _tell(what: str, ages: Ages) -> None:
    p50, p99, most = np.percentile(ages.age_ms_N, [50, 99, 100])
    tell(
        f"{what}: {len(ages.age_ms_N)} frames answered, {ages.passed_over} passed over; a frame "
        f"takes {ages.frame_ms:.0f} ms; age p50 {p50:.0f} ms, p99 {p99:.0f} ms, at most "
        f"{most:.0f} ms"
    )
