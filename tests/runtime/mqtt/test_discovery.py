"""What Home Assistant is told of a device."""

from __future__ import annotations

import pytest

from edgehuman.outcome import to_json
from edgehuman.runtime.mqtt.discovery import Device, config_of, config_topic, slug


def test_a_wearable_is_one_activity() -> None:
    device = Device("wrist", "zoo:activity", ("sitting", "walking", "unknown"))
    config = config_of(device)
    assert config_topic(device, "homeassistant") == "homeassistant/device/edgehuman_wrist/config"
    assert config["cmps"] == {
        "activity": {
            "p": "sensor",
            "name": "Activity",
            "device_class": "enum",
            "options": ["sitting", "walking", "unknown"],
            "value_template": "{{ value_json.activity }}",
            "unique_id": "edgehuman_wrist_activity",
            "default_entity_id": "sensor.edgehuman_wrist_activity",
            "state_topic": "wrist/state",
        }
    }
    assert config["dev"]["ids"] == ["edgehuman_wrist"]
    assert {"mf", "mdl", "sw", "name"} < config["dev"].keys()
    assert config["o"].keys() == {"name", "sw", "url"}
    assert (config["avty_t"], config["qos"]) == ("wrist/status", 0)


def test_a_camera_is_people_and_occupancy_and_nobody_s_name() -> None:
    parts = config_of(Device("hall", "zoo:person-detector", counts=True))["cmps"]
    assert parts.keys() == {"people", "occupancy"}
    assert (parts["people"]["p"], parts["people"]["state_class"]) == ("sensor", "measurement")
    occupancy = parts["occupancy"]
    assert (occupancy["p"], occupancy["device_class"]) == ("binary_sensor", "occupancy")
    assert occupancy["default_entity_id"] == "binary_sensor.edgehuman_hall_occupancy"


def test_whoever_is_named_has_a_time_of_last_sight() -> None:
    parts = config_of(Device("hall", "m", counts=True), ["anna", "Ben {{ 7*7 }}"])["cmps"]
    named = [key for key in parts if key.startswith("seen_")]
    assert named[0] == "seen_anna"
    assert parts["seen_anna"]["device_class"] == "timestamp"
    assert parts["seen_anna"]["value_template"] == "{{ value_json.seen_anna }}"
    # A name is no template: it stands in the name of the entity alone.
    assert "7*7" not in parts[named[1]]["value_template"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a/b", "a_b"),
        ("Hall", "hall"),
        ("flur/oben", "flur/unten"),
        ("日本", "中国"),
        ("x" * 50, "x" * 51),
    ],
)
def test_two_texts_are_two_ids(one: str, other: str) -> None:
    assert slug(one) != slug(other)
    for text in (slug(one), slug(other)):
        assert text == slug(text) or "_" in text
        assert set(text) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
        assert 0 < len(text) <= 47


def test_it_is_json_of_plain_values() -> None:
    assert to_json(config_of(Device("t", "m", ("a",), True), ["x"])).startswith('{"dev"')
