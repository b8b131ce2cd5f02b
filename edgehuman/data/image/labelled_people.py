"""Labelled people who judge an export: pictures with the answers that the model's task asks for.

A budget of points is then one of the task's own metric: mA, mIoU, mAP or mean OKS. Axes: N
pictures, K of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import judge_of, read_batches
from edgehuman.data.image.set import TASKS
from edgehuman.errors import DataError
from edgehuman.records import Float32, Index, Text, Uint8

_MOST_PICTURES, _BATCH = 512, 32
_SIMULATED_PEOPLE, _SIMULATED_EACH = 80, 4


@dataclass(frozen=True, slots=True)
class LabelledPeople:
    """Attributes:
    persons: the set; index_N: the numbers of these pictures in it.
    sizes: height and width of the pictures as they are; size: as the network takes them.
    """

    persons: PersonSet
    index_N: Index
    sizes: Sequence[tuple[int, int]]
    size: tuple[int, int]

    def select(self, index_K: Index) -> LabelledPeople:
        """Some of them, in that order."""
        sizes = [self.sizes[i] for i in index_K]
        return LabelledPeople(self.persons, self.index_N[index_K], sizes, self.size)

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        """What a network's outputs (N, ...) for these pictures score, the metric that selects
        first.

        Raises:
            DataError: labels that the model does not know, or nothing to compare.
        """
        judge = judge_of(self.persons, output, self.size)
        judge.add(self.index_N, self.sizes, outputs)
        return judge.scores().metrics


def read_labelled(card: Card, data: str) -> tuple[Uint8, LabelledPeople] | None:
    """Pictures of a set's training part at the model's size, and their labels; None where the data
    is no set with the labels of the model's task: its pictures may serve without.
    """
    if card.task not in TASKS:
        return None
    few = {"people": _SIMULATED_PEOPLE, "each": _SIMULATED_EACH} if data == SIMULATED else {}
    try:
        persons = load_persons(data, card.task, **few)
        height, width = card.input.shape[:2]
        judge_of(persons, card.output, (height, width))
    except DataError as error:
        print(f"edgehuman: no labels for {card.task}: {error}", file=sys.stderr)
        return None
    index_N = np.flatnonzero(persons.role_N == "train")
    index_N = index_N if len(index_N) else np.arange(len(persons))
    spread = np.linspace(0, len(index_N) - 1, min(len(index_N), _MOST_PICTURES))
    index_N = index_N[np.unique(spread.astype(np.int64))]
    parts = list(read_batches(persons, index_N, (height, width), _BATCH, {}))
    if not parts:
        return None
    kept_N = np.concatenate([index for index, _, _ in parts])
    sizes = [size for _, some, _ in parts for size in some]
    images = np.concatenate([image_NHWC for _, _, image_NHWC in parts])
    return images, LabelledPeople(persons, kept_N, sizes, (height, width))


def names_of(people: LabelledPeople) -> Text:
    """Who is in each picture; where nobody knows, each is taken for somebody else."""
    person_N = people.persons.person_N[people.index_N]
    return np.array(
        [
            f"{people.persons.dataset}:{person}" if person >= 0 else f"picture {index}"
            for person, index in zip(person_N, people.index_N, strict=True)
        ]
    )
