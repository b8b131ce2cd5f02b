"""The people of frames on a broker: how many there are, and whether there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edgehuman.runtime.image.frames.results import FrameResult, to_row
from edgehuman.runtime.loop.sinks import LAST_WRITES_S, SinkThread
from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.publish import open_sinks
from edgehuman.runtime.mqtt.sink import Facts

# Whose values are biometric, or too long for a message of every frame.
_LEFT_OUT = ("embedding", "joints", "parts", "mask_pixels")


@dataclass(slots=True)
class Published:
    """The sinks of a run over frames.

    Attributes:
        threads: one a sink; empty without --sink.
    """

    threads: list[SinkThread[FrameResult]] = field(default_factory=list)

    def put(self, result: FrameResult) -> None:
        """Publish a frame; waits for nothing."""
        for thread in self.threads:
            thread.put(result)

    def report(self) -> dict[str, Any]:
        """What the sinks were too slow for; empty where there is none."""
        sinks = {thread.sink.name: {"dropped": thread.lost} for thread in self.threads}
        return {"sinks": sinks} if sinks else {}


@contextmanager
def publishing(
    sink: str | None, model: str, notify: Callable[[str], object]
) -> Iterator[Published]:
    """Open the sink of `--sink`, and close it at the end.

    Raises:
        UsageError: no address of a broker.
        MissingDependencyError: paho-mqtt is not installed.
    """
    sinks = open_sinks(sink, Device("", model, counts=True), facts_of, notify=notify)
    published = Published([SinkThread(each, lossless=False) for each in sinks])
    try:
        yield published
    finally:
        for thread in published.threads:
            thread.close(LAST_WRITES_S)


def facts_of(result: FrameResult) -> Facts:
    """What is published of a frame: boxes and scores, nobody's vector; of one that cannot be read
    the reason alone.
    """
    row = to_row(result)
    people = [
        {key: value for key, value in person.items() if key not in _LEFT_OUT}
        for person in row.get("people", ())
    ]
    if result.reason:
        return Facts(row)
    return Facts({**row, "people": people}, people=len(result.people))
