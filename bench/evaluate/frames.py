"""`edgehuman evaluate` on frames: a detector against frames with boxes of their people.

    edgehuman evaluate zoo:person-detector --data mot --json
    edgehuman evaluate zoo:person-detector --data mot --beside movenet_multipose.onnx hog
    edgehuman evaluate runs/crowds --data mot        a model that parts people; its boxes alone

Average precision as COCO computes it, and crowds as CrowdHuman does (`edgehuman.metrics.boxes`).
Frames are letterboxed as on the device, and boxes compared in pixels of the frames. Milliseconds
are from a decoded frame to its boxes, of one frame at a time, detectors taking turns. Where a set
says who is who, its people are followed too (`bench.evaluate.tracks`).
"""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.evaluate.crowds import Asked, evaluate_parts, metrics_of_parts
from edgehuman.bench.evaluate.evaluate import Split, heading, open_model
from edgehuman.bench.evaluate.garments import evaluate_garments, metrics_of_garments
from edgehuman.bench.evaluate.hog import HOG, open_hog
from edgehuman.bench.evaluate.tracks import Followed, follow, said
from edgehuman.bench.trial import Trial, Words, trial_of_samples
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.score import (
    Find,
    FrameScores,
    boxes_of,
    require_boxes,
    score_each,
)
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.metrics.crowds.answers import boxes_in, require_rows
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import fit
from edgehuman.records import Index, Uint8
from edgehuman.runtime.foreign.families import takes_one_person
from edgehuman.runtime.image.frames.answer import SCORE
from edgehuman.runtime.image.frames.parts import KIND as PARTS
from edgehuman.runtime.image.frames.watch import opened
from edgehuman.runtime.image.garments.finder import KIND as GARMENTS
from edgehuman.runtime.model import Model

_FEW = 100
# What scores models that give more than boxes, and what gives their metrics alone.
_Scoring: TypeAlias = tuple[
    Callable[[Model, FrameSet, Index, Asked], Outcome],
    Callable[[Model, FrameSet, Index], dict[str, float]],
]
_OF_KIND: Mapping[str, _Scoring] = {
    PARTS: (evaluate_parts, metrics_of_parts),
    GARMENTS: (evaluate_garments, metrics_of_garments),
}


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
    """Score every n-th frame; neighbours in a video are alike. People are followed from one scored
    frame to the next, so that they are further apart in time."""
    beside: tuple[str, ...] = ()
    """Other detectors to score on the same frames: zoo:NAME, ONNX files, also of others, or `hog`
    for OpenCV's. Beside a model that parts people: others of the same parts, also of one person."""
    detector: str = "zoo:person-detector-int8"
    """What finds the people for those of --beside that part one person."""
    threads: int = 1
    """Threads inside one operator, and of OpenCV."""
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
    if model.card.output.kind != GARMENTS:
        require_detector(model.card)
    frames = load_frames(config.data)
    # Of scenes that are composed of several, one name is enough.
    if config.dataset is not None and config.dataset not in frames.dataset.split(" + "):
        raise DataError(
            f"--data {config.data} is {frames.dataset}, but --dataset asks for {config.dataset}"
        )
    index_K = part_of(frames, config.split)[:: config.every]
    of_kind = _scoring_of(model.card, frames)
    if of_kind is not None:
        with _opencv_threads(config.threads):
            return of_kind[0](model, frames, index_K, config)
    finders = {"": (_of_model(model), _threshold(model))}
    finders |= {name: _finder(name, config.threads) for name in dict.fromkeys(config.beside)}
    kept: dict[str, dict[int, Found]] = {name: {} for name in finders}
    with _opencv_threads(config.threads):
        each = {name: find for name, (find, _) in finders.items()}
        found = score(frames, index_K, each, None if frames.tracks is None else kept)
    tracks = {name: follow(frames, kept[name], least) for name, (_, least) in finders.items()}
    table = _as_data(model, frames, found.pop(""), config) | _as_tracks(tracks[""])
    table["beside"] = {
        name: _measured(*each) | _as_tracks(tracks[name]) for name, each in found.items()
    }
    return Outcome(table, _as_text(table, tracks))


def _scoring_of(card: Card, frames: FrameSet) -> _Scoring | None:
    """What scores a model by more than its boxes; None: those are all that the frames label."""
    if card.output.kind == PARTS and frames.parts is None:
        return None
    return _OF_KIND.get(card.output.kind)


