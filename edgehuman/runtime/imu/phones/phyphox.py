"""phyphox's remote access: the app is asked for what is new, five times a second.

    phyphox://192.168.1.7               port 8080, as on Android
    phyphox://192.168.1.8:80            as on iPhones

Only `/config`, `/time` and `/get` are asked for: whoever holds the phone starts and stops it.
`/config` tells which buffers the accelerometer (with gravity) and the gyroscope write to; `/get`
gives what is behind the last stamp; `/time` turns the experiment's time, in which pauses are left
out, into the wall's. Each question is a connection of its own, of two seconds and 4 MB at most.
Source: phyphox wiki, Remote-interface communication.
"""

from __future__ import annotations

import http.client
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from edgehuman.errors import DataError, safe_name
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.runtime.lines.messages import Backoff, Remarks
from edgehuman.runtime.loop.address import Address
from edgehuman.runtime.loop.datagrams import POLL_S

ASK_S = 2.0
MOST_ANSWER = 1 << 22
_AXES = ("x", "y", "z", "t")
# A sensor of an experiment -> the stem of the names under which its lists are passed on.
_WANTED = {"accelerometer": "acc", "gyroscope": "gyr"}
_PAUSED = "phyphox is paused: press play in the app"


@dataclass(frozen=True, slots=True)
class Buffers:
    """Names of one sensor's buffers.

    Attributes:
        stem: "acc" or "gyr".
        names: of x, y, z and t.
    """

    stem: str
    names: Mapping[str, str]


def buffers_of(config: Any) -> list[Buffers]:
    """The buffers of both sensors, from what `/config` says.

    Raises:
        ValueError: it says something else, or the experiment lacks a sensor.
    """
    inputs = config.get("inputs") if isinstance(config, dict) else None
    if not isinstance(inputs, list):
        raise ValueError("what answers is no phyphox (its /config lists no inputs)")
    found: dict[str, Buffers] = {}
    for each in inputs:
        source = each.get("source") if isinstance(each, dict) else None
        if source not in _WANTED or not isinstance(each.get("outputs"), list):
            continue
        names = {axis: name for out in each["outputs"] if isinstance(out, dict)
                 for axis, name in out.items() if isinstance(name, str)}  # fmt: skip
        if all(axis in names for axis in _AXES):
            found[source] = Buffers(_WANTED[source], {axis: names[axis] for axis in _AXES})
    missing = [name for name in _WANTED if name not in found]
    if missing:
        said = ", ".join(
            safe_name(str(each.get("source"))) for each in inputs[:20] if isinstance(each, dict)
        )
        raise ValueError(
            f"the experiment has no {' and no '.join(missing)} (it has {said or 'no sensor'}); "
            "make one with both: +, Add simple experiment, Accelerometer and Gyroscope"
        )
    return list(found.values())


def question(buffers: Sequence[Buffers], newest: Mapping[str, float]) -> str:
    """The `/get` for what each sensor has behind its newest stamp; without one: the last alone."""
    parts = []
    for each in buffers:
        clock = each.names["t"]
        after = newest.get(each.stem)
        for name in each.names.values():
            key = quote(name)
            if after is None:
                parts.append(key)
            elif name == clock:
                parts.append(f"{key}={after!r}")
            else:
                parts.append(f"{key}={quote(f'{after!r}|{clock}')}")
    return f"/get?{'&'.join(parts)}"


class Wall:
    """The experiment's time as seconds since 1970, by the starts and pauses that `/time` lists.

    Args:
        events: what `/time` says; anything else: times stay those of the experiment.
    """

    def __init__(self, events: Any = ()) -> None:
        self._starts: list[tuple[float, float]] = []
        for event in events if isinstance(events, list) else ():
            if isinstance(event, dict) and event.get("event") == "START":
                begun_s, wall_s = event.get("experimentTime"), event.get("systemTime")
                if isinstance(begun_s, (int, float)) and isinstance(wall_s, (int, float)):
                    self._starts.append((float(begun_s), float(wall_s)))
        self._starts.sort()

    def seconds(self, experiment_s: float) -> float:
        """The wall's time of an instant of the experiment."""
        offset_s = 0.0
        for begun_s, wall_s in self._starts:
            if begun_s <= experiment_s or not offset_s:
                offset_s = wall_s - begun_s
        return experiment_s + offset_s


