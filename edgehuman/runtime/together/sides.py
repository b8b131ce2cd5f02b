"""The two kinds of sides of a run, each on a thread of its own: a camera, and a sensor.

A side puts its results into an `order.Order` as they come, says what happens to it, and ends alone:
whatever ends it, the others go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from edgehuman.errors import EdgehumanError
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally
from edgehuman.runtime.image.frames.taken import LOST as CAMERA_LOST
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.imu.answer import Recogniser
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.dropped import FirstLosses
from edgehuman.runtime.loop.play import Playable, account, first_seconds
from edgehuman.runtime.together.clock import SensorClock, Zero
from edgehuman.runtime.together.order import Order
from edgehuman.runtime.together.results import (
    BACK,
    ENDED,
    FAILED,
    LOST,
    RESTARTED,
    Happened,
    Item,
    WornResult,
    worn_result,
)

SILENT_S = 5.0
"""So long nothing may come from a live sensor until it counts as lost."""


class Side(Protocol):
    """One side of a run.

    Attributes:
        name: of its results.
        failed: why it ended, in words; "" if it did not fail.
        bug: a fault of our own, to be raised by the run.
    """

    name: str
    failed: str
    bug: BaseException | None

    def run(self) -> None: ...
    def stop(self) -> None: ...
    def report(self) -> dict[str, Any]: ...


@dataclass(slots=True)
class CameraSide:
    """Frames, as a run of frames alone answers them.

    Attributes:
        name: of the side.
        frames: are taken until they end.
        answer: a frame's result.
        order: takes the results.
        done: called with each frame and its result, in this thread.
        close: lets the cameras go.
        tally: the totals.
        shown: the name of the source in what is said of it.
    """

    name: str
    frames: Iterable[TakenFrame]
    answer: Callable[[TakenFrame], FrameResult]
    order: Order[Item]
    done: Callable[[TakenFrame, FrameResult], object] = lambda taken, result: None
    close: Callable[[], object] = lambda: None
    tally: FrameTally = field(default_factory=FrameTally)
    shown: str = ""
    failed: str = ""
    bug: BaseException | None = None
    _stopped: threading.Event = field(default_factory=threading.Event)
    _t_s: float = 0.0

    def run(self) -> None:
        """Answer for every frame; to be called in a thread."""
        try:
            for taken in self.frames:
                if self._stopped.is_set():
                    break
                result = self.answer(taken)
                self.tally.add(result)
                self.done(taken, result)
                self._t_s = max(self._t_s, result.t_s or 0.0)
                if not self.order.put(self.name, self._t_s, result):
                    break
                if result.event == CAMERA_LOST:
                    self.order.away(self.name)
            self._say(ENDED, "there are no more frames")
        except EdgehumanError as error:
            self.failed = str(error)
            self._say(FAILED, self.failed)
        except BaseException as error:  # the run raises it
            self.bug = error
        finally:
            self.order.end(self.name)

    def stop(self) -> None:
        """Take no more frames."""
        self._stopped.set()
        self.close()

    def report(self) -> dict[str, Any]:
        """The frames in numbers."""
        return self.tally.summary()

    def _say(self, event: str, said: str) -> None:
        self.order.put(self.name, self._t_s, Happened(self.shown, event, self._t_s, said))


class SensorSide:
    """Windows of one sensor, as a run of a wearable alone answers them.

    Args:
        name: of the sensor.
        recogniser, source: as of `runtime.imu.stream.listen`.
        clock: its times on the run's clock.
        order: takes the results.
        zero: where the run's clock is 0; None: recorded, with its own stamps.
        keep: called with each block, and when it was taken.
        seconds: end after so much stream time.
        notify: called with the first loss of each kind.

    Attributes:
        before: results from before the run's clock began, which are left out.
    """

    def __init__(
        self,
        name: str,
        recogniser: Recogniser,
        source: Playable[SampleBlock],
        clock: SensorClock,
        order: Order[Item],
        zero: Zero | None = None,
        keep: Callable[[SampleBlock, int], object] = lambda block, at_ns: None,
        seconds: float | None = None,
        notify: Callable[[str], object] = lambda said: None,
    ) -> None:
        self.name, self.failed = name, ""
        self.bug: BaseException | None = None
        self.before = 0
        self._recogniser, self._source, self._clock, self._order = recogniser, source, clock, order
        self._zero, self._keep, self._seconds = zero, keep, seconds
        self._losses = FirstLosses(name, notify)
        self._stopped = threading.Event()
        self._heard_ns: int | None = None
        self._lost_ns: int | None = None
        self._restarts = 0
        self._t_s = self._at_s = 0.0  # of the newest result, and of the newest block of a live one

    def run(self) -> None:
        """Answer for every window; to be called in a thread."""
        try:
            with self._source:
                live = self._zero is not None and self._source.live
                for block in first_seconds(self._source, self._seconds, live):
                    if self._stopped.is_set() or not self._take(block):
                        break
            self._give(self._recogniser.close())
            self._t_s = max(self._t_s, self._at_s)
            self._losses.look(self._recogniser.report, self._source.report())
            self._say(ENDED, "there are no more samples")
        except EdgehumanError as error:
            self.failed = str(error)
            self._say(FAILED, self.failed)
        except BaseException as error:  # the run raises it
            self.bug = error
        finally:
            self._order.end(self.name)

    def stop(self) -> None:
        """Take no more blocks."""
        self._stopped.set()

    def report(self) -> dict[str, Any]:
        """The windows in numbers."""
        before = {"before_start": self.before} if self.before else {}
        return {**account(self._recogniser, self._source), **before}

    def _take(self, block: SampleBlock) -> bool:
        """Answer for a block; False if nobody takes results any more."""
        at_ns = getattr(self._source, "at_ns", 0) or time.monotonic_ns()
        self._keep(block, at_ns)
        self._clock.heard(block)
        self._listen(block, at_ns)
        results = self._recogniser.push(block)
        restarts = self._recogniser.report.restarts
        if restarts > self._restarts:
            self._restarts = restarts
            self._say(RESTARTED, "the clock of the samples was set; windows begin anew")
        goes_on = self._give(results)
        self._losses.look(self._recogniser.report, self._source.report())
        return goes_on

    def _listen(self, block: SampleBlock, at_ns: int) -> None:
        """Say when a live sensor falls silent, and when it is heard again."""
        if self._zero is None:
            return
        heard_ns = self._zero.ns if self._heard_ns is None else self._heard_ns
        self._at_s = (at_ns - self._zero.ns) / 1e9
        now_s = max(self._t_s, self._at_s)
        if len(block):
            self._heard_ns = at_ns
            if self._lost_ns is not None:
                silent_s, self._lost_ns = (at_ns - self._lost_ns) / 1e9, None
                self._t_s = now_s
                self._say(BACK, f"samples come again, after {silent_s:.1f} s")
        elif self._lost_ns is None and at_ns - heard_ns >= SILENT_S * 1e9:
            self._lost_ns, self._t_s = heard_ns, now_s
            self._say(LOST, f"nothing came for {SILENT_S:g} s; it is listened for as before")
            self._order.away(self.name)

    def _give(self, results: Iterable[Any]) -> bool:
        goes_on = True
        for result in results:
            t_s = self._clock.t_s(result)
            if t_s < 0:
                self.before += 1
                continue
            self._t_s = t_s
            made: WornResult = worn_result(result, self.name, t_s)
            goes_on = self._order.put(self.name, t_s, made)
        return goes_on

    def _say(self, event: str, said: str) -> None:
        self._order.put(self.name, self._t_s, Happened(self.name, event, self._t_s, said))
