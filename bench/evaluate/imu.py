"""`edgehuman evaluate` on the windows of a wearable: how well a model recognises activities.

    edgehuman evaluate zoo:activity --data uci_har.npz --json

Labels of the model's card and of the dataset are matched by name. Intervals are bootstrapped over
people, because windows of the same person are alike. Axes: N windows, C classes, S people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.evaluate.evaluate import Split, heading, open_model
from edgehuman.bench.trial import MOST_TIMED, Trial, Words
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.imu.load import load_windows, require_own, why_unused
from edgehuman.data.imu.recordings import AS_TOLD
from edgehuman.errors import ArtefactError, DataError, EdgehumanError, UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.metrics.bootstrap import interval_of_groups
from edgehuman.metrics.calibration import (
    expected_calibration_error,
    negative_log_likelihood,
    softmax,
)
from edgehuman.metrics.classification import accuracy, confusion, f1_of_confusion
from edgehuman.outcome import Outcome
from edgehuman.pictures.confusion import draw_confusion
from edgehuman.pictures.figure import require_pictures
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.naming import EITHER, Naming, read_naming, rename, require_found
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.records import Float32, Index, Text, WindowSet
from edgehuman.runtime.imu.learnt import as_learnt, as_worn
from edgehuman.runtime.model import Model


@dataclass(frozen=True, slots=True)
class EvaluateConfig(ReadingFlags):
    """Score an activity model on a dataset."""

    model: Positional[str]
    """zoo:NAME, a file, a checkpoint folder, or a name of `edgehuman models` (random weights)."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    split: Split = "test"
    """The official test people, the others, or all."""
    shared_labels: bool = False
    """Leave out, and count, windows of classes that the model does not know."""
    map: tuple[str, ...] = ()
    """Other names of classes, of the data's and of the model's: `walking_forward=walking`,
    `jumping=` is left out. Classes of one name are one class."""
    classes: Literal["all", "scored"] = "scored"
    """Macro-F1 over all classes that are true or predicted, or those that have windows."""
    mounting: Literal["fixed", "learn"] = "fixed"
    """Take each sensor as it is worn, or learn its mounting from walking, as a stream does."""
    placement: str | None = None
    """Windows of the sensors worn there only, e.g. wrist, where the data say it."""
    hop: int = 64
    """Samples from one window to the next, if the data are recordings to cut into windows."""
    batch: int = 256
    """Windows per run."""
    threads: int = 1
    """Threads inside one operator."""
    picture: Path | None = None
    """Draw the confusion matrix into this PNG."""
    seed: int = 0
    """Seed of the random weights, if the model is a catalogue name."""

    def __post_init__(self) -> None:
        for name, others in read_naming(self.map, "--map").items():
            if len(others) > 1:
                raise UsageError(
                    f"--map {name}={EITHER.join(others)}: a score needs one name; give {name}= to "
                    "leave it out, or map all of them to one name"
                )
        counted = ("hop", "batch", "threads")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


@dataclass(frozen=True, slots=True)
class Scores:
    """Attributes:
    labels: the classes, under their other names.
    windows, people: numbers of those scored.
    left_out: number of windows left out, by class (or `unlabelled`).
    metrics: macro_f1, accuracy, ece, nll; each but nll 0..1.
    intervals: 95 % over people, of macro_f1 and accuracy; empty with fewer than two people.
    per_class_f1: by label; None for a class that is neither true nor predicted.
    counts_CC: rows true, columns predicted.
    """

    labels: tuple[str, ...]
    windows: int
    people: int
    left_out: Mapping[str, int]
    metrics: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    per_class_f1: Mapping[str, float | None]
    counts_CC: Index


def evaluate(config: EvaluateConfig) -> Outcome:
    """`edgehuman evaluate` of an activity model.

    Raises:
        UsageError, ArtefactError: wrong flags, or a model that does not classify activities.
        DataError: no such data, an empty split, or classes that the model does not know.
    """
    require_apart({"the model": config.model, "--data": config.data, "--picture": config.picture})
    if config.picture is not None:
        require_pictures()
        require_usable_file(config.picture, f"--picture {config.picture}")
    model = open_model(config)
    require_activity(model)
    windows = load_split(config.data, config.dataset, config.split, config.hop, config.format)
    windows = _placed(windows, config)
    naming = read_naming(config.map, "--map")
    require_found(naming, (*windows.labels, *model.labels), "--map")
    scores = score(
        model,
        windows,
        config.data,
        config.shared_labels,
        config.batch,
        naming,
        config.classes == "scored",
        config.mounting == "learn",
    )
    data = _as_data(config, model, windows, scores)
    text = _as_text(data, scores.labels)
    if config.picture is None:
        return Outcome(data, text)
    title = f"{config.model} on {data['dataset']}, {config.split}"
    try:
        draw_confusion(scores.counts_CC, scores.labels, config.picture, title)
    except EdgehumanError as error:  # a missing picture does not lose the scores
        return Outcome(data, f"{text}\n\nno picture: {error}", exit_code=1)
    data["picture"] = str(config.picture)
    return Outcome(data, f"{text}\n\nconfusion matrix: {config.picture}")


