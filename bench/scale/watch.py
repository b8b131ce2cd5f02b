"""How far a sweep is: a line for every cell that ends, and a table of all of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping

from edgehuman.bench.scale.cells import DIVERGED, DONE, FAILED, RUNNING, STOPPED, CellState
from edgehuman.bench.scale.estimate import Cost, hours, seconds_of
from edgehuman.bench.scale.sweep import Sweep
from edgehuman.errors import printable, safe_name
from edgehuman.progress import tell
from edgehuman.runtime.view.screen import Screen, can_redraw

_MARKS = {DONE: "#", RUNNING: ">", STOPPED: "-", FAILED: "x", DIVERGED: "!"}
_LEGEND = "# done  > running  - stopped  x failed  ! diverged  . waiting"
_WIDE, _LAST = 24, 8


class Watch:
    """Shows each cell that ends with its loss, and what is left by the estimate: lines, and on a
    terminal the table of all cells in one place.

    Args:
        sweep: what runs.
        states: of the cells before.
        costs: of its networks, if they were measured.
        processes: that run at once.
    """

    def __init__(
        self,
        sweep: Sweep,
        states: Mapping[str, CellState],
        costs: Mapping[str, Cost] | None,
        processes: int,
    ) -> None:
        self._sweep, self._states = sweep, dict(states)
        self._costs, self._processes = costs or {}, processes
        self._screen = Screen(sys.stderr) if can_redraw(sys.stderr) else None
        self._last: list[str] = []

    def add(self, state: CellState) -> None:
        """A cell has ended."""
        self._states[state.name] = state
        said = f"{state.status:8} {state.name}"
        outcome = state.outcome or {}
        for key, name in (("test_loss", "loss"), ("rank1", "rank-1")):
            if isinstance(value := outcome.get(key), float):
                said += f"  {name} {value:.4f}"
        for step, found in state.found.items():
            said += "".join(f"  {step} {name} {value:.3f}" for name, value in found.items())
        said += f"  {hours(state.seconds)}"
        if state.error:
            said += f"  {state.error}"
        self._show(said, self._left())

    def _left(self) -> str:
        """How many cells have ended, and what the others will take."""
        left = [
            seconds_of(cell, self._costs)
            for cell in self._sweep.cells
            if cell.name not in self._states
            or self._states[cell.name].status not in (DONE, DIVERGED, FAILED)
        ]
        known = sum(each for each in left if each is not None) / self._processes
        done = len(self._sweep.cells) - len(left)
        said = f"{time.strftime('%H:%M:%S')}  {done} of {len(self._sweep.cells)} cells"
        return f"{said}, about {hours(known)} left" if left and self._costs else said

    def _show(self, ended: str, left: str) -> None:
        """Draw the table and the last cells over those before; in a pipe, print two lines."""
        if self._screen is None:
            tell(ended)
            tell(left)
            return
        self._last = [*self._last[1 - _LAST :], printable(ended)]
        table = table_of(self._sweep, self._states).splitlines()
        self._screen.draw([*table, "", *self._last, left])

    def close(self) -> None:
        """Give the terminal its cursor back."""
        if self._screen is not None:
            self._screen.close()


def table_of(sweep: Sweep, states: Mapping[str, CellState]) -> str:
    """A table of marks: a row for each value of the first axis, a column for each of the second,
    and in it a mark for every cell of the others.
    """
    names = [*sweep.axes]
    if not names:
        state = states.get(sweep.cells[0].name)
        return f"{_MARKS.get(state.status if state else '', '.')}  {_LEGEND}"
    rows = [safe_name(label) for label in sweep.axes[names[0]]]
    columns = [safe_name(label) for label in sweep.axes[names[1]]] if len(names) > 1 else [""]
    marks: dict[tuple[str, str], str] = {}
    for cell in sweep.cells:
        second = safe_name(cell.labels[names[1]]) if len(names) > 1 else ""
        place = (safe_name(cell.labels[names[0]]), second)
        state = states.get(cell.name)
        marks[place] = marks.get(place, "") + _MARKS.get(state.status if state else "", ".")
    first = max(len(names[0]), *(len(row) for row in rows), 4)
    wide = [max(len(c), *(len(marks.get((row, c), "")) for row in rows)) for c in columns]
    wide = [min(each, _WIDE) for each in wide]
    heads = [name.ljust(w) for name, w in zip(columns, wide, strict=True)]
    lines = [" ".join([names[0].ljust(first), *heads]).rstrip()]
    for row in rows:
        shown = [_shown(marks.get((row, c), ""), w) for c, w in zip(columns, wide, strict=True)]
        lines.append(" ".join([row.ljust(first), *shown]).rstrip())
    return "\n".join([*lines, _LEGEND])


def _shown(marks: str, wide: int) -> str:
    """Marks in a column; of too many, how many are done."""
    if len(marks) <= wide:
        return marks.ljust(wide)
    return f"{marks.count('#')}/{len(marks)}".ljust(wide)
