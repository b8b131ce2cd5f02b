"""Figures 2 to 7 of the wearable paper, from our points.

Source: "Scaling laws in wearable human activity recognition", arXiv 2502.03364: loss and probe
against data and parameters, the best capacity by data, augmentation.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence

from edgehuman.bench.figures.parts import (
    Dot,
    Figure,
    Panel,
    Trace,
    dot_of,
    short_labels,
    traces_of,
    y_label,
)
from edgehuman.bench.fits.fits import Fits, Law
from edgehuman.bench.fits.groups import ALL, DATA
from edgehuman.bench.fits.study import COUNTED, Cell
from edgehuman.bench.laws.curves import Rules

_PAPER = "wearable paper, figure {}"
PARAMETERS = "parameters of the encoder"


def figures(fits: Sequence[Fits], rules: Rules) -> list[Figure]:
    """All six; those that lack something say what."""
    loss = [each for each in fits if each.study.kind == "loss"]
    metrics = [each for each in fits if each.study.kind != "loss"]
    return [
        _by_data("loss_by_data", "Loss against data", 2, loss, rules, "loss"),
        _loss_by_parameters(loss, rules),
        _by_data("metric_by_data", "Best metric against data", 4, metrics, rules, "metric.NAME"),
        _by_width(metrics, rules),
        _capacity(fits),
        _augmented(metrics, rules),
    ]


def simulated(laws: Iterable[Law]) -> bool:
    """Whether a point of these was made."""
    return any(law.group.simulated for law in laws)


def best_of(laws: Sequence[Law]) -> list[Law]:
    """Curves of the best network at each amount, where there are several; else all."""
    best = [law for law in laws if law.group.held.get("arch", "").startswith("best of")]
    return best or list(laws)


def _by_data(
    name: str, title: str, number: int, fits: Sequence[Fits], rules: Rules, column: str
) -> Figure:
    panels, drawn = [], []
    for each in fits:
        laws = best_of([law for law in each.laws if law.group.x in DATA])
        if not laws:
            continue
        drawn += laws
        x = laws[0].group.x
        laws = [law for law in laws if law.group.x == x]
        marker = "fold" if any("fold" in law.group.held for law in laws) else "arch"
        traces = traces_of(laws, "sampling", marker, rules.level)
        label = COUNTED.get(x, x)
        panels.append(Panel(title, label, y_label(each.study), traces, each.study.kind == "loss"))
    lacks = "" if panels else f"{column}, and three amounts in people, hours, items or samples"
    notes = ("one curve a fold and sampling, of the best network and learning rate",)
    return Figure(
        name,
        title,
        _PAPER.format(number),
        tuple(panels),
        lacks,
        notes,
        simulated(drawn),
    )


def _loss_by_parameters(fits: Sequence[Fits], rules: Rules) -> Figure:
    name, title = "loss_by_parameters", "Loss against parameters, with the most data"
    laws = [law for each in fits for law in each.laws if law.group.x == "params"]
    largest = _most_data(laws)
    if not largest:
        return Figure(name, title, _PAPER.format(3), lacks="loss, and three values of params")
    marker = "fold" if any("fold" in law.group.held for law in largest) else "family"
    traces = traces_of(largest, "sampling", marker, rules.level)
    panel = Panel(title, PARAMETERS, y_label(laws[0].study), traces, True)
    notes = ("of the most data; data_scaling and model_scaling show the other amounts",)
    return Figure(name, title, _PAPER.format(3), (panel,), "", notes, simulated(laws))


def _most_data(laws: Sequence[Law]) -> list[Law]:
    """Of curves that differ in their amount of data alone, the one of the most."""
    largest: dict[tuple[tuple[str, str], ...], Law] = {}

    def amount(law: Law) -> float:
        known = law.group.cells[-1].amounts
        return next((known[name] for name in DATA if name in known), 0.0)

    for law in laws:
        rest = tuple((k, v) for k, v in law.group.held.items() if k != "share")
        if rest not in largest or amount(law) > amount(largest[rest]):
            largest[rest] = law

    def drawn_from(law: Law) -> tuple[tuple[str, str], ...]:
        return tuple((k, v) for k, v in law.group.held.items() if k not in ("share", "sampling"))

    # Where all of the data was learned from, a share of it is not the most.
    whole = {drawn_from(law) for law in laws if law.group.held.get("sampling") == ALL}
    return [
        law
        for law in largest.values()
        if law.group.held.get("sampling") == ALL or drawn_from(law) not in whole
    ]


def _by_width(fits: Sequence[Fits], rules: Rules) -> Figure:
    name, title = "metric_by_parameters", "Best metric against parameters, by width"
    panels, made = [], False
    for each in fits:
        cells = [c for c in each.study.cells if c.width and "params" in c.amounts]
        best = _best_of_each(cells, lambda cell: (cell.held.get("arch", ""),))
        if len(best) < 2:
            continue
        made |= any(cell.simulated for cell in best)
        by_width: dict[tuple[str, int], list[Cell]] = defaultdict(list)
        for cell in best:
            by_width[cell.held.get("family", ""), cell.width or 0].append(cell)
        families = len({family for family, _ in by_width}) > 1
        traces = tuple(
            dataclasses.replace(
                _points(f"{f'{family}, ' if families else ''}width {width}", of, each, rules),
                colour=f"width {width}",
                marker=family,
                joined=False,
            )
            for (family, width), of in sorted(by_width.items())
        )
        panels.append(Panel(title, PARAMETERS, y_label(each.study), traces))
    lacks = "" if panels else "metric.NAME, width and params of two networks"
    notes = ("each point is the best of all folds, amounts and learning rates",)
    return Figure(name, title, _PAPER.format(5), tuple(panels), lacks, notes, made)


def _best_of_each(cells: Iterable[Cell], key: object) -> list[Cell]:
    found: dict[object, Cell] = {}
    for cell in cells:
        at = key(cell)  # type: ignore[operator]
        if at not in found or cell.value > found[at].value:
            found[at] = cell
    return list(found.values())


def _points(label: str, cells: Sequence[Cell], fits: Fits, rules: Rules) -> Trace:
    ordered = sorted(cells, key=lambda cell: cell.amounts["params"])
    dots = tuple(dot_of(cell, "params", fits.study, rules.level) for cell in ordered)
    return Trace(label, dots, label, joined=True)


def _capacity(fits: Sequence[Fits]) -> Figure:
    name, title = "best_capacity_by_data", "Parameters of the best network against data"
    panels, made = [], False
    for each in fits:
        traces = []
        labels = short_labels([found["group"] for found in each.capacity])
        for found, label in zip(each.capacity, labels, strict=True):
            group = found["group"]
            dots = tuple(
                Dot(row["x"], row["params"], row["as_good"][0], row["as_good"][1], 1, row["arch"])
                for row in found["rows"]
            )
            traces.append(
                Trace(label, dots, group.get("sampling", ""), group.get("fold", ""), joined=True)
            )
        if traces:
            made |= any(cell.simulated for cell in each.study.cells)
            x = COUNTED.get(each.capacity[0]["x"], "data")
            panels.append(Panel(f"by {each.study.y}", x, PARAMETERS, tuple(traces), True))
    lacks = "" if panels else "params of two networks at two amounts of data"
    notes = ("bars reach over networks as good as the best within the noise between seeds",)
    return Figure(name, title, _PAPER.format(6), tuple(panels), lacks, notes, made)


def _augmented(fits: Sequence[Fits], rules: Rules) -> Figure:
    name, title = "augmentation", "Best metric against parameters, with and without augmentation"
    panels, made = [], False
    for each in fits:
        cells = [c for c in each.study.cells if c.held.get("augment") and "params" in c.amounts]
        words = sorted({cell.held["augment"] for cell in cells})
        best = _best_of_each(cells, lambda cell: (cell.held["arch"], cell.held["augment"]))
        if len(words) < 2:
            continue
        made |= any(cell.simulated for cell in best)
        families: dict[tuple[str, str], list[Cell]] = defaultdict(list)
        for cell in best:
            families[cell.held.get("family", ""), cell.held["augment"]].append(cell)
        several = len({family for family, _ in families}) > 1
        traces = tuple(
            dataclasses.replace(
                _points(f"{f'{family}, ' if several else ''}augment {word}", of, each, rules),
                colour=word,
                marker=family,
            )
            for (family, word), of in sorted(families.items())
        )
        panels.append(Panel(title, PARAMETERS, y_label(each.study), traces))
    lacks = "" if panels else "metric.NAME and params with two values of augment"
    return Figure(name, title, _PAPER.format(7), tuple(panels), lacks, (), made)
