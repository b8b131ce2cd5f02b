"""The curves of a user's own table: one figure for each x."""

from __future__ import annotations

from collections.abc import Sequence

from edgehuman.bench.figures.parts import Figure, Panel, traces_of
from edgehuman.bench.figures.wearable import simulated
from edgehuman.bench.fits.fits import Fits
from edgehuman.bench.laws.curves import Rules

NAMES = {"x": "curves", "N": "curves_by_n", "D": "curves_by_d"}


def figures(fits: Sequence[Fits], rules: Rules) -> list[Figure]:
    """One figure for each x that was fitted: its points, laws and stars."""
    found = []
    for each in fits:
        for x in each.axes:
            laws = [law for law in each.laws if law.group.x == x]
            name, title = NAMES.get(x, "curves"), f"{each.study.y} against {x}"
            if not laws:
                found.append(
                    Figure(name, title, "a curve", lacks=f"three values of {x} in a group")
                )
                continue
            traces = traces_of(laws, "group", "", rules.level)
            panel = Panel(title, x, each.study.y, traces, each.study.kind == "loss")
            found.append(Figure(name, title, "a curve", (panel,), simulated=simulated(laws)))
    return found
