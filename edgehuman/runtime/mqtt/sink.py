"""Results on a broker, for other programs and for Home Assistant.

    --sink mqtt://broker.lan/hall

| topic | what | kept |
|---|---|---|
| `hall/result` | every answer, as of `--json`, at most once | no |
| `hall/state` | activity, people, occupancy, as they change, and once a minute | no |
| `hall/status` | `online`; the broker says `offline` when this program dies | yes |
| `homeassistant/device/edgehuman_hall/config` | the entities (`mqtt.discovery`) | yes |

A broker that is slow or away costs the loop nothing: what does not get through is dropped and
counted. Names of people are published only where that is asked for. `?discovery=PREFIX` announces
below another prefix than `homeassistant`, `?discovery=` not at all.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from edgehuman.outcome import to_json
from edgehuman.runtime.loop.address import Address, parse_address
from edgehuman.runtime.mqtt.discovery import (
    OFF,
    OFFLINE,
    ON,
    ONLINE,
    RESULT,
    STATE,
    STATUS,
    USUAL_PREFIX,
    Device,
    config_of,
    config_topic,
    slug,
)
from edgehuman.runtime.mqtt.link import Link, Will, require_topic

if TYPE_CHECKING:
    from paho.mqtt.client import MQTTMessageInfo

USUAL_TOPIC = "edgehuman"
MOST_UNDER_WAY = 256
MOST_PEOPLE = 100
STAY_S = 5.0  # whoever was not seen for so long has gone
SILENT_S = 30.0  # without an answer nothing is known of an activity
AGAIN_S = 60.0
_LOOK_S = 0.5
_LAST_S = 1.0
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Facts:
    """What one result says of a place.

    Attributes:
        row: the result for `result`, without anybody's name unless names are published.
        activity: its label; None: it says none.
        people: how many there are; None: it counts nobody.
        track: whom of several it is about; "" where it counts them itself.
        name: who that is; "" for nobody known.
    """

    row: dict[str, Any]
    activity: str | None = None
    people: int | None = None
    track: str = ""
    name: str = ""


@dataclass(slots=True)
class _Place:
    """What holds now, from the results of the last seconds."""

    activity: str | None = None
    people: int | None = None
    heard_s: float = 0.0
    tracks: dict[str, float] = field(default_factory=dict)
    seen: dict[str, str] = field(default_factory=dict)

    def add(self, facts: Facts, now_s: float) -> None:
        """Take a result."""
        self.heard_s = now_s
        self.activity = facts.activity
        if facts.track:
            self.tracks[facts.track] = now_s
        else:
            self.people = facts.people
        if facts.name and (facts.name in self.seen or len(self.seen) < MOST_PEOPLE):
            self.seen[facts.name] = datetime.now(timezone.utc).isoformat(timespec="seconds")

    def state(self, device: Device, now_s: float, by_track: bool) -> dict[str, Any]:
        """The message of `state`; null where nothing is known."""
        found: dict[str, Any] = {}
        silent_s = now_s - self.heard_s
        if device.activities:
            known = self.activity in device.activities and silent_s < SILENT_S
            found["activity"] = self.activity if known else None
        if device.counts:
            self.tracks = {k: at_s for k, at_s in self.tracks.items() if now_s - at_s < STAY_S}
            people = len(self.tracks) if by_track else self.people
            if not by_track and silent_s >= STAY_S:
                people = None  # whoever counts gives nothing: a camera that is gone
            found["people"] = people
            found["occupancy"] = None if people is None else ON if people else OFF
        return found | {f"seen_{slug(name)}": at for name, at in self.seen.items()}


class MqttSink(Generic[ResultT]):
    """Results on a broker: a `loop.sinks.Sink`.

    Args:
        address: of mqtt:// or mqtts://; its path is the topic, usually `edgehuman`.
        device: what is announced; its topic is that of the address.
        facts: what a result says.
        by_track: each result is of one person: people are the tracks of the last seconds.
        notify: called with what happens to the connection, in words, on other threads.
        clock: seconds of this machine.

    Attributes:
        dropped: results that the broker did not get.

    Raises:
        UsageError: no topic to publish on, or as `Link`.
        MissingDependencyError: paho-mqtt 2 is not installed.
    """

    may_skip = True

    def __init__(
        self,
        address: Address,
        device: Device,
        facts: Callable[[ResultT], Facts],
        by_track: bool = False,
        notify: Callable[[str], object] = lambda words: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        address = address if address.path else replace(address, path=USUAL_TOPIC)
        topic = require_topic(address, wildcards=False)
        self.name = address.shown
        self.dropped = 0
        self._device = replace(device, topic=topic)
        self._prefix = address.options.get("discovery", USUAL_PREFIX).strip("/")
        self._facts, self._by_track, self._clock = facts, by_track, clock
        self._place = _Place(heard_s=clock())
        self._told: dict[str, Any] = {}
        self._told_s = 0.0
        self._announced = False
        self._under_way: deque[MQTTMessageInfo] = deque()
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        will = Will(f"{topic}/{STATUS}", OFFLINE)
        self._link = Link(address, self._announce, self._hear, will, notify)
        self._link.begin()
        self._pulse = threading.Thread(target=self._look, name=f"sink {self.name}", daemon=True)
        self._pulse.start()

    def write(self, results: Sequence[ResultT]) -> None:
        """Publish results, and what they change; waits for nothing."""
        with self._lock:
            for result in results:
                facts = self._facts(result)
                known = len(self._place.seen)
                self._place.add(facts, self._clock())
                self._send(RESULT, facts.row)
                if len(self._place.seen) > known:
                    self._say_what_there_is()
            self._say_what_holds()

    def close(self) -> None:
        """Say that this program has left, if the broker listens, and leave."""
        self._leaving.set()
        self._pulse.join()
        info = self._link.publish(f"{self._device.topic}/{STATUS}", OFFLINE, qos=1, retain=True)
        if info is not None:
            with contextlib.suppress(RuntimeError, ValueError):  # there is no connection any more
                info.wait_for_publish(_LAST_S)
        with self._lock:
            self._settle()
            self.dropped += len(self._under_way)
            self._under_way.clear()
        self._link.close()

    def _send(self, name: str, row: dict[str, Any]) -> None:
        """Publish at most once, if there is room; else it is dropped and counted."""
        self._settle()
        if len(self._under_way) >= MOST_UNDER_WAY:
            self.dropped += 1
            return
        info = self._link.publish(f"{self._device.topic}/{name}", to_json(row))
        if info is None or info.rc:
            self.dropped += 1
        else:
            self._under_way.append(info)

    def _settle(self) -> None:
        """Forget what has gone out; count what was lost with a connection."""
        while self._under_way:
            info = self._under_way[0]
            if info.rc:
                self.dropped += 1
            elif not info.is_published():
                return
            self._under_way.popleft()

    def _say_what_holds(self) -> None:
        """Publish the state if it has changed, or was told a minute ago."""
        now_s = self._clock()
        state = self._place.state(self._device, now_s, self._by_track)
        if not state or not self._announced:
            return  # what is there is said first, and what holds with it
        if state == self._told and now_s - self._told_s < AGAIN_S:
            return
        topic = f"{self._device.topic}/{STATE}"
        if self._link.publish(topic, to_json(state)) is not None:
            self._told, self._told_s = state, now_s

    def _say_what_there_is(self) -> None:
        """Publish the entities."""
        if self._prefix:
            topic = config_topic(self._device, self._prefix)
            config = to_json(config_of(self._device, tuple(self._place.seen)))
            self._link.publish(topic, config, qos=1, retain=True)

    def _announce(self) -> None:
        """At every connect, and when Home Assistant begins: all that is kept, and the state."""
        self._link.publish(f"{self._device.topic}/{STATUS}", ONLINE, qos=1, retain=True)
        if self._prefix:
            self._link.subscribe(f"{self._prefix}/{STATUS}")
        with self._lock:
            self._say_what_there_is()
            self._told, self._announced = {}, True
            self._say_what_holds()

    def _hear(self, topic: str, payload: bytes, kept: bool) -> None:
        if payload == ONLINE.encode() and not kept:
            with self._lock:
                self._say_what_there_is()
                self._told = {}
                self._say_what_holds()

    def _look(self) -> None:
        """Say what time alone changes: whoever was seen has gone."""
        while not self._leaving.wait(_LOOK_S):
            with self._lock:
                self._say_what_holds()


def sink_address(spec: str) -> Address:
    """The address of `--sink`.

    Raises:
        UsageError: none of a broker.
    """
    return parse_address(spec, ("mqtt", "mqtts"), what="--sink")
