"""`edgehuman evaluate` of a network that says what people wear, against frames with garments.

    edgehuman evaluate runs/worn --data fashionpedia --json
    edgehuman evaluate runs/worn --data simulated --beside worn-int8.onnx

AP_IoU+F1, AP_IoU and AP_F1 of boxes and of masks (`edgehuman.metrics.garments.localized`), in
pixels of the frames; and AP50 of people, where the frames say where these are. Milliseconds are
from a decoded frame to all that is worn in it, models taking turns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from edgehuman.bench.evaluate.crowds import Asked, Size, as_columns, in_turns
from edgehuman.bench.evaluate.evaluate import heading
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.garments.score import (
    FLOOR,
    FrameGarmentsJudge,
    FrameGarmentsScores,
    fitting,
)
from edgehuman.errors import ArtefactError
from edgehuman.export.catalogued import load
from edgehuman.metrics.garments.answers import Item, items_of, require_items
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Index, Uint8
from edgehuman.runtime.image.garments.finder import KIND
from edgehuman.runtime.model import Model

Dresser = Callable[[Uint8], Sequence[Item]]
"""A frame (H, W, 3) -> everything found in it."""
_Scored = tuple[FrameGarmentsScores, float]


def evaluate_garments(model: Model, frames: FrameSet, index_K: Index, asked: Asked) -> Outcome:
    """Score a model, and others beside it.

    Raises:
        DataError: the frames do not say what people wear, or in other names than the model, or
            nothing is worn in them.
        ArtefactError: another model gives something else. UsageError: as `load`.
    """
    models = {"": model}
    for name in dict.fromkeys(asked.beside):
        models[name] = _beside(name, model, asked)
    scores, unreadable = _scored(models, frames, index_K)
    first = scores.pop("")
    output = model.card.output
    table: dict[str, Any] = {
        **heading(model, asked.data, frames.dataset, frames.simulated, asked.split),
        "task": model.card.task,
        "frames": len(index_K) - unreadable,
        "garments": first[0].garments,
        "unreadable": unreadable,
        "categories": len(output.labels) - 1,
        "attributes": len(output.attributes),
        **_measured(*first),
        "beside": {name: _measured(*found) for name, found in scores.items()},
    }
    return Outcome(table, _as_text(table))


def metrics_of_garments(model: Model, frames: FrameSet, index_K: Index) -> dict[str, float]:
    """The metrics of one model on these frames.

    Raises:
        DataError, ArtefactError: as `evaluate_garments`.
    """
    return dict(_scored({"": model}, frames, index_K)[0][""][0].metrics)


def _beside(name: str, model: Model, asked: Asked) -> Model:
    other = load(name, threads=asked.threads)
    if other.card.output != model.card.output:
        raise ArtefactError(
            f"--beside {name} gives {other.card.output.kind}, or other labels or attributes than "
            f"{model.name}; give a model that was taught with the same ({KIND})"
        )
    return other


def _of_model(model: Model) -> Dresser:
    output, (height, width) = model.card.output, model.card.input.shape[:2]
    counts = len(output.labels), len(output.attributes)

    def find(frame_HWC: Uint8) -> Sequence[Item]:
        input_HWC, place = fit(frame_HWC, height, width)
        row_KX = require_items(model.logits(input_HWC[None]), *counts, (height, width))[0]
        return items_of(row_KX, output.labels, output.attributes, (height, width), place, FLOOR)

    return find


def _scored(
    models: Mapping[str, Model], frames: FrameSet, index_K: Index
) -> tuple[dict[str, _Scored], int]:
    """Scores and median milliseconds of each, and how many frames cannot be read."""
    judges, finders = {}, {name: _of_model(model) for name, model in models.items()}
    for name, model in models.items():
        card = model.card
        described = fitting(frames, card.output).described
        height, width = card.input.shape[:2]
        judges[name] = FrameGarmentsJudge(card.output, (height, width), described)

    def judge(name: str, index: int, items: Sequence[Item], size: Size) -> None:
        judges[name].add_found(frames, index, items, size)

    median_ms, unreadable = in_turns(frames, index_K, finders, judge)
    return {name: (judges[name].scores(), median_ms[name]) for name in models}, unreadable


def _measured(scores: FrameGarmentsScores, frame_ms: float) -> dict[str, Any]:
    return {"metrics": dict(scores.metrics), "ms_per_frame": frame_ms}


def _as_text(table: Mapping[str, Any]) -> str:
    counted = ("garments", "categories", "attributes")
    return as_columns(table, ", ".join(f"{table[what]} {what}" for what in counted))
