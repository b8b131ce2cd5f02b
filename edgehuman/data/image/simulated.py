"""Simulated people with all labels, so that each task runs without any data.

The split is by person: every fifth is in the test split. For retrieval a third of a test person's
pictures are queries and the rest the gallery; successive pictures are from different cameras.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import UsageError
from edgehuman.progress import progress_bar
from edgehuman.records import Text, Uint8
from edgehuman.simulate.image.people import ATTRIBUTES, PARTS, PersonImage, SimulatedImages
from edgehuman.tables.trainings import TEXT_REID

TEST_EVERY = 5
FEWEST_PEOPLE = 5
LICENCE = "Apache-2.0 (edgehuman's own simulator)"


class Drawn:
    """Pictures of people, each drawn once and cached with its labels."""

    def __init__(self, images: SimulatedImages) -> None:
        self.images = images
        self._kept: dict[int, PersonImage] = {}

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> PersonImage:
        if index not in self._kept:
            self._kept[index] = self.images.labelled(index)
        return self._kept[index]


class Field:
    """One field of the drawn pictures, by index."""

    def __init__(self, drawn: Drawn, pick: Callable[[PersonImage], Uint8]) -> None:
        self._drawn, self._pick = drawn, pick

    def __len__(self) -> int:
        return len(self._drawn)

    def __getitem__(self, index: int, /) -> Uint8:
        return self._pick(self._drawn[index])


def simulated_persons(
    task: str, people: int, each: int, seed: int, acting: float = 0.0
) -> PersonSet:
    """`each` pictures of each of `people` people; numeric labels are computed at once.
    A share `acting` of the pictures shows people who sit, squat, bend or reach.

    Raises:
        UsageError: fewer than five people, which leaves none for testing; or, for retrieval, fewer
            than three pictures of each.
    """
    fewest_each = 3 if task == "reid" else 1
    if people < FEWEST_PEOPLE or each < fewest_each:
        raise UsageError(
            f"got {people} simulated people with {each} pictures each; {task} needs at least "
            f"{FEWEST_PEOPLE} and {fewest_each}"
        )
    drawn = Drawn(SimulatedImages(people, each, seed, acting=acting))
    persons = PersonSet(
        Field(drawn, lambda one: one.image_HWC),
        np.repeat(np.arange(people, dtype=np.int64), each),
        np.array([drawn.images.camera(index) for index in range(len(drawn))], np.int64),
        roles(task, people, each),
        dataset=SIMULATED,
        licence=LICENCE,
        simulated=True,
    )
    if task in ("parsing", "pose", "landmarks"):
        masks = Field(drawn, lambda one: one.part_HW)
        persons = dataclasses.replace(persons, masks=masks, parts=PARTS)
    return persons if task in ("reid", "parsing") else _with_labels(persons, drawn, task)


def roles(task: str, people: int, each: int) -> Text:
    """Role of each picture; for retrieval, test pictures are queries and gallery."""
    is_test_N = np.repeat(np.arange(people) % TEST_EVERY == TEST_EVERY - 1, each)
    asks_N = np.tile(np.arange(each) < max(each // 3, 1), people)
    test_N = np.where(asks_N, "query", "gallery") if task == "reid" else "test"
    return np.where(is_test_N, test_N, "train")


def _with_labels(persons: PersonSet, drawn: Drawn, task: str) -> PersonSet:
    """Add the labels of every picture that are numbers or sentences."""
    numbers = progress_bar(
        range(len(drawn)), "drawing people", unit="picture", delay=2, leave=False
    )
    people = [drawn[index] for index in numbers]
    if task == "attributes":
        attribute_NA = np.stack([one.attribute_A for one in people])
        return dataclasses.replace(persons, attribute_NA=attribute_NA, attributes=ATTRIBUTES)
    if task == TEXT_REID:
        numbered = enumerate(people)
        captions = tuple(drawn.images.captions(index, one) for index, one in numbered)
        return dataclasses.replace(persons, captions=captions)
    whole = task == "landmarks"
    joints = [one.landmark_J3 if whole else one.keypoint_J3 for one in people]
    area_N = np.array([max(np.count_nonzero(one.part_HW), 1) for one in people], np.float32)
    return dataclasses.replace(persons, keypoint_NJ3=np.stack(joints), area_N=area_N)
