"""Results on a real broker: entities, births and deaths, names, and a broker that takes nothing."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.results import LiveResult, to_row
from edgehuman.runtime.loop.sinks import SinkThread
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import open_sinks
from edgehuman.runtime.mqtt.sink import MOST_UNDER_WAY, Facts, MqttSink, sink_address
from tests.runtime import listening
from tests.runtime.mqtt.broker import Broker, Peer, wait_for

pytest.importorskip("paho.mqtt")
ACTIVITY = Device("", "zoo:activity", ("sit", "walk", "unknown"))
COUNTS = Device("", "zoo:person-detector", counts=True)
CONFIG = "homeassistant/device/edgehuman_{}/config"


def answer(label: str, n: int = 0) -> LiveResult:
    return LiveResult(
        stamp_ns=n, t_s=n / 2, label=label, score=0.9, latency_ms=1.0, raw_label=label, source="s"
    )


def about(result: LiveResult) -> Facts:
    return Facts(to_row(result), activity=result.label)


def sink_on(broker: Broker, topic: str, device: Device = ACTIVITY, **named: Any) -> MqttSink[Any]:
    address = sink_address(f"mqtt://127.0.0.1:{broker.port}/{topic}")
    sink: MqttSink[Any] = MqttSink(address, device, named.pop("facts", about), **named)
    wait_for(lambda: sink._announced)
    return sink


@pytest.fixture
def everything(broker: Broker) -> Iterator[Peer]:
    with contextlib.closing(Peer(broker, "#")) as found:
        yield found


def test_an_activity_is_announced_and_said(broker: Broker, everything: Peer) -> None:
    told: list[str] = []
    sink = sink_on(broker, "wrist", notify=told.append)
    for n, label in enumerate(["sit", "sit", "walk", "walk"]):
        sink.write([answer(label, n)])
    wait_for(lambda: len(everything.of("wrist/result")) == 4)
    sink.close()
    wait_for(lambda: everything.of("wrist/status") == [b"online", b"offline"])
    (config,) = everything.of(CONFIG.format("wrist"))
    assert json.loads(config)["cmps"]["activity"]["options"] == ["sit", "walk", "unknown"]
    assert json.loads(everything.of("wrist/result")[2])["label"] == "walk"
    states = [json.loads(state)["activity"] for state in everything.of("wrist/state")]
    assert states == [None, "sit", "walk"]
    assert (sink.dropped, told) == (0, [])
    with contextlib.closing(Peer(broker, "#")) as late:  # what the broker keeps
        wait_for(lambda: late.of("wrist/status") == [b"offline"])
        assert late.of(CONFIG.format("wrist")) == [config]
        assert late.of("wrist/state") == late.of("wrist/result") == []


def test_it_is_announced_again_when_home_assistant_begins(broker: Broker, everything: Peer) -> None:
    sink = sink_on(broker, "birth")
    sink.write([answer("walk")])
    wait_for(lambda: len(everything.of("birth/state")) == 2)
    for word in ("offline", "online", "online"):
        everything.say("homeassistant/status", word)
    wait_for(lambda: len(everything.of(CONFIG.format("birth"))) == 3)
    wait_for(lambda: len(everything.of("birth/state")) == 4)
    sink.close()


def test_another_prefix_and_none(broker: Broker, everything: Peer) -> None:
    for options in ("?discovery=ha/test", "?discovery="):
        address = sink_address(f"mqtt://127.0.0.1:{broker.port}/prefix{options}")
        sink: MqttSink[Any] = MqttSink(address, ACTIVITY, about)
        wait_for(lambda: b"online" in everything.of("prefix/status")[-1:])
        sink.close()
    assert len(everything.of("ha/test/device/edgehuman_prefix/config")) == 1
    assert not everything.of(CONFIG.format("prefix"))


def test_the_broker_says_offline_when_the_program_dies(broker: Broker, everything: Peer) -> None:
    sink = sink_on(broker, "dies")
    wait_for(lambda: everything.of("dies/status") == [b"online"])
    sink._leaving.set()
    sock: Any = sink._link._client.socket()
    sink._link._client._reconnect_on_failure = False
    sock.shutdown(2)
    wait_for(lambda: everything.of("dies/status") == [b"online", b"offline"])
    sink.close()


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def last(peer: Peer, topic: str) -> dict[str, Any]:
    heard = peer.of(topic)
    found: dict[str, Any] = json.loads(heard[-1]) if heard else {}
    return found


def says(peer: Peer, topic: str, wanted: dict[str, Any]) -> bool:
    return last(peer, topic) == wanted


def test_people_are_counted_by_a_camera_until_it_is_gone(broker: Broker, everything: Peer) -> None:
    clock = Clock()
    counted = {"facts": lambda n: Facts({"people": n}, people=n), "clock": clock}
    sink = sink_on(broker, "hall", COUNTS, **counted)
    for people, occupancy in ((2, "ON"), (0, "OFF")):
        sink.write([people])
        wanted = {"people": people, "occupancy": occupancy}
        wait_for(partial(says, everything, "hall/state", wanted))
    clock.now_s += 6
    wait_for(lambda: last(everything, "hall/state") == {"people": None, "occupancy": None})
    sink.close()


def test_tracks_that_were_not_seen_for_a_while_have_gone(broker: Broker, everything: Peer) -> None:
    clock = Clock()
    by_track = {"facts": lambda t: Facts({}, track=t), "clock": clock, "by_track": True}
    sink = sink_on(broker, "door", COUNTS, **by_track)
    sink.write(["1", "2", "1"])
    wait_for(lambda: last(everything, "door/state") == {"people": 2, "occupancy": "ON"})
    clock.now_s += 3
    sink.write(["2"])
    clock.now_s += 3
    wait_for(lambda: last(everything, "door/state") == {"people": 1, "occupancy": "ON"})
    clock.now_s += 3
    wait_for(lambda: last(everything, "door/state") == {"people": 0, "occupancy": "OFF"})
    sink.close()


def test_whoever_is_named_is_an_entity_from_then_on(broker: Broker, everything: Peer) -> None:
    named = {"facts": lambda name: Facts({}, track="1", name=name), "by_track": True}
    sink = sink_on(broker, "named", COUNTS, **named)
    sink.write([""])
    wait_for(lambda: last(everything, "named/state").get("people") == 1)
    assert "seen" not in str(everything.of(CONFIG.format("named")))
    sink.write(["anna", "anna"])
    wait_for(lambda: "seen_anna" in last(everything, "named/state"))
    wait_for(lambda: "seen_anna" in str(last(everything, CONFIG.format("named"))))
    assert last(everything, "named/state")["seen_anna"].endswith("+00:00")
    sink.close()


def test_a_broker_that_is_away_costs_nothing_and_is_found_later(mortal: Broker) -> None:
    mortal.kill()
    told: list[str] = []
    address = sink_address(f"mqtt://127.0.0.1:{mortal.port}/away")
    sink: MqttSink[Any] = MqttSink(address, ACTIVITY, about, notify=told.append)
    begin_s = time.monotonic()
    for n in range(2000):
        sink.write([answer("sit", n)])
    assert time.monotonic() - begin_s < 2
    assert sink.dropped == 2000
    wait_for(lambda: any("cannot be reached; it is tried again, for ever" in t for t in told))
    mortal.start()
    with contextlib.closing(Peer(mortal, "#")) as peer:
        wait_for(lambda: peer.of("away/status") == [b"online"])
        sink.write([answer("walk")])
        wait_for(lambda: len(peer.of("away/result")) == 1)
        assert len(peer.of(CONFIG.format("away"))) == 1
    mortal.kill()
    mortal.start()
    with contextlib.closing(Peer(mortal, "#")) as peer:
        wait_for(lambda: len(peer.of(CONFIG.format("away"))) == 1)
        sink.write([answer("sit")])
        wait_for(lambda: last(peer, "away/state") == {"activity": "sit"})
    listening.ended(sink.close)


def test_a_broker_that_takes_nothing_blocks_nobody_and_is_left_in_time(
    mortal: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgehuman.runtime.mqtt.link.LEAVE_S", 0.3)
    monkeypatch.setattr("edgehuman.runtime.mqtt.sink._LAST_S", 0.3)
    sink = sink_on(mortal, "stuck", facts=lambda n: Facts({"n": n, "long": "x" * 10_000}))
    thread: SinkThread[Any] = SinkThread(sink, lossless=False)
    mortal.freeze()
    slowest_s = 0.0
    for n in range(3000):
        begin_s = time.perf_counter()
        thread.put(n)
        slowest_s = max(slowest_s, time.perf_counter() - begin_s)
        time.sleep(0.0001)
    wait_for(lambda: thread.lost >= 1000)
    assert len(sink._under_way) <= MOST_UNDER_WAY
    assert slowest_s < 0.5
    begin_s = time.monotonic()
    listening.ended(lambda: thread.close(5))
    assert time.monotonic() - begin_s < 6


def test_what_is_no_sink() -> None:
    for spec in ("http://h/t", "udp://h:1", "mqtt", "results.jsonl"):
        with pytest.raises(UsageError, match=r"--sink '.*give mqtt://HOST/TOPIC, mqtts://HOST"):
            open_sinks(spec, ACTIVITY, about)
    with pytest.raises(UsageError, match="nothing can be published on a topic with"):
        open_sinks("mqtt://h/a/+", ACTIVITY, about)
    assert open_sinks(None, ACTIVITY, about) == []


def test_without_a_topic_it_is_our_name(broker: Broker, everything: Peer) -> None:
    (sink,) = open_sinks(f"mqtt://anna:secret@127.0.0.1:{broker.port}", ACTIVITY, about)
    assert sink.name == f"mqtt://127.0.0.1:{broker.port}/edgehuman"
    wait_for(lambda: everything.of("edgehuman/status") == [b"online"])
    sink.close()
