"""What a finished cell says of itself: the row of `points.csv`; and which cells lie far off what
their neighbours say: diverged, or not trained enough.
"""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.scale.cells import DIVERGED, DONE, FAILED, CellState
from edgehuman.bench.scale.points import LARGEST, SMALLEST, Point
from edgehuman.errors import safe_name
from edgehuman.records import Float64

# What the outcome of a training calls the data it learned from.
_ITEMS = ("windows", "sequences", "walks", "images", "photos")
_SAMPLING = {"random": "random", "user": "user", "all": "random", "top": "top", "bottom": "bottom"}
# Axes whose values have a column of the table of their own.
_COLUMNED = frozenset(
    {"arch", "subset", "subset_by", "share", "quality", "people", "each", "seed", "valid_fold"}
    | {"lr", "batch", "steps", "augment"}
)

_MANY_SD = 3.0
_LEAST = 6
# Of a normal distribution: sd over the median absolute deviation.
_SD_OF_MAD = 1.4826
# Residuals smaller than this share of the loss are noise of no interest.
_LEAST_SD = 0.005


def point_of(state: CellState) -> Point | None:
    """The point of a cell; None while it is not finished."""
    if state.status not in (DONE, DIVERGED, FAILED) or (state.status == FAILED and state.outcome):
        return None
    given = _flags(state.words)
    outcome = state.outcome or {}
    method = given.get("method", "mae")
    config = catalogue.load_object(catalogue.METHODS[method].config)
    usual = {name: each.default for name, each in config.__dataclass_fields__.items()}
    said: dict[str, Any] = {name: given.get(name, usual.get(name)) for name in usual}
    arch, steps, batch = str(said["arch"]), int(said["steps"]), int(said["batch"])
    share, sampling = _drawn(said, state.labels)
    metrics, trials = _metrics(state)
    return Point(
        cell=state.name,
        method=method,
        arch=arch,
        sampling=sampling,
        share=share,
        seed=int(said["seed"]),
        fold=str(said.get("valid_fold", "")),
        augment=_augment(state.labels),
        lr=float(said["lr"]),
        batch=batch,
        steps=steps,
        samples=steps * batch,
        params=_whole(outcome.get("params")),
        params_all=_whole(outcome.get("params_all")),
        **_shape(arch),
        people=_number(outcome.get("people")),
        hours=_number(outcome.get("hours")),
        items=next((_number(outcome[name]) for name in _ITEMS if name in outcome), None),
        flops=_number(outcome.get("flops")),
        loss=_number(outcome.get("test_loss")),
        train_loss=_number(outcome.get("loss"), signed=True),
        status=state.status,
        protocol=state.protocol,
        trunk=safe_name(_trunk(given, outcome)).strip(),
        simulated=bool(outcome.get("simulated")),
        commit=state.commit,
        seconds=round(state.seconds, 1) or None,
        folder=state.name,
        command=shlex.join(["edgehuman", *state.words]),
        metrics=metrics,
        trials=trials,
        more={"retry_of": state.retry_of} if state.retry_of else {},
    )


