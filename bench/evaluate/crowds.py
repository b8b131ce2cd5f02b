"""`edgehuman evaluate` of a network that parts people, against frames with parts of everybody.

    edgehuman evaluate runs/crowds --data cihp --json
    edgehuman evaluate runs/crowds --data ccp --beside zoo:person-garments

Beside it the way over crops: a detector finds the people, and a network of one person parts each.
All are scored on the same frames, in pixels of these, and of all only detections of a score of 0.05
or more count. Milliseconds are from a decoded frame to the parts of everybody, in turns.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from edgehuman.bench.evaluate.evaluate import Split, heading
from edgehuman.data.image.frames.score import boxes_of
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.parsed.score import FLOOR, FramePartsJudge, FramePartsScores, fitting
from edgehuman.errors import ArtefactError, ImageError, UsageError
from edgehuman.export.catalogued import load
from edgehuman.metrics.boxes.detection import Found
from edgehuman.metrics.crowds.answers import boxes_in, people_of, require_rows
from edgehuman.metrics.crowds.parts import FoundParts
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Index, Uint8
from edgehuman.runtime.image.frames.answer import Detector, chosen
from edgehuman.runtime.image.frames.crops import CropModel
from edgehuman.runtime.image.frames.parts import KIND
from edgehuman.runtime.model import Model

Parter = Callable[[Uint8], tuple[list[FoundParts], Found]]
"""A frame (H, W, 3) -> its people with their parts, and their boxes."""
FoundT = TypeVar("FoundT")
Size: TypeAlias = tuple[int, int]


class Asked(Protocol):
    """The flags of `evaluate` that this reads."""

    @property
    def data(self) -> str: ...
    @property
    def split(self) -> Split: ...
    @property
    def beside(self) -> tuple[str, ...]: ...
    @property
    def detector(self) -> str: ...
    @property
    def threads(self) -> int: ...


@dataclass(frozen=True, slots=True)
class _Contestant:
    """What parts people, and the score from which its people are painted."""

    find: Parter
    painted: float


def evaluate_parts(model: Model, frames: FrameSet, index_K: Index, asked: Asked) -> Outcome:
    """Score a model, and others beside it.

    Raises:
        DataError: the frames have no parts, others than the model, or nobody is in them.
        ArtefactError: another model gives no parts, or others. UsageError: as `load`.
    """
    labels = model.card.output.labels
    frames = fitting(frames, labels)
    each = {"": _of_model(model)}
    for name in dict.fromkeys(asked.beside):
        each[name] = _beside(name, labels, asked)
    scores, unreadable = _scored(each, frames, index_K, labels, _size_of(model))
    first = scores.pop("")
    table: dict[str, Any] = {
        **heading(model, asked.data, frames.dataset, frames.simulated, asked.split),
        "task": model.card.task,
        "frames": len(index_K) - unreadable,
        "people": first[0].people,
        "unreadable": unreadable,
        "parts": list(labels),
        "detector": asked.detector if asked.beside else None,
        **_measured(*first),
        "beside": {name: _measured(*found) for name, found in scores.items()},
    }
    return Outcome(table, _as_text(table))


def metrics_of_parts(model: Model, frames: FrameSet, index_K: Index) -> dict[str, float]:
    """The metrics of one model on these frames.

    Raises:
        DataError, ArtefactError: as `evaluate_parts`.
    """
    labels = model.card.output.labels
    each = {"": _of_model(model)}
    scores, _ = _scored(each, fitting(frames, labels), index_K, labels, _size_of(model))
    return dict(scores[""][0].metrics)


def _size_of(model: Model) -> tuple[int, int]:
    height, width = model.card.input.shape[:2]
    return height, width


def _of_model(model: Model) -> _Contestant:
    size, count = _size_of(model), len(model.card.output.labels)

    def find(frame_HWC: Uint8) -> tuple[list[FoundParts], Found]:
        input_HWC, place = fit(frame_HWC, *size)
        row_RX = require_rows(model.logits(input_HWC[None]), count, size, FLOOR)[0]
        people = people_of(row_RX, count, size, place, FLOOR)
        found = [FoundParts(each.person, each.score) for each in people]
        return found, boxes_of(boxes_in(row_RX, count), place)

    return _Contestant(find, model.card.decision.threshold)


def _beside(name: str, labels: Sequence[str], asked: Asked) -> _Contestant:
    other = load(name, threads=asked.threads)
    output = other.card.output
    if output.kind not in (KIND, "segmentation") or output.labels != tuple(labels):
        raise ArtefactError(
            f"--beside {name} gives {output.kind} of {', '.join(output.labels) or 'no labels'}; "
            f"give a model of the same parts: {', '.join(labels)}"
        )
    if output.kind == KIND:
        return _of_model(other)
    detector = load(asked.detector, threads=asked.threads)
    if detector.card.output.kind != "boxes":
        raise UsageError(f"--detector {asked.detector} does not find people; give a detector")
    return _of_crops(other, detector)


def _of_crops(model: Model, detector: Model) -> _Contestant:
    finder, each = Detector(detector, 2 * FLOOR), CropModel(model)

    def find(frame_HWC: Uint8) -> tuple[list[FoundParts], Found]:
        people = chosen(finder.find(frame_HWC), FLOOR, *frame_HWC.shape[:2])
        found = []
        for person in each.answer_all(frame_HWC, people):
            if person.part_HW is not None and person.cut is not None:
                parts = PersonParts(person.cut[0], person.cut[1], person.part_HW)
                found.append(FoundParts(parts, person.score))
        box_K4 = np.array([person.box_4 for person in people], np.float32).reshape(-1, 4)
        return found, (box_K4, np.array([person.score for person in people], np.float32))

    return _Contestant(find, detector.card.decision.threshold)


def _scored(
    each: Mapping[str, _Contestant],
    frames: FrameSet,
    index_K: Index,
    labels: Sequence[str],
    size: tuple[int, int],
) -> tuple[dict[str, tuple[FramePartsScores, float]], int]:
    """Scores and median milliseconds of each, and how many frames cannot be read."""
    judges = {name: FramePartsJudge(labels, size, one.painted) for name, one in each.items()}
    finders = {name: one.find for name, one in each.items()}

    def judge(name: str, index: int, found: tuple[list[FoundParts], Found], size: Size) -> None:
        judges[name].add_found(frames, index, *found, size)

    median_ms, unreadable = in_turns(frames, index_K, finders, judge)
    return {name: (judges[name].scores(), median_ms[name]) for name in each}, unreadable


def in_turns(
    frames: FrameSet,
    index_K: Index,
    finders: Mapping[str, Callable[[Uint8], FoundT]],
    judge: Callable[[str, int, FoundT, Size], object],
) -> tuple[dict[str, float], int]:
    """Ask all about each frame; return the median milliseconds of each, and how many frames cannot
    be read.

    Args:
        judge: takes the name, the index of the frame, what was found, and the frame's size.
    """
    spent_ms: dict[str, list[float]] = {name: [] for name in finders}
    unreadable = 0
    for index in index_K.tolist():
        try:
            frame_HWC = frames.frames[index]
        except ImageError:
            unreadable += 1
            continue
        height, width = frame_HWC.shape[:2]
        for name, find in finders.items():
            begin = time.perf_counter()
            found = find(frame_HWC)
            spent_ms[name].append(1000 * (time.perf_counter() - begin))
            judge(name, index, found, (height, width))
    return {name: statistics.median(each) for name, each in spent_ms.items()}, unreadable


def _measured(scores: FramePartsScores, frame_ms: float) -> dict[str, Any]:
    return {"metrics": dict(scores.metrics), "ms_per_frame": frame_ms}


def _as_text(table: Mapping[str, Any]) -> str:
    by = f"; crops of {table['detector']}" if table["beside"] else ""
    return as_columns(table, f"{table['people']} people", by)


def as_columns(table: Mapping[str, Any], counts: str, by: str = "") -> str:
    """One table: a row a metric, a column a contestant.

    Args:
        counts: what was scored besides frames; by: how, after it.
    """
    kind = "SIMULATED people" if table["simulated"] else table["dataset"]
    random = ", RANDOM weights" if table["random_weights"] else ""
    unreadable = f"; {table['unreadable']} unreadable left out" if table["unreadable"] else ""
    columns = {table["model"]: table, **table["beside"]}
    wide = [max(12, len(name)) for name in columns]
    rows = [("", *columns)]
    for name in table["metrics"]:
        rows.append((name, *(f"{one['metrics'][name]:.4f}" for one in columns.values())))
    rows.append(("ms per frame", *(f"{one['ms_per_frame']:.1f}" for one in columns.values())))
    lines = [
        f"  {first:<22}" + "  ".join(f"{cell:>{w}}" for cell, w in zip(rest, wide, strict=True))
        for first, *rest in rows
    ]
    return "\n".join(
        [
            f"{table['model']} ({table['precision']}{random}) on {kind}, {table['split']} part: "
            f"{table['frames']} frames, {counts}{unreadable}{by}",
            "",
            *lines,
        ]
    )
