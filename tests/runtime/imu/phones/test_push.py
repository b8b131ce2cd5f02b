"""Sensor Logger's HTTP push: what it sends is read, what others send is refused, and it is told."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat, Phone
from edgehuman.records import Float64
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.phones.push import MOST_AT_ONCE, PushedMessages
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.lines.messages import MOST_MESSAGE
from edgehuman.runtime.loop.address import parse_address
from tests.runtime import listening
from tests.runtime.imu.phones import apps
from tests.runtime.mqtt.broker import wait_for

Answer = tuple[int, str]
POSTED = b"POST /data HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def push() -> Iterator[PushedMessages]:
    with contextlib.closing(
        PushedMessages(parse_address("sensorlogger://:0"), request_s=0.3)
    ) as found:
        yield found


def ask(
    to: tuple[str, int], body: bytes = b"", path: str = "/data", method: str = "POST", **head: str
) -> Answer:
    connection = http.client.HTTPConnection(*to, timeout=5)
    try:
        connection.request(
            method, path, body, {name.replace("_", "-"): v for name, v in head.items()}
        )
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def raw(to: tuple[str, int], text: bytes) -> bytes:
    """What is answered to bytes that are no whole request."""
    with socket.create_connection(to, 5) as connection:
        connection.sendall(text)
        found = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := connection.recv(4096):
                found += piece
        return found


def bodies(push: PushedMessages) -> list[bytes]:
    found: list[bytes] = []
    for body in push:
        if body is None:
            return found
        found.append(body)
    raise AssertionError("it ended")


def test_a_body_is_a_message(push: PushedMessages) -> None:
    assert ask(push.address, b'{"payload": []}') == (200, "taken")
    assert ask(push.address, b'{"a": 1}', path="/data?x=1") == (200, "taken")
    assert bodies(push) == [b'{"payload": []}', b'{"a": 1}']
    assert push.report()["messages"] == 2


def test_it_listens_on_this_machine_alone_unless_it_is_told(push: PushedMessages) -> None:
    assert push.address[0] == "127.0.0.1"
    with contextlib.closing(PushedMessages(parse_address("sensorlogger://0.0.0.0:0"))) as all_:
        assert all_.address[0] == "0.0.0.0"
    with pytest.raises(DataError, match=r"cannot listen on sensorlogger://127.0.0.1"):
        PushedMessages(parse_address(f"sensorlogger://127.0.0.1:{push.address[1]}"))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\x00", b"[1]", b'"x"', b"7", b"[" * 100_000, b'{"a": NaN']
)
def test_malformed_json_is_refused_in_words(push: PushedMessages, body: bytes) -> None:
    status, text = ask(push.address, body)
    assert (status, "JSON" in text) == (400, True)
    assert bodies(push) == []
    assert push.report()["refused_requests"] == 1


@pytest.mark.parametrize(
    "path",
    ["/", "/datax", "/data/", "/../../etc/passwd", "/data/../data", "/%2e%2e/etc/passwd",
     "/data%00", "http://elsewhere/data"],
)  # fmt: skip
def test_another_path_is_none_whatever_it_leads_to(push: PushedMessages, path: str) -> None:
    status, text = ask(push.address, b"{}", path=path)
    assert (status, "root:" in text) == (404, False)
    assert bodies(push) == []


def test_the_path_may_be_one_that_others_do_not_know() -> None:
    with contextlib.closing(PushedMessages(parse_address("sensorlogger://:0/a7f3"))) as push:
        assert ask(push.address, b"{}")[0] == 404
        assert ask(push.address, b"{}", path="/a7f3")[0] == 200


def test_a_web_page_cannot_post(push: PushedMessages) -> None:
    page = "http://evil.example"
    assert ask(push.address, b"{}", Origin=page, Content_Type="text/plain")[0] == 403
    assert ask(push.address, method="OPTIONS", Origin=page)[0] == 501
    assert ask(push.address, method="GET")[0] == 405
    assert bodies(push) == []


def test_an_oversized_body_is_refused_before_it_is_read(push: PushedMessages) -> None:
    for size in (MOST_MESSAGE + 1, 10**15, 10**4000):
        head = f"POST /data HTTP/1.1\r\nContent-Length: {size}\r\n\r\n".encode()
        assert b" 413 " in raw(push.address, head)
    for length in ("", "Content-Length: -1\r\n", "Content-Length: x\r\n", "Content-Length: ²\r\n",
                   "Transfer-Encoding: chunked\r\n"):  # fmt: skip
        head = f"POST /data HTTP/1.1\r\n{length}\r\n".encode()
        assert b" 411 " in raw(push.address, head)


@pytest.mark.parametrize(
    "text",
    [b"\x00" * 100 + b"\r\n\r\n", b"GET\r\n\r\n", b"POST /data HTTP/9\r\n\r\n", b"\r\n\r\n",
     b"POST /data HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n", b"POST " + b"/" * 70_000 + b"\r\n",
     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 300 + b"\n"],
)  # fmt: skip
def test_what_is_no_http_ends_its_own_connection_alone(push: PushedMessages, text: bytes) -> None:
    raw(push.address, text)
    assert ask(push.address, b"{}")[0] == 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "slow", [b"", b"POST /data HT", b"POST /data HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_slow_client_is_left_after_its_time_and_others_are_served(
    push: PushedMessages, slow: bytes
) -> None:
    with socket.create_connection(push.address, 5) as connection:
        connection.sendall(slow)
        assert ask(push.address, b"{}")[0] == 200
        begin_s = time.monotonic()
        for _ in range(25):  # a byte now and then gains no time
            with contextlib.suppress(OSError):
                connection.sendall(b" ")
            time.sleep(0.02)
        connection.settimeout(2)
        with contextlib.suppress(ConnectionResetError):
            while connection.recv(4096):
                pass
        assert time.monotonic() - begin_s < 2


def test_too_many_at_once_are_told_that_it_is_busy(push: PushedMessages) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(MOST_AT_ONCE):
            one = held.enter_context(socket.create_connection(push.address, 5))
            one.sendall(b"POST")
        wait_for(lambda: b" 503 " in raw(push.address, b""))
    wait_for(lambda: b" 200 " in raw(push.address, POSTED))
    assert push.report()["busy_requests"] >= 1


def test_messages_that_come_too_fast_are_counted(push: PushedMessages) -> None:
    statuses = [ask(push.address, b"{}")[0] for _ in range(20)]
    assert statuses == [200] * 16 + [503] * 4
    assert push.report()["lost_messages"] == 4


def test_a_body_that_is_cut_short_is_no_message(push: PushedMessages) -> None:
    with socket.create_connection(push.address, 5) as connection:
        connection.sendall(b"POST /data HTTP/1.1\r\nContent-Length: 90\r\n\r\n{}")
    wait_for(lambda: push.report()["refused_requests"] == 1)
    assert bodies(push) == []


def played(
    sent: list[bytes], phone: Phone, **options: Any
) -> tuple[Float64, dict[str, Any], list[Answer]]:
    """Rows (T, 7), the report, and the answers, of messages that are posted."""
    feed = open_source("sensorlogger://:0", format=ImuFormat(phone=phone), **options).feed
    assert isinstance(feed, MessageFeed)
    answers: list[Answer] = []
    blocks = []

    def post() -> None:
        for body in sent:
            answers.append(ask(feed.address, body))
            time.sleep(0.005)

    with contextlib.closing(feed):
        thread = threading.Thread(target=post)
        thread.start()
        for block in feed:
            blocks.append(np.column_stack([block.stamp_s_T, block.imu_TC]))
            if not len(block) and not thread.is_alive():
                break
        thread.join()
    return np.concatenate(blocks), feed.report(), answers


@pytest.mark.parametrize(
    ("phone", "ios", "names"),
    [
        ("android", False, apps.KINDS),
        ("android", False, ("totalacceleration", "gyroscope", "magnetometer", "location")),
        ("ios", True, apps.KINDS),
        ("ios", True, ("accelerometeruncalibrated", "gyroscope")),
        ("ios", True, ("wrist motion", "heart rate")),
        ("standard", False, ("gyroscope", "gravity", "accelerometer")),
    ],
)
def test_a_recording_is_what_its_wearer_did_whatever_the_phone(
    phone: Phone, ios: bool, names: tuple[str, ...]
) -> None:
    """Signs, units and joined sensors, from messages that come late and twice."""
    sent = list(apps.logger(6, ios=ios, names=names))
    random.seed(3)
    for at in range(0, 12, 3):
        part = sent[at : at + 3]
        random.shuffle(part)
        sent[at : at + 3] = part
    rows_T7, report, answers = played([*sent, *sent[:2]], phone)
    assert {status for status, _ in answers} == {200}
    assert (report["bad_rows"], report["repeated_messages"], report["missing_messages"]) == (
        0,
        2,
        0,
    )
    assert len(rows_T7) >= 295
    t_T = rows_T7[:, 0] - apps.T0_NS / 1e9
    accel_T3 = rows_T7[:, 1:4] / np.median(np.linalg.norm(rows_T7[:, 1:4], axis=1))
    wanted_T3 = np.array([apps.total(t) for t in t_T])
    wanted_T3 /= np.median(np.linalg.norm(wanted_T3, axis=1))
    np.testing.assert_allclose(accel_T3, wanted_T3, atol=0.03)
    turn_T3 = np.array([apps.swing(t)[2] for t in t_T])
    np.testing.assert_allclose(rows_T7[:, 4:], turn_T3, atol=0.12)
    assert report["sensors"]["unjoined"] <= 3


def test_a_slow_sensor_is_told_to_the_app_and_read_all_the_same() -> None:
    rows_T7, _, answers = played(list(apps.logger(6, rate_hz=18)), "android")
    assert len(rows_T7) >= 100
    assert answers[0] == (200, "taken")
    status, text = answers[-1]
    assert status == 499
    assert text == (
        "accelerometer at 18 Hz and gyroscope at 18 Hz and gravity at 18 Hz, the model needs "
        "50: raise the sampling frequency in the app"
    )


def test_a_sensor_that_is_off_is_told_to_the_app() -> None:
    _, report, answers = played(list(apps.logger(6, names=("accelerometer", "gravity"))), "ios")
    assert answers[-1][0] == 499
    assert answers[-1][1].startswith("the gyroscope is missing (found")
    assert report["missing"] == answers[-1][1]


def test_a_wrong_entry_is_told_and_costs_its_message_alone() -> None:
    sent = list(apps.logger(6))
    broken = json.loads(sent[4])
    broken["payload"][3] = {"name": "gyroscope", "time": None, "values": {}}
    sent[4] = json.dumps(broken).encode()
    rows_T7, report, answers = played(sent, "android")
    assert len(rows_T7) >= 270
    assert (report["garbage_messages"], report["bad_rows"]) == (1, 1)
    assert any(status == 499 and "no time, x, y and z" in text for status, text in answers)
    assert answers[-1] == (200, "taken")


def test_an_iphone_that_lies_on_a_table_and_is_read_as_another_is_remarked() -> None:
    still = []
    for body in apps.logger(4):
        record = json.loads(body)
        for entry in record["payload"]:
            z = -apps.G if entry["name"] == "gravity" else 0.0
            entry["values"] = {"x": 0.0, "y": 0.0, "z": z}
        still.append(json.dumps(record).encode())
    _, report, _ = played(still, "android")
    (remark,) = [each for each in report["remarks"] if "at rest" in each]
    assert "z = -9.81" in remark
    assert "(--phone android)" in remark
    _, report, _ = played(still, "ios")
    assert not [each for each in report["remarks"] if "at rest" in each]


def test_the_platform_is_never_guessed() -> None:
    with pytest.raises(UsageError, match="needs --phone ios, android or standard"):
        open_source("sensorlogger://:0")
    with pytest.raises(UsageError, match="phone is 'nokia'; valid: ios, android, standard"):
        ImuFormat(phone="nokia")  # type: ignore[arg-type]
    for spec in ("phyphox://h", "simulated", "simulated:wrist", "walk.csv", "walk.zip"):
        with pytest.raises(UsageError, match="--phone is for Sensor Logger's JSON"):
            open_source(spec, format=ImuFormat(phone="ios"))


def test_a_source_of_it_is_left_at_once_and_gives_its_port_back() -> None:
    source = open_source("sensorlogger://:0", format=ImuFormat(phone="ios"))
    assert isinstance(source.feed, MessageFeed)
    address = source.feed.address
    listening.ended(lambda: listening.entered_and_left(source))
    with socket.create_server(address):
        pass