def _drawn(said: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[float | None, str]:
    """Which share of the data a cell had, and how it was drawn. Where people are counted out by an
    axis, no share is known, and the columns of amounts tell the cells apart.
    """
    share = float(said.get("subset") or said.get("share") or 1)
    kind = str(said.get("subset_by") or said.get("quality") or "all")
    counted = {"people", "each"} & set(labels)
    if not counted:
        return share, "all" if share == 1 else _SAMPLING.get(kind, kind)
    by_people = share == 1 and counted == {"people"}
    return None, "user" if by_people else _SAMPLING.get(kind, kind)


def _trunk(given: Mapping[str, str], outcome: Mapping[str, Any]) -> str:
    """The folder of the trunk. The outcome has its last name alone, which cells have in common."""
    if not outcome.get("trunk"):
        return ""
    return given.get("trunk") or given.get("out") or str(outcome["trunk"])


def _augment(labels: Mapping[str, str]) -> str:
    """The label of the axis `augment`, and of axes that have no column: "rotated, dropout=0.1"."""
    others = [f"{axis}={label}" for axis, label in labels.items() if axis not in _COLUMNED]
    return ", ".join([*filter(None, [labels.get("augment", "")]), *others])


def _flags(words: Sequence[str]) -> dict[str, str]:
    """The first value of every flag."""
    found = {}
    for flag, value in zip(words, [*words[1:], ""], strict=True):
        if flag.startswith("--"):
            found[flag[2:].replace("-", "_")] = value
    return found


def _number(value: Any, signed: bool = False) -> float | None:
    """A number that a table of points takes; None for any other, and for what is no number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    if signed and (value == 0 or SMALLEST <= -value <= LARGEST):
        return float(value)
    return float(value) if SMALLEST <= value <= LARGEST else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and 0 < value < 1 << 53 else None


def _metrics(state: CellState) -> tuple[dict[str, float], dict[str, int]]:
    """Of the pretraining's own exam, and of every fine-tuning."""
    metrics: dict[str, float] = {}
    trials: dict[str, int] = {}
    if (rank1 := _number((state.outcome or {}).get("rank1"), signed=True)) is not None:
        metrics["rank1"] = rank1
    for step in state.steps:
        found = state.found.get(step.name, {})
        for name in step.metrics:
            value = _number(found.get(name), signed=True)
            if value is None:
                continue
            metrics[f"{step.name}.{name}"] = value
            if name in step.trials and 0 <= value <= 1:
                trials[f"{step.name}.{name}"] = step.trials[name]
    return metrics, trials


def _shape(arch: str) -> dict[str, int]:
    """Width and depth of a catalogued network, where it has one of each."""
    row = catalogue.NETWORKS.get(arch)
    said = {} if row is None else {name: row.arguments.get(name) for name in ("width", "depth")}
    return {name: value for name, value in said.items() if isinstance(value, int)}


def off_their_neighbours(points: Sequence[Point]) -> list[Point]:
    """Points over 3 sd above a line through log loss over log share of their own series.

    A series: the same network, sampling, fold, augmentation and simulated or not; at least six
    points. The line is by the median of pairwise slopes (Theil-Sen), the sd by the median absolute
    deviation, so that what is looked for moves neither. A law may bend where the line does not: a
    point is not far off if another of its amount is as high, nor alone at the smallest or largest
    amount. Cells that were run again with another learning rate are judged, and judge, as they are.
    """
    series: dict[tuple[object, ...], list[Point]] = defaultdict(list)
    for point in points:
        if point.status == "done" and point.loss and point.share:
            key = (point.arch, point.sampling, point.fold, point.augment, point.simulated)
            series[key].append(point)
    found = []
    for group in series.values():
        if len(group) < _LEAST:
            continue
        x_N = np.log([point.share or 1.0 for point in group])
        y_N = np.log([point.loss or 1.0 for point in group])
        residual_N = y_N - _line(x_N, y_N)
        spread = max(_LEAST_SD, _SD_OF_MAD * float(np.median(np.abs(residual_N))))
        for at in np.flatnonzero(residual_N > _MANY_SD * spread):
            same_N = x_N == x_N[at]
            if same_N.sum() > 1:
                is_odd = residual_N[at] - residual_N[same_N].min() > _MANY_SD * spread
            else:
                is_odd = x_N.min() < x_N[at] < x_N.max()
            if is_odd:
                found.append(group[at])
    return found


def _line(x_N: Float64, y_N: Float64) -> Float64:
    """The values (N,) of the Theil-Sen line; the median where all x are the same."""
    first, second = np.triu_indices(len(x_N), 1)
    run_P = x_N[second] - x_N[first]
    apart_P = run_P != 0
    if not apart_P.any():
        return np.full(len(x_N), np.median(y_N))
    slope = float(np.median((y_N[second] - y_N[first])[apart_P] / run_P[apart_P]))
    return np.asarray(slope * x_N + np.median(y_N - slope * x_N))
