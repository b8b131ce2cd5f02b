"""What is fitted: the points of a sweep, or a user's table, as cells with their seeds together.

    study = study_of(read_table(path), metric="", dependent="once")

A cell is what was trained, apart from its seed and its learning rate: of several learning rates the
best one counts (the lowest mean loss over the seeds), and the seeds are averaged.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from edgehuman.bench.scale.points import Point, Table, number_of, points_of, whole_of
from edgehuman.errors import DataError, UsageError, printable
from edgehuman.reading.values import shown

Dependent = Literal["once", "all"]
AMOUNTS = ("people", "hours", "items", "samples", "params", "params_all", "flops")
LETTERS: Mapping[str, tuple[str, ...]] = {
    "N": ("params", "params_all"),
    "D": ("items", "hours", "people", "samples"),
    "C": ("flops",),
}
COUNTED: Mapping[str, str] = {
    "params": "parameters of the encoder without its embedding",
    "params_all": "parameters of all that was trained",
    "people": "people of the training data",
    "hours": "hours of the training data",
    "items": "windows, sequences or images of the training data",
    "samples": "samples seen in training, repeats counted",
    "flops": "training FLOPs in all: 3 x forward x samples, decoder included, no embedding",
}
GROUPS = ("method", "family", "arch", "sampling", "share", "fold", "augment")
_USER_FORMS = "x, y[, group]; N, D, loss[, group]; x, accuracy, trials[, group]"
_SIZE = re.compile(r"_\d+(x\d+)?[km]?$")
_OWN_SIZE = re.compile(r"(?<=\w)\d+(x\d+)?$")


@dataclass(frozen=True, slots=True)
class Cell:
    """Attributes:
    name: of its first point.
    held: what may form groups: column -> value, "" where unknown.
    amounts: column -> value, of those known.
    value: the mean over seeds: of the logs of a loss, of the values of a metric.
    seeds: how many. spread: their standard deviation (of a loss: of its logs); NaN of one.
    trials: behind a share; NaN where unknown.
    lr: the learning rate that was taken. rates: of how many.
    """

    name: str
    held: Mapping[str, str]
    amounts: Mapping[str, float]
    value: float
    seeds: int = 1
    spread: float = math.nan
    trials: float = math.nan
    lr: float | None = None
    rates: int = 1
    simulated: bool = False
    width: int | None = None
    depth: int | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """Attributes:
    y: the loss, or the name of a metric.
    kind: loss (above 0), share (0 to 1) or score (above 0, such as percent).
    letter: of y in the forms.
    cells: what is fitted.
    excluded: what was left out, in words.
    notes: what was chosen, in words: learning rates, seeds, dependent points.
    protocol: of all points; "" where unknown.
    axes: the columns that may be x.
    """

    y: str
    kind: Literal["loss", "share", "score"]
    letter: str
    cells: tuple[Cell, ...]
    excluded: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    protocol: str = ""
    axes: tuple[str, ...] = AMOUNTS
    metrics: tuple[str, ...] = ()

    @property
    def noise(self) -> float:
        """Standard deviation between seeds of one cell, pooled; NaN where no cell has two."""
        pairs = [(c.seeds - 1, c.spread) for c in self.cells if c.seeds > 1]
        free = sum(count for count, _ in pairs)
        if not free:
            return math.nan
        return math.sqrt(sum(count * spread**2 for count, spread in pairs) / free)


def study_of(
    table: Table, metric: str = "", dependent: Dependent = "once", columns: Sequence[str] = ()
) -> Study:
    """The cells of a table, of a sweep or of a user.

    Args:
        metric: fit this one; "" is the loss (of a user's table what it has).
        dependent: points of one trunk: `once` takes the longest, `all` keeps all.
        columns: further ones that form groups.

    Raises:
        UsageError: no such metric or column.
        DataError: the points cannot be compared, or a value is not above 0.
    """
    if "cell" in table.columns:
        return _of_sweep(table, metric, dependent, columns)
    if metric:
        raise UsageError(f"--metric {metric}: {table.path} is no table of a sweep; leave it out")
    return _of_user(table)


def _of_user(table: Table) -> Study:
    names = {name.lower(): name for name in table.columns}
    axes: tuple[str, ...]
    kind: Literal["loss", "share"] = "loss"
    if {"n", "d", "loss"} <= set(names):
        axes, y, letter = ("n", "d"), "loss", "L"
    elif {"x", "accuracy"} <= set(names):
        axes, y, kind, letter = ("x",), "accuracy", "share", "P"
    elif {"x", "y"} <= set(names):
        axes, y, letter = ("x",), "y", "y"
    else:
        raise DataError(
            f"{table.path}: has the columns {printable(', '.join(table.columns[:8]))}; a table of "
            f"points has {_USER_FORMS}; that of a sweep has a column cell"
        )
    unknown = set(names) - {*axes, y, "group", "trials"}
    if unknown:
        raise DataError(
            f"{table.path}: unknown column {shown(names[min(unknown)])}; beside {', '.join(axes)}, "
            f"{y} it may have group and trials: put what tells curves apart into group"
        )
    shown_axes = tuple(axis.upper() if axis in ("n", "d") else axis for axis in axes)
    together: dict[tuple[str, tuple[float, ...]], list[tuple[float, float, int]]] = defaultdict(
        list
    )
    for line, row in table.rows:
        where = f"{table.path}, line {line}"
        x = [_above_zero(row[names[axis]], where, axis) for axis in axes]
        value = _value(row[names[y]], where, y, kind == "share")
        trials = math.nan
        if row.get(names.get("trials", ""), ""):
            trials = float(whole_of(row[names["trials"]], where, "trials", least=1) or math.nan)
        group = row.get(names.get("group", ""), "")
        together.setdefault((group, tuple(x)), []).append((value, trials, line))
    cells = []
    for (group, at), seeds in together.items():
        amounts = dict(zip(shown_axes, at, strict=True))
        value, spread = _mean([each[0] for each in seeds], kind == "loss")
        cells.append(
            Cell(
                f"line {seeds[0][2]}",
                {"group": group},
                amounts,
                value,
                len(seeds),
                spread,
                min(each[1] for each in seeds),
            )
        )
    notes = _seeds_said(cells, "rows of one x and group")
    return Study(y, kind, letter, tuple(cells), (), tuple(notes), axes=shown_axes)


def _above_zero(text: str, where: str, name: str) -> float:
    value = number_of(text, where, name, "a number above 0; remove its line where it is unknown")
    if value is None or value <= 0:
        found = "empty" if value is None else f"{value:g}"
        raise DataError(f"{where}: {name} is {found}; it must be above 0")
    return value


def _value(text: str, where: str, name: str, is_share: bool) -> float:
    if not is_share:
        return _above_zero(text, where, name)
    value = number_of(text, where, name, "a share from 0 to 1; remove its line where it is unknown")
    if value is None or not 0 <= value <= 1:
        found = "empty" if value is None else f"{value:g}"
        raise DataError(f"{where}: {name} is {found}; it must be a share from 0 to 1")
    return value


def _mean(values: Sequence[float], in_logs: bool) -> tuple[float, float]:
    """Mean and standard deviation; of logs: the geometric mean, and that of the logs."""
    if len(values) == 1:
        return values[0], math.nan
    held = [math.log(value) for value in values] if in_logs else list(values)
    mean = math.fsum(held) / len(held)
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in held) / (len(held) - 1))
    return (math.exp(mean) if in_logs else mean), spread


def family_of(arch: str) -> str:
    """An architecture's name without its size: "imuvit" of "imuvit_512x5", and of a network of
    one's own "sizes:Former" of "sizes:Former16".
    """
    name = _SIZE.sub("", arch)
    return _OWN_SIZE.sub("", name) if ":" in name and name == arch else name


def _of_sweep(table: Table, metric: str, dependent: Dependent, columns: Sequence[str]) -> Study:
    points = points_of(table)
    metrics = tuple(sorted({name for point in points for name in point.metrics}))
    if metric and metric not in metrics:
        has = f"it has {', '.join(metrics)}" if metrics else "it has none"
        raise UsageError(f"--metric {metric}: {table.path} has no metric.{metric}; {has}")
    for name in columns:
        if name not in (*GROUPS, *table.columns):
            raise UsageError(f"--group: {table.path} has no column {shown(name)}")
    excluded = [f"{point.cell}: {point.status}" for point in points if point.status != "done"]
    done = [point for point in points if point.status == "done"]
    valued = [(point, _y(point, metric)) for point in done]
    excluded += [f"{point.cell}: no {metric or 'loss'}" for point, y in valued if y is None]
    kept = [(point, y) for point, y in valued if y is not None]
    _require_protocol(table, [point for point, _ in kept])
    kept, notes, dropped = _once_per_trunk(kept, dependent)
    kind = _kind(metric, [y for _, y in kept])
    if kind == "score" and any(y <= 0 for _, y in kept):
        point = next(point for point, y in kept if y <= 0)
        raise DataError(
            f"{table.path}, line {point.line}: metric.{metric} is {point.metrics[metric]:g}; a law "
            "needs values above 0"
        )
    cells = _cells(kept, metric, kind, columns)
    notes += _rates_said(cells, metric) + _seeds_said(cells, "seeds of a cell")
    protocols = {point.protocol for point, _ in kept}
    return Study(
        metric or "loss",
        kind,
        "P" if metric else "L",
        tuple(cells),
        (*excluded, *dropped),
        tuple(notes),
        protocols.pop() if len(protocols) == 1 else "",
        (*AMOUNTS, "width", "depth"),
        metrics,
    )


def _y(point: Point, metric: str) -> float | None:
    return point.metrics.get(metric) if metric else point.loss


def _kind(metric: str, values: Sequence[float]) -> Literal["loss", "share", "score"]:
    if not metric:
        return "loss"
    return "share" if all(0 <= value <= 1 for value in values) else "score"


def _require_protocol(table: Table, points: Iterable[Point]) -> None:
    """Raise DataError where points of one method have two protocols."""
    first: dict[str, Point] = {}
    for point in points:
        one = first.setdefault(point.method, point)
        if one.protocol != point.protocol:
            names = [shown(each.protocol) if each.protocol else "none" for each in (one, point)]
            raise DataError(
                f"{table.path}: lines {one.line} and {point.line} have the protocols {names[0]} "
                f"and {names[1]}, so their values cannot be compared; fit them apart, each in a "
                "table of its own"
            )


def _once_per_trunk(
    points: Sequence[tuple[Point, float]], dependent: Dependent
) -> tuple[list[tuple[Point, float]], list[str], list[str]]:
    """The points that count; what is said of trunks; and which were left out."""
    trunks: dict[str, list[Point]] = defaultdict(list)
    for point, _ in points:
        if point.trunk:
            trunks[point.trunk].append(point)
    shared = {name: of for name, of in trunks.items() if len(of) > 1}
    if not shared:
        return list(points), [], []
    count = sum(map(len, shared.values()))
    if dependent == "all":
        said = f"{count} points share {len(shared)} trunks and are dependent: intervals too narrow"
        return list(points), [said], []
    longest = {
        name: max(of, key=lambda p: (p.samples or 0, p.steps or 0, p.items or 0)).cell
        for name, of in shared.items()
    }
    dropped = [
        f"{p.cell}: of trunk {p.trunk}, which counts once"
        for of in shared.values()
        for p in of
        if p.cell != longest[p.trunk]
    ]
    kept = [(p, y) for p, y in points if p.trunk not in shared or p.cell == longest[p.trunk]]
    said = (
        f"{count} points share {len(shared)} trunks and are dependent: of each trunk the longest "
        "counts (--dependent all keeps all)"
    )
    return kept, [said], dropped


def _cells(
    points: Sequence[tuple[Point, float]], metric: str, kind: str, columns: Sequence[str]
) -> list[Cell]:
    """Points as cells: seeds together, the best learning rate."""
    for finer in range(3):  # the steps, then the amounts, tell apart what would be one seed twice
        cells: dict[tuple[object, ...], dict[float | None, list[tuple[Point, float]]]] = {}
        for point, y in points:
            key = _key(point, columns, finer)
            cells.setdefault(key, {}).setdefault(point.lr, []).append((point, y))
        runs = [[p.seed for p, _ in of] for rates in cells.values() for of in rates.values()]
        if all(len(set(seeds)) == len(seeds) for seeds in runs if None not in seeds):
            break
    return [_cell(rates, metric, kind, columns) for rates in cells.values()]


def _key(point: Point, columns: Sequence[str], finer: int) -> tuple[object, ...]:
    # People who are drawn anew by every seed have other hours: the share says what was asked for,
    # or how many people.
    amount: tuple[object, ...] = (point.share,)
    if point.share is None:
        amount = (point.people, point.hours, point.items)
        if point.sampling == "user" and point.people is not None and finer < 2:
            amount = (point.people,)
        amount = amount if any(each is not None for each in amount) else (point.samples,)
    elif finer > 1:
        amount = (point.share, point.people, point.hours, point.items)
    steps = (point.steps, point.samples) if finer else ()
    return (
        *(_held(point, name) for name in (*GROUPS, *columns)),
        *(point.params, point.width, point.depth, point.batch, point.simulated, point.trunk),
        *(*amount, *steps),
    )


def _held(point: Point, name: str) -> str:
    if name == "family":
        return family_of(point.arch)
    if name == "share":
        return "" if point.share is None else f"{point.share:g}"
    return str(getattr(point, name)) if hasattr(point, name) else point.more.get(name, "")


def _cell(
    rates: Mapping[float | None, list[tuple[Point, float]]],
    metric: str,
    kind: str,
    columns: Sequence[str],
) -> Cell:
    most = max(len(of) for of in rates.values())
    means = {
        lr: _mean([y for _, y in of], kind == "loss") for lr, of in rates.items() if len(of) == most
    }
    choose = max if metric else min
    lr = choose(means, key=lambda each: means[each][0])
    points = [point for point, _ in rates[lr]]
    first = points[0]
    amounts = {}
    for name in (*AMOUNTS, "width", "depth"):
        held = [float(v) for point in points if (v := getattr(point, name)) is not None]
        if len(held) == len(points):
            amounts[name] = _mean(held, True)[0]
    counted = [point.trials[metric] for point in points if metric in point.trials]
    return Cell(
        first.cell,
        {name: _held(first, name) for name in (*GROUPS, *columns)},
        amounts,
        means[lr][0],
        len(points),
        means[lr][1],
        float(min(counted)) if counted else math.nan,
        lr,
        len(rates),
        first.simulated,
        first.width,
        first.depth,
    )


def _rates_said(cells: Sequence[Cell], metric: str) -> list[str]:
    most = max((cell.rates for cell in cells), default=1)
    if most == 1:
        return []
    best = f"highest {metric}" if metric else "lowest loss"
    return [f"of up to {most} learning rates a cell has the one with the {best} counts"]


def _seeds_said(cells: Sequence[Cell], what: str) -> list[str]:
    most = max((cell.seeds for cell in cells), default=1)
    return [] if most == 1 else [f"{what} are averaged, up to {most}"]
