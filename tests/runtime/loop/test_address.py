"""Addresses: their parts, their defaults, what is wrong with them, and that no password shows."""

from __future__ import annotations

import re

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.loop.address import (
    SCHEMES,
    Address,
    parse_address,
    scheme_of,
    without_secret,
)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("udp://:5555", Address("udp", "", 5555)),
        ("UDP://10.0.0.7:1", Address("udp", "10.0.0.7", 1)),
        ("udp://[::1]:65535", Address("udp", "::1", 65535)),
        ("tcp://:0?listen", Address("tcp", "", 0, options={"listen": ""})),
        ("serial:/dev/ttyUSB0", Address("serial", path="/dev/ttyUSB0")),
        ("serial:COM3?baud=9600", Address("serial", path="COM3", options={"baud": "9600"})),
        ("mqtt://broker/wrist/imu", Address("mqtt", "broker", 1883, "wrist/imu")),
        ("mqtt://broker//rooted", Address("mqtt", "broker", 1883, "/rooted")),
        ("mqtt://broker/a/+/#", Address("mqtt", "broker", 1883, "a/+/#")),
        ("mqtts://b:1/t?ca=/x/ca.pem", Address("mqtts", "b", 1, "t", {"ca": "/x/ca.pem"})),
        ("mqtt://anna:s%40%2F%3Acret@b/t", Address("mqtt", "b", 1883, "t", {}, "anna", "s@/:cret")),
        ("mqtt://anna@b/t", Address("mqtt", "b", 1883, "t", {}, "anna")),
        ("sensorlogger://", Address("sensorlogger", "", 8000)),
        ("sensorlogger://0.0.0.0:1/a7", Address("sensorlogger", "0.0.0.0", 1, "a7")),
        ("phyphox://phone.lan", Address("phyphox", "phone.lan", 8080)),
        ("phyphox://[fe80::1]:80", Address("phyphox", "fe80::1", 80)),
    ],
)
def test_the_parts_of_an_address(spec: str, expected: Address) -> None:
    assert parse_address(spec) == expected


@pytest.mark.parametrize(
    ("spec", "scheme"),
    [
        ("walk.csv", ""),
        ("-", ""),
        ("simulated:wrist", ""),
        (r"C:\data\walk.csv", ""),
        ("C://walk.csv", ""),
        ("serial", ""),
        ("serial:COM3", "serial"),
        ("MQTT://h/t", "mqtt"),
        ("folder/a://b", ""),
        ("made-up+x.1://h", "made-up+x.1"),
    ],
)
def test_what_is_an_address_at_all(spec: str, scheme: str) -> None:
    assert scheme_of(spec) == scheme


@pytest.mark.parametrize("scheme", ["ftp", "http", "ble", "mqttt", "rtsp"])
def test_an_unknown_scheme_names_the_known_ones(scheme: str) -> None:
    with pytest.raises(UsageError, match=f"{scheme} is not supported; give FILE.csv, ") as caught:
        parse_address(f"{scheme}://host/x", others="FILE.csv, ")
    for known in SCHEMES.values():
        assert known.form in str(caught.value)
    with pytest.raises(UsageError, match=r"give udp://HOST:PORT$"):
        parse_address("tcp://h:1", known=("udp",))


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", "sensorlogger://:8000"),
        ("wss", "over TCP"),
        ("bluetooth", r"edgehuman.stream\(model\).push"),
        ("com", "serial:COM3"),
    ],
)
def test_what_somebody_may_mean_is_said(scheme: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_address(f"{scheme}://host")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("udp://host", "names no port from 0 to 65535; write udp://HOST:PORT"),
        ("udp://host:65536", "names no port"),
        ("tcp://host:²", "names no port"),
        ("tcp://host:" + "1" * 5000, "names no port"),
        ("mqtt://host:x/t", "names no port"),
        ("serial:", "names no device; write serial:DEVICE"),
        ("serial:COM3?bauds=9600", "no option 'bauds'; it has baud"),
        ("udp://h:1?x=1", "no option 'x'; it has none"),
        ("mqtt://h/t?ca=x", "no option 'ca'; it has discovery, version"),
        ("udp://anna@h:1", "udp takes no user"),
        ("phyphox://h/get", "has a path, which phyphox has none of"),
    ],
)
def test_what_is_wrong_is_named_with_the_form(spec: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        parse_address(spec)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "spec",
    [
        "mqtt://anna:sec/secret@broker/t",  # not encoded: taken for a path
        "mqtt://anna:secret@broker:bad/t",
        "mqtts://anna:secret@b/t?nothing",
        "foo://anna:secret@b/t",
        "udp://anna:secret@b:1",
    ],
)
def test_a_password_is_in_no_message_and_no_name(spec: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(spec)
    assert not re.search("secret|anna", str(caught.value))
    assert not re.search("secret|anna", without_secret(f"cannot read {spec} now"))


def test_a_password_that_is_right_is_in_no_name_either() -> None:
    address = parse_address("mqtt://anna:secret@broker/t")
    assert address.password == "secret"
    assert not re.search("secret|anna", repr(address) + address.shown)
    assert address.shown == "mqtt://broker:1883/t"


def test_a_hostile_address_is_shown_in_one_printable_line() -> None:
    shown = parse_address("mqtt://h/%1b]0;x%07%0Aline").shown
    assert shown.isprintable()
