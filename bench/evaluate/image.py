"""`edgehuman evaluate` on person images: a checkpoint or an artefact against labelled people.

What is judged follows from the model's output: vectors are searched with, answers, joints and parts
are compared. Numbers and protocols are those of `edgehuman.metrics`, computed with numpy.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import PersonScores, score
from edgehuman.data.image.set import TASKS
from edgehuman.errors import ArtefactError, DataError
from edgehuman.outcome import Outcome
from edgehuman.records import Index
from edgehuman.runtime.model import Model

RECORD = "PersonCrop"
MOST_AT_ONCE = 32
_FEW_PEOPLE, _FEW_EACH = 40, 4
Split = Literal["test", "train", "all"]
_TASKS = {"embedding": "reid", "attributes": "attributes", "segmentation": "parsing"}
_LANDMARKS = 133


def evaluate_persons(
    model: Model,
    data: str,
    dataset: str | None,
    split: Split,
    batch: int,
    flip_test: bool = False,
) -> Outcome:
    """Scores of one model on one dataset's part; with `flip_test`, of it and mirror images.

    Raises:
        ArtefactError: a model whose output cannot be judged on people.
        DataError: no such data, nothing in the part, or labels that the model does not know.
    """
    persons = load_persons(data, task_of(model.card))
    if dataset is not None and dataset != persons.dataset:
        raise DataError(f"--data {data} is {persons.dataset}, and --dataset asks for {dataset}")
    height, width = model.card.input.shape[:2]
    index_K = part_of(persons, split)
    found = score(
        persons,
        index_K,
        model.logits,
        model.card.output,
        (height, width),
        min(batch, MOST_AT_ONCE),
        flip_test,
    )
    if flip_test:
        found = dataclasses.replace(found, said=f"{found.said}, each with its mirror image")
    table = _as_data(model, persons, index_K, found, data, split)
    table["flip_test"] = flip_test
    return Outcome(table, _as_text(table))


def labelled_for(card: Card, data: str) -> PersonSet:
    """The people that judge a model beside its speed: of the simulator, a few.

    Raises:
        ArtefactError: a model that no people judge; a backbone without a head is none.
        DataError: no labels for its task there.
    """
    if card.task not in TASKS:
        raise ArtefactError(f"{card.name} has no task yet that labels judge")
    few = {"people": _FEW_PEOPLE, "each": _FEW_EACH} if data == SIMULATED else {}
    return load_persons(data, task_of(card), **few)


def people_metrics(model: Model, persons: PersonSet, split: Split) -> dict[str, float]:
    """The task's metrics of one model, the one that selects first.

    Raises:
        DataError: nothing in the part, or labels that the model does not know.
    """
    size = model.card.input.shape[0], model.card.input.shape[1]
    index_K = part_of(persons, split)
    found = score(persons, index_K, model.logits, model.card.output, size, MOST_AT_ONCE)
    return found.metrics


def task_of(card: Card) -> str:
    """Which labels judge a model.

    Raises:
        ArtefactError: none do.
    """
    if card.output.kind == "heatmaps":
        return "landmarks" if len(card.output.labels) == _LANDMARKS else "pose"
    if card.output.kind not in _TASKS:
        raise ArtefactError(
            f"{card.name} gives {card.output.kind}, and people are judged by vectors, attributes, "
            "joints and parts; fine-tune it with `edgehuman finetune --task reid|attributes|pose|"
            "landmarks|parsing`"
        )
    return _TASKS[card.output.kind]


def part_of(persons: PersonSet, split: Split) -> Index:
    """The pictures of one part of a set.

    Raises:
        DataError: there are none.
    """
    is_train_N = persons.role_N == "train"
    chosen_N = {"train": is_train_N, "test": ~is_train_N, "all": np.full(len(persons), True)}[split]
    if not chosen_N.any():
        raise DataError(
            f"{persons.dataset}: none of its {len(persons)} pictures is in the {split} part; give "
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
        "model": model.name,
        "arch": model.card.arch,
        "task": task_of(model.card),
        "random_weights": model.name in catalogue.NETWORKS,
        "precision": model.card.precision.name,
        "engine": dict(model.engine.describe()),
        "data": data,
        "dataset": persons.dataset,
        "simulated": persons.simulated,
        "split": split,
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
