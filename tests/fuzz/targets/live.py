"""Listeners: each line is a datagram, read as `edgehuman run` does, from the sender to the windows.

Nothing that is sent may end a listener, so our errors are findings here, too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text.lines import RowParser
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.phones.phyphox import PhyphoxMessages
from edgehuman.runtime.imu.phones.sessions import LoggedMessages
from edgehuman.runtime.imu.windows import WindowMaker
from edgehuman.runtime.loop.address import parse_address
from edgehuman.runtime.loop.datagrams import lines_of
from edgehuman.runtime.loop.dropped import loss_lines
from edgehuman.runtime.loop.senders import Senders
from edgehuman.runtime.skeleton.feeds import PoseDatagramFeed
from edgehuman.runtime.skeleton.windows import PoseWindows
from tests.fuzz.target import Target

_EACH_S, _PAUSE_S, _PAUSE_EVERY = 0.02, 31.0, 60
_RESTART_EVERY, _OTHER_EVERY = 23, 31


class _Sent:
    """The lines of an input as datagrams, most from one sender; a carriage return parts lines
    within one.
    """

    name, address, lost = "udp://127.0.0.1:0", ("", 0), 0

    def __init__(self, content: bytes, senders: Senders) -> None:
        self.count, self._now_s = 0, 0.0
        self._content, self._senders = content, senders
        senders._clock = lambda: self._now_s

    @property
    def changes(self) -> int:
        return self._senders.changes

    def __iter__(self) -> Iterator[list[str]]:
        for datagram in self.raw():
            yield lines_of(datagram)

    def raw(self) -> Iterator[bytes]:
        for number, each in enumerate(self._content.split(b"\n"), 1):
            self._now_s += _EACH_S if number % _PAUSE_EVERY else _PAUSE_S
            host = "10.0.0.7" if number % _OTHER_EVERY else "10.0.0.9"
            for datagram in self._senders.admit(
                each, (host, 5000 + (number % _RESTART_EVERY == 0))
            ):
                self.count += 1
                yield datagram


class _SentMessages(_Sent):
    """The same for a feed of messages."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, Senders())

    def __iter__(self) -> Iterator[bytes]:  # type: ignore[override]
        return self.raw()

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        self._senders.heard(rows, garbage)

    def report(self) -> dict[str, Any]:
        return {"datagrams": self.count, "remarks": self._senders.remarks}

    def close(self) -> None:
        """Nothing to close."""


def _datagrams(content: bytes, folder: Path) -> None:
    """With stamps, or counted at a rate: one of them, as an input of many rows takes a while."""
    format = ImuFormat() if len(content) % 4 else ImuFormat(rate_hz=25.0)
    feed = MessageFeed(LoggedMessages(_SentMessages(content), "ios"), format)
    maker = WindowMaker(patient=True)
    for block in feed:
        maker.push(block)
    maker.close()
    _told(feed.report(), maker.report.as_dict())


def _answers(content: bytes, folder: Path) -> None:
    """phyphox's answers, a line each: first that to `/config`, then that to `/time`."""
    answers = iter(content.split(b"\n"))

    def ask(path: str) -> object:
        return json_of(next(answers, b"{}"))

    try:
        messages = PhyphoxMessages(parse_address("phyphox://h"), ask)
    except DataError:
        return
    parser = RowParser("phyphox", strict=False)
    for _ in range(20):
        with contextlib.suppress(ValueError):
            message = messages._asked()
            parser.parse(["{}" if message is None else message.decode()])
    _told(messages.report(), {})


