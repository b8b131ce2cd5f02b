"""Blocks of samples in, labels out: the part of the stream without threads or a clock of its own.

recogniser = Recogniser(model, "walk.csv", StreamOptions(threshold=0.5))
for block in source:
    for result in recogniser.push(block): ...
for result in recogniser.close(): ...
"""

from __future__ import annotations

import dataclasses
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Literal

import numpy as np

from edgehuman.card import Card, Decision
from edgehuman.catalogue import is_of
from edgehuman.errors import ArtefactError
from edgehuman.metrics.energy import energy_of
from edgehuman.preprocess.imu.faults import MISSING_SHARE
from edgehuman.preprocess.imu.format import ImuFormat, ImuReport
from edgehuman.preprocess.imu.moved import Motion, motions
from edgehuman.preprocess.imu.text.columns import plain
from edgehuman.records import Float32
from edgehuman.runtime.imu.decision import Decided, Decider
from edgehuman.runtime.imu.mounting import Mounting, Worn
from edgehuman.runtime.imu.results import ImuResult, ImuTally, said_worn
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.windows import StreamWindow, WindowMaker
from edgehuman.runtime.loop.dropped import cause_of_loss
from edgehuman.runtime.loop.play import require_hop
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model

Smoothing = Literal["none", "fixed_lag", "hysteresis"]
MountingName = Literal["learn", "fixed"]
BROKEN_OUTPUT = "output not finite"
UNLIKE = "unlike what the model learnt"
NOT_KNOWN = "mounting not known"
LOW_SCORE = "score under the threshold"
AT_ONCE = 32
"""A file's windows go through the model together, at most so many; fewer where the mounting may
change between them, as their results would be lost: up to the first possible change after one that
came, and then past twice as many each time."""

_log = logging.getLogger("edgehuman.runtime")


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """How a stream is cut and decided; None: the model card's value.

    Attributes:
        hop_s: stream time between windows, seconds.
        smoothing: "none", "fixed_lag" or "hysteresis".
        delay_s: the delay budget of the smoothing, seconds.
        threshold: under this score the answer is "unknown".
        format: units and axes of the stream.
        mounting: "learn" how the sensor is worn from its wearer's walking, if the model can; or
            take it as "fixed", worn as the model's card says.
        placement: where the sensor is worn, mounted there as the card says; None: found out.
        missing_share: a window that lacks a larger share of its rows has no answer.
    """

    hop_s: float | None = None
    smoothing: Smoothing | None = None
    delay_s: float | None = None
    threshold: float | None = None
    format: ImuFormat = field(default_factory=ImuFormat)
    mounting: MountingName = "learn"
    placement: str | None = None
    missing_share: float = MISSING_SHARE

    def decision(self, card: Card) -> Decision:
        """The card's decision, overridden by what is given here."""
        given = {key: getattr(self, key) for key in ("smoothing", "delay_s", "threshold")}
        return dataclasses.replace(
            card.decision, **{key: value for key, value in given.items() if value is not None}
        )


