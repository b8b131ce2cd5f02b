"""The curves of a user's own table, one figure for each x; and joint laws against their points."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from edgehuman.bench.figures.parts import Figure, Panel, Star, Trace, dot_of, traces_of
from edgehuman.bench.figures.wearable import simulated
from edgehuman.bench.fits.fits import Fits
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.laws.surface import Surface

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


def joint(fits: Sequence[Fits], rules: Rules) -> Figure:
    """What the joint laws give for each cell, against what was measured: a line where they fit."""
    title, panels, made = "The joint law against the measured loss", [], False
    for each in fits:
        for group, surface in each.surfaces:
            made |= group.simulated
            n_axis = "N" if "N" in each.study.axes else "params"
            dots = tuple(
                dataclasses.replace(
                    dot_of(cell, n_axis, each.study, rules.level),
                    x=float(surface.law.at(cell.amounts[n_axis], cell.amounts[group.x])),
                )
                for cell in group.cells
            )
            ends = [min(dot.x for dot in dots), max(dot.x for dot in dots)]
            law = surface.law
            words = (
                f"L = {law.floor:.4g} + {law.a:.4g} N^-{law.alpha:.4f} + {law.b:.4g} "
                f"D^-{law.beta:.4f}"
            )
            trace = Trace("cells", dots, x_G=ends, y_G=ends, law=words, star=_star(surface))
            panels.append(Panel(group.label, "loss by the law", "measured loss", (trace,), True))
    lacks = "" if panels else "5 sizes x 6 amounts over 64 times the data"
    return Figure("joint_law", title, "a check", tuple(panels), lacks, (), made)


def _star(surface: Surface) -> Star | None:
    held = surface.held_out
    if held is None:
        return None
    low, high = held["interval"]
    return Star(held["predicted"], held["predicted"], low, high, held["measured"])
