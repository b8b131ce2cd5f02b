"""What one choice does: sampling, augmentation, width against depth, capacity against data.

Each compares cells that are equal in all else, so that what they share cancels.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.bench.fits.groups import DATA, in_every_sampling
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws import resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.records import Float64

ALIKE_SIZE = 1.1
"""Networks whose parameters differ by less are compared as equal in size."""
_LEAST_PAIRS = 3
_HELD = ("method", "arch", "sampling", "share", "fold", "augment")


def slopes_apart(
    named: Mapping[str, tuple[float, Float64]],
    held: Mapping[str, str],
    x: str,
    cells: int,
    paired: bool,
    rules: Rules,
) -> list[dict[str, Any]]:
    """Differences between the exponents of curves that differ in their sampling alone.

    Args:
        named: sampling -> the exponent and its draws.
        cells: of the smaller curve, or the folds of pooled ones.
        paired: draw k is of the same folds in both.
    """
    found = []
    for one, other in itertools.combinations(sorted(named, reverse=True), 2):
        (first, first_B), (second, second_B) = named[one], named[other]
        count = min(len(first_B), len(second_B))
        if not paired:  # the draws of two fits begin with one seed: they are taken apart
            second_B = np.random.default_rng(rules.seed + 2).permutation(second_B)
        drawn_B, apart = first_B[:count] - second_B[:count], first - second
        found_interval = resample.student(
            drawn_B, apart, rules.level, cells, 1 if paired else 2, of_residuals=not paired
        )
        found.append(
            {
                "what": f"exponent of {x}: sampling {one} less {other}",
                "group": dict(held),
                "difference": apart,
                "interval": [found_interval.low, found_interval.high],
            }
        )
    return found


def augmentation(study: Study, rules: Rules) -> list[dict[str, Any]]:
    """Pairs of cells that differ in `augment` alone: the mean ratio, or difference of shares."""
    pairs: dict[tuple[str, str], list[tuple[Cell, Cell]]] = defaultdict(list)
    for cells in _equal_but(study, "augment").values():
        for one, other in itertools.combinations(
            sorted(cells, key=lambda cell: cell.held["augment"]), 2
        ):
            names = (one.held["augment"], other.held["augment"])
            if all(names) and names[0] != names[1]:
                pairs[names].append((one, other))
    return [
        _paired(f"augment {names[1]} against {names[0]}", of, study, rules)
        for names, of in pairs.items()
        if len(of) >= _LEAST_PAIRS
    ]


def _equal_but(study: Study, column: str) -> Mapping[tuple[object, ...], list[Cell]]:
    found: dict[tuple[object, ...], list[Cell]] = defaultdict(list)
    for cell in study.cells:
        rest = (cell.held.get(name, "") for name in _HELD if name != column)
        amount = "" if cell.held.get("share") else _amount(cell)
        key = (*rest, amount, cell.simulated)
        found[key].append(cell)
    return found


def _amount(cell: Cell) -> str:
    return next((f"{cell.amounts[name]:.6g}" for name in DATA if name in cell.amounts), "")


def wide_or_deep(study: Study, rules: Rules) -> list[dict[str, Any]]:
    """Pairs of networks of one family and one size, one wider and one deeper, on equal data."""
    pairs = []
    for cells in _equal_but(study, "arch").values():
        sized = [c for c in cells if c.width and c.depth and "params" in c.amounts]
        for one, other in itertools.combinations(sized, 2):
            wide, deep = (one, other) if (one.width or 0) > (other.width or 0) else (other, one)
            ratio = wide.amounts["params"] / deep.amounts["params"]
            alike = 1 / ALIKE_SIZE <= ratio <= ALIKE_SIZE
            alike &= wide.held["family"] == deep.held["family"]
            if alike and wide.width != deep.width and (wide.depth or 0) < (deep.depth or 0):
                pairs.append((deep, wide))
    if len(pairs) < _LEAST_PAIRS:
        return []
    return [_paired("wider against deeper, equal in parameters", pairs, study, rules)]


def _paired(
    what: str, pairs: Sequence[tuple[Cell, Cell]], study: Study, rules: Rules
) -> dict[str, Any]:
    """The second of each pair against the first: mean ratio of losses, or difference."""
    before = np.array([one.value for one, _ in pairs])
    after = np.array([other.value for _, other in pairs])
    in_logs = study.kind == "loss"
    apart_P = np.log(after / before) if in_logs else after - before
    weight_BP = resample.draw_weights(range(len(pairs)), rules.draws, rules.seed)
    mean, drawn_B = float(apart_P.mean()), weight_BP @ apart_P / len(pairs)
    found = resample.student(drawn_B, mean, rules.level, len(pairs))
    ends = [mean, found.low, found.high]
    if in_logs:
        ends = [math.exp(end) for end in ends]
    return {
        "what": f"{what}: {'ratio of losses' if in_logs else f'difference in {study.y}'}",
        "pairs": len(pairs),
        "value": ends[0],
        "interval": ends[1:],
    }


def capacity_by_data(study: Study, x: str) -> list[dict[str, Any]]:
    """For each amount of data the parameters of the best network, and of those as good within the
    noise between seeds: the wearable paper's figure 6.
    """
    names = ("method", "family", "sampling", "fold", "augment")
    curves: dict[tuple[str, ...], dict[str, list[Cell]]] = defaultdict(lambda: defaultdict(list))
    for cell in in_every_sampling(study.cells):
        if x in cell.amounts and "params" in cell.amounts:
            key = tuple(cell.held.get(name, "") for name in names)
            at = cell.held.get("share") or f"{cell.amounts[x]:.6g}"
            curves[key][at].append(cell)
    better = min if study.kind == "loss" else max
    found = []
    for key, amounts in curves.items():
        rows: list[dict[str, Any]] = []
        for cells in amounts.values():
            if len({cell.amounts["params"] for cell in cells}) < 2:
                continue
            best = better(cells, key=lambda cell: cell.value)
            alike = [cell.amounts["params"] for cell in cells if _as_good(cell, best, study)]
            rows.append(
                {
                    "x": best.amounts[x],
                    "params": best.amounts["params"],
                    "as_good": [min(alike), max(alike)],
                    "value": best.value,
                    "arch": best.held.get("arch", ""),
                }
            )
        if len(rows) >= 2:
            held = {name: value for name, value in zip(names, key, strict=True) if value}
            rows.sort(key=lambda row: row["x"])
            found.append({"group": held, "x": x, "rows": rows})
    return found


def _as_good(cell: Cell, best: Cell, study: Study) -> bool:
    """Whether two cells differ by less than the noise of their difference, 1.64 deviations."""
    if cell is best:
        return True
    if math.isnan(study.noise):
        return False
    apart = math.log(cell.value / best.value) if study.kind == "loss" else cell.value - best.value
    return abs(apart) <= 1.64 * study.noise * math.sqrt(1 / cell.seeds + 1 / best.seeds)
