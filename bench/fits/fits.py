"""Fit all that a table's points allow: curves, curves over folds, joint laws, contrasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehuman.bench.fits import contrasts
from edgehuman.bench.fits.groups import DATA, Group, axes_of, by_fold, groups_of, in_every_sampling
from edgehuman.bench.fits.study import Dependent, Study, study_of
from edgehuman.bench.laws.curves import LEAST, Curve, Rules, fit_curve, in_plain_form
from edgehuman.bench.laws.pooled import Pooled, fit_pooled
from edgehuman.bench.laws.surface import Surface, fit_surface, too_few
from edgehuman.bench.scale.points import Table
from edgehuman.errors import DataError
from edgehuman.records import Float64

MOST_CELLS = 1000
"""Of one fit: its draws and its jackknife take memory by their square."""
_LEAST_SPAN, _STEEPEST = 1.1, 20.0
_MOST_REASONS, _MOST_SINGLES = 20, 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to fit: x and metric ("" is all), further columns that form groups, and which points of
    a trunk count.
    """

    x: str = ""
    metric: str = ""
    columns: tuple[str, ...] = ()
    dependent: Dependent = "once"
    least: float = 0.0
    """Points with a smaller x are left out."""


@dataclass(frozen=True, slots=True)
class Law:
    """A curve that was fitted: its group, its study and its fit."""

    study: Study
    group: Group
    curve: Curve


@dataclass(frozen=True, slots=True)
class Over:
    """A curve over folds: what is equal in all of them, x, and the fit."""

    held: Mapping[str, str]
    x: str
    simulated: bool
    fit: Pooled


@dataclass(frozen=True, slots=True)
class Fits:
    """All that was fitted of one study.

    Attributes:
        laws, pooled, surfaces: of one variable, over folds, and joint.
        not_fitted: what was not, and why.
        contrasts: of sampling, augmentation, width and depth. capacity: of the best network.
    """

    study: Study
    axes: tuple[str, ...]
    laws: tuple[Law, ...]
    pooled: tuple[Over, ...]
    surfaces: tuple[tuple[Group, Surface], ...]
    not_fitted: tuple[str, ...]
    contrasts: tuple[Mapping[str, Any], ...]
    capacity: tuple[Mapping[str, Any], ...]


def fits_of(table: Table, wanted: Wanted, rules: Rules) -> list[Fits]:
    """Fit the loss and the metrics of a table.

    Raises:
        UsageError: no such x, metric or column.
        DataError: points that cannot be compared, or fewer than three for every curve.
    """
    columns = wanted.columns
    first = study_of(table, wanted.metric, wanted.dependent, columns)
    studies = [first]
    if not wanted.metric:
        studies += [study_of(table, name, wanted.dependent, columns) for name in first.metrics]
    studies = [study for study in studies if study.cells]
    if not studies:
        raise DataError(
            f"{table.path}: no point is done and has a loss or a metric; see the column status, "
            "and run the sweep again, with an exam (--exam-people, --valid-share) or a "
            "[[downstream]]"
        )
    found, reasons = [], []
    for study in studies:
        try:
            axes = axes_of(study, wanted.x)
            if wanted.least:
                study = from_least(study, axes[0], wanted.least)
            found.append(_fits(study, axes, columns, rules))
        except DataError as error:
            reasons.append(str(error))
    if not any(each.laws or each.surfaces for each in found):
        reasons += [reason for each in found for reason in each.not_fitted]
        raise DataError(f"{table.path}: nothing can be fitted: {reasons[0]}")
    told = replace(found[0], not_fitted=(*found[0].not_fitted, *reasons))
    return [told, *found[1:]]


def from_least(study: Study, x: str, least: float) -> Study:
    """The study without the cells whose x is smaller; they are named among what was left out.

    Raises:
        DataError: nothing is left.
    """
    kept, said = [], []
    for cell in study.cells:
        if cell.amounts[x] >= least:
            kept.append(cell)
        else:
            said.append(f"{cell.name}: {x} {cell.amounts[x]:g}, below {least:g}")
    if not kept:
        raise DataError(f"{study.y}: no {x} is {least:g} or more; lower --least")
    return replace(study, cells=tuple(kept), excluded=(*study.excluded, *said))