class Recogniser:
    """One stream through one model.

    Args:
        model: an activity model that takes an ImuWindow.
        source: the id that results carry.
        options: how to cut and decide.
        notify: called once for each problem; logs a warning by default.
        patient: of a live source, which goes on whatever it is sent; see `WindowMaker`.

    Attributes:
        decision, hop_s, labels, window, rate_hz: the values used, from the card or the options.
        windows: cuts the windows, and holds the report.
        mounting: how the sensor is worn, as far as it is known.
        tally: the totals so far.
        clock_ns: the clock of arrival times; that of a recording, where one is replayed.

    Raises:
        ArtefactError: the model is for another task or another record.
        UsageError: an option outside its range.
    """

    def __init__(
        self,
        model: Model,
        source: str = "",
        options: StreamOptions | None = None,
        notify: Callable[[str], object] = _log.warning,
        patient: bool = False,
    ) -> None:
        require_activity(model)
        options = options or StreamOptions()
        self.decision = options.decision(model.card)
        given_s = model.card.decision.hop_s if options.hop_s is None else options.hop_s
        hop_s = require_hop(given_s)
        self.labels = model.labels
        self._own = {plain(label): label for label in self.labels}
        self.source = source
        self.rate_hz = model.card.input.rate_hz
        self.window = model.card.input.shape[0]
        self.windows = WindowMaker(
            options.format,
            self.window,
            hop_s,
            self.rate_hz,
            source,
            options.missing_share,
            patient,
        )
        self.hop_s = round(hop_s * self.rate_hz) / self.rate_hz
        self.tally = ImuTally(
            self.hop_s, classes=self.labels, window_s=(self.window - 1) / self.rate_hz
        )
        self._decider: Decider[StreamWindow] = Decider(self.decision, self.labels, self.hop_s)
        self._run = model.engine.run
        self._waiting: deque[Motion] = deque()  # windows that have no answer of the model yet
        # Outputs, logits, energies, and whether somebody surely walks, of windows that wait.
        self._ahead: deque[tuple[Float32, list[float], float, bool]] = deque()
        self._ahead_worn: Worn | None = None
        self._changes = 1  # possible changes of the mounting that the model runs past
        self._worn: Worn | None = None
        self.mounting = Mounting(model.card, options.mounting == "fixed", options.placement)
        self._placements = model.card.output.placements
        self._rejects = self.decision.energy is not None
        self._notify = notify
        self._told = 0
        self._newest_s = 0.0
        self.clock_ns: Callable[[], int] = time.monotonic_ns

    @property
    def report(self) -> ImuReport:
        """What was found in the stream so far."""
        return self.windows.report

    def push(self, block: SampleBlock) -> list[ImuResult]:
        """The results that this block completes, oldest first.

        An empty block means that nothing arrived for a while: overdue answers are given then.
        """
        if not len(block):
            return self._overdue()
        results = self._judged(self.windows.push(block))
        self._tell()
        return results

    def close(self) -> list[ImuResult]:
        """The results that were still waiting at the end of the stream."""
        late = self._judged(self.windows.close())
        late += self._finish(self._decider.flush())
        self._tell()
        return late

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window, with the largest loss if it explains that."""
        report = self.windows.report
        needed_s = self.window / self.rate_hz
        needed_rows = needed_s * (report.rate_hz or self.rate_hz)
        lost, cause = cause_of_loss(report, source)
        breaks = report.gaps + report.restarts
        if source.get("missing"):
            why = f": {source['missing']}"
        elif report.used >= needed_rows and breaks:
            why = f": {breaks} gaps break them up; give a recording without pauses"
        elif lost and report.used + lost >= needed_rows:
            counted = ", or count the rows: --rate-hz" if lost == report.duplicate else ""
            why = f": {cause}{counted}"
        else:
            why = f": {self._too_short()}"
        return (
            f"{report.rows} rows, {report.used} of them used, hold no window of {needed_s:g} s "
            f"without a gap{why}"
        )

    def _too_short(self) -> str:
        """How long the recording is, and what to do; many rows in a short time may be an error of
        the clock.
        """
        report, lasts_s = self.windows.report, self.windows.end_s
        if report.used < self.window:
            return f"it lasts {lasts_s:.3g} s; give a longer recording"
        return (
            f"by its stamps it lasts {lasts_s:.3g} s, with {report.rate_hz:,.0f} rows a second; "
            f"at {self.rate_hz:g} a second it would last {report.used / self.rate_hz:.3g} s. If "
            "the unit of the stamps is wrong, give --stamp-unit, or --rate-hz to count the rows "
            "instead; else give a longer recording"
        )

    def _overdue(self) -> list[ImuResult]:
        """The results that waited for windows that did not arrive within the delay budget."""
        idle_s = self.clock_ns() / 1e9 - self._newest_s
        if not self._decider.waiting or idle_s < self.decision.delay_s:
            return []
        return self._finish(self._decider.flush())

    def _judged(self, windows: Sequence[StreamWindow]) -> list[ImuResult]:
        """The results of windows that came together, e.g. of a block of a file."""
        usable = [window.window.imu_TC for window in windows if window.usable]
        self._waiting = deque(motions(np.stack(usable), self.rate_hz) if usable else ())
        self._ahead.clear()
        results: list[ImuResult] = []
        for window in windows:
            results += self._judge(window)
        return results

    def _look_ahead(self) -> None:
        """Run the model on all windows that wait, unless it has; anew once the mounting changes."""
        is_changed = self._ahead_worn is not self.mounting.worn
        if self._ahead and not is_changed:
            return
        self._changes = 1 if is_changed else min(AT_ONCE, 2 * self._changes)
        self._ahead_worn = self.mounting.worn
        size = 1
        if len(self._waiting) > 1:
            size = self.mounting.settled(islice(self._waiting, AT_ONCE), self._changes)
        waiting = [motion.imu_TC for motion in islice(self._waiting, size)]
        output_NO = self._run(self.mounting.turned(np.stack(waiting)))
        energy_N = energy_of(output_NO) if self._rejects else np.full(len(output_NO), math.inf)
        logits_NC, walks = self.mounting.answers(output_NO)
        self._ahead = deque(
            zip(output_NO, logits_NC.tolist(), energy_N.tolist(), walks, strict=True)
        )

    def _judge(self, window: StreamWindow) -> list[ImuResult]:
        self._newest_s = window.arrival_ns / 1e9
        logits_C: list[float] | None = None
        energy = math.inf
        if window.usable:
            self._look_ahead()
            motion = self._waiting.popleft()
            logits_C, energy = self._logits(motion, window.t_s)
            if not all(map(math.isfinite, logits_C)):
                window = dataclasses.replace(window, usable=False, reason=BROKEN_OUTPUT)
                logits_C = None
                self.windows.report.note(
                    "the model's output is not finite, so the window is not answered; "
                    "export the model again and test it with `edgehuman evaluate`"
                )
            elif not self._tells(motion, logits_C):
                window = dataclasses.replace(window, usable=False, reason=NOT_KNOWN)
                logits_C = None
        return self._finish(self._decider.push(window, window.t_s, logits_C, energy))

    def _tells(self, motion: Motion, logits_C: list[float]) -> bool:
        """Whether the window's likeliest class can be believed, as far as the mounting is known."""
        likeliest = self.labels[logits_C.index(max(logits_C))]
        if self.mounting.tells(motion, likeliest):
            return True
        if self.mounting.moved_s is not None:
            self.windows.report.note(
                f"at {self.mounting.moved_s:.1f} s gravity has moved in the sensor's axes although "
                "the gyroscope did not turn: the sensor was turned or exchanged, so postures are "
                "unknown until its wearer walks; to take it as it is, --mounting fixed"
            )
            return False
        self.windows.report.note(
            "gravity does not lie along the axis that is up when the sensor is worn as usual, and "
            "nobody has walked yet: its wearer lies, or it is mounted otherwise, so postures are "
            "unknown. Walk a few steps, or give --placement, --axes or --mounting fixed"
        )
        return False

    @property
    def _learnt(self) -> bool:
        return self.mounting.worn is not None and self.mounting.worn.t_s is not None

    def _logits(self, motion: Motion, t_s: float) -> tuple[list[float], float]:
        """The logits of a window's classes, in its wearer's frame as far as that is known, and the
        energy of its outputs."""
        known = self._learnt
        output_O, logits_C, energy, walks = self._ahead.popleft()
        self.mounting.learn(motion, output_O, t_s, walks)
        if self.mounting.worn is not None and self.mounting.worn is not self._worn:
            self._worn = self.mounting.worn
            self.tally.worn = self.mounting.worn.said(self._placements)
            if self._learnt and not known:
                self.windows.report.note(
                    f"learnt from walking at {t_s:.1f} s how the sensor is worn: "
                    f"{said_worn(self.tally.worn)}; to take it as it is, --mounting fixed"
                )
        return logits_C, energy

    def _tell(self) -> None:
        """Pass on the stream time, and the report's new remarks; each is made once."""
        self.tally.heard(self.windows.end_s, self.windows.gap_s)
        for remark in self.windows.report.notes[self._told :]:
            self._notify(f"{self.source}: {remark}")
            self._told += 1

    def _finish(self, decided: list[Decided[StreamWindow]]) -> list[ImuResult]:
        now_ns = self.clock_ns()
        results = [self._result(one, now_ns) for one in decided]
        for result in results:
            self.tally.add(result)
        return results

    def _result(self, decided: Decided[StreamWindow], now_ns: int) -> ImuResult:
        """A result with its latency: from the capture of the newest window it is based on until
        now, plus the stream time between its own window and that one. So the look-ahead counts in
        full, at any playing speed."""
        item = decided.item
        return ImuResult(
            t_s=item.t_s,
            label=decided.label,
            score=decided.score,
            latency_ms=(now_ns - decided.newest.arrival_ns) / 1e6 + decided.look_ahead_s * 1e3,
            raw_label=decided.raw_label,
            stamp_ns=item.window.stamp_ns,
            source=self.source,
            delay_s=decided.look_ahead_s,
            reason=_reason(decided),
            true_label=self._own.get(plain(item.label), item.label) if item.label else None,
            prob_C=decided.prob_C,
            window=item.window,
        )


def _reason(decided: Decided[StreamWindow]) -> str:
    """Why a window has no answer; empty if it has one."""
    if decided.is_unlike:
        return UNLIKE
    is_unsure = decided.prob_C is not None and decided.label == UNKNOWN
    return LOW_SCORE if is_unsure else decided.item.reason


def require_activity(model: Model) -> None:
    """Raises ArtefactError for a model of another task or record, or without labels."""
    card = model.card
    if card.task != "activity" or not is_of(card.input.record, "imu"):
        raise ArtefactError(
            f"{model.name} is for the task {card.task!r} on a {card.input.record}; this stream "
            "needs the task 'activity' on an ImuWindow. Give another model, e.g. zoo:activity"
        )
    if card.output.kind != "classes" or len(card.output.labels) < 2:
        raise ArtefactError(
            f"{model.name} gives {card.output.kind} with labels {list(card.output.labels)}; a "
            "stream needs at least two classes. Fine-tune it with `edgehuman finetune --task "
            "activity` and export it"
        )
