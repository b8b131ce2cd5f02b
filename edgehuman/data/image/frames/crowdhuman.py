"""CrowdHuman (Shao et al., arXiv 1805.00123): crowds, each person's full body in a box.

Images/*.jpg|png and annotation_{train,val}.odgt: one JSON object per line, with the picture's ID
and `gtboxes`. The full body (`fbox`) is taken, which may leave the picture. What is no person
("mask"), and people marked `ignore`, count neither for nor against a detector.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from edgehuman.data.image.frames.layout import (
    FrameReader,
    Labels,
    people_of,
    set_of,
)
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import lines_within
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name, shown

_ROLES = {"annotation_train.odgt": "train", "annotation_val.odgt": "test"}
_FOLDER = "Images"


def _read(root: Path) -> FrameSet:
    try:
        there = set(os.listdir(root / _FOLDER))
    except OSError as error:
        raise DataError(f"{root / _FOLDER}: {error.strerror}; unpack the pictures there") from None
    labels = [
        _labels(row, role, there, where)
        for file, role in _ROLES.items()
        if (root / file).is_file()
        for where, row in odgt_rows(root / file)
    ]
    if not labels:
        raise DataError(f"{root}: its annotations are empty; copy them again")
    return set_of(root, "crowdhuman", labels)


def odgt_rows(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """File and line for messages, and the object of each line that is not blank.

    Raises:
        DataError: unreadable, or a line is no JSON object with an ID.
    """
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(lines_within(stream, str(path), DataError), 1):
                where = f"{path}, line {number}"
                if line.strip():
                    yield where, _row(line, where)
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); copy it again") from None


def _row(line: str, where: str) -> dict[str, Any]:
    try:
        row = json_of(line)
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); copy the file again") from None
    if not isinstance(row, dict) or not is_name(row.get("ID")) or os.sep in row["ID"]:
        raise DataError(
            f"{where}: not an object with the ID of a picture and its gtboxes; copy the file again"
        )
    return row


def _labels(row: dict[str, Any], role: str, there: set[str], where: str) -> Labels:
    name = next(
        (f"{row['ID']}{end}" for end in (".jpg", ".png") if f"{row['ID']}{end}" in there), None
    )
    found = row.get("gtboxes")
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise DataError(f"{where}: gtboxes is {shown(found)}, not a list of objects; copy it again")
    boxes = [each.get("fbox") for each in found]
    people = people_of(boxes, [_is_ignored(each) for each in found], where)
    return Labels(f"{_FOLDER}/{name or row['ID'] + '.jpg'}", people, role)


def _is_ignored(box: dict[str, Any]) -> bool:
    extra = box.get("extra")
    ignored = isinstance(extra, dict) and extra.get("ignore", 0) != 0
    return box.get("tag") != "person" or ignored


CROWDHUMAN = Layout(
    dataset="crowdhuman",
    looks_like="annotation_{train,val}.odgt, and Images/*.jpg or *.png",
    recognise=lambda root: any((root / file).is_file() for file in _ROLES),
    read=FrameReader(_read),
    almost=lambda root: (
        "its annotations are missing: annotation_train.odgt or annotation_val.odgt"
        if (root / "CrowdHuman_train01").is_dir()
        else ""
    ),
)
