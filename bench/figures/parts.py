"""What a figure is made of: panels of curves, with the numbers behind every point."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from edgehuman.bench.fits.fits import Law
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws import accuracy
from edgehuman.records import Float64

MOST_CURVES, MOST_PANELS = 12, 6


@dataclass(frozen=True, slots=True)
class Dot:
    """A point: where, its interval (NaN where unknown), and the cell it is of."""

    x: float
    y: float
    low: float = math.nan
    high: float = math.nan
    seeds: int = 1
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Star:
    """The largest point: as predicted by the others, with its interval, and as measured."""

    x: float
    predicted: float
    low: float
    high: float
    measured: float


@dataclass(frozen=True, slots=True)
class Trace:
    """One curve of a panel.

    Attributes:
        label: for the legend. colour, marker: what is alike has the same, such as "sampling user".
        dots: its points. star: the largest, where it was predicted.
        x_G, y_G, low_G, high_G: the fitted law and its band; empty where none was fitted.
        law: the law in words; "" where none was.
        joined: draw the points as a line where there is no law. grey: it is only a ground.
    """

    label: str
    dots: tuple[Dot, ...]
    colour: str = ""
    marker: str = ""
    star: Star | None = None
    x_G: Sequence[float] | Float64 = ()
    y_G: Sequence[float] | Float64 = ()
    low_G: Sequence[float] | Float64 = ()
    high_G: Sequence[float] | Float64 = ()
    law: str = ""
    joined: bool = False
    grey: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """Attributes:
    title, x_label, y_label: in words.
    traces: at most `MOST_CURVES` are drawn; the table has all.
    log_y: y by its logarithm, as of losses.
    contours: lines behind the traces, such as equal compute: label and (x, y).
    """

    title: str
    x_label: str
    y_label: str
    traces: tuple[Trace, ...]
    log_y: bool = False
    contours: tuple[tuple[str, Float64, Float64], ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture of a paper, made of our points.

    Attributes:
        name: of the file, without ".png". title: what it shows. paper: which figure it follows.
        panels: none where the points lack something. lacks: what, then.
        notes: what has to be known to read it. simulated: some of its points are.
    """

    name: str
    title: str
    paper: str
    panels: tuple[Panel, ...] = ()
    lacks: str = ""
    notes: tuple[str, ...] = ()
    simulated: bool = field(default=False)


def dot_of(cell: Cell, x: str, study: Study, level: float) -> Dot:
    """A cell as a point: of shares with their binomial interval, of seeds with their deviation."""
    low = high = math.nan
    if study.kind == "share" and math.isfinite(cell.trials):
        low, high = accuracy.wilson(cell.value, round(cell.trials), level)
    elif cell.seeds > 1 and study.kind == "loss":
        low, high = cell.value * math.exp(-cell.spread), cell.value * math.exp(cell.spread)
    elif cell.seeds > 1:
        low, high = cell.value - cell.spread, cell.value + cell.spread
    return Dot(cell.amounts[x], cell.value, low, high, cell.seeds, cell.name)


def words_of(held: Mapping[str, str]) -> dict[str, str]:
    """Column -> how its value is said: "fold 0", "6.25 %" of the data."""
    said = dict(held)
    if "arch" in said:
        said.pop("family", None)
    for name in ("fold", "augment"):
        if name in said:
            said[name] = f"{name} {said[name]}"
    with contextlib.suppress(KeyError, ValueError):
        said["share"] = f"{100 * float(said['share']):.3g} %"
    return {name: value for name, value in said.items() if value}


def short_labels(helds: Sequence[Mapping[str, str]]) -> list[str]:
    """What tells each from the others: values that all have alike are left out."""
    words = [words_of(held) for held in helds]
    alike = {
        name
        for name in {name for each in words for name in each}
        if len({each.get(name) for each in words}) == 1
    }
    return [
        ", ".join(value for name, value in each.items() if name not in alike) or "all"
        for each in words
    ]


def traces_of(laws: Sequence[Law], colour: str, marker: str, level: float) -> tuple[Trace, ...]:
    """Fitted laws as curves with their points, those of one panel."""
    labels = short_labels([law.group.held for law in laws])
    if len({law.group.simulated for law in laws}) > 1:  # else the figure says it
        made = [" (simulated)" if law.group.simulated else "" for law in laws]
        labels = [f"{label}{each}" for label, each in zip(labels, made, strict=True)]
    return tuple(
        trace_of(law, label, colour, marker, level) for law, label in zip(laws, labels, strict=True)
    )


def trace_of(law: Law, label: str, colour: str, marker: str, level: float) -> Trace:
    """A fitted law as a curve with its points; what is coloured and marked alike by group."""
    curve, group = law.curve, law.group
    star = None
    if curve.held_out is not None:
        low, high = curve.held_out["interval"]
        star = Star(
            float(curve.held_out["x"]),
            *(float(curve.held_out["predicted"]), float(low), float(high)),
            measured=float(curve.held_out["measured"]),
        )
    low, high = curve.interval
    return Trace(
        label,
        tuple(dot_of(cell, group.x, law.study, level) for cell in group.cells),
        group.held.get(colour, ""),
        group.held.get(marker, ""),
        star,
        curve.x_G,
        curve.y_G,
        curve.low_G,
        curve.high_G,
        f"{curve.form}, exponent {curve.exponent:.4f} ({low:.4f} to {high:.4f})",
    )


def y_label(study: Study) -> str:
    """Of the axis."""
    return "loss on held-out people" if study.y == "loss" else study.y
