"""PsyMo: semantic_data/skeletons/PERSON/000_00_45_0_nm.json in AlphaPose's format.

The fields of a name are person, number of the walk, azimuth, run and variation.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.layout import Layout, folders
from edgehuman.data.skeleton.layout import Walk, WalkReader
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import Declared
from edgehuman.preprocess.skeleton.formats.read import read_poses

_NAME = re.compile(r"(\d{3})_(\d+)_(\d+)_(\d+)_(nm|bg|cl|ph|txt|wsf|wss)")
_RATE_HZ = 25.0


def _place(path: Path) -> Path:
    for inside in ("semantic_data/skeletons", "skeletons"):
        if (path / inside).is_dir():
            return path / inside
    return path


def _is(path: Path) -> bool:
    for person in folders(_place(path))[:1]:
        return any(_NAME.fullmatch(file.stem) for file in person.glob("*.json"))
    return False


def _read(path: Path) -> Iterator[Walk]:
    for person in folders(_place(path)):
        files = sorted(person.glob("*.json"))
        condition_of = _conditions(files)
        for file in files:
            who, _, view, _, _ = _words(file)
            [found] = read_poses(file, Declared(rate_hz=_RATE_HZ), "alphapose")
            lines = [line for track in found.tracks.values() for line in track]
            lines.sort(key=lambda line: line.t_s)
            condition = condition_of[file]
            role = "gallery" if condition == "nm-01" else "probe"
            yield Walk(
                np.stack([line.joints_J3 for line in lines]), f"psymo:{who}",
                f"psymo:{file.stem}", view, condition, role,
                stamp_s_T=np.array([line.t_s for line in lines]), remarks=found.remarks,
            )  # fmt: skip


def _words(file: Path) -> tuple[str, ...]:
    """Person, number, azimuth, run and variation from a file's name."""
    found = _NAME.fullmatch(file.stem)
    if found is None:
        raise DataError(
            f"{file}: PsyMo walks must be named PERSON_NUMBER_AZIMUTH_RUN_VARIATION.json, "
            "such as 000_00_45_0_nm.json"
        )
    return found.groups()


def _conditions(files: list[Path]) -> dict[Path, str]:
    """The variation of each walk of a person; normal walks are numbered within each view, in the
    order of the runs, because the protocol needs the first and the second.
    """
    normal: dict[tuple[str, str], list[tuple[int, int, Path]]] = defaultdict(list)
    made: dict[Path, str] = {}
    for file in files:
        who, number, view, run, made[file] = _words(file)
        if made[file] == "nm":
            normal[who, view].append((int(run), int(number), file))
    for walks in normal.values():
        for place, (_, _, file) in enumerate(sorted(walks), start=1):
            made[file] = f"nm-{place:02d}"
    return made


PSYMO = Layout(
    "psymo",
    "semantic_data/skeletons/PERSON/000_00_45_0_nm.json: person, number, azimuth, run, variation",
    _is,
    WalkReader(
        _read,
        _RATE_HZ,
        f"{_RATE_HZ:g} frames per second; nm-01 and nm-02 are a person's normal runs of a view, in "
        "the order of their numbers; gallery: nm-01, probes: all other walks",
    ),
)
