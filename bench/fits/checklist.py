"""What has to be known of a fit to judge it or make it again: printed with each.

Source: "(Mis)fitting: a survey of scaling laws", arXiv 2502.18969: most published fits leave out
what is needed to make them again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from edgehuman.bench.fits.study import COUNTED, Study
from edgehuman.bench.laws import joint, resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import Point

MOST_NAMED = 5


def checklist(
    study: Study,
    forms: Sequence[str],
    axes: Sequence[str],
    rules: Rules,
    joint_fitted: bool,
    points: Sequence[Point] = (),
) -> dict[str, str]:
    """Question -> answer, in the order of the reference.

    Args:
        forms: those that were fitted. axes: the columns taken for x.
        points: the rows of a sweep that were fitted; none of a user's table.
    """
    said = {
        "forms": "; ".join(dict.fromkeys(forms)) or "none",
        "how x is counted": "; ".join(f"{name}: {COUNTED.get(name, 'as given')}" for name in axes),
        "points": _points_said(study),
        "excluded": _excluded_said(study.excluded),
        "chosen before the fit": "; ".join(study.notes) or "nothing",
        "loss and optimiser": _optimiser_said(study, joint_fitted),
        "intervals": (
            f"{rules.level:.0%}, bootstrap of {rules.draws} draws by cell (all seeds together), "
            f"seed {rules.seed}: below {resample.BCA_FROM} cells residuals of cells drawn onto the "
            "amounts, percentiles as wide as Student's t; from there on cells drawn, BCa. Over "
            "folds, of pairs, and of three or four points: Student's t of the draws' deviation"
        ),
        "choice of form": (
            "held-out error at the largest point and AICc, both; the broken law (BNSL) is not "
            "fitted: it needs 10 points and a break that is seen"
        ),
        "validation": f"protocol {study.protocol}" if study.protocol else "not stated",
        "noise between seeds": "unknown (one seed)"
        if math.isnan(study.noise)
        else f"{study.noise:.3g} (standard deviation{', of logs' if study.kind == 'loss' else ''})",
    }
    if points:
        said["schedules"] = _schedules_said(points)
        said["dependent checkpoints"] = _dependent_said(points)
        said["data"] = _data_said(points)
    return said


def _points_said(study: Study) -> str:
    seeds = sum(cell.seeds for cell in study.cells)
    return f"{len(study.cells)} cells of {seeds} runs; y is {study.y}"


def _excluded_said(excluded: Sequence[str]) -> str:
    if not excluded:
        return "none"
    more = f"; and {len(excluded) - MOST_NAMED} more" if len(excluded) > MOST_NAMED else ""
    return f"{len(excluded)}: {'; '.join(excluded[:MOST_NAMED])}{more}"


def _optimiser_said(study: Study, joint_fitted: bool) -> str:
    if study.kind == "share":
        return "least squares of a line in ln x, of the logit, the log error or the share"
    said = (
        "power law: least squares of logs, closed form; with a floor: relative least squares, "
        "variable projection (E, a >= 0 inside, b in 0.01 to 5 outside)"
    )
    if joint_fitted:
        said += (
            "; joint: relative least squares by variable projection (non-negative inside, alpha "
            "and beta outside, N and D by their geometric means), checked by Approach 3: summed "
            f"Huber of logs, delta {joint.DELTA:g}, x {joint.SCALE:g}, gradient, L-BFGS-B, ftol "
            f"{joint.FTOL:g}, {joint.STARTS} starts"
        )
    return said


def _schedules_said(points: Sequence[Point]) -> str:
    rates = sorted({point.lr for point in points if point.lr is not None})
    steps = sorted({point.steps for point in points if point.steps is not None})
    batches = sorted({point.batch for point in points if point.batch is not None})
    parts = [
        _range_said("learning rate", rates),
        _range_said("steps", steps),
        _range_said("batch", batches),
    ]
    return "; ".join(part for part in parts if part) or "not stated"


def _range_said(name: str, values: Sequence[float]) -> str:
    if not values:
        return ""
    if len(values) <= 4:
        return f"{name} {', '.join(f'{value:g}' for value in values)}"
    return f"{name} {values[0]:g} to {values[-1]:g} ({len(values)} values)"


def _dependent_said(points: Sequence[Point]) -> str:
    trunks = [point.trunk for point in points if point.trunk]
    if not trunks:
        return "none: every point is a run of its own"
    return f"{len(trunks)} points of {len(set(trunks))} trunks"


def _data_said(points: Sequence[Point]) -> str:
    made = sum(point.simulated for point in points)
    if made == len(points):
        return "simulated"
    return "measured" if not made else f"{made} of {len(points)} points simulated, fitted apart"
