"""The live view: current label, probabilities and latency on one screen, redrawn in place.

If standard output is not a terminal, one plain line per result instead.
"""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import IO

from edgehuman.runtime.imu.results import ImuResult, ImuTally
from edgehuman.runtime.view.palette import UNLABELLED_RGB, Rgb, colours, terminal_code

_BETWEEN_DRAWS_S = 0.1
_NAME_WIDTH = 20
_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_BLOCKS = " ▏▎▍▌▋▊▉█"


class PlainLines:
    """One line per result, for pipes and logs."""

    name = "screen"
    may_skip = False

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, results: Sequence[ImuResult]) -> None:
        self._stream.write("\n".join(map(plain_line, results)) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Standard output stays open."""


def plain_line(result: ImuResult) -> str:
    """One result in words: time, label, score, latency, and the network's label if it differs."""
    words = [f"{result.t_s:9.2f} s  {result.label:<{_NAME_WIDTH}} {result.score:5.3f}"]
    words.append(f"{result.latency_ms:9.2f} ms")
    if result.reason:
        words.append(f"({result.reason})")
    elif result.raw_label != result.label:
        words.append(f"(network: {result.raw_label})")
    if result.true_label is not None:
        words.append(f"[true: {result.true_label}]")
    return "  ".join(words)


class LiveView:
    """One screen: label, probabilities, the last labels as coloured strips, latency, flicker,
    remarks.

    Args:
        stream: a terminal.
        title: model and source.
        labels: class names, in the order of the probabilities.
        tally: the totals so far.
        dropped: returns the samples dropped so far.
        coloured: False: only plain characters.
    """

    name = "screen"
    may_skip = True

    def __init__(
        self,
        stream: IO[str],
        title: str,
        labels: Sequence[str],
        tally: ImuTally,
        dropped: Callable[[], int] = lambda: 0,
        coloured: bool = "NO_COLOR" not in os.environ,
    ) -> None:
        self._stream = stream
        self._title = title
        self._labels = tuple(labels)
        self._tally = tally
        self._dropped = dropped
        self._coloured = coloured
        self._rgb = colours(labels)
        width = min(shutil.get_terminal_size().columns - 1, 90)
        self._bar_width = max(width - _NAME_WIDTH - 12, 10)
        self._strips: deque[ImuResult] = deque(maxlen=self._bar_width)
        self._notes: deque[str] = deque(maxlen=2)
        self._lines_drawn = 0
        self._drawn_s = 0.0

    def note(self, message: str) -> None:
        """Show a message under the view; the last two stay."""
        self._notes.append(message)

    def write(self, results: Sequence[ImuResult]) -> None:
        self._strips.extend(results)
        if time.monotonic() - self._drawn_s >= _BETWEEN_DRAWS_S:
            self._draw(results[-1])

    def close(self) -> None:
        if self._strips:
            self._draw(self._strips[-1])
            self._stream.write(_SHOW)
            self._stream.flush()

    def screen(self, result: ImuResult) -> list[str]:
        """The lines of the screen for the newest result."""
        lines = [f" {self._title}   {result.t_s:8.1f} s", "", self._headline(result), ""]
        lines += [self._bar(k, result) for k in range(len(self._labels))]
        lines += ["", *self._history(), "", *self._figures()]
        return lines + [f" ! {note}" for note in list(self._notes)]

    def _draw(self, result: ImuResult) -> None:
        self._drawn_s = time.monotonic()
        lines = self.screen(result)
        up = f"\x1b[{self._lines_drawn}F" if self._lines_drawn else _HIDE
        self._stream.write(up + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[J")
        self._stream.flush()
        self._lines_drawn = len(lines)

    def _headline(self, result: ImuResult) -> str:
        said = result.label.replace("_", " ").upper()
        rgb = self._rgb.get(result.label, UNLABELLED_RGB)
        line = f" {self._paint('██', rgb)} {said:<22} {result.score:5.2f}"
        if result.reason:
            return f"{line}   {result.reason}"
        if result.true_label is not None:
            return f"{line}   true: {result.true_label.replace('_', ' ')}"
        return line

    def _bar(self, k: int, result: ImuResult) -> str:
        prob = 0.0 if result.prob_C is None else float(result.prob_C[k])
        name = self._labels[k]
        painted = self._paint(bar(prob, self._bar_width), self._rgb[name])
        return f" {name[:_NAME_WIDTH]:<{_NAME_WIDTH}} {painted} {prob:5.2f}"

    def _history(self) -> list[str]:
        rows = [
            ("label", lambda result: result.label),
            ("network", lambda result: result.raw_label),
        ]
        if any(result.true_label is not None for result in self._strips):
            rows.insert(0, ("true", lambda result: result.true_label))
        return [f" {name:<{_NAME_WIDTH}} {self._strip(pick)}" for name, pick in rows]

    def _strip(self, pick: Callable[[ImuResult], str | None]) -> str:
        """One character per hop, the newest on the right."""
        if self._coloured:
            return "".join(
                self._paint("█", self._rgb.get(pick(r) or "", UNLABELLED_RGB))
                for r in list(self._strips)
            )
        initials = {label: chr(ord("a") + k) for k, label in enumerate(self._labels)}
        return "".join(initials.get(pick(r) or "", "·") for r in list(self._strips))

    def _figures(self) -> list[str]:
        tally = self._tally
        latency = tally.latency
        flicker = tally.flicker_per_minute()
        waited_ms = tally.total_delay_s / max(tally.windows, 1) * 1e3
        return [
            f" capture to label   p50 {latency.percentile_ms(50):.1f} ms   "
            f"p95 {latency.percentile_ms(95):.1f} ms   (of it {waited_ms:.0f} ms mean look-ahead)",
            f" flicker            {'–' if flicker is None else f'{flicker:.1f}'} changes a minute"
            f"   without an answer {sum(tally.reasons.values())} of {tally.windows}"
            f"   samples dropped {self._dropped()}",
        ]

    def _paint(self, text: str, rgb: Rgb) -> str:
        return f"\x1b[38;5;{terminal_code(rgb)}m{text}\x1b[0m" if self._coloured else text


def bar(share: float, width: int) -> str:
    """A horizontal bar of eighths of a character, padded to `width`."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest] if rest else "")).ljust(width)
