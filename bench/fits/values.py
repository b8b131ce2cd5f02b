"""What was fitted, as plain values for JSON: the points, the laws, the checklist."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edgehuman.bench.fits.checklist import checklist
from edgehuman.bench.fits.compute import compute_laws
from edgehuman.bench.fits.fits import Fits, Law, Over
from edgehuman.bench.fits.groups import Group
from edgehuman.bench.fits.study import Cell, Study
from edgehuman.bench.laws import accuracy
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.laws.pooled import FORM as POOLED
from edgehuman.bench.laws.surface import FORM, NAMES, Surface
from edgehuman.bench.scale.points import Table, points_of


def as_data(table: Table, fits: Sequence[Fits], rules: Rules) -> dict[str, Any]:
    """What `--json` prints."""
    rows = points_of(table) if "cell" in table.columns else ()
    laws: list[dict[str, Any]] = []
    lists = {}
    for each in fits:
        joint = [_surface_data(each, group, surface) for group, surface in each.surfaces]
        over = [_pooled_data(each, one) for one in each.pooled]
        single = [_law_data(law, rules.level) for law in each.laws]
        laws += [*joint, *over, *single]
        forms = [law["form"] for law in (*joint, *over, *single)]
        kept = {cell.name for cell in each.study.cells}
        used = [p for p in rows if p.status == "done" and (p.loss is not None or p.metrics)]
        lists[each.study.y] = checklist(
            each.study, forms, each.axes, rules, bool(joint), used if kept else ()
        )
    return {
        "points": str(table.path),
        "simulated": any(cell.simulated for each in fits for cell in each.study.cells),
        "laws": laws,
        "not_fitted": [reason for each in fits for reason in each.not_fitted],
        "contrasts": [{"y": each.study.y, **row} for each in fits for row in each.contrasts],
        "compute": [
            {"y": each.study.y, **row} for each in fits for row in compute_laws(each.study)
        ],
        "capacity": [{"y": each.study.y, **row} for each in fits for row in each.capacity],
        "excluded": {each.study.y: list(each.study.excluded) for each in fits},
        "checklist": lists,
    }


def _law_data(law: Law, level: float) -> dict[str, Any]:
    curve, cells = law.curve, law.group.cells
    warnings = list(curve.warnings)
    if law.group.shorter:
        warnings.append(f"{law.group.shorter} cells of shorter training are left out")
    return {
        "x": law.group.x,
        "y": law.study.y,
        "group": dict(law.group.held),
        "simulated": law.group.simulated,
        "form": curve.form,
        "exponent": curve.exponent,
        "interval": list(curve.interval),
        "interval_method": curve.method,
        "parameters": dict(curve.parameters),
        "held_out": curve.held_out,
        "floor": curve.floor,
        "forms_tried": [
            {
                "form": trial.form,
                "parameters": trial.parameters,
                "aicc": trial.aicc,
                "held_out_error": trial.held_out_error,
            }
            for trial in curve.tried
        ],
        "range": [cells[0].amounts[law.group.x], cells[-1].amounts[law.group.x]],
        "points": points_data(cells, law.group.x, law.study, level),
        "warnings": warnings,
    }


def _pooled_data(each: Fits, over: Over) -> dict[str, Any]:
    fit = over.fit
    return {
        "x": over.x,
        "y": each.study.y,
        "group": {**over.held, "fold": f"all {fit.folds}"},
        "simulated": over.simulated,
        "form": POOLED.format(x=over.x, y=each.study.letter),
        "exponent": fit.exponent,
        "interval": list(fit.interval),
        "interval_method": "folds drawn, Student's t of the draws",
        "parameters": {"b": -fit.exponent, **fit.levels},
        "held_out": None,
        "points": [],
        "warnings": [],
    }


def _surface_data(each: Fits, group: Group, surface: Surface) -> dict[str, Any]:
    law, check = surface.law, surface.check
    values = dict(zip(NAMES, (law.floor, law.a, law.b, law.alpha, law.beta), strict=True))
    checked = (check.law.floor, check.law.a, check.law.b, check.law.alpha, check.law.beta)
    return {
        "x": "N, D",
        "y": each.study.y,
        "group": dict(group.held),
        "simulated": group.simulated,
        "form": FORM,
        "exponent": {"N": -law.alpha, "D": -law.beta},
        "interval": {
            letter: [-surface.intervals[name][1], -surface.intervals[name][0]]
            for letter, name in (("N", "alpha"), ("D", "beta"))
        },
        "interval_method": surface.method,
        "parameters": values,
        "intervals": {name: list(ends) for name, ends in surface.intervals.items()},
        "approach_3": {
            **dict(zip(NAMES, checked, strict=True)),
            "sum_huber": check.huber,
            "starts": check.starts,
            "starts_agreeing": check.agreeing,
        },
        "optimum": {
            "N": f"G (C / gamma)^{law.n_exponent:.4f}",
            "D": f"(C / gamma)^{1 - law.n_exponent:.4f} / G",
            "n_exponent": law.n_exponent,
            "gamma": surface.gamma,
        },
        "held_out": surface.held_out,
        "data": group.x,
        "points": [
            {
                "cell": cell.name,
                "N": cell.amounts.get("N", cell.amounts.get("params")),
                "D": cell.amounts[group.x],
                "y": cell.value,
                "seeds": cell.seeds,
            }
            for cell in group.cells
        ],
        "warnings": list(surface.warnings),
    }


def points_data(cells: Sequence[Cell], x: str, study: Study, level: float) -> list[dict[str, Any]]:
    """The points of a curve; of shares with their binomial interval, Wilson's."""
    rows = []
    for cell in cells:
        row: dict[str, Any] = {
            "cell": cell.name,
            "x": cell.amounts[x],
            "y": cell.value,
            "seeds": cell.seeds,
        }
        if cell.lr is not None:
            row["lr"] = cell.lr
        if study.kind == "share" and math.isfinite(cell.trials):
            trials = round(cell.trials)
            row["trials"] = trials
            row["interval"] = list(accuracy.wilson(cell.value, trials, level))
        elif cell.seeds > 1:
            row["spread"] = cell.spread
        rows.append(row)
    return rows
