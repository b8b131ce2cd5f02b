"""What is missing or wrong in a folder of labelled people: `edgehuman data check` for pictures."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman import catalogue
from edgehuman.data.image.labels import LABELLED, served
from edgehuman.data.image.load import find_layout, layouts, recognised
from edgehuman.data.image.set import PersonLayout, PersonSet
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome

# Pictures read of each set: enough to find a folder that was copied badly, and soon done.
_READ = 200
_LINES_SHOWN = 20


def find_people(path: Path, dataset: str | None = None) -> tuple[PersonLayout, Path] | None:
    """The layout of labelled people at a path; None where it is none of them.

    Raises:
        UsageError: no dataset of that name. DataError: the folder is not laid out like it.
    """
    if dataset is not None:
        row: catalogue.Dataset = catalogue.find(catalogue.DATASETS, "dataset", dataset)
        if row.modality != "image":
            return None
        [layout] = [each for each in layouts() if each.dataset == dataset]
        found, place = find_layout(path, layout.tasks[0])
        if found is not layout:
            raise DataError(f"{path} was given as {dataset!r}, but it looks like {found.dataset!r}")
        return found, place
    return next(recognised(path), None) if path.is_dir() else None


def check_people(layout: PersonLayout, place: Path) -> Outcome:
    """Read the labels and some of the pictures; exit code 1 where anything is wrong."""
    problems: list[str] = []
    data: dict[str, Any] = {"dataset": layout.dataset, "path": str(place), "ok": False}
    try:
        tasks = served(place) if layout is LABELLED else layout.tasks
    except DataError as error:
        problems.append(str(error))
        tasks = ()
    if layout is LABELLED:
        data["tasks"] = list(tasks)
    for task in tasks:
        try:
            persons = layout.read(place, task)
        except DataError as error:
            problems.append(str(error))
            continue
        data |= {
            name: value for name, value in _counts(persons).items() if value or name not in data
        }
        problems += _unreadable(persons)
    data |= {"ok": not problems, "problems": problems}
    return Outcome(data, _text(layout, place, data), exit_code=int(bool(problems)))


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


def _unreadable(persons: PersonSet) -> list[str]:
    """What cannot be read of pictures spread over the set, one line each."""
    wrong: list[str] = []
    for index in np.linspace(0, len(persons) - 1, min(len(persons), _READ)).astype(int).tolist():
        try:
            persons.image(index)
            if len(persons.masks):
                persons.part(index)
        except DataError as error:
            wrong.append(str(error))
    return wrong


def _text(layout: PersonLayout, place: Path, data: dict[str, Any]) -> str:
    problems: list[str] = data["problems"]
    head = f"{place} is {layout.dataset}"
    if "tasks" in data:
        head += f" for {', '.join(data['tasks']) or 'no task'}"
    if "pictures" in data:
        roles = ", ".join(f"{count} {role}" for role, count in data["roles"].items())
        who = f" of {data['people']} people" if data["people"] else ""
        head += f": {data['pictures']} pictures{who} ({roles}); {data['read']} of them read"
    shown = [f"  {line}" for line in problems[:_LINES_SHOWN]]
    hidden = len(problems) - len(shown)
    more = [f"  and {hidden} more; --json lists them all"] if hidden else []
    verdict = "missing or wrong:" if problems else "nothing missing, nothing wrong"
    return "\n".join([head, verdict, *shown, *more])
