"""Samples from a broker: rows, apps' events, floods, several topics, and a broker that dies."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.loop.address import parse_address
from edgehuman.runtime.mqtt.messages import MOST_WAITING, BrokerMessages
from tests.runtime import hostile, listening
from tests.runtime.imu.phones import apps
from tests.runtime.mqtt.broker import Broker, Peer, wait_for

pytest.importorskip("paho.mqtt")


@pytest.fixture
def peer(broker: Broker) -> Iterator[Peer]:
    with contextlib.closing(Peer(broker)) as found:
        yield found


def feed_of(broker: Broker, topic: str, **options: Any) -> MessageFeed:
    feed = open_source(f"mqtt://127.0.0.1:{broker.port}/{topic}", **options).feed
    assert isinstance(feed, MessageFeed)
    return feed


def rows_of(
    feed: MessageFeed, count: int, patience_s: float = 3.0
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """At least so many rows (T, 7), or those until nothing comes for a while."""
    blocks, until_s = [], time.monotonic() + patience_s
    for block in feed:
        blocks.append(np.column_stack([block.stamp_s_T, block.imu_TC]))
        until_s = time.monotonic() + patience_s if len(block) else until_s
        if sum(map(len, blocks)) >= count or time.monotonic() > until_s:
            break
    return np.concatenate(blocks)


def row(n: int) -> bytes:
    return b"%.2f,0,0,1,0.1,0,%.3f" % (n / 50, n / 1000)


def test_rows_objects_and_lines_of_a_topic_are_samples(broker: Broker, peer: Peer) -> None:
    keys = ("t", "ax", "ay", "az", "gx", "gy", "gz")
    with contextlib.closing(feed_of(broker, "wrist/imu", format=ImuFormat(stamp_unit="s"))) as feed:
        for n in range(0, 60, 3):
            peer.say("wrist/imu", row(n))
            peer.say("wrist/imu", b"\n".join([row(n + 1)]))
            cells = map(float, row(n + 2).split(b","))
            peer.say("wrist/imu", json.dumps(dict(zip(keys, cells, strict=True))))
            peer.say("elsewhere", row(n))
        rows_T7 = rows_of(feed, 60)
        report = feed.report()
    np.testing.assert_allclose(rows_T7[:, 0], np.arange(60) / 50)
    np.testing.assert_allclose(rows_T7[:, 6], np.arange(60) / 1000, atol=1e-6)
    assert feed.name == f"mqtt://127.0.0.1:{broker.port}/wrist/imu"
    assert (report["messages"], report["garbage_messages"]) == (60, 0)


def test_sensor_logger_on_a_topic_is_put_in_order(broker: Broker, peer: Peer) -> None:
    sent = list(apps.logger(5, ios=True))
    sent[3], sent[4] = sent[4], sent[3]
    with contextlib.closing(
        feed_of(broker, "sensor-logger", format=ImuFormat(phone="ios"))
    ) as feed:
        for message in [*sent, sent[0]]:
            peer.say("sensor-logger", message)
        rows_T7 = rows_of(feed, 240)
        report = feed.report()
    t_T = rows_T7[:, 0] - apps.T0_NS / 1e9
    np.testing.assert_allclose(rows_T7[:, 1:4] / apps.G, [apps.total(t) for t in t_T], atol=0.03)
    assert (report["bad_rows"], report["missing_messages"]) == (0, 0)


def test_what_the_broker_kept_from_before_is_left_out(broker: Broker, peer: Peer) -> None:
    peer.say("kept/imu", row(0), retain=True)
    with contextlib.closing(feed_of(broker, "kept/imu", format=ImuFormat(stamp_unit="s"))) as feed:
        wait_for(lambda: feed.report()["kept_messages"] == 1)
        for n in range(100, 110):
            peer.say("kept/imu", row(n))
        assert rows_of(feed, 10)[0, 0] == pytest.approx(2.0)


def test_of_several_topics_one_is_read(broker: Broker, peer: Peer) -> None:
    for sender, kept in ((None, 0.0), ("hall/b/imu", 1.0)):
        options: dict[str, Any] = {"format": ImuFormat(stamp_unit="s"), "sender": sender}
        with contextlib.closing(feed_of(broker, "hall/+/imu", **options)) as feed:
            for n in range(20):
                peer.say("hall/a/imu", b"%.2f,0,0,1,0,0,0" % (n / 50))
                peer.say("hall/b/imu", b"%.2f,0,0,1,0,0,1" % (1000 + n / 50))
            rows_T7 = rows_of(feed, 20)
            report = feed.report()
        assert set(rows_T7[:, 6]) == {kept}
        assert report["refused_messages"] >= 19
        assert "another topic, hall/" in " ".join(report["remarks"])


def test_of_two_phones_on_one_topic_one_is_read(broker: Broker, peer: Peer) -> None:
    left, right = (apps.logger(5, device=name) for name in ("left", "right"))
    format = ImuFormat(phone="android")
    with contextlib.closing(feed_of(broker, "two", format=format, sender="right")) as feed:
        for one, other in zip(left, right, strict=True):
            peer.say("two", one)
            peer.say("two", other)
        assert len(rows_of(feed, 240)) >= 240
        assert feed.report()["refused_messages"] == 10


@pytest.mark.parametrize("name", ["noise", "not a number", "far stamps"])
def test_garbage_ends_nothing(broker: Broker, peer: Peer, name: str) -> None:
    """Of each kind, between good rows, with a message of more than is taken, and an empty one."""
    with contextlib.closing(feed_of(broker, "noisy", format=ImuFormat(stamp_unit="s"))) as feed:
        for n in range(30):
            peer.say("noisy", row(n))
            peer.say("noisy", b"" if n % 3 else hostile.SAMPLES[name](n)[:65_000])
        for odd in (b"", b"\x00\xff" * 40, b"x" * (1 << 20)):
            peer.say("noisy", odd)
        peer.say("noisy", b"y" * (2 << 20))  # the broker keeps it back
        for n in range(30, 60):
            peer.say("noisy", row(n))
        rows_T7 = rows_of(feed, 200, patience_s=1.0)
        report = feed.report()
    assert rows_T7[-1, 0] == pytest.approx(59 / 50)
    assert report["bad_rows"] > 2
    assert len(report["remarks"]) < 20


def test_bytes_that_are_no_text_are_shown(broker: Broker, peer: Peer) -> None:
    import struct

    with contextlib.closing(feed_of(broker, "binary")) as feed:
        peer.say("binary", struct.pack(">7d", 0.02, 0.1, 0.2, 9.7, 0.1, 0.0, 0.3))
        next(iter(feed))
        (said,) = feed.report()["first_bad"]
    assert said.startswith("56 bytes that are no text (7 big-endian 64-bit numbers? let the app")
    assert said.count(" ") > 56


def test_messages_faster_than_they_are_read_are_counted(broker: Broker, peer: Peer) -> None:
    address = parse_address(f"mqtt://127.0.0.1:{broker.port}/fast")
    with contextlib.closing(BrokerMessages(address)) as messages:
        for n in range(3 * MOST_WAITING):
            peer._client.publish("fast", b"%d" % n, qos=0)
        wait_for(lambda: messages.report()["lost_messages"] == 2 * MOST_WAITING)
        assert next(iter(messages)) == b"%d" % (2 * MOST_WAITING)  # the oldest are dropped


def test_a_broker_that_is_killed_and_started_again(mortal: Broker) -> None:
    with contextlib.closing(feed_of(mortal, "imu", format=ImuFormat(stamp_unit="s"))) as feed:
        with contextlib.closing(Peer(mortal)) as peer:
            for n in range(20):
                peer.say("imu", row(n))
            assert len(rows_of(feed, 20)) == 20
        mortal.kill()
        assert len(rows_of(feed, 1, patience_s=0.1)) == 0
        mortal.start()
        with contextlib.closing(Peer(mortal)) as peer:

            def comes_through() -> bool:
                peer.say("imu", row(200))
                return len(rows_of(feed, 1, patience_s=0.1)) > 0

            wait_for(comes_through)
        report = feed.report()
    assert report["lost_connections"] == 1
    said = " ".join(report["remarks"])
    assert "the connection to the broker is lost" in said
    assert "connected to the broker again" in said


def test_a_source_of_it_is_left_at_once_and_a_topic_is_needed(broker: Broker) -> None:
    source = open_source(f"mqtt://127.0.0.1:{broker.port}/quiet")
    assert source.patient
    listening.ended(lambda: listening.entered_and_left(source))
    with pytest.raises(UsageError, match="is no topic; write mqtt://HOST/TOPIC"):
        open_source(f"mqtt://127.0.0.1:{broker.port}")
    with pytest.raises(UsageError, match="discovery is for --sink"):
        open_source(f"mqtt://127.0.0.1:{broker.port}/t?discovery=x")
