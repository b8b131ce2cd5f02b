"""Labelled people for a task, from any known folder or the simulator.

    persons = load_persons("Market-1501-v15.09.15", "reid")     the layout is recognised
    persons.image(7), persons.person_N[7], persons.role_N[7]

Readers of the published layouts are in `published/`, one file per kind of label.
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path

from edgehuman import catalogue
from edgehuman.data.image.labels import LABELLED
from edgehuman.data.image.set import ALL_TASKS, PersonLayout, PersonSet
from edgehuman.data.layout import find, recognised, require_there
from edgehuman.errors import DataError, UsageError

__all__ = ["PersonLayout", "PersonSet", "find_layout", "layouts", "load_persons"]

SIMULATED_PEOPLE = 200
SIMULATED_EACH = 6


@lru_cache(maxsize=1)
def layouts() -> tuple[PersonLayout, ...]:
    """Every layout: our own, then the published ones, in the catalogue's order."""
    rows = catalogue.datasets_of("image").values()
    return (LABELLED, *(catalogue.load_object(row.read) for row in rows if row.read != row.frames))


def load_persons(
    path: Path | str,
    task: str,
    people: int = SIMULATED_PEOPLE,
    each: int = SIMULATED_EACH,
    seed: int = 0,
    shape: float | None = None,
    acting: float = 0.0,
) -> PersonSet:
    """Load the people at a path, with the labels of the task.

    Args:
        path: a dataset's folder, or the word "simulated".
        task: reid, attributes, pose, landmarks, parsing or text-reid.
        people, each, seed: for the simulator: number of people, pictures of each, and seed.
        acting: for the simulator: share of people who sit, squat, bend or reach.
        shape: width over height of crops of people in larger pictures, such as the network's input
            has; None: 1/2.

    Raises:
        UsageError: no such task.
        DataError: no such path, no known layout for the task, a missing file, or labels that do not
            match the pictures.
    """
    if task not in ALL_TASKS:
        raise UsageError(f"--task is {task!r}; valid: {', '.join(ALL_TASKS)}")
    if str(path) == catalogue.SIMULATED:
        from edgehuman.data.image.simulated import simulated_persons

        return simulated_persons(task, people, each, seed, acting)
    layout, place = find_layout(Path(path), task)
    if shape is not None and layout.read.shaped is not None:
        persons = layout.read.shaped(place, task, shape)
    else:
        persons = layout.read.persons(place, task)
    row = catalogue.DATASETS.get(layout.dataset)
    if row is None:
        return persons
    return dataclasses.replace(persons, licence=row.licence, url=row.url)


def find_layout(path: Path, task: str) -> tuple[PersonLayout, Path]:
    """Find the layout of a folder for a task, and the folder inside it where it begins.

    Raises:
        DataError: no such path, or no known layout for the task.
    """
    require_there(path)
    fitting = [layout for layout in layouts() if task in layout.read.tasks]
    if next(recognised(path, fitting), None) is None:
        others = {one.dataset: one.read.tasks for one, _ in recognised(path, layouts())}
        if others:
            served = "; ".join(f"{name} is for {', '.join(own)}" for name, own in others.items())
            read = ", ".join(sorted({layout.dataset for layout in fitting}))
            raise DataError(
                f"{path} has no labels for {task}: {served}. Give a dataset that has them: {read}"
            )
    return find(path, fitting, what=f"dataset for {task}")
