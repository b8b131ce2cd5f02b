"""What is published of frames: counts and boxes, and nobody's vector or joints."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.image.frames.published import facts_of, publishing
from edgehuman.runtime.image.frames.results import FrameResult, Person
from tests.runtime.mqtt.broker import PROGRAM, Broker, Peer, wait_for


def frame(people: int, reason: str = "") -> FrameResult:
    person = Person(
        np.array([1, 2, 3, 4], np.float32),
        0.9,
        np.ones((17, 3), np.float32),
        tuple(map(str, range(17))),
        track="1",
        answer={"embedding": [0.5] * 512, "attributes": {"Hat": 0.9}},
    )
    return FrameResult("7", t_s=0.28, height=9, width=9, people=(person,) * people, reason=reason)


def test_a_frame_is_its_boxes_and_their_number() -> None:
    facts = facts_of(frame(2))
    assert (facts.people, facts.name, facts.activity) == (2, "", None)
    assert facts.row["people"][0] == {
        "box": [1.0, 2.0, 3.0, 4.0],
        "score": 0.9,
        "id": "1",
        "attributes": {"Hat": 0.9},
    }
    assert facts_of(frame(0)).people == 0


def test_a_frame_that_cannot_be_read_counts_nobody() -> None:
    facts = facts_of(frame(0, "damaged"))
    assert facts.people is None
    assert facts.row["error"] == "damaged"


def test_without_a_sink_nothing_is_published() -> None:
    with publishing(None, "m", print) as published:
        published.put(frame(1))
        assert published.report() == {}
    with pytest.raises(UsageError, match="--sink 'x'"), publishing("x", "m", print):
        pass


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if PROGRAM is None:
        pytest.skip("no mosquitto here: apt-get install mosquitto")
    pytest.importorskip("paho.mqtt")
    found = Broker(tmp_path).start()
    yield found
    found.kill()


def counts(peer: Peer, people: int) -> bool:
    states = peer.of("hall/state")
    return bool(states) and json.loads(states[-1])["people"] == people


def test_a_hall_that_somebody_enters_and_leaves(broker: Broker) -> None:
    with contextlib.closing(Peer(broker, "hall/#", "homeassistant/#")) as peer:
        spec = f"mqtt://127.0.0.1:{broker.port}/hall"
        with publishing(spec, "zoo:person-detector", print) as published:
            wait_for(lambda: peer.of("hall/status"))
            for people in (0, 1, 1, 2, 0):
                published.put(frame(people))
                wait_for(partial(counts, peer, people))
            assert len(peer.of("hall/result")) == 5
        wait_for(lambda: peer.of("hall/status")[-1] == b"offline")
        assert published.report() == {"sinks": {spec: {"dropped": 0}}}
        config = json.loads(peer.of("homeassistant/device/edgehuman_hall/config")[-1])
    assert config["cmps"].keys() == {"people", "occupancy"}
