"""Labelled people for a task, from any known folder or the simulator.

    persons = load_persons("Market-1501-v15.09.15", "reid")     the layout is known by its files
    persons.image(7), persons.person_N[7], persons.role_N[7]

Readers of the published layouts are beside this file, one per kind of label.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from edgehuman import catalogue
from edgehuman.data.image.labels import LABELLED
from edgehuman.data.image.set import TASKS, PersonLayout, PersonSet
from edgehuman.data.image.unlabelled.images import SIMULATED
from edgehuman.errors import DataError, UsageError

__all__ = ["PersonLayout", "PersonSet", "find_layout", "layouts", "load_persons", "recognised"]

SIMULATED_PEOPLE = 200
SIMULATED_EACH = 6


@lru_cache(maxsize=1)
def layouts() -> tuple[PersonLayout, ...]:
    """Every public dataset's layout, in the catalogue's order."""
    rows = catalogue.DATASETS.values()
    return tuple(catalogue.load_object(row.read) for row in rows if row.modality == "image")


def load_persons(
    path: Path | str,
    task: str,
    people: int = SIMULATED_PEOPLE,
    each: int = SIMULATED_EACH,
    seed: int = 0,
) -> PersonSet:
    """The people at a path, with what the task needs of them.

    Args:
        path: a dataset's folder, or the word "simulated".
        task: reid, attributes, pose, landmarks or parsing.
        people, each, seed: of the simulator: how many, pictures of each, which.

    Raises:
        UsageError: no such task.
        DataError: no such path, no layout known for the task, a file missing, labels that do not
            belong to the pictures.
    """
    if task not in TASKS:
        raise UsageError(f"--task is {task!r}; labelled people serve {', '.join(TASKS)}")
    if str(path) == SIMULATED:
        from edgehuman.data.image.simulated import simulated_persons

        return simulated_persons(task, people, each, seed)
    layout, place = find_layout(Path(path), task)
    if layout is LABELLED:
        return layout.read(place, task)
    row = catalogue.DATASETS[layout.dataset]
    return dataclasses.replace(layout.read(place, task), licence=row.licence, url=row.url)


def find_layout(path: Path, task: str) -> tuple[PersonLayout, Path]:
    """The layout of a folder, and the folder inside it where the layout begins.

    Archives often unpack into a folder of their own, so one level of folders is looked through.

    Raises:
        DataError: no such path, or no layout known for the task.
    """
    if not path.exists():
        raise DataError(
            f"{path}: no such folder; `edgehuman data list` says where to get data, and the word "
            f"{SIMULATED} needs none"
        )
    if not path.is_dir():
        raise DataError(f"{path} is a file; give a dataset's folder, unpacked")
    others: dict[str, PersonLayout] = {}
    for layout, place in recognised(path):
        if task in layout.tasks:
            return layout, place
        others[layout.dataset] = layout
    raise DataError(_unknown(path, task, others))


def recognised(path: Path) -> Iterator[tuple[PersonLayout, Path]]:
    """The layouts that a folder or a folder in it holds, and where."""
    for place in _places(path):
        for layout in (LABELLED, *layouts()):
            if layout.recognise(place):
                yield layout, place


def _places(path: Path) -> Iterator[Path]:
    yield path
    try:
        yield from sorted(child for child in path.iterdir() if child.is_dir())
    except PermissionError:
        return


def _unknown(path: Path, task: str, others: dict[str, PersonLayout]) -> str:
    """Why a folder does not serve a task, and what was looked for."""
    if others:
        served = "; ".join(f"{name} serves {', '.join(row.tasks)}" for name, row in others.items())
        return f"{path} has no labels for {task}: {served}"
    fitting = [layout for layout in (*layouts(), LABELLED) if task in layout.tasks]
    for place in _places(path):
        for layout in fitting:
            hint = layout.almost(place)
            if hint:
                return f"{place} looks like {layout.dataset}, but {hint}"
    held = sorted(child.name for child in path.iterdir())
    shown = ", ".join(held[:5]) + (" …" if len(held) > 5 else "")
    known = "\n".join(f"  {layout.dataset}: {layout.looks_like}" for layout in fitting)
    return (
        f"{path} holds {shown or 'nothing'}; no dataset for {task} is laid out like this. Looked "
        f"for:\n{known}"
    )