class PhyphoxMessages:
    """What phyphox has measured since it was last asked: a `lines.messages.Messages`.

    Args:
        address: of phyphox://.
        ask: path -> what is answered; by default over HTTP.

    Raises:
        DataError: nobody answers there, or the experiment lacks a sensor.
    """

    address = ("", 0)

    def __init__(
        self,
        address: Address,
        ask: Callable[[str], Any] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.name = address.shown
        self.changes = 0
        self._ask = ask or (lambda path: get(address, path))
        self._backoff = backoff or Backoff()
        self._remarks = Remarks()
        self._session: str | None = None
        self._newest: dict[str, float] = {}
        self._count = self._lost = 0
        self._running = False
        try:
            self._begin()
        except (OSError, ValueError) as error:
            raise DataError(
                f"{self.name}: {_said(error)}; in the app switch on Allow remote access, and stay "
                "in the same network"
            ) from None

    def __iter__(self) -> Iterator[bytes | None]:
        """Both sensors' new samples as lists; None while there are none. Never ends."""
        while True:
            message = None
            if self._backoff.is_due:
                try:
                    message = self._asked()
                    self._backoff.worked()
                except (OSError, ValueError) as error:
                    self._lose(error)
            yield message
            time.sleep(POLL_S)

    def heard(self, rows: bool, garbage: bool, trouble: str = "") -> None:
        """Learn what came of the newest answer."""
        if trouble:
            self._remarks.add(trouble)

    def report(self) -> dict[str, Any]:
        """Answers with something new, and how often there was none at all."""
        counts = {"messages": self._count, "lost_connections": self._lost}
        return {**counts, "remarks": self._remarks.told}

    def close(self) -> None:
        """Nothing to close: every question is a connection of its own."""

    def _begin(self) -> None:
        """Learn the buffers and the clock of the experiment that is open."""
        self._buffers = buffers_of(self._ask("/config"))
        try:
            self._wall = Wall(self._ask("/time"))
        except (OSError, ValueError):  # before version 1.1.8
            self._wall = Wall()
        self._newest = {}
        self.changes += 1

    def _asked(self) -> bytes | None:
        """What is new.

        Raises:
            OSError, ValueError: no answer, or none of phyphox.
        """
        answer = self._ask(question(self._buffers, self._newest))
        buffers = answer.get("buffer") if isinstance(answer, dict) else None
        status = answer.get("status") if isinstance(answer, dict) else None
        if not isinstance(buffers, dict) or not isinstance(status, dict):
            raise ValueError("an answer without buffer and status")
        self._watch(status)
        found: dict[str, list[float]] = {}
        for each in self._buffers:
            found |= self._new(each, buffers)
        if not found:
            return None
        self._count += 1
        return to_json(found).encode()

    def _new(self, each: Buffers, buffers: Mapping[str, Any]) -> dict[str, list[float]]:
        """A sensor's samples behind its newest stamp, by the names that rows are read from."""
        lists = {axis: _numbers(buffers.get(name)) for axis, name in each.names.items()}
        after = self._newest.get(each.stem, -math.inf)
        rows = [
            row for row in zip(*(lists[axis] for axis in "txyz"), strict=False)
            if math.isfinite(row[0]) and row[0] > after
        ]  # fmt: skip
        if not rows:
            return {}
        self._newest[each.stem] = max(row[0] for row in rows)
        if after == -math.inf:  # what was before we came is not live
            return {}
        stamps = {f"{each.stem}_time": [self._wall.seconds(row[0]) for row in rows]}
        return stamps | {
            f"{each.stem}{axis.upper()}": [row[at] for row in rows]
            for at, axis in enumerate("xyz", 1)
        }

    def _watch(self, status: Mapping[str, Any]) -> None:
        """Begin anew with another session, and with each start: the clock was mapped anew."""
        session, running = safe_name(str(status.get("session"))), bool(status.get("measuring"))
        if not running:
            self._remarks.add(_PAUSED)
        is_other = self._session not in (None, session)
        if is_other or (running and not self._running and self._session is not None):
            self._begin_again(is_other)
        self._session, self._running = session, running

    def _begin_again(self, is_other: bool) -> None:
        newest, changes = self._newest, self.changes
        self._begin()
        if not is_other:  # the same samples go on, after a pause
            self._newest, self.changes = newest, changes

    def _lose(self, error: Exception) -> None:
        self._lost += 1
        self._backoff.failed()
        self._remarks.add(f"{_said(error)}; it is tried again, for ever")
        self._session = None
        self._newest = {}


def get(address: Address, path: str) -> Any:
    """The JSON at a path of the app.

    Raises:
        OSError: nobody answers in two seconds.
        ValueError: another status than 200, over 4 MB, or no JSON.
    """
    connection = http.client.HTTPConnection(address.host, address.port, timeout=ASK_S)
    try:
        with foreign():
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
            content = _read(answer)
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(f"{path.partition('?')[0]} is answered with {answer.status}")
    if len(content) > MOST_ANSWER:
        raise ValueError(f"an answer of over {MOST_ANSWER >> 20} MB")
    return json_of(content)


def _read(answer: http.client.HTTPResponse) -> bytes:
    """An answer, as far as it comes in the time that there is for all of it."""
    until_s, content = time.monotonic() + ASK_S, bytearray()
    while len(content) <= MOST_ANSWER and (piece := answer.read1(1 << 16)):
        content += piece
        if time.monotonic() > until_s:
            raise TimeoutError("the answer comes too slowly")
    return bytes(content)


def _numbers(buffer: Any) -> list[float]:
    """The numbers of a buffer as phyphox writes it; null, where it is not filled, is NaN."""
    values = buffer.get("buffer") if isinstance(buffer, dict) else None
    if not isinstance(values, list):
        return []
    try:
        return [float(v) if isinstance(v, (int, float)) else math.nan for v in values]
    except OverflowError:
        return []


def _said(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"no answer ({error.strerror or error})"
    return safe_name(str(error))
