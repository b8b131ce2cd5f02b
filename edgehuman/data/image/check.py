"""`edgehuman data check` for person images: find missing or wrong data in a labelled folder."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.catalogue import Dataset
from edgehuman.data.image.labels import LABELLED, served
from edgehuman.data.image.load import layouts
from edgehuman.data.image.set import NoLabelsError, PersonLayout, PersonSet, turned_by_exif
from edgehuman.data.layout import found_here
from edgehuman.data.verdict import verdict
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome

# Pictures read from each set: enough to detect a bad copy, and quick.
_READ = 200


def check(path: Path, dataset: str | None = None) -> Outcome | None:
    """Read the labels and some of the pictures; exit code 1 if anything is wrong, None for
    another record.

    Raises:
        DataError: the path does not have the layout of the expected dataset.
    """
    found = found_here(path, layouts(), dataset)
    if found is None:
        return None
    layout, place = found
    problems: list[str] = []
    data: dict[str, Any] = {"dataset": layout.dataset, "path": str(place), "ok": False}
    try:
        tasks = served(place) if layout is LABELLED else layout.read.tasks
    except DataError as error:
        problems.append(str(error))
        tasks = ()
    if layout is LABELLED:
        data["tasks"] = list(tasks)
    for task in tasks:
        try:
            persons = layout.read.persons(place, task)
        except NoLabelsError:
            continue  # they are for another task
        except DataError as error:
            problems.append(str(error))
            continue
        data |= {
            name: value for name, value in _counts(persons).items() if value or name not in data
        }
        problems += _unreadable(persons)
        data["turned"] = turned_by_exif(persons.images, _sample(persons))
    data |= {"ok": not problems, "problems": problems}
    return Outcome(data, _text(layout, place, data), exit_code=int(bool(problems)))


def extent(row: Dataset) -> str:
    """Size of a dataset, for display."""
    counts = {"pictures": row.pictures, "people": row.people, "labels": row.classes}
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _counts(persons: PersonSet) -> dict[str, Any]:
    known = np.unique(persons.person_N[persons.person_N >= 0])
    return {
        "pictures": len(persons),
        "people": len(known),
        "roles": dict(Counter(persons.role_N.tolist())),
        "attributes": list(persons.attributes),
        "parts": list(persons.parts),
        "joints": persons.keypoint_NJ3.shape[1],
        "read": min(len(persons), _READ),
    }


def _sample(persons: PersonSet) -> list[int]:
    """Indices of some pictures, spread over the set."""
    found: list[int] = (
        np.linspace(0, len(persons) - 1, min(len(persons), _READ)).astype(int).tolist()
    )
    return found


def _unreadable(persons: PersonSet) -> list[str]:
    """Unreadable pictures among a sample spread over the set, one line each."""
    wrong: list[str] = []
    for index in _sample(persons):
        try:
            persons.image(index)
            if len(persons.masks):
                persons.part(index)
        except DataError as error:
            wrong.append(str(error))
    return wrong


def _text(layout: PersonLayout, place: Path, data: dict[str, Any]) -> str:
    head = f"{place} is {layout.dataset}"
    if "tasks" in data:
        head += f" for {', '.join(data['tasks']) or 'no task'}"
    if "pictures" in data:
        roles = ", ".join(f"{count} {role}" for role, count in data["roles"].items())
        who = f" of {data['people']} people" if data["people"] else ""
        head += f": {data['pictures']} pictures{who} ({roles}); {data['read']} of them read"
    turned = [data["turned"]] if data.get("turned") else []
    return "\n".join([head, *turned, *verdict(data["problems"])])
