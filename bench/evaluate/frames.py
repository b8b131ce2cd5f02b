"""`edgehuman evaluate` on frames: a detector against frames with boxes of their people.

    edgehuman evaluate zoo:person-detector --data mot --json

Average precision as COCO computes it, and crowds as CrowdHuman does (`edgehuman.metrics.boxes`).
Frames are letterboxed as on the device, and boxes compared in pixels of the frames. Milliseconds
are of the network alone, of one frame, on the engine that scored.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.evaluate.evaluate import Split, open_model
from edgehuman.bench.trial import Trial, Words, trial_of_samples
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.score import FrameScores
from edgehuman.data.image.frames.score import score as score_frames
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Index, Uint8
from edgehuman.runtime.model import Model

_FEW = 100


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """Score a detector on frames with boxes of people."""

    model: Positional[str]
    """zoo:NAME, an artefact's path, a checkpoint folder, or a name from `edgehuman models` (random
    weights)."""
    data: str = SIMULATED
    """A dataset's folder, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    split: Split = "test"
    """The test part, the training part, or all."""
    every: int = 1
    """Score every n-th frame; neighbours in a video are alike."""
    threads: int = 1
    """Threads inside one operator."""
    seed: int = 0
    """Seed of the random weights, if the model is a catalogue name."""

    def __post_init__(self) -> None:
        counted = ("every", "threads")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def evaluate(config: EvaluateConfig) -> Outcome:
    """`edgehuman evaluate` of a detector.

    Raises:
        ArtefactError: the model does not find people in frames.
        DataError: no such data, an empty split, or nobody in it.
    """
    model = open_model(config)
    require_detector(model.card)
    frames = load_frames(config.data)
    if config.dataset is not None and config.dataset != frames.dataset:
        raise DataError(
            f"--data {config.data} is {frames.dataset}, but --dataset asks for {config.dataset}"
        )
    index_K = part_of(frames, config.split)[:: config.every]
    found, frame_ms = score(model, frames, index_K)
    table = _as_data(model, frames, found, config)
    table["ms_per_frame"] = frame_ms
    return Outcome(table, _as_text(table))


def trial(card: Card, words: Words) -> Trial:
    """Frames to time models on, and the labelled ones that score detectors.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """
    frames: FrameSet | str
    index_K: Index = np.zeros(0, np.int64)
    try:
        require_detector(card)
        few = {"count": _FEW} if words.data == SIMULATED else {}
        frames = load_frames(words.data, **few)
        index_K = part_of(frames, words.split)
    except (ArtefactError, DataError) as error:
        frames = str(error)

    def metrics(model: Model) -> dict[str, float]:
        if isinstance(frames, str):
            raise DataError(frames)
        require_detector(model.card)
        return dict(score(model, frames, index_K)[0].metrics)

    return trial_of_samples(card, words, metrics, len(index_K))


def score(model: Model, frames: FrameSet, index_K: Index) -> tuple[FrameScores, float]:
    """The scores of a detector on these frames, one at a time, and its median milliseconds.

    Raises:
        DataError, ArtefactError: see `data.image.frames.score`.
    """
    spent_ms: list[float] = []

    def answer(input_NHWC: Uint8) -> Float32:
        begin = time.perf_counter()
        output_NK5 = model.logits(input_NHWC)
        spent_ms.append(1000 * (time.perf_counter() - begin) / len(input_NHWC))
        return output_NK5

    size = (model.card.input.shape[0], model.card.input.shape[1])
    found = score_frames(frames, index_K, answer, size, batch=1)
    return found, statistics.median(spent_ms)


def require_detector(card: Card) -> None:
    """Raise ArtefactError unless a model of this card finds people in frames."""
    if card.output.kind != "boxes":
        raise ArtefactError(
            f"{card.name} reads {card.input.record} and gives {card.output.kind}; give a detector, "
            "which reads frames and gives boxes (`edgehuman finetune --task detection`)"
        )


def part_of(frames: FrameSet, split: Split) -> Index:
    """Indices of the frames in one split of a set.

    Raises:
        DataError: the split is empty.
    """
    is_train_N = frames.role_N == "train"
    chosen_N = {"train": is_train_N, "test": ~is_train_N, "all": np.full(len(frames), True)}[split]
    if not chosen_N.any():
        raise DataError(
            f"{frames.dataset}: none of its {len(frames)} frames is in the {split} split; give "
            "--split all"
        )
    return np.flatnonzero(chosen_N)


def _as_data(
    model: Model, frames: FrameSet, found: FrameScores, config: EvaluateConfig
) -> dict[str, Any]:
    return {
        "model": model.name,
        "arch": model.card.arch,
        "task": model.card.task,
        "random_weights": model.card.random_weights,
        "precision": model.card.precision.name,
        "engine": dict(model.engine.describe()),
        "data": config.data,
        "dataset": frames.dataset,
        "simulated": frames.simulated,
        "split": config.split,
        "frames": found.frames,
        "people": found.people,
        "unreadable": found.unreadable,
        "protocol": found.said,
        "metrics": dict(found.metrics),
    }


def _as_text(table: Mapping[str, Any]) -> str:
    kind = "SIMULATED people" if table["simulated"] else table["dataset"]
    random = ", RANDOM weights" if table["random_weights"] else ""
    unreadable = f"; {table['unreadable']} unreadable left out" if table["unreadable"] else ""
    lines = [
        f"{table['model']} ({table['precision']}{random}) on {kind}, {table['split']} part: "
        f"{table['protocol']}, {table['people']} people{unreadable}",
        "",
        *(f"  {name:<18}{value:>8.4f}" for name, value in table["metrics"].items()),
        f"  {'ms per frame':<18}{table['ms_per_frame']:>8.2f}",
    ]
    return "\n".join(lines)