def trial(card: Card, words: Words) -> Trial:
    """Windows to time wearable models on, and to score them by.

    Raises:
        UsageError, DataError: see `load_split`.
    """
    windows = load_split(words.data, words.dataset, words.split)
    dataset = "+".join(windows.dataset)
    kind = "SIMULATED windows" if words.data == SIMULATED else f"windows of {dataset}"

    def metrics(model: Model) -> dict[str, float]:
        require_activity(model)
        return dict(score(model, windows, words.data, words.shared_labels).metrics)

    said = f"{kind} ({words.split} part)"
    return Trial(windows.imu_NTC[:MOST_TIMED], dataset, said, metrics, len(windows))


def require_activity(model: Model) -> None:
    """Raise ArtefactError unless the model maps ImuWindows to classes."""
    card = model.card
    if card.output.kind != "classes" or not catalogue.is_of(card.input.record, "imu"):
        raise ArtefactError(
            f"{model.name} is for {card.task!r}: {card.input.record} to {card.output.kind}; this "
            "command scores ImuWindow to classes. Fine-tune it first: `edgehuman finetune --task "
            "activity`"
        )


def load_split(
    data: str, dataset: str | None, split: Split, hop: int = 64, format: ImuFormat = AS_TOLD
) -> WindowSet:
    """Load the windows of one split of a dataset.

    Raises:
        UsageError: --dataset with simulated data, or a format with data of known format.
        DataError: no such data, or an empty split.
    """
    if data == SIMULATED and dataset is not None:
        raise UsageError(f"--dataset {dataset} needs --data PATH; simulated data is not a dataset")
    require_own([data], format)
    windows = load_windows(data if data == SIMULATED else Path(data), dataset, hop, format)
    if split == "all":
        return windows
    chosen = windows.select(windows.is_test_N if split == "test" else ~windows.is_test_N)
    if not len(chosen):
        raise DataError(
            f"{data}: none of its {len(windows)} windows is in the {split} split "
            f"({', '.join(windows.dataset)} has no official one); give --split all"
            + why_unused(data, format)
        )
    return chosen


def to_model_labels(
    windows: WindowSet, labels: tuple[str, ...], where: str, shared_only: bool = False
) -> tuple[WindowSet, Index, dict[str, int]]:
    """The windows whose class the model knows, their index in `labels` (N,), and what was left out.

    Raises:
        DataError: the dataset has classes that the model does not know and `shared_only` is False,
            or model and dataset share no class.
    """
    count = {
        name: int(np.count_nonzero(windows.label_N == i)) for i, name in enumerate(windows.labels)
    }
    foreign = {name: n for name, n in count.items() if n and name not in labels}
    shared = [name for name, n in count.items() if n and name in labels]
    if not shared or (foreign and not shared_only):
        fix = "add --shared-labels to score the others" if shared else "give another dataset"
        raise DataError(
            f"{where} holds {', '.join(foreign) or 'no label at all'}, which the model does not "
            f"know; its classes are {', '.join(labels)}. Fine-tune it on that data, or {fix}"
            + ("" if shared else why_unused(where))
        )
    index = {name: i for i, name in enumerate(labels)}
    to_model = np.array([*(index.get(name, -1) for name in windows.labels), -1], np.int64)
    label_N = to_model[windows.label_N]
    unlabelled = int(np.count_nonzero(windows.label_N < 0))
    left_out = {**foreign, **({"unlabelled": unlabelled} if unlabelled else {})}
    return windows.select(label_N >= 0), label_N[label_N >= 0], left_out


def score(
    model: Model,
    windows: WindowSet,
    where: str,
    shared_only: bool = False,
    batch: int = 256,
    naming: Naming | None = None,
    scored: bool = True,
    learn: bool = False,
) -> Scores:
    """Run the model over the windows and compare.

    Args:
        learn: learn each sensor's mounting from its wearer's windows of walking.
        naming: other names of the classes of both; one name each.
        scored: macro-F1 over the classes that have windows.

    Raises:
        DataError: see `to_model_labels`.
    """
    naming = naming or {}
    labels, place_C = merged(model.labels, naming)
    windows, label_N, left_out = to_model_labels(
        rename(windows, naming), labels, where, shared_only
    )
    output = as_learnt if learn else as_worn
    temperature = model.card.decision.temperature
    logits_NC = joined_logits(output(model, windows, batch), place_C, temperature)
    predicted_N = logits_NC.argmax(axis=1)
    num_classes = len(labels)
    counts_CC = confusion(label_N, predicted_N, num_classes)
    counted_C = _counted(counts_CC, scored)
    f1_C = f1_of_confusion(counts_CC)
    metrics = {
        "macro_f1": float(np.nanmean(f1_C[counted_C])),
        "accuracy": accuracy(label_N, predicted_N),
        "ece": expected_calibration_error(softmax(logits_NC, temperature), label_N),
        "nll": negative_log_likelihood(logits_NC, label_N, temperature),
    }
    return Scores(
        labels=labels,
        windows=len(windows),
        people=len(np.unique(windows.subject_N)),
        left_out=left_out,
        metrics=metrics,
        intervals=_over_people(label_N, predicted_N, windows.subject_N, num_classes, counted_C),
        per_class_f1={
            name: None if np.isnan(f1) else float(f1) for name, f1 in zip(labels, f1_C, strict=True)
        },
        counts_CC=counts_CC,
    )