def _fits(study: Study, axes: tuple[str, ...], columns: Sequence[str], rules: Rules) -> Fits:
    laws, pooled, not_fitted = [], [], []
    compared: list[Mapping[str, Any]] = []
    for axis in axes:
        groups = groups_of(study, axis, columns)
        done, reasons = [], []
        for group in groups:
            if reason := _too_few(group):
                reasons.append(f"{study.y} against {axis}, {group.label}: {reason}")
            else:
                done.append(Law(study, group, _curve(study, group, rules)))
        laws += done
        singles = sum(len(group.cells) == 1 for group in groups)
        if singles > _MOST_SINGLES:  # such as a grid that is none
            reasons = [
                f"{study.y} against {axis}: {singles} of {len(groups)} curves have one point"
            ]
        not_fitted += reasons[:_MOST_REASONS]
        if (more := len(reasons) - _MOST_REASONS) > 0:
            not_fitted.append(f"{study.y} against {axis}: {more} more curves have too few points")
        over = []
        if study.kind != "share":
            over = [
                Over(held, axis, members[0].simulated, fit_pooled(_folds(members), rules))
                for held, members in by_fold([law.group for law in done])
            ]
        pooled += over
        if axis in DATA:
            compared += _by_sampling(done, over, axis, rules)
    surfaces, too_few_for_joint = _surfaces(study, rules, columns)
    if "params" in study.axes:
        compared += contrasts.augmentation(study, rules) + contrasts.wide_or_deep(study, rules)
    data = next((axis for axis in (*axes, *DATA) if axis in DATA), "")
    capacity = contrasts.capacity_by_data(study, data) if "params" in study.axes and data else []
    return Fits(
        study,
        axes,
        tuple(laws),
        tuple(pooled),
        surfaces,
        (*not_fitted, *too_few_for_joint),
        tuple(compared),
        tuple(capacity),
    )


def _too_few(group: Group) -> str:
    """Why these points cannot carry a law; "" where they can."""
    x_P = np.array([cell.amounts[group.x] for cell in group.cells])
    if len(x_P) > MOST_CELLS:
        return f"{len(x_P):,} cells; at most {MOST_CELLS:,} make a curve: group them"
    values = len(np.unique(x_P))
    if values == 1:
        return f"all {len(x_P)} points have one value of {group.x}; a law needs {LEAST}"
    if values < LEAST:
        return f"{values} values of {group.x}; a law needs {LEAST}"
    span = float(x_P.max() / x_P.min())
    if span < _LEAST_SPAN:
        return f"{group.x} spans {span:.4g} times; a law needs {_LEAST_SPAN:g} times"
    y_P = np.array([cell.value for cell in group.cells])
    if (y_P > 0).all():
        slope = float(np.polyfit(np.log(x_P), np.log(y_P), 1)[0])
        if abs(slope) > _STEEPEST:
            return f"its slope is {slope:.3g}, which is no law of these; see the values"
    return ""


def _curve(study: Study, group: Group, rules: Rules) -> Curve:
    x_P, y_P, trials_P = _arrays(group)
    return fit_curve(x_P, y_P, study.kind, (group.x, study.letter), rules, trials_P)


def _arrays(group: Group) -> tuple[Float64, Float64, Float64]:
    """x, value and trials of each cell."""
    return (
        np.array([cell.amounts[group.x] for cell in group.cells]),
        np.array([cell.value for cell in group.cells]),
        np.array([cell.trials for cell in group.cells]),
    )


def _folds(groups: Sequence[Group]) -> dict[str, tuple[Float64, Float64]]:
    return {group.held["fold"]: _arrays(group)[:2] for group in groups}