def _measured() -> Sequence[bytes]:
    names = {"accelerometer": ("accX", "accY", "accZ", "acc_time"),
             "gyroscope": ("gyrX", "gyrY", "gyrZ", "gyr_time")}  # fmt: skip
    inputs = [
        {
            "source": source,
            "outputs": [{axis: name} for axis, name in zip("xyzt", four, strict=True)],
        }
        for source, four in names.items()
    ]
    lines: list[object] = [
        {"inputs": inputs, "buffers": []},
        [{"event": "START", "experimentTime": 0.5, "systemTime": 1.7e9}],
    ]
    for n in range(6):
        values = [n + k / 10 for k in range(8)]
        buffers = {name: {"size": 0, "buffer": values} for four in names.values() for name in four}
        lines.append({"buffer": buffers, "status": {"session": "a", "measuring": n != 3}})
    return ["\n".join(map(json.dumps, lines)).encode()]


def _poses(content: bytes, folder: Path) -> None:
    feed = PoseDatagramFeed("udp://127.0.0.1:0")
    feed.close()
    feed._datagrams = _Sent(content, feed._senders)  # type: ignore[assignment]
    maker = PoseWindows(12, 0.5, 12.0)
    for block in feed:
        maker.push(block)
    maker.close()
    _told(feed.report(), maker.report.as_dict())


def _told(source: Mapping[str, object], stream: Mapping[str, object]) -> None:
    loss_lines({"stream": stream, "source": source})
    json.dumps([source, stream])


def _rows() -> Sequence[bytes]:
    """Long enough for windows: over three seconds at 25 Hz."""
    said = [b"%.2f,0.01,-0.02,1,0.1,%.2f,0" % (n / 25, n % 7 / 10) for n in range(85)]
    keys = ("t", "ax", "ay", "az", "gx", "gy", "gz")
    objects = [
        json.dumps(dict(zip(keys, map(float, row.split(b",")), strict=True))) for row in said
    ]
    events = [
        json.dumps({"type": f"android.sensor.{name}", "timestamp": 10**18 + 40_000_000 * n,
                    "values": [0.1, n % 5 / 10, 9.8]})
        for n in range(85) for name in ("accelerometer", "gyroscope")
    ]  # fmt: skip
    return [
        b"\n".join(said),
        b"\n".join([b"gx,gy,gz,ax (mg),ay (mg),az (mg),t", *said]),
        b"\n".join(b"\r".join(said[at : at + 5]) for at in range(0, 85, 5)),
        "\n".join(objects).encode(),
        "\n".join(events).encode(),
        b"\n".join(_logged()),
        b"\n".join(b"%.3f, 3, 0.1,9.8,%.2f, 4, 0,0.1,0.2, 86, 30" % (n / 25, n % 5 / 10)
                   for n in range(85)),
    ]  # fmt: skip


def _logged() -> Iterator[bytes]:
    """Sensor Logger's messages, some out of order and one twice."""
    for number in (0, 1, 3, 2, 4, 4, 5, 8, 6, 9):
        payload = [
            {"name": name, "time": 10**18 + 20_000_000 * (20 * number + n),
             "values": {"x": 0.1, "y": n % 5 / 10, "z": 9.8}}
            for name in ("accelerometer", "gravity", "gyroscope") for n in range(20)
        ]  # fmt: skip
        wrist = {f"{kind}{axis}": 0.1 for kind in ("acceleration", "gravity", "rotationRate")
                 for axis in "XYZ"}  # fmt: skip
        payload.append({"name": "wrist motion", "time": 10**18 + number, "values": wrist})
        body = {"messageId": number, "sessionId": "s", "deviceId": "d", "payload": payload}
        yield json.dumps(body).encode()


def _frames() -> Sequence[bytes]:
    joints = [[100.0 + 7 * n, 50.0 + 20 * n, 0.9] for n in range(18)]
    lines = [
        json.dumps({"t": n / 12, "id": n % 2, "joints": [[x + n, y, c] for x, y, c in joints]})
        for n in range(48)
    ]
    return ["\n".join(lines).encode(), "\n".join(lines[::-1]).encode()]


TARGETS: Mapping[str, Target] = {
    "imu-datagrams": Target(_datagrams, _rows, "lines", refuses=False),
    "phyphox-answers": Target(_answers, _measured, "lines", refuses=False),
    "pose-datagrams": Target(_poses, _frames, "lines", refuses=False),
}
