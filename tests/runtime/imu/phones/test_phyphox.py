"""phyphox, by a stand-in that answers as the app does: its questions, its clock, and its faults."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.phones.phyphox import PhyphoxMessages, Wall, buffers_of
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.lines.messages import Backoff
from edgehuman.runtime.loop.address import parse_address
from tests.runtime import listening
from tests.runtime.imu.phones import apps

NAMES = {"accelerometer": ("accX", "accY", "accZ", "acc_time"),
         "gyroscope": ("w x", "wY", "wZ", "t|gyr")}  # fmt: skip


def config(names: Mapping[str, tuple[str, ...]] = NAMES) -> dict[str, Any]:
    inputs = [
        {
            "source": source,
            "outputs": [{axis: name} for axis, name in zip("xyzt", four, strict=True)],
        }
        for source, four in names.items()
    ]
    buffers = [{"name": name, "size": 0} for four in names.values() for name in four]
    return {"crc32": "0", "title": "both", "buffers": buffers, "inputs": inputs, "export": []}


class Phone:
    """The app: its experiment runs at 100 Hz as far as it is told."""

    def __init__(self) -> None:
        self.config: Any = config()
        self.session, self.measuring = "one", True
        self.buffers: dict[str, list[Any]] = {name: [] for four in NAMES.values() for name in four}
        self.events: Any = [{"event": "START", "experimentTime": 0.0, "systemTime": 1.7e9}]
        self.asked: list[str] = []
        self.broken: bytes | None = None  # what is answered in place of JSON

    def measure(self, begin: int, end: int) -> None:
        for k in range(begin, end):
            t = k / 100
            accel = [v * apps.G for v in apps.total(t)]
            for four, three in zip(NAMES.values(), (accel, apps.swing(t)[2]), strict=True):
                for name, value in zip(four, [*three, t], strict=True):
                    self.buffers[name].append(value)

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        parts = urlsplit(path)
        if parts.path in ("/config", "/time"):
            return self.config if parts.path == "/config" else self.events
        found = {}
        for name, wanted in parse_qsl(parts.query, keep_blank_values=True):
            values = self.buffers[name]
            after, _, clock = wanted.partition("|")
            kept = values[-1:]
            if after:
                stamps = self.buffers[clock or name]
                kept = [v for v, t in zip(values, stamps, strict=True) if t > float(after)]
            found[name] = {"size": 0, "updateMode": "partial", "buffer": kept}
        status = {"session": self.session, "measuring": self.measuring, "timedRun": False}
        return {"buffer": found, "status": {**status, "countDown": 0}}


@pytest.fixture
def phone() -> Phone:
    return Phone()


def messages_of(phone: Phone) -> PhyphoxMessages:
    address = parse_address("phyphox://phone")
    return PhyphoxMessages(address, phone.answer, Backoff(0.01, 0.02))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions follow one another without a pause."""
    monkeypatch.setattr("edgehuman.runtime.imu.phones.phyphox.POLL_S", 0.001)


def next_of(lines: Iterator[bytes | None]) -> dict[str, list[float]]:
    message = next(line for line in islice(lines, 500) if line is not None)
    found: dict[str, list[float]] = json.loads(message)
    return found


def test_what_is_new_is_asked_for_by_the_newest_stamp(phone: Phone) -> None:
    phone.measure(0, 50)
    lines = iter(messages_of(phone))
    assert next(lines) is None  # what was before is not live
    phone.measure(50, 53)
    found = next_of(lines)
    assert list(found) == [f"{stem}{axis}" for stem in ("acc", "gyr") for axis in ("_time", *"XYZ")]
    np.testing.assert_allclose(found["acc_time"], 1.7e9 + np.array([0.5, 0.51, 0.52]), atol=1e-6)
    np.testing.assert_allclose(found["gyrX"], [apps.swing(k / 100)[2][0] for k in (50, 51, 52)])
    assert next(lines) is None
    assert phone.asked[:2] == ["/config", "/time"]
    assert phone.asked[2] == "/get?accX&accY&accZ&acc_time&w%20x&wY&wZ&t%7Cgyr"
    assert "accX=0.52%7Cacc_time" in phone.asked[4]
    assert "&acc_time=0.52&" in phone.asked[4]
    assert not any("control" in path for path in phone.asked)


def test_samples_are_joined_to_rows_in_rad_per_second(phone: Phone) -> None:
    feed = MessageFeed(messages_of(phone), ImuFormat())
    blocks = []
    for n, block in enumerate(feed):
        blocks.append(np.column_stack([block.stamp_s_T, block.imu_TC]))
        phone.measure(20 * n, 20 * n + 20)
        if n == 25:
            break
    rows_T7 = np.concatenate(blocks)
    assert len(rows_T7) >= 450
    t_T = rows_T7[:, 0] - 1.7e9
    np.testing.assert_allclose(rows_T7[:, 1:4] / apps.G, [apps.total(t) for t in t_T], atol=1e-3)
    assert block.gyro_stated
    assert feed.report()["bad_rows"] == 0


