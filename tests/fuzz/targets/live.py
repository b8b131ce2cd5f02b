"""Listeners: each line is a datagram, read as `edgehuman run` does, from the sender to the windows.

Nothing that is sent may end a listener, so our errors are findings here, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.imu.messages import MessageFeed
from edgehuman.runtime.imu.windows import WindowMaker
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
    feed = MessageFeed(_SentMessages(content), format)
    maker = WindowMaker(patient=True)
    for block in feed:
        maker.push(block)
    maker.close()
    _told(feed.report(), maker.report.as_dict())


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
    ]


def _frames() -> Sequence[bytes]:
    joints = [[100.0 + 7 * n, 50.0 + 20 * n, 0.9] for n in range(18)]
    lines = [
        json.dumps({"t": n / 12, "id": n % 2, "joints": [[x + n, y, c] for x, y, c in joints]})
        for n in range(48)
    ]
    return ["\n".join(lines).encode(), "\n".join(lines[::-1]).encode()]


TARGETS: Mapping[str, Target] = {
    "imu-datagrams": Target(_datagrams, _rows, "lines", refuses=False),
    "pose-datagrams": Target(_poses, _frames, "lines", refuses=False),
}
