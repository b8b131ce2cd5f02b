"""The cross-domain table: silhouette networks trained on one dataset, tested on all.

    python -m edgehuman.bench.pages.silhouette.cross --train Gait3D GREW --test Gait3D GREW CASIA-B

One network is fine-tuned on each --train (for each seed), and scored on each --test by the protocol
of that dataset; --model adds models that are scored as they are. Nearest neighbours of gait energy
images and random weights stand below. Finished trainings and evaluations are kept, so the command
resumes where it stopped. It writes `table.md` and `table.json` to --out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.silhouette import EvaluateConfig, evaluate
from edgehuman.bench.pages.keep import mean_and_spread, once, write_table
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import Outcome

METRICS = {"rank1": "rank-1", "map": "mAP"}
# Two protocols have no mAP.
_ABSENT = "-"
Table = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CrossConfig:
    """Train on each dataset, test on all."""

    out: Path = Path("runs/cross")
    """Folder of the trainings, the evaluations and the table; finished ones are kept."""
    train: tuple[str, ...] = (SIMULATED,)
    """Datasets to train on: paths, or the word `simulated`."""
    test: tuple[str, ...] = (SIMULATED,)
    """Datasets to test on."""
    model: tuple[str, ...] = ()
    """Models that are scored as they are: zoo:NAME, artefacts, checkpoint folders."""
    arch: str = "gaitset"
    """Network to train."""
    weights: Path | None = None
    """Its pretrained weights; none: random."""
    lr_ratio: float = 1.0
    """Learning rate of the backbone, as a factor."""
    distance: Distance = "cosine"
    """How embeddings are compared."""
    steps: int = 1000
    """Steps of each training."""
    batch: int = 32
    """Walks of a step."""
    frames: int | None = None
    """Frames of a walk in training; by default as the network's authors do."""
    people: int = 64
    """Simulated people to train on."""
    seeds: int = 1
    """Trainings on each dataset."""
    device: str = "auto"
    """Device to train on: auto, cpu or cuda."""
    threads: int = 2
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.train or self.model), "train", "at least one dataset, or give --model"),
            (bool(self.test), "test", "at least one dataset"),
            *((getattr(self, n) >= 1, n, "at least 1") for n in ("steps", "seeds", "threads")),
        )
        require(self, rules)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Attributes:
        name: who recognises.
        cells: of each test set by its path, the metrics of every seed; empty: not measured.
        why: of each test set that could not be scored, the reason.
    """

    name: str
    cells: Mapping[str, Sequence[Table]]
    why: Mapping[str, str]


def build_table(config: CrossConfig) -> Outcome:
    """Run the missing trainings and evaluations; write the table after each row.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `finetune`.
        UsageError, ArtefactError: no such model.
    """
    rows: list[Row] = []
    baselines: dict[str, Mapping[str, Table]] = {}
    text = ""
    for name, models in _models(config):
        found = {
            data: [answer_of(config, model(), data) for model in models] for data in config.test
        }
        for data, answers in found.items():
            if "metrics" in answers[0]:
                baselines.setdefault(data, answers[0]["baselines"])
        rows.append(_row(name, found))
        text = _write(config, [*rows, *_baseline_rows(baselines)])
    shown = [_as_data(row) for row in [*rows, *_baseline_rows(baselines)]]
    return Outcome(shown, json.dumps(shown) if config.json else text)


def _models(config: CrossConfig) -> list[tuple[str, list[Callable[[], str]]]]:
    """Each row's name, and what gives its models, one for each seed."""
    rows: list[tuple[str, list[Callable[[], str]]]] = [
        (f"{model}, as it is", [partial(str, model)]) for model in config.model
    ]
    for data in config.train:
        seeds = [partial(trained, config, data, seed) for seed in range(config.seeds)]
        rows.append((f"{config.arch}, trained on {label(data)}", [*seeds]))
    return rows