@contextlib.contextmanager
def _opencv_threads(count: int) -> Iterator[None]:
    """So many for the block: it scales the frames, and is one of the detectors."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        cv2.setNumThreads(before)


def trial(card: Card, words: Words) -> Trial:
    """Frames to time models on, and the labelled ones that score detectors.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """
    frames: FrameSet | str
    index_K: Index = np.zeros(0, np.int64)
    try:
        if card.output.kind != GARMENTS:
            require_detector(card)
        few = {"count": _FEW} if words.data == SIMULATED else {}
        frames = load_frames(words.data, **few)
        index_K = part_of(frames, words.split)
    except (ArtefactError, DataError) as error:
        frames = str(error)

    def metrics(model: Model) -> dict[str, float]:
        if isinstance(frames, str):
            raise DataError(frames)
        of_kind = _scoring_of(model.card, frames)
        if of_kind is not None:
            return of_kind[1](model, frames, index_K)
        require_detector(model.card)
        return dict(score(frames, index_K, {"": _of_model(model)})[""][0].metrics)

    return trial_of_samples(card, words, metrics, len(index_K))


def score(
    frames: FrameSet,
    index_K: Index,
    finders: Mapping[str, Find],
    kept: Mapping[str, dict[int, Found]] | None = None,
) -> dict[str, tuple[FrameScores, float]]:
    """The scores of detectors on the same frames, and the median milliseconds of each from a frame
    to its boxes.

    Args:
        kept: see `score_each`.

    Raises:
        DataError, ArtefactError: see `data.image.frames.score`.
    """
    spent_ms: dict[str, list[float]] = {name: [] for name in finders}

    def timed(name: str, find: Find) -> Find:
        def found(frame_HWC: Uint8) -> Found:
            begin = time.perf_counter()
            boxes = find(frame_HWC)
            spent_ms[name].append(1000 * (time.perf_counter() - begin))
            return boxes

        return found

    each = {name: timed(name, find) for name, find in finders.items()}
    scores = score_each(frames, index_K, each, kept)
    return {name: (scores[name], statistics.median(spent_ms[name])) for name in finders}


def _of_model(model: Model) -> Find:
    height, width = model.card.input.shape[:2]
    output = model.card.output

    def find(frame_HWC: Uint8) -> Found:
        input_HWC, place = fit(frame_HWC, height, width)
        given_NRX = model.logits(input_HWC[None])
        if output.kind == PARTS:
            # No masks are asked for: nobody has a score over 1.
            row_RX = require_rows(given_NRX, len(output.labels), (height, width), np.inf)[0]
            return boxes_of(boxes_in(row_RX, len(output.labels)), place)
        return boxes_of(require_boxes(given_NRX)[0], place)

    return find


def _threshold(model: Model) -> float:
    """The score from which a model's boxes count."""
    return model.card.decision.threshold or SCORE


def _as_tracks(followed: Followed | str | None) -> dict[str, Any]:
    """How people are followed, as data; nothing where the set does not say who is who."""
    if followed is None:
        return {}
    if isinstance(followed, str):
        return {"tracking": {"not_scored": followed}}
    return {"tracking": followed.as_data()}


def _finder(name: str, threads: int) -> tuple[Find, float]:
    """Another detector, of edgehuman's own, of others, or OpenCV's; and the score from which its
    boxes count.

    Raises:
        ArtefactError, EngineError, SignatureError: see `opened` and `require_detector`. UsageError:
            no such model, one that finds nobody, or OpenCV has none.
    """
    if name == HOG:
        return open_hog(), SCORE
    finder = opened(name, threads)
    if isinstance(finder, Model):
        require_detector(finder.card)
        return _of_model(finder), _threshold(finder)
    if takes_one_person(finder):
        raise UsageError(f"--beside {name} takes one person, and does not find people")

    def find(frame_HWC: Uint8) -> Found:
        people = finder.find(frame_HWC)
        box_K4 = np.array([each.box_4 for each in people], np.float32).reshape(-1, 4)
        return box_K4, np.array([each.score for each in people], np.float32)

    return find, SCORE


def require_detector(card: Card) -> None:
    """Raise ArtefactError unless a model of this card finds people in frames."""
    if card.output.kind not in ("boxes", PARTS):
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
    model: Model, frames: FrameSet, found: tuple[FrameScores, float], config: EvaluateConfig
) -> dict[str, Any]:
    return {
        **heading(model, config.data, frames.dataset, frames.simulated, config.split),
        "task": model.card.task,
        "frames": found[0].frames,
        "people": found[0].people,
        "unreadable": found[0].unreadable,
        "protocol": found[0].said,
        **_measured(*found),
    }


def _measured(found: FrameScores, frame_ms: float) -> dict[str, Any]:
    return {
        "metrics": dict(found.metrics),
        "ms_per_frame": frame_ms,
        "per_sequence": found.per_sequence,
    }


def _as_text(table: Mapping[str, Any], tracks: Mapping[str, Followed | str | None]) -> str:
    kind = "SIMULATED people" if table["simulated"] else table["dataset"]
    random = ", RANDOM weights" if table["random_weights"] else ""
    unreadable = f"; {table['unreadable']} unreadable left out" if table["unreadable"] else ""
    lines = [
        f"{table['model']} ({table['precision']}{random}) on {kind}, {table['split']} part: "
        f"{table['protocol']}, {table['people']} people{unreadable}",
        *_lines(table),
        *said(tracks[""]),
    ]
    for name, measured in table["beside"].items():
        lines += ["", name, *_lines(measured), *said(tracks[name])]
    return "\n".join(lines)


def _lines(measured: Mapping[str, Any]) -> list[str]:
    lines = [
        "",
        *(f"  {name:<18}{value:>8.4f}" for name, value in measured["metrics"].items()),
        f"  {'ms per frame':<18}{measured['ms_per_frame']:>8.2f}",
    ]
    for name, metrics in measured["per_sequence"].items():
        values = ", ".join(f"{key} {value:.4f}" for key, value in metrics.items())
        lines.append(f"  {name}: {values}")
    return lines