def _placed(windows: WindowSet, config: EvaluateConfig) -> WindowSet:
    """The windows of the wanted placement."""
    if config.placement is None:
        return windows
    chosen = windows.select(windows.placement_N == config.placement)
    if not len(chosen):
        known = ", ".join(sorted(set(windows.placement_N.tolist()) - {""})) or "none"
        raise DataError(
            f"{config.data} has no sensor worn at the {config.placement}; its placements: {known}"
        )
    return chosen


def merged(labels: tuple[str, ...], naming: Naming) -> tuple[tuple[str, ...], Index]:
    """Return a model's classes under their other names, and the place of each old class (C,) in
    them. A class that is left out of the data keeps its name: it can still be predicted.
    """
    new = [(naming.get(name) or (name,))[0] for name in labels]
    names = tuple(dict.fromkeys(new))
    return names, np.array([names.index(name) for name in new], np.int64)


def joined_logits(logits_NC: Float32, place_C: Index, temperature: float) -> Float32:
    """Return logits of the merged classes: their probability is the sum of those merged."""
    count = int(place_C.max()) + 1
    if count == len(place_C):
        return logits_NC
    scaled_NC = logits_NC / temperature
    sums = [np.logaddexp.reduce(scaled_NC[:, place_C == k], axis=1) for k in range(count)]
    return np.asarray(np.stack(sums, axis=1) * temperature, np.float32)


def _counted(counts_CC: Index, scored: bool) -> NDArray[np.bool_]:
    """Which classes (C,) macro-F1 counts: those that have windows, or all."""
    return counts_CC.sum(axis=1) > 0 if scored else np.ones(len(counts_CC), bool)


def _over_people(
    label_N: Index,
    predicted_N: Index,
    subject_N: Text,
    num_classes: int,
    counted_C: NDArray[np.bool_],
) -> dict[str, tuple[float, float]]:
    """95 % bootstrap intervals of macro-F1 and accuracy over people."""
    people = np.unique(subject_N)
    if len(people) < 2:
        return {}
    counts_SCC = np.stack(
        [
            confusion(label_N[subject_N == p], predicted_N[subject_N == p], num_classes)
            for p in people
        ]
    )
    statistics = {
        "macro_f1": lambda counts: np.nanmean(f1_of_confusion(counts)[..., counted_C], axis=-1),
        "accuracy": lambda counts: np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)),
    }
    found = {key: interval_of_groups(counts_SCC, of) for key, of in statistics.items()}
    return {key: (each.low, each.high) for key, each in found.items()}


def _as_data(
    config: EvaluateConfig, model: Model, windows: WindowSet, scores: Scores
) -> dict[str, Any]:
    dataset = "+".join(windows.dataset)
    return {
        **heading(model, config.data, dataset, config.data == SIMULATED, config.split),
        "windows": scores.windows,
        "people": scores.people,
        "left_out": dict(scores.left_out),
        "metrics": dict(scores.metrics),
        "intervals": {key: list(ends) for key, ends in scores.intervals.items()},
        "per_class_f1": dict(scores.per_class_f1),
        "labels": list(scores.labels),
        "classes": config.classes,
        "mounting": config.mounting,
        "placement": config.placement,
        "map": list(config.map),
        "confusion": scores.counts_CC.tolist(),
    }


def _as_text(data: Mapping[str, Any], labels: tuple[str, ...]) -> str:
    kind = "SIMULATED data" if data["simulated"] else data["dataset"]
    random = ", RANDOM weights" if data["random_weights"] else ""
    left_out = ", ".join(f"{n} {name}" for name, n in data["left_out"].items())
    lines = [
        f"{data['model']} ({data['precision']}{random}) on {kind}, {data['split']} part: "
        f"{data['windows']} windows of {data['people']} people"
        + (f"; left out: {left_out}" if left_out else ""),
        "",
    ]
    for name, value in data["metrics"].items():
        ends = data["intervals"].get(name)
        over = f"   95 % over people: {ends[0]:.4f} to {ends[1]:.4f}" if ends else ""
        lines.append(f"  {name:<10}{value:>8.4f}{over}")
    lines += ["", f"  {'F1':<20}" + "  confusion (rows true, columns predicted)"]
    for name, row in zip(labels, data["confusion"], strict=True):
        f1 = data["per_class_f1"][name]
        said = "   -   " if f1 is None else f"{f1:7.4f}"
        lines.append(f"  {name:<20}{said}" + "".join(f"{count:>7}" for count in row))
    return "\n".join(lines)
