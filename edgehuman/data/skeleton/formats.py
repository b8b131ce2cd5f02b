"""The formats of pose estimators as layouts: what `preprocess.skeleton.formats` reads, as walks.

Each track is a walk of a separate person; frames become seconds by the frame rate that the user
states.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import SkeletonLayout, Walk, WalkReader
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.content import beginning
from edgehuman.preprocess.skeleton.formats.kind import (
    FORMATS,
    POSE_WORDS,
    find_format,
    foreign_said,
    forms,
)
from edgehuman.preprocess.skeleton.formats.read import PoseFile, read_poses
from edgehuman.preprocess.skeleton.formats.table import TABLES
from edgehuman.preprocess.skeleton.line import PoseLine

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".txt")


def walk_of(lines: list[PoseLine], name: str, rate_hz: float, remarks: tuple[str, ...]) -> Walk:
    """The walk of one track whose times are frames at a rate."""
    return Walk(
        np.stack([line.joints_J3 for line in lines]),
        name,
        name,
        rate_hz=rate_hz,
        stamp_s_T=np.array([line.t_s for line in lines]),
        width_px=lines[0].width_px,
        height_px=lines[0].height_px,
        layout="openpose18",
        remarks=remarks,
    )


def _is(format: str, path: Path) -> bool:
    return find_format(path) == format


def _read(format: str, path: Path, declared: Declared = UNDECLARED) -> Iterator[Walk]:
    for file in read_poses(path, declared, format):
        yield from _walks(file, str(path))


def _walks(file: PoseFile, where: str) -> Iterator[Walk]:
    # The reader of lines of our own uses this module too.
    from edgehuman.data.skeleton.lines import to_walk

    for track, lines in file.tracks.items():
        name = f"{file.name}:{track}"
        if file.rate_hz:
            yield walk_of(lines, name, file.rate_hz, file.remarks)
        else:
            yield to_walk(lines, name, f"{where}: track {track!r}", {}, file.remarks)


def _almost(path: Path) -> str:
    """What is said of a file that seems to hold poses in no known format."""
    if path.suffix.lower() not in _SUFFIXES:
        return ""
    if path.suffix.lower() in TABLES and foreign_said(path):
        return foreign_said(path)
    text = beginning(path).lower()
    named = any(word in path.name.lower() for word in ("pose", "keypoint", "landmark"))
    if not (named or sum(word in text for word in POSE_WORDS[:3])) or find_format(path):
        return ""
    return f"their form is not known. Known are poses.jsonl, and {forms()}"


def layouts() -> tuple[SkeletonLayout, ...]:
    """A layout for every format."""
    return (
        *(
            Layout(name, what, partial(_is, name), WalkReader(partial(_read, name), takes=True))
            for name, what in FORMATS.items()
        ),
        Layout(
            "poses", "poses in a form of your own", lambda path: False, WalkReader(_none), _almost
        ),
    )


def _none(path: Path) -> Iterator[Walk]:
    yield from ()
