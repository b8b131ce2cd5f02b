"""Sensor Logger's messages: late, twice, missing, of several phones."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from edgehuman.runtime.imu.phones.sessions import MOST_HELD, LoggedMessages, Order, logged_of


def message(number: int, session: str = "s", device: str = "d") -> bytes:
    body = {"messageId": number, "sessionId": session, "deviceId": device, "payload": [number]}
    return json.dumps(body).encode()


class Given:
    """Messages from a list; None passes a tenth of a second."""

    name, address, changes = "given", ("", 0), 0

    def __init__(self, messages: Sequence[bytes | None]) -> None:
        self.messages = messages
        self.now_s = 0.0
        self.troubles: list[str] = []

    def clock(self) -> float:
        return self.now_s

    def __iter__(self) -> Iterator[bytes | None]:
        for each in self.messages:
            self.now_s += 0.1
            yield each

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        self.troubles.append(trouble)

    def report(self) -> dict[str, Any]:
        return {"messages": len(self.messages), "remarks": []}

    def close(self) -> None:
        self.now_s = -1


def read(
    messages: Sequence[bytes | None], sender: str | None = None
) -> tuple[list[Any], LoggedMessages]:
    given = Given(messages)
    logged = LoggedMessages(given, "android", sender, given.clock)
    found = [json.loads(each) for each in logged if each is not None]
    return [each.get("messageId") for each in found], logged


def test_messages_in_order_pass_at_once() -> None:
    given = Given([message(n) for n in range(5)])
    logged = LoggedMessages(given, "android", None, given.clock)
    assert [json.loads(each)["messageId"] for each in logged if each] == [0, 1, 2, 3, 4]


def test_late_and_repeated_messages_are_put_in_order_and_read_once() -> None:
    random.seed(5)
    numbers = list(range(60))
    for at in range(0, 60, 3):  # three at a time arrive in any order, and a third come twice
        part = numbers[at : at + 3]
        random.shuffle(part)
        numbers[at : at + 3] = part
    sent = [message(n) for n in numbers for _ in range(1 + (n % 3 == 0))]
    found, logged = read(sent)
    assert found == list(range(60))
    report = logged.report()
    assert (report["repeated_messages"], report["missing_messages"]) == (20, 0)


def test_one_that_never_comes_is_waited_for_two_seconds_and_counted() -> None:
    sent = [message(0), message(1), message(3), *[None] * 15]
    assert read(sent)[0] == [0, 1]
    found, logged = read([*sent, *[None] * 10])
    assert found == [0, 1, 3]
    assert logged.report()["missing_messages"] == 1
    found, logged = read([*sent, *[None] * 10, message(2), message(4)])
    assert found == [0, 1, 3, 4]
    assert logged.report()["repeated_messages"] == 1


def test_so_many_are_held_and_no_more() -> None:
    found, _ = read([message(0), *(message(n) for n in range(2, 2 + MOST_HELD))])
    assert found == [0, *range(2, 2 + MOST_HELD)]
    far = Order()
    for n in range(1000):
        logged_message = logged_of(message(10**18 - 7 * n))
        assert logged_message is not None
        far.push(logged_message)
        assert len(far._held) <= MOST_HELD


def test_whoever_comes_into_the_middle_begins_there() -> None:
    assert read([message(1200), message(1201)])[0] == [1200, 1201]


def test_a_new_recording_begins_anew_and_the_old_one_is_over() -> None:
    sent = [message(0, "one"), message(2, "one"), message(0, "two"), message(1, "one"),
            message(1, "two")]  # fmt: skip
    found, logged = read(sent)
    assert found == [0, 2, 0, 1]
    assert logged.report()["repeated_messages"] == 1


def test_of_two_phones_one_is_read() -> None:
    sent = [message(n // 2, device=f"phone {n % 2}") for n in range(20)]
    found, logged = read(sent)
    assert found == list(range(10))
    report = logged.report()
    assert (report["refused_messages"], logged.changes) == (10, 1)
    assert "--sender phone 1 reads it instead" in report["remarks"][0]
    found, logged = read(sent, sender="phone 1")
    assert found == list(range(10))


@pytest.mark.parametrize(
    "other",
    [
        b"0.02,0,0,1,0,0,0",
        b'{"t": 1, "ax": 0}',
        b'{"payload": 7, "messageId": 1}',
        b'{"payload": [], "messageId": true}',
        b'{"payload": [], "messageId": "1"}',
        b'["payload", "messageId"]',
        b'{"payload": [], "messageId": ',
        b'"payload" "messageId" \xff\x00',
    ],
)
def test_what_is_none_of_its_messages_passes_as_it_is(other: bytes) -> None:
    given = Given([other])
    assert list(LoggedMessages(given, None, None, given.clock)) == [other]


def test_json_over_several_lines_is_one_line() -> None:
    text = json.dumps(json.loads(message(0)), indent=1).replace("\n", "\r\n").encode()
    given = Given([text])
    logged = LoggedMessages(given, None, None, given.clock)
    (found,) = logged
    assert found is not None
    assert b"\n" not in found + b"\r"[1:]
    assert json.loads(found) == json.loads(message(0))
    assert "without --phone" in logged.report()["remarks"][0]


def test_what_is_heard_is_passed_on() -> None:
    given = Given([message(0)])
    logged = LoggedMessages(given, "ios")
    logged.heard(True, False, "too slow")
    assert given.troubles == ["too slow"]
    logged.close()
    assert given.now_s == -1
