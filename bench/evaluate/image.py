"""`edgehuman evaluate` on person images: a checkpoint or an artefact against labelled people.

    edgehuman evaluate zoo:person-garments --data ccp --json

The model's output decides the protocol: vectors are ranked against a gallery; attributes, joints
and parts are compared with the labels. `edgehuman.metrics` computes the numbers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.evaluate.evaluate import Split, heading, open_model
from edgehuman.bench.trial import Trial, Words, trial_of_samples
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.data.image.captions.score import caption_scores
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import PersonScores, score, with_mirror
from edgehuman.data.image.set import ALL_TASKS
from edgehuman.errors import ArtefactError, DataError
from edgehuman.outcome import Outcome
from edgehuman.records import Index
from edgehuman.runtime.image.sentences import sentences_of
from edgehuman.runtime.model import Model
from edgehuman.tables.trainings import TEXT_REID

_BATCH = 32
_FEW_PEOPLE, _FEW_EACH = 40, 4
_TASKS = {"embedding": "reid", "attributes": "attributes", "segmentation": "parsing"}
_LANDMARKS = 133
_NOT_TEST = ("train", "select")


@dataclass(frozen=True, slots=True)
class EvaluateConfig:
    """Score a model of person images on labelled people."""

    model: Positional[str]
    """zoo:NAME, an artefact's path, a checkpoint folder, or a name from `edgehuman models` (random
    weights)."""
    data: str = SIMULATED
    """A dataset's folder, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`."""
    split: Split = "test"
    """The test part, the training part, or all."""
    flip_test: bool = False
    """Also run each picture's mirror image, and score the mean of both outputs."""
    batch: int = _BATCH
    """Pictures per run."""
    threads: int = 1
    """Threads inside one operator."""
    seed: int = 0
    """Seed of the random weights, if the model is a catalogue name."""

    def __post_init__(self) -> None:
        counted = ("batch", "threads")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))


def evaluate(config: EvaluateConfig) -> Outcome:
    """`edgehuman evaluate` of a model of person images; with `flip_test`, of mirror images too.

    Raises:
        ArtefactError: the model does not read person images, or labels cannot score its output.
        DataError: no such data, an empty split, or labels that the model does not know.
    """
    model = open_model(config)
    task = task_of(model.card)
    height, width = model.card.input.shape[:2]
    persons = load_persons(config.data, task, shape=width / height)
    if config.dataset is not None and config.dataset != persons.dataset:
        raise DataError(
            f"--data {config.data} is {persons.dataset}, but --dataset asks for {config.dataset}"
        )
    index_K = part_of(persons, config.split)
    found = _score(model, persons, index_K, config.batch, config.flip_test)
    if config.flip_test:
        found = dataclasses.replace(found, said=f"{found.said}, each with its mirror image")
    table = _as_data(model, persons, index_K, found, config.data, config.split)
    table["flip_test"] = config.flip_test
    return Outcome(table, _as_text(table))


def trial(card: Card, words: Words) -> Trial:
    """Pictures to time models on, and the labelled people that score models of the card's task.

    Raises:
        UsageError, DataError: see `trial_of_samples`.
    """
    persons: PersonSet | str
    index_K: Index = np.zeros(0, np.int64)
    try:
        persons = labelled_for(card, words.data)
        index_K = part_of(persons, words.split)
    except (ArtefactError, DataError) as error:
        persons = str(error)

    def metrics(model: Model) -> dict[str, float]:
        if isinstance(persons, str):
            raise DataError(persons)
        if model.card.task != card.task:
            raise DataError(
                f"the model is for {model.card.task}, but this table scores {card.task}"
            )
        return dict(_score(model, persons, index_K).metrics)

    return trial_of_samples(card, words, metrics, len(index_K))