def trained(config: CrossConfig, data: str, seed: int) -> str:
    """The folder of a network trained on a dataset, from an earlier call or now."""
    from edgehuman.tasks.silhouette.gait import train
    from edgehuman.tasks.silhouette.settings import GaitConfig

    folder = config.out / f"{plain(data)}-{seed}"
    words = {
        "arch": config.arch, "weights": config.weights, "data": data, "seed": seed,
        "lr_ratio": config.lr_ratio, "distance": config.distance, "steps": config.steps,
        "batch": config.batch, "frames": config.frames, "people": config.people,
    }  # fmt: skip

    def run(resume: bool) -> Outcome:
        fields: dict[str, Any] = {"device": config.device, "threads": config.threads, **words}
        return train(GaitConfig(out=folder, read_test=False, resume=resume, **fields))

    once(folder, [json.dumps(words, default=str)], None, run)
    return str(folder)


def answer_of(config: CrossConfig, model: str, data: str) -> dict[str, Any]:
    """The result of `edgehuman evaluate`, or {"why"}: from an earlier call or now."""
    folder = config.out / "tested" / f"{plain(model)}-on-{plain(data)}"
    words = EvaluateConfig(model, data=data, distance=config.distance, threads=config.threads)

    def run(resume: bool) -> Outcome:
        try:
            return evaluate(words)
        except DataError as error:
            return Outcome({"why": str(error)}, "")

    asked = [model, data, config.distance, identity(model)]
    return once(folder, asked, None, run)


def identity(model: str) -> str:
    """What tells a model from another of the same path: when its file was written."""
    path = Path(model)
    files = [path / "model.safetensors"] if path.is_dir() else [path]
    return " ".join(str(file.stat().st_mtime_ns) for file in files if file.is_file())


def plain(path: str) -> str:
    """A path or word as a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", path).strip("_")


def label(data: str) -> str:
    """How the table names a dataset."""
    return data if data.startswith(SIMULATED) else Path(data).name


def _row(name: str, found: Mapping[str, Sequence[Mapping[str, Any]]]) -> Row:
    scored = {d: [a["metrics"] for a in each if "metrics" in a] for d, each in found.items()}
    why = {d: each[0]["why"] for d, each in found.items() if "why" in each[0]}
    return Row(name, scored, why)


def _baseline_rows(baselines: Mapping[str, Mapping[str, Table]]) -> list[Row]:
    names = dict.fromkeys(name for tables in baselines.values() for name in tables)
    return [
        Row(
            name.replace("_", " "),
            {data: [tables[name]] for data, tables in baselines.items() if name in tables},
            {},
        )
        for name in names
    ]


def render(config: CrossConfig, rows: Sequence[Row]) -> str:
    """The Markdown table; why a set could not be scored is said below it."""
    heads = [f"{label(data)} {short}" for data in config.test for short in METRICS.values()]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for row in rows:
        cells = [_cell(row.cells.get(data, ()), key) for data in config.test for key in METRICS]
        lines.append(f"| {row.name} | {' | '.join(cells)} |")
    seeds = f"mean ± standard deviation of {config.seeds} trainings" if config.seeds > 1 else ""
    lines += ["", f"Percent, by {config.distance} distance. {seeds}".rstrip(), ""]
    reasons = dict.fromkeys(f"- {label(d)}: {why}" for row in rows for d, why in row.why.items())
    return "\n".join([*lines, *reasons])


def _cell(tables: Sequence[Table], key: str) -> str:
    found = [table[key] for table in tables if key in table]
    return mean_and_spread(found) if found else _ABSENT


def _write(config: CrossConfig, rows: Sequence[Row]) -> str:
    return write_table(config.out, render(config, rows), [_as_data(row) for row in rows])


def _as_data(row: Row) -> dict[str, Any]:
    cells = {data: [dict(table) for table in tables] for data, tables in row.cells.items()}
    return {"name": row.name, "cells": cells, "why": dict(row.why)}


if __name__ == "__main__":
    sys.exit(main(CrossConfig, build_table))
