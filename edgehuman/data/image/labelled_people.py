"""Labelled people to evaluate an export: pictures with the labels of the model's task.

The accuracy budget then applies to the task's own metric: mA, mIoU, mAP or mean OKS. Axes: N
pictures, K of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.card import Card, OutputSpec
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.boxed import as_seen
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import judge_of, read_batches
from edgehuman.data.image.set import ALL_TASKS
from edgehuman.errors import DataError
from edgehuman.progress import tell
from edgehuman.records import Float32, Index, Text, Uint8

MOST_PICTURES, _BATCH = 512, 32
_SIMULATED_PEOPLE, _SIMULATED_EACH = 80, 4


@dataclass(frozen=True, slots=True)
class LabelledPeople:
    """Attributes:
    persons: the set; index_N: the indices of these pictures in it.
    sizes: original height and width of the pictures; size: height and width the network takes.
    """

    persons: PersonSet
    index_N: Index
    sizes: Sequence[tuple[int, int]]
    size: tuple[int, int]

    def select(self, index_K: Index) -> LabelledPeople:
        """Return the people at these indices, in that order."""
        sizes = [self.sizes[i] for i in index_K]
        return LabelledPeople(self.persons, self.index_N[index_K], sizes, self.size)

    def metrics(self, outputs: Float32, output: OutputSpec) -> Mapping[str, float]:
        """Score a network's outputs (N, ...) for these pictures; the metric that selects
        checkpoints comes first.

        Raises:
            DataError: labels unknown to the model, or nothing to compare.
        """
        judge = judge_of(self.persons, output, self.size)
        judge.add(self.index_N, self.sizes, outputs)
        return judge.scores().metrics


def read_labelled(
    card: Card, data: str, most: int = MOST_PICTURES
) -> tuple[Uint8, LabelledPeople] | None:
    """Read pictures of a set's training split at the model's size, with their labels.

    Return None if the data lacks the labels of the model's task: its pictures can still be used
    without.
    """
    if card.task not in ALL_TASKS:
        return None
    few = {"people": _SIMULATED_PEOPLE, "each": _SIMULATED_EACH} if data == SIMULATED else {}
    try:
        height, width = card.input.shape[:2]
        persons = load_persons(data, card.task, **few, shape=width / height)
        persons = as_seen(persons, card.output, (height, width))
        judge_of(persons, card.output, (height, width))
    except DataError as error:
        tell(f"edgehuman: no labels for {card.task}: {error}")
        return None
    index_N = np.flatnonzero(persons.role_N == "train")
    index_N = index_N if len(index_N) else np.arange(len(persons))
    spread = np.linspace(0, len(index_N) - 1, min(len(index_N), most, MOST_PICTURES))
    index_N = index_N[np.unique(spread.astype(np.int64))]
    parts = list(read_batches(persons, index_N, (height, width), _BATCH, {}))
    if not parts:
        return None
    kept_N = np.concatenate([index for index, _, _ in parts])
    sizes = [size for _, some, _ in parts for size in some]
    images = np.concatenate([image_NHWC for _, _, image_NHWC in parts])
    return images, LabelledPeople(persons, kept_N, sizes, (height, width))


def names_of(people: LabelledPeople) -> Text:
    """Name of the person in each picture; unidentified people each count as a different person."""
    person_N = people.persons.person_N[people.index_N]
    return np.array(
        [
            f"{people.persons.dataset}:{person}" if person >= 0 else f"picture {index}"
            for person, index in zip(person_N, people.index_N, strict=True)
        ]
    )
