"""Home Assistant's discovery of a device over MQTT: one retained message names all its entities.

    homeassistant/device/edgehuman_hall/config    {"dev": …, "o": …, "cmps": {"activity": …}, …}

Published at every connect, and again when Home Assistant says on `homeassistant/status` that it is
`online`. Source: Home Assistant, MQTT, "Device discovery payload".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehuman.install import VERSION

USUAL_PREFIX = "homeassistant"
ONLINE, OFFLINE = "online", "offline"
STATUS, STATE, RESULT = "status", "state", "result"
"""Below the topic of a sink: whether it is there, what holds now, and every answer."""
ON, OFF = "ON", "OFF"
_ADDRESS = "https://github.com/edgehuman/edgehuman"
_MOST_SLUG = 40


@dataclass(frozen=True, slots=True)
class Device:
    """What is announced.

    Attributes:
        topic: that its own topics stand below.
        model: what answers.
        activities: labels of the activity entity; empty: there is none.
        counts: whether there are entities for people and occupancy.
    """

    topic: str
    model: str
    activities: tuple[str, ...] = ()
    counts: bool = False

    @property
    def key(self) -> str:
        """The id of the device in Home Assistant."""
        return f"edgehuman_{slug(self.topic)}"


def slug(text: str) -> str:
    """A text as an id: letters, digits and _, and a hash where two texts could be one."""
    plain = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")[:_MOST_SLUG]
    if plain == text:
        return plain
    return f"{plain}_{hashlib.sha256(text.encode()).hexdigest()[:6]}".strip("_")


def config_topic(device: Device, prefix: str) -> str:
    """Where a device is announced."""
    return f"{prefix}/device/{device.key}/config"


def config_of(device: Device, people: Sequence[str] = ()) -> dict[str, Any]:
    """The announcement of a device.

    Args:
        people: the names of those whose last sight is an entity of its own.
    """
    parts: dict[str, dict[str, Any]] = {}
    if device.activities:
        parts["activity"] = {
            "p": "sensor",
            "name": "Activity",
            "device_class": "enum",
            "options": list(device.activities),
            "value_template": "{{ value_json.activity }}",
        }
    if device.counts:
        parts["people"] = {
            "p": "sensor",
            "name": "People",
            "state_class": "measurement",
            "value_template": "{{ value_json.people }}",
        }
        parts["occupancy"] = {
            "p": "binary_sensor",
            "name": "Occupancy",
            "device_class": "occupancy",
            "payload_on": ON,
            "payload_off": OFF,
            "value_template": "{{ value_json.occupancy }}",
        }
    for name in people:
        parts[f"seen_{slug(name)}"] = {
            "p": "sensor",
            "name": f"{name} last seen",
            "device_class": "timestamp",
            "value_template": f"{{{{ value_json.seen_{slug(name)} }}}}",
        }
    for key, part in parts.items():
        part |= {
            "unique_id": f"{device.key}_{key}",
            "default_entity_id": f"{part['p']}.{device.key}_{key}",
            "state_topic": f"{device.topic}/{STATE}",
        }
    return {
        "dev": {
            "ids": [device.key],
            "name": f"edgehuman {device.topic}",
            "mf": "edgehuman",
            "mdl": device.model,
            "sw": VERSION,
        },
        "o": {"name": "edgehuman", "sw": VERSION, "url": _ADDRESS},
        "cmps": parts,
        "avty_t": f"{device.topic}/{STATUS}",
        "qos": 0,
    }
