"""Sides that are joined: their results in one order, with who wears which sensor.

joined = Joined(sides, order, wearers)
with joined:
    for item in joined:          FrameResult, WornResult, Happened; None while nothing comes
        ...
joined.report()
"""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.imu.answer import LOW_SCORE, NOT_KNOWN, UNLIKE
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.results import LATE, WEARER, Happened, Item, WornResult, in_words
from edgehuman.runtime.together.sides import Side
from edgehuman.runtime.together.wearers import Wearers, Worn

TICK_S = 1.0
_AGAIN_S = 10.0
_LAST_S = 5.0
_MOST_TICKS = 30
# Of a window whose samples are as they should be, whatever the model says of it.
_SOUND = ("", LOW_SCORE, NOT_KNOWN, UNLIKE)


class Joined:
    """The sides of one run.

    Args:
        sides: camera first.
        order: into which they put their results.
        wearers: who wears which sensor.
        rates_hz: of each sensor's windows.
        released: called with the name of the side of each result, in order.
        notify: called once if people have no joints, by which wearers are found.

    Attributes:
        named: sensor -> who wears it now; for any thread to read.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        order: Order[Item],
        wearers: Wearers,
        rates_hz: Mapping[str, float],
        released: Callable[[str, float], object] = lambda name, t_s: None,
        notify: Callable[[str], object] = lambda said: None,
    ) -> None:
        self.sides, self._order, self._wearers = sides, order, wearers
        self._notify: Callable[[str], object] | None = notify
        self._rates_hz, self._released = rates_hz, released
        self.named: dict[str, Worn] = {name: Worn() for name in rates_hz}
        self._tick_s = TICK_S
        self._late, self._is_stopping = 0, False
        self._late_told: dict[str, float] = {}
        self._events: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=side.run, name=f"side {side.name}", daemon=True)
            for side in sides
        ]

    def __enter__(self) -> Joined:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self._order.close()
        for thread in self._threads:
            thread.join(_LAST_S)

    def stop(self) -> None:
        """Let all sides end; what they still give is released at once."""
        self._is_stopping = True
        self._order.hurry()
        for side in self.sides:
            side.stop()

    def has_ended(self, side: Side) -> bool:
        """Whether a side gives nothing more."""
        return not self._threads[self.sides.index(side)].is_alive()

    def __iter__(self) -> Iterator[Item | None]:
        """The results in order, until all sides have ended.

        Raises:
            DataError: every side failed, or none gave anything.
            BaseException: a fault of our own in a side.
        """
        given = 0
        for taken in self._order:
            for side in self.sides:
                if side.bug is not None:
                    raise side.bug
            if taken is None:
                yield None
                continue
            name, t_s, item = taken
            self._released(name, t_s)
            yield from self._ticks(t_s)
            yield from self._late_now(name, t_s)
            given += not isinstance(item, Happened)
            yield self._noted(name, t_s, item)
        for side in self.sides:
            if side.bug is not None:
                raise side.bug
        failed = [f"{side.name}: {side.failed}" for side in self.sides if side.failed]
        if len(failed) == len(self.sides) or (failed and not given):
            raise DataError("; ".join(failed))

    def _ticks(self, t_s: float) -> Iterator[Item]:
        """Decide once a second who wears what, up to a time."""
        if t_s - self._tick_s > _MOST_TICKS * TICK_S:
            self._tick_s = float(np.floor(t_s / TICK_S)) * TICK_S
        while self._tick_s <= t_s:
            now = self._wearers.decide(self._tick_s)
            for name, worn in now.items():
                before, self.named[name] = self.named[name], worn
                if worn.track != before.track:
                    yield self._said(Happened(name, WEARER, self._tick_s, in_words(worn), worn))
            self._tick_s += TICK_S

    def _late_now(self, name: str, t_s: float) -> Iterator[Item]:
        """Say that results of a side come late, at most once in ten seconds."""
        if self._order.late == self._late or self._is_stopping:
            return
        self._late = self._order.late
        if t_s - self._late_told.get(name, -np.inf) >= _AGAIN_S:
            self._late_told[name] = t_s
            said = "results come after later ones of another side; --wait-s waits longer"
            yield self._said(Happened(name, LATE, t_s, said))

    def _said(self, happened: Happened) -> Happened:
        self._events[happened.event] += 1
        return happened

    def _noted(self, name: str, t_s: float, item: Item) -> Item:
        """Tell the wearers of a result, and the result of its wearer."""
        if isinstance(item, Happened):
            return self._said(item)
        if isinstance(item, FrameResult):
            self._see(t_s, item)
            return item
        self._feel(item)
        return dataclasses.replace(item, worn=self.named[name])

    def _see(self, t_s: float, frame: FrameResult) -> None:
        if frame.event or frame.reason:
            return
        followed = [one for one in frame.people if one.track]
        posed = [(one.track, one.joint_J3) for one in followed if one.joint_J3 is not None]
        if followed and not posed and self._notify is not None:
            self._notify("people have no joints, so nobody's sensor is found; a model of poses "
                         "gives them, such as zoo:person-pose-int8")  # fmt: skip
            self._notify = None
        if posed:
            joints = next(one.joints for one in followed if one.joint_J3 is not None)
            self._wearers.see(t_s, posed, joints)

    def _feel(self, result: WornResult) -> None:
        window = result.window
        if window is None or result.reason not in _SOUND:
            return
        count = len(window.imu_TC)
        back_T = np.arange(count - 1, -1, -1) / self._rates_hz[result.source]
        self._wearers.feel(result.source, result.t_s - back_T, window.imu_TC)

    def report(self) -> dict[str, Any]:
        """All sides in numbers, and the wearers as they are known at the end."""
        return {
            "sides": {side.name: side.report() for side in self.sides},
            "late": self._order.late,
            "events": dict(self._events),
            "wearers": {
                name: {"track": worn.track, "confidence": round(worn.confidence, 3)}
                for name, worn in self.named.items()
            },
        }