def _by_sampling(
    laws: Sequence[Law],
    pooled: Sequence[Over],
    axis: str,
    rules: Rules,
) -> list[dict[str, Any]]:
    """How exponents differ between samplings: over folds where they are pooled, else per curve."""
    named: dict[tuple[tuple[str, str], ...], dict[str, tuple[float, Any]]] = {}
    least = 0
    for over in pooled:
        rest = tuple((k, v) for k, v in over.held.items() if k != "sampling")
        if "sampling" in over.held:
            found = (over.fit.exponent, over.fit.draws_B)
            named.setdefault(rest, {})[over.held["sampling"]] = found
            least = over.fit.folds if not least else min(least, over.fit.folds)
    paired = bool(named)
    forms: dict[tuple[tuple[str, str], ...], str] = {}
    for rest, each in _beside(laws).items() if not paired else ():
        named[rest], forms[rest] = _in_one_form(each, rules)
        count = min(len(law.group.cells) for law in each.values())
        least = count if not least else min(least, count)
    return [
        row
        for rest, each in named.items()
        for row in contrasts.slopes_apart(
            each, dict(rest), f"{axis}{forms.get(rest, '')}", least, paired, rules
        )
    ]


def _beside(laws: Sequence[Law]) -> dict[tuple[tuple[str, str], ...], dict[str, Law]]:
    """Curves that differ in their sampling alone: what they share -> sampling -> curve."""
    found: dict[tuple[tuple[str, str], ...], dict[str, Law]] = {}
    for law in laws:
        rest = tuple((k, v) for k, v in law.group.held.items() if k != "sampling")
        if "sampling" in law.group.held:
            found.setdefault(rest, {})[law.group.held["sampling"]] = law
    return found


def _in_one_form(
    laws: Mapping[str, Law], rules: Rules
) -> tuple[dict[str, tuple[float, Float64]], str]:
    """The exponents and draws of curves in one form, as those of two forms are no numbers of one
    kind; and which form, in words, where it is not the curves' own.
    """
    if len({law.curve.form for law in laws.values()}) == 1:
        return {name: (law.curve.exponent, law.curve.draws_B) for name, law in laws.items()}, ""
    found, form = {}, ""
    for name, law in laws.items():
        x_P, y_P, trials_P = _arrays(law.group)
        plain, exponent, draws_B = in_plain_form(x_P, y_P, law.study.kind, rules, trials_P)
        found[name] = (exponent, draws_B)
        form = f" in {plain.format(x=law.group.x, y=law.study.letter)}"
    return found, form


def _surfaces(
    study: Study, rules: Rules, columns: Sequence[str]
) -> tuple[tuple[tuple[Group, Surface], ...], list[str]]:
    """The joint law of each group whose points allow it; of the others the reason."""
    n_axis = "N" if "N" in study.axes else "params"
    data = [name for name in ("D", *DATA) if all(name in cell.amounts for cell in study.cells)]
    if study.kind != "loss" or not data or n_axis not in study.axes:
        return (), []
    # Columns alone: neither amount is held.
    fixed = columns or ("group", "method", "family", "sampling", "fold", "augment")
    found, reasons = [], []
    spread = replace(study, cells=tuple(in_every_sampling(study.cells)))
    for group in groups_of(spread if "sampling" in fixed else study, n_axis, fixed):
        cells = [cell for cell in group.cells if n_axis in cell.amounts]
        n_P = np.array([cell.amounts[n_axis] for cell in cells])
        d_P = np.array([cell.amounts[data[0]] for cell in cells])
        if len(np.unique(n_P)) < 2 or len(np.unique(d_P)) < 2:
            continue
        if len(cells) > MOST_CELLS:
            reasons.append(f"joint law, {group.label}: over {MOST_CELLS:,} cells")
            continue
        if reason := too_few(n_P, d_P, study.noise):
            reasons.append(f"joint law, {group.label}: {reason}")
            continue
        flops = [cell.amounts.get("flops", 0.0) for cell in cells]
        loss_P = np.array([cell.value for cell in cells])
        known = np.array(flops) if all(flops) else None
        whole = Group(data[0], group.held, tuple(cells), group.simulated)
        found.append((whole, fit_surface(n_P, d_P, loss_P, rules, known)))
    return tuple(found), reasons
