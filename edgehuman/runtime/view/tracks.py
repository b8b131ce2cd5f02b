"""The live view of gait: who walks on each track, how sure, and how late, redrawn in place.

If standard output is not a terminal, one plain line per result instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import IO

from edgehuman.errors import safe_name
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally
from edgehuman.runtime.view.screen import Lines, Screen, clip, fit, flow, latency_figures

_TRACK_WIDTH, _NAME_WIDTH, _SCORE_WIDTH, _TIME_WIDTH = 8, 20, 6, 9
_MOST_TRACKS = 64
NO_GALLERY = "no gallery: give --gallery to name people"


def gait_lines(stream: IO[str]) -> Lines[GaitResult]:
    """One line per result, for pipes and logs."""
    heads = f"{'time':>9}    {'track':<10}  {'name':<{_NAME_WIDTH}} {'score':>6}  latency"
    return Lines(stream, heads, gait_line)


def gait_line(result: GaitResult) -> str:
    """One result in words: time, track, name, score and latency, and the nearest if unknown; or
    what happened to a camera.
    """
    if result.event:
        return f"{result.t_s:9.2f} s  {safe_name(result.source)}  {result.event}: {result.reason}"
    words = [f"{result.t_s:9.2f} s  {fit(safe_name(result.track), 10)}"]
    if result.reason:
        words.append(f"no answer ({safe_name(result.reason)})")
    elif result.label or result.state:
        said = result.label or result.state
        words.append(f"{fit(safe_name(said), _NAME_WIDTH)} {result.score:6.3f}")
    else:
        words.append(NO_GALLERY)
    words.append(f"{result.latency_ms:.2f} ms")
    if result.label == UNKNOWN and result.raw_label:
        words.append(f"(nearest: {safe_name(result.raw_label)})")
    return "  ".join(words)


class GaitView:
    """One screen: a row for each track of late, the totals, and remarks.

    Args:
        stream: a terminal that can redraw.
        title: model and source.
        tally: the totals so far.
        dropped: returns the poses dropped so far.
    """

    name = "screen"
    may_skip = True

    def __init__(
        self,
        stream: IO[str],
        title: str,
        tally: GaitTally,
        dropped: Callable[[], int] = lambda: 0,
    ) -> None:
        self._screen = Screen(stream)
        self._title = safe_name(title)
        self._tally = tally
        self._dropped = dropped
        self._newest: dict[str, GaitResult] = {}
        self._notes: deque[str] = deque(maxlen=2)
        self._t_s = 0.0

    def note(self, message: str) -> None:
        """Show a message under the view; the last two stay."""
        self._notes.append(safe_name(message))

    def write(self, results: Sequence[GaitResult]) -> None:
        for result in results:
            if result.event:
                self.note(f"{result.source} {result.event}: {result.reason}")
                continue
            self._newest.pop(result.track, None)
            self._newest[result.track] = result
            self._t_s = max(self._t_s, result.t_s)
        while len(self._newest) > _MOST_TRACKS:
            del self._newest[next(iter(self._newest))]
        if self._screen.is_due():
            self._draw()

    def close(self) -> None:
        if self._newest:
            self._draw()
        self._screen.close()

    def screen(self, columns: int = 79, rows: int = 23) -> list[str]:
        """The lines of the screen in so many columns and rows; the newest tracks come first."""
        seconds = f"{self._t_s:.1f} s"
        head = [f" {fit(self._title, columns - len(seconds) - 2)} {seconds}", "", _heads(columns)]
        tail = ["", *flow(self._figures(columns), columns)]
        tail += [fit(f" ! {note}", columns) for note in list(self._notes)]
        room = max(rows - len(head) - len(tail), 1)
        results = sorted(self._newest.values(), key=lambda result: -result.t_s)
        kept = results if len(results) <= room else results[: room - 1]
        lines = [_row(result, columns) for result in kept]
        if len(kept) < len(results):
            lines.append(f" {len(results) - len(kept)} earlier tracks")
        return [clip(line, columns).rstrip() for line in (*head, *lines, *tail)][: max(rows, 1)]

    def _draw(self) -> None:
        self._screen.draw(self.screen(*self._screen.size()))

    def _figures(self, columns: int) -> Iterator[str]:
        tally, latency = self._tally, self._tally.latency
        p50, p95 = latency.percentile_ms(50), latency.percentile_ms(95)
        yield from latency_figures("name", p50, p95, columns)
        yield f"without an answer {sum(tally.reasons.values())} of {tally.windows}"
        yield f"poses dropped {self._dropped()}"


def _name_width(columns: int) -> int:
    return min(_NAME_WIDTH, max(columns - _TRACK_WIDTH - _SCORE_WIDTH - _TIME_WIDTH - 4, 6))


def _heads(columns: int) -> str:
    width = _name_width(columns)
    return f" {'track':<{_TRACK_WIDTH}} {'name':<{width}} {'score':>6} {'seen':>9}   also near"


def _row(result: GaitResult, columns: int) -> str:
    width = _name_width(columns)
    line = f" {fit(safe_name(result.track), _TRACK_WIDTH)} {fit(_said(result), width)} "
    line += (
        f"{result.score:6.2f}"
        if (result.label or result.state) and not result.reason
        else f"{'–':>6}"
    )
    return f"{line} {result.t_s:7.1f} s   {', '.join(_others(result))}"


def _said(result: GaitResult) -> str:
    return safe_name(result.reason or result.label or result.state or "no gallery")


def _others(result: GaitResult) -> Iterator[str]:
    if result.label == UNKNOWN and result.raw_label:
        yield f"nearest {safe_name(result.raw_label)}"
    elif result.identity is not None:
        yield from (f"{safe_name(name)} {score:.2f}" for name, score in result.identity.others[:2])
