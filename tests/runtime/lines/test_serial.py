"""A serial port, by a pseudo-terminal: lines, a device pulled out and put back, wrong words."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgehuman.errors import DataError, MissingDependencyError, UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.lines.messages import Backoff
from edgehuman.runtime.lines.serial import SerialMessages
from edgehuman.runtime.loop.address import parse_address
from tests.runtime import listening

pytest.importorskip("serial")
pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="no pseudo-terminals here")


class Device:
    """A sensor at the other end of a cable, found by a name that stays."""

    def __init__(self, name: Path) -> None:
        self.name = name
        self.plug()

    def plug(self) -> None:
        import tty

        self.ours, self.theirs = os.openpty()
        tty.setraw(self.theirs)
        self.name.unlink(missing_ok=True)
        self.name.symlink_to(os.ttyname(self.theirs))

    def pull(self) -> None:
        os.close(self.ours)
        os.close(self.theirs)
        self.name.unlink()

    def send(self, text: bytes) -> None:
        os.write(self.ours, text)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Device]:
    found = Device(tmp_path / "ttyUSB0")
    yield found
    with contextlib.suppress(OSError):
        found.pull()


def messages_of(device: Device) -> SerialMessages:
    return SerialMessages(parse_address(f"serial:{device.name}?baud=9600"), Backoff(0.05, 0.2))


def taken(messages: SerialMessages, count: int, within_s: float = 5.0) -> list[bytes]:
    found: list[bytes] = []
    until_s = time.monotonic() + within_s
    for message in messages:
        found += [] if message is None else message.split(b"\n")
        if len(found) >= count or time.monotonic() > until_s:
            return found
    raise AssertionError("it ended")


def is_open(messages: SerialMessages, wanted: bool) -> bool:
    return (messages._port is not None) == wanted


def test_a_first_line_that_may_have_begun_before_is_left_out(device: Device) -> None:
    with contextlib.closing(messages_of(device)) as messages:
        device.send(b".02,0,0,1,0,0,0\r\n3.04,0,0,1,0,0,0\r\n3.06,0")
        assert taken(messages, 1) == [b"3.04,0,0,1,0,0,0"]
        device.send(b",0,1,0,0,0\r\n")
        assert taken(messages, 1) == [b"3.06,0,0,1,0,0,0"]
        assert messages.report()["partial_lines"] == 1


@pytest.mark.parametrize("first", [b"t,ax,ay,az,gx,gy,gz", b'{"t": 1}'])
def test_a_header_that_the_device_writes_as_it_is_opened_is_read(
    device: Device, first: bytes
) -> None:
    with contextlib.closing(messages_of(device)) as messages:
        device.send(first + b"\n1,2\n")
        assert taken(messages, 2) == [first, b"1,2"]


def test_a_device_that_is_pulled_out_and_put_back(device: Device) -> None:
    with contextlib.closing(messages_of(device)) as messages:
        device.send(b"a\n")
        assert taken(messages, 1) == [b"a"]
        device.pull()
        lines = iter(messages)
        while not is_open(messages, False):
            next(lines)
        device.plug()
        while not is_open(messages, True):
            next(lines)
        device.send(b"b\n")
        assert taken(messages, 1) == [b"b"]
        report = messages.report()
    assert (report["lost_connections"], messages.changes) == (1, 2)
    assert report["remarks"][-1] == "the device is back"


def test_rows_of_a_port_are_samples(device: Device) -> None:
    source = open_source(f"serial:{device.name}", format=ImuFormat("g", "rads", stamp_unit="s"))
    with source:
        device.send(b"t,ax,ay,az,gx,gy,gz\n")
        for n in range(40):
            device.send(b"%.2f,0,0,1,0.1,0,%.2f\nnoise\xff\n" % (n / 50, n / 100))
        count, blocks = 0, []
        for block in source:
            blocks.append(block)
            count += len(block)
            if count >= 40:
                break
    assert source.name == f"serial:{device.name}"
    assert [round(float(block.imu_TC[-1, 5]), 2) for block in blocks if len(block)][-1] == 0.39
    assert source.report()["bad_rows"] == 40
    assert source.patient


def test_a_quiet_port_can_be_left(device: Device) -> None:
    source = open_source(f"serial:{device.name}")
    listening.ended(lambda: listening.entered_and_left(source))


def test_what_is_no_port(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("t\n")
    for path in (tmp_path / "none", file, tmp_path):
        with pytest.raises(DataError, match=r"cannot open serial:.*check its name.*dialout"):
            SerialMessages(parse_address(f"serial:{path}"))


@pytest.mark.parametrize("baud", ["", "0", "fast", "-1", "²", "9" * 400])
def test_what_is_no_baud_rate(baud: str) -> None:
    with pytest.raises(UsageError, match=r"baud is '.*give a whole number"):
        SerialMessages(parse_address(f"serial:/dev/x?baud={baud}"))


def test_without_pyserial_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(MissingDependencyError, match=r"the extra `serial` brings it"):
        SerialMessages(parse_address("serial:/dev/x"))
