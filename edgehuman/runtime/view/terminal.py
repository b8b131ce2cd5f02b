"""The live view of a wearable: label, probabilities and latency on one screen, redrawn in place.

If standard output is not a terminal, one plain line per result instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from edgehuman.errors import safe_name
from edgehuman.runtime.imu.results import ImuResult, ImuTally
from edgehuman.runtime.view.palette import UNLABELLED_RGB, Rgb, colours, terminal_code
from edgehuman.runtime.view.screen import (
    Lines,
    Screen,
    fit,
    flow,
    latency_figures,
    wants_colour,
)

_NAME_WIDTH = 20
_MOST_COLUMNS = 110
_FEWEST_BARS = 2
_BLOCKS = " ▏▎▍▌▋▊▉█"


def plain_lines(stream: IO[str]) -> Lines[ImuResult]:
    """One line per result, for pipes and logs."""
    heads = f"{'time':>9}    {'label':<{_NAME_WIDTH}} score  {'latency':>9}"
    return Lines(stream, heads, plain_line)


def plain_line(result: ImuResult) -> str:
    """One result in words: time, label, score, latency, and the network's label if it differs."""
    words = [f"{result.t_s:9.2f} s  {safe_name(result.label):<{_NAME_WIDTH}} {result.score:5.3f}"]
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
    remarks. It fits any terminal from 40 columns and 10 rows.

    Args:
        stream: a terminal that can redraw.
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
        coloured: bool | None = None,
    ) -> None:
        self._screen = Screen(stream)
        self._title = safe_name(title)
        self._labels = tuple(labels)
        self._tally = tally
        self._dropped = dropped
        self._coloured = wants_colour() if coloured is None else coloured
        self._rgb = colours(labels)
        self._results: deque[ImuResult] = deque(maxlen=_MOST_COLUMNS)
        self._notes: deque[str] = deque(maxlen=2)

    def note(self, message: str) -> None:
        """Show a message under the view; the last two stay."""
        self._notes.append(safe_name(message))

    def write(self, results: Sequence[ImuResult]) -> None:
        self._results.extend(results)
        if self._screen.is_due():
            self._draw()

    def close(self) -> None:
        if self._results:
            self._draw()
        self._screen.close()

    def screen(self, result: ImuResult, columns: int = 79, rows: int = 23) -> list[str]:
        """The lines of the screen for the newest result, in so many columns and rows."""
        width = min(columns, _MOST_COLUMNS)
        name_width = min(_NAME_WIDTH, max(width // 3, 8))
        bar_width = max(width - name_width - 7, 4)
        seconds = f"{result.t_s:.1f} s"
        title = f" {fit(self._title, width - len(seconds) - 2)} {seconds}"
        headline = [*flow(self._headline(result), width)]
        figures = [*flow(self._figures(width), width)]
        notes = [fit(f" ! {note}", width) for note in list(self._notes)]
        head = [title, "", *headline, ""]
        tail = ["", *self._history(name_width, bar_width), "", *figures, *notes]
        if len(head) + len(tail) + _FEWEST_BARS > rows:  # the latency matters more than the past
            head, tail = [title, *headline], figures
            tail += notes[: max(rows - len(head) - len(tail) - _FEWEST_BARS, 0)]
        bars = self._bars(result, name_width, bar_width, rows - len(head) - len(tail))
        return [line.rstrip() for line in (*head, *bars, *tail)][: max(rows, 1)]

    def _draw(self) -> None:
        self._screen.draw(self.screen(self._results[-1], *self._screen.size()))

    def _headline(self, result: ImuResult) -> Iterator[str]:
        said = safe_name(result.label).replace("_", " ").upper()
        rgb = self._rgb.get(result.label, UNLABELLED_RGB)
        yield f"{self._paint('██', rgb)} {said:<18} {result.score:5.2f}"
        if result.reason:
            yield safe_name(result.reason)
        elif result.true_label is not None:
            yield f"true: {safe_name(result.true_label).replace('_', ' ')}"

    def _bars(self, result: ImuResult, name_width: int, width: int, rows: int) -> list[str]:
        """One bar a label; if there are too many for the rows, the most probable ones."""
        prob_C = result.prob_C or (0.0,) * len(self._labels)
        order = sorted(range(len(self._labels)), key=lambda k: -prob_C[k])
        kept = order if len(order) <= rows else order[: max(rows - 1, 1)]
        lines = [
            f" {fit(safe_name(self._labels[k]), name_width)} "
            f"{self._paint(bar(prob_C[k], width), self._rgb[self._labels[k]])} {prob_C[k]:4.2f}"
            for k in sorted(kept)
        ]
        left = len(order) - len(kept)
        return [*lines, f" {left} less probable"] if left else lines

    def _history(self, name_width: int, width: int) -> list[str]:
        rows: list[tuple[str, Callable[[ImuResult], str | None]]] = [
            ("label", lambda result: result.label),
            ("network", lambda result: result.raw_label),
        ]
        results = list(self._results)[-width:]
        if any(result.true_label is not None for result in results):
            rows.insert(0, ("true", lambda result: result.true_label))
        return [
            f" {name:<{name_width}} {self._strip([pick(result) for result in results])}"
            for name, pick in rows
        ]

    def _strip(self, labels: Sequence[str | None]) -> str:
        """One character per hop, the newest on the right."""
        if self._coloured:
            return "".join(
                self._paint("█", self._rgb.get(label or "", UNLABELLED_RGB)) for label in labels
            )
        initials = {label: chr(ord("a") + k % 26) for k, label in enumerate(self._labels)}
        return "".join(initials.get(label or "", "·") for label in labels)

    def _figures(self, width: int) -> Iterator[str]:
        tally = self._tally
        latency = tally.latency
        flicker = tally.flicker_per_minute()
        waited_ms = tally.total_delay_s / max(tally.windows, 1) * 1e3
        p50, p95 = latency.percentile_ms(50), latency.percentile_ms(95)
        yield from latency_figures("label", p50, p95, width)
        yield f"of it {waited_ms:.0f} ms mean look-ahead"
        yield f"{'–' if flicker is None else f'{flicker:.1f}'} changes a minute"
        yield f"without an answer {sum(tally.reasons.values())} of {tally.windows}"
        yield f"samples dropped {self._dropped()}"

    def _paint(self, text: str, rgb: Rgb) -> str:
        return f"\x1b[38;5;{terminal_code(rgb)}m{text}\x1b[0m" if self._coloured else text


def bar(share: float, width: int) -> str:
    """A horizontal bar of eighths of a character, padded to `width`."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (_BLOCKS[rest] if rest else "")).ljust(width)
