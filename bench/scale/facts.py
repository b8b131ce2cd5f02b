"""What a finished cell says of itself: the row of `points.csv`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.scale.cells import DIVERGED, DONE, FAILED, CellState
from edgehuman.bench.scale.points import Point

# What the outcome of a training calls the data it learned from.
_ITEMS = ("windows", "sequences", "walks", "images", "photos")
_SAMPLING = {"random": "random", "user": "user", "all": "random", "top": "top", "bottom": "bottom"}


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
    share = float(said.get("subset") or said.get("share") or 1)
    kind = str(said.get("subset_by") or said.get("quality") or "all")
    metrics, trials = _metrics(state)
    return Point(
        cell=state.name,
        method=method,
        arch=arch,
        sampling="all" if share == 1 else _SAMPLING.get(kind, kind),
        share=share,
        seed=int(said["seed"]),
        fold=str(said.get("valid_fold", "")),
        augment=state.labels.get("augment", ""),
        lr=float(said["lr"]),
        batch=batch,
        steps=steps,
        samples=steps * batch,
        params=outcome.get("params"),
        params_all=outcome.get("params_all"),
        **_shape(arch),
        people=_number(outcome.get("people")),
        hours=_number(outcome.get("hours")),
        items=next((_number(outcome[name]) for name in _ITEMS if name in outcome), None),
        flops=_number(outcome.get("flops")),
        loss=_number(outcome.get("test_loss")),
        train_loss=_number(outcome.get("loss")),
        status=state.status,
        protocol=state.protocol,
        trunk=str(outcome.get("trunk") or ""),
        simulated=bool(outcome.get("simulated")),
        commit=state.commit,
        seconds=round(state.seconds, 1) or None,
        folder=state.name,
        command=" ".join(["edgehuman", *state.words]),
        metrics=metrics,
        trials=trials,
        more={"retry_of": state.retry_of} if state.retry_of else {},
    )


def _flags(words: Sequence[str]) -> dict[str, str]:
    """The first value of every flag."""
    found = {}
    for flag, value in zip(words, [*words[1:], ""], strict=True):
        if flag.startswith("--"):
            found[flag[2:].replace("-", "_")] = value
    return found


def _number(value: Any) -> float | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None


def _metrics(state: CellState) -> tuple[dict[str, float], dict[str, int]]:
    """Of the pretraining's own exam, and of every fine-tuning."""
    metrics: dict[str, float] = {}
    trials: dict[str, int] = {}
    if (rank1 := _number((state.outcome or {}).get("rank1"))) is not None:
        metrics["rank1"] = rank1
    for step in state.steps:
        found = state.found.get(step.name, {})
        for name in step.metrics:
            if name not in found:
                continue
            metrics[f"{step.name}.{name}"] = found[name]
            if name in step.trials and 0 <= found[name] <= 1:
                trials[f"{step.name}.{name}"] = step.trials[name]
    return metrics, trials


def _shape(arch: str) -> dict[str, int]:
    """Width and depth of a catalogued network, where it has one of each."""
    row = catalogue.NETWORKS.get(arch)
    said = {} if row is None else {name: row.arguments.get(name) for name in ("width", "depth")}
    return {name: value for name, value in said.items() if isinstance(value, int)}
