"""The flags of a run that publishes its results, and what they open: the same for every record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from edgehuman.runtime.mqtt.discovery import Device
from edgehuman.runtime.mqtt.sink import Facts, MqttSink, sink_address

ResultT = TypeVar("ResultT")


@dataclass(frozen=True, kw_only=True)
class SinkFlags:
    """Where results go besides the screen and a file."""

    sink: str | None = None
    """A broker: mqtt://HOST/TOPIC or mqtts://HOST/TOPIC, with Home Assistant's discovery."""


def open_sinks(
    spec: str | None,
    device: Device,
    facts: Callable[[ResultT], Facts],
    by_track: bool = False,
    notify: Callable[[str], object] = lambda words: None,
) -> list[MqttSink[ResultT]]:
    """The sink of `--sink`; none without it.

    Raises:
        UsageError: no address of a broker.
        MissingDependencyError: paho-mqtt is not installed.
    """
    if spec is None:
        return []
    return [MqttSink(sink_address(spec), device, facts, by_track, notify)]