def test_after_a_pause_the_wall_s_time_has_a_gap(phone: Phone) -> None:
    lines = iter(messages_of(phone))
    phone.measure(0, 10)
    next(lines)
    phone.measure(10, 20)
    assert next_of(lines)["acc_time"][0] == pytest.approx(1.7e9 + 0.1)
    phone.measuring = False
    next(lines)
    phone.measuring = True
    phone.events.append({"event": "PAUSE", "experimentTime": 0.2, "systemTime": 1.7e9 + 0.2})
    phone.events.append({"event": "START", "experimentTime": 0.2, "systemTime": 1.7e9 + 60.2})
    phone.measure(20, 30)
    found = next_of(lines)
    assert found["acc_time"][0] == pytest.approx(1.7e9 + 60.2)
    assert len(found["accX"]) == 10


def test_another_session_begins_anew(phone: Phone) -> None:
    messages = messages_of(phone)
    lines = iter(messages)
    phone.measure(1000, 1010)
    next(lines)
    phone.session = "two"
    for values in phone.buffers.values():
        values.clear()
    phone.measure(0, 10)
    for _ in range(3):
        next(lines)
    phone.measure(10, 20)
    assert next_of(lines)["acc_time"][0] == pytest.approx(1.7e9 + 0.1)
    assert messages.changes == 2


@pytest.mark.parametrize(
    "broken",
    [None, [], {}, {"buffer": []}, {"buffer": {}, "status": 7}, {"buffer": {"accX": 3}},
     {"buffer": {"acc_time": {"buffer": "x"}}, "status": {}},
     {"buffer": {"acc_time": {"buffer": [None, 1, True, "x", [1]]}}, "status": {}},
     {"buffer": {name: {"buffer": [10**400]} for name in NAMES["accelerometer"]}, "status": {}}],
)  # fmt: skip
def test_an_answer_of_any_form_ends_nothing(phone: Phone, broken: Any) -> None:
    messages = messages_of(phone)
    lines, right = iter(messages), phone.answer
    next(lines)
    messages._ask = lambda path: broken if path.startswith("/get") else right(path)
    for _ in range(5):
        next(lines)
        time.sleep(0.01)
    messages._ask = right
    phone.measure(0, 5)
    time.sleep(0.03)
    next(lines)
    phone.measure(5, 9)
    assert len(next_of(lines)["accX"]) >= 1


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("no phyphox", []),
        ("no phyphox", {"inputs": "x"}),
        ("no accelerometer and no gyroscope .it has no sensor", {"inputs": []}),
        ("no gyroscope .it has accelerometer", config({"accelerometer": NAMES["accelerometer"]})),
        ("no accelerometer .it has linear_acc", config({"linear_acceleration": NAMES["gyroscope"],
                                                        "gyroscope": NAMES["gyroscope"]})),
        ("no gyroscope", {"inputs": [7, None, {"source": "gyroscope", "outputs": [{"x": 1}]},
                                     config()["inputs"][0]]}),
    ],
)  # fmt: skip
def test_an_experiment_without_both_sensors_is_an_error_at_the_start(
    said: str, answer: Any
) -> None:
    with pytest.raises(ValueError, match=said):
        buffers_of(answer)
    phone = Phone()
    phone.config = answer
    with pytest.raises(DataError, match=f"phyphox://phone:8080: .*{said}.*Allow remote access"):
        messages_of(phone)


def test_times_without_events_are_those_of_the_experiment() -> None:
    broken: list[Any] = [7, {"event": "START"}, {"event": "START", "experimentTime": "x"}]
    given: tuple[Any, ...] = (None, {}, [], broken)
    assert [Wall(events).seconds(3.5) for events in given] == [3.5] * 4


# ---- over HTTP ----


@pytest.fixture
def served(phone: Phone) -> Iterator[tuple[Phone, http.server.ThreadingHTTPServer]]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.headers["Connection"] == "close"
            content = phone.broken or json.dumps(phone.answer(self.path)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield phone, server
    server.shutdown()
    server.server_close()


def test_a_phone_that_is_out_of_reach_for_a_while(
    served: tuple[Phone, http.server.ThreadingHTTPServer],
) -> None:
    phone, server = served
    address = parse_address(f"phyphox://127.0.0.1:{server.server_port}")
    messages = PhyphoxMessages(address, backoff=Backoff(0.01, 0.02))
    lines = iter(messages)
    next(lines)
    phone.measure(0, 5)
    next(lines)
    phone.measure(5, 10)
    assert len(next_of(lines)["accX"]) == 5
    for broken in (b"no JSON", b"[" * 100_000, b"x" * (5 << 20)):
        phone.broken = broken
        next(lines)
        time.sleep(0.03)
    phone.broken = None
    next(lines)
    phone.measure(10, 15)
    assert len(next_of(lines)["accX"]) == 5
    report = messages.report()
    assert report["lost_connections"] == 3
    assert any("tried again, for ever" in remark for remark in report["remarks"])


def test_nobody_answers() -> None:
    port = listening.free_address()[1]
    with pytest.raises(DataError, match=r"phyphox://127.0.0.1.*no answer.*Allow remote access"):
        open_source(f"phyphox://127.0.0.1:{port}")


def test_a_source_of_it_is_left_at_once(
    served: tuple[Phone, http.server.ThreadingHTTPServer],
) -> None:
    source = open_source(f"phyphox://127.0.0.1:{served[1].server_port}")
    listening.ended(lambda: listening.entered_and_left(source))
    with contextlib.suppress(DataError):
        source.close()