def labelled_for(card: Card, data: str) -> PersonSet:
    """Labelled people that score a model of this card; only a few if they are simulated.

    Raises:
        ArtefactError: labels cannot score the model, e.g. a backbone without a head.
        DataError: the data has no labels for its task.
    """
    if card.task not in ALL_TASKS:
        raise ArtefactError(
            f"{card.name} has no head to score; fine-tune it first (`edgehuman finetune --help`)"
        )
    few = {"people": _FEW_PEOPLE, "each": _FEW_EACH} if data == SIMULATED else {}
    height, width = card.input.shape[:2]
    return load_persons(data, task_of(card), **few, shape=width / height)


def _score(
    model: Model, persons: PersonSet, index_K: Index, batch: int = _BATCH, flip_test: bool = False
) -> PersonScores:
    size = (model.card.input.shape[0], model.card.input.shape[1])
    card = model.card
    if task_of(card) == TEXT_REID:
        see = with_mirror(model.logits, card.output) if flip_test else model.logits
        return caption_scores(persons, index_K, see, sentences_of(model).vectors, size, batch)
    return score(persons, index_K, model.logits, card.output, size, batch, flip_test, card.decision)


def task_of(card: Card) -> str:
    """The task whose labels score a model.

    Raises:
        ArtefactError: the model does not read person images, or no labels score its output.
    """
    if not catalogue.is_of(card.input.record, "image"):
        raise ArtefactError(
            f"{card.name} reads {card.input.record}, not pictures; give a model of person images"
        )
    if card.task == TEXT_REID and card.output.kind == "embedding":
        return TEXT_REID
    if card.output.kind in ("heatmaps", "simcc"):
        return "landmarks" if len(card.output.labels) == _LANDMARKS else "pose"
    if card.output.kind not in _TASKS:
        raise ArtefactError(
            f"{card.name} gives {card.output.kind}, which has no score; fine-tune it with "
            "`edgehuman finetune --task reid|attributes|pose|landmarks|parsing|text-reid`"
        )
    return _TASKS[card.output.kind]


def part_of(persons: PersonSet, split: Split) -> Index:
    """Indices of the pictures in one split of a set.

    Raises:
        DataError: the split is empty.
    """
    is_train_N, is_test_N = persons.role_N == "train", ~np.isin(persons.role_N, _NOT_TEST)
    chosen_N = {"train": is_train_N, "test": is_test_N, "all": np.full(len(persons), True)}[split]
    if not chosen_N.any():
        raise DataError(
            f"{persons.dataset}: none of its {len(persons)} pictures is in the {split} split; give "
            "--split all"
        )
    return np.flatnonzero(chosen_N)


def _as_data(
    model: Model,
    persons: PersonSet,
    index_K: Index,
    found: PersonScores,
    data: str,
    split: Split,
) -> dict[str, Any]:
    people = np.unique(persons.person_N[index_K])
    return {
        **heading(model, data, persons.dataset, persons.simulated, split),
        "task": task_of(model.card),
        "pictures": found.pictures,
        "people": int(np.count_nonzero(people >= 0)),
        "unreadable": found.unreadable,
        "protocol": found.said,
        "metrics": dict(found.metrics),
        "per_label": dict(found.per_label),
    }


def _as_text(table: Mapping[str, Any]) -> str:
    kind = "SIMULATED people" if table["simulated"] else table["dataset"]
    random = ", RANDOM weights" if table["random_weights"] else ""
    unreadable = f"; {table['unreadable']} unreadable left out" if table["unreadable"] else ""
    lines = [
        f"{table['model']} ({table['precision']}{random}) on {kind}, {table['split']} part: "
        f"{table['protocol']}{unreadable}",
        "",
        *(f"  {name:<18}{value:>8.4f}" for name, value in table["metrics"].items()),
    ]
    if table["per_label"]:
        lines.append("")
    for name, value in table["per_label"].items():
        lines.append(f"  {name:<18}" + ("       -" if value is None else f"{value:>8.4f}"))
    return "\n".join(lines)
