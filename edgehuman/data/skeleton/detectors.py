"""Output of pose detectors: AlphaPose's list of people, and OpenPose's file per frame.

AlphaPose   alphapose-results.json: [{"image_id": "12.jpg", "keypoints": [x, y, c, ...],
            "score": 2.9, "idx": 1}, ...]; `idx` is the track, if tracking was on
OpenPose    a folder of NAME_000000000012_keypoints.json: {"people": [{"person_id": [-1],
            "pose_keypoints_2d": [x, y, c, ...]}]}

Neither format states the frame rate.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.data.containers import read_json
from edgehuman.data.layout import Layout, folders
from edgehuman.data.skeleton.layout import Walk, WalkReader, stacked, triples
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Float64

_LAST_NUMBER = re.compile(r"(\d+)(?!.*\d)")
_OPENPOSE = "*_keypoints.json"
_ASSUMED = f"{RATE_HZ:g} frames per second: the files do not state it"

Frames = tuple[Float64, Float64]


def tracks(path: Path) -> dict[str, list[tuple[int, Float64]]]:
    """Frame numbers and joints (J, 3) of every track in an AlphaPose file.

    Raises:
        DataError: another format, or several untracked people in a frame.
    """
    rows = read_json(path)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise DataError(
            f"{path}: found {type(rows).__name__}; AlphaPose results are a list of people, one "
            "object each, with image_id and keypoints"
        )
    made: dict[str, list[tuple[int, Float64]]] = defaultdict(list)
    for position, row in enumerate(rows):
        where = f"{path}: person {position}"
        if "keypoints" not in row or "image_id" not in row:
            raise DataError(f"{where}: found {sorted(row)}; keypoints and image_id are required")
        number = _number(str(row["image_id"]), where)
        made[_track(row.get("idx"))].append((number, triples(row["keypoints"], where)))
    return {track: sorted(frames, key=lambda frame: frame[0]) for track, frames in made.items()}


def _track(idx: Any) -> str:
    """The name of a track; some versions wrap it in lists."""
    while isinstance(idx, list) and idx:
        idx = idx[0]
    return "0" if idx is None or idx == [] else f"{idx:g}" if isinstance(idx, float) else str(idx)


def _number(name: str, where: str) -> int:
    found = _LAST_NUMBER.search(name.rpartition("/")[2])
    if found is None:
        raise DataError(f"{where}: image_id is {name!r}; it must end in the frame number")
    return int(found[1])


def joined(frames: list[tuple[int, Float64]], rate_hz: float, where: str) -> Frames:
    """Joints (T, J, 3) and seconds (T,) of one track.

    Raises:
        DataError: a duplicate frame, or frames with different numbers of joints.
    """
    numbers = [number for number, _ in frames]
    twice = next((a for a, b in pairwise(numbers) if a == b), None)
    if twice is not None:
        raise DataError(
            f"{where}: frame {twice} has two people in one track; turn tracking on (AlphaPose: "
            "--pose_track), so that `idx` distinguishes them"
        )
    joints = stacked([joints for _, joints in frames], where)
    return joints, np.array(numbers, np.float64) / rate_hz


def _is_alphapose(path: Path) -> bool:
    files = [path] if path.is_file() else sorted(islice(path.glob("*.json"), 1))
    if not files or files[0].suffix != ".json" or files[0].name.endswith("_keypoints.json"):
        return False
    with files[0].open("rb") as file:
        start = file.read(4096)
    return start.lstrip().startswith(b"[") and b'"keypoints"' in start


def _read_alphapose(path: Path) -> Iterator[Walk]:
    for file in [path] if path.is_file() else sorted(path.glob("*.json")):
        for track, frames in tracks(file).items():
            name = f"{file.stem}:{track}"
            joints, stamps = joined(frames, RATE_HZ, f"{file}: track {track}")
            yield Walk(joints, name, name, rate_hz=RATE_HZ, stamp_s_T=stamps)


def _is_openpose(path: Path) -> bool:
    return path.is_dir() and any(
        next(place.glob(_OPENPOSE), None) is not None for place in (path, *folders(path)[:1])
    )


def _read_openpose(path: Path) -> Iterator[Walk]:
    places = [path] if next(path.glob(_OPENPOSE), None) else folders(path)
    for place in places:
        made: dict[str, list[tuple[int, Float64]]] = defaultdict(list)
        for file in sorted(place.glob(_OPENPOSE)):
            number = _number(file.name, str(file))
            for track, joints in _people(file):
                made[track].append((number, joints))
        for track, frames in made.items():
            name = f"{place.name}:{track}"
            joints, stamps = joined(frames, RATE_HZ, f"{place}: track {track}")
            yield Walk(joints, name, name, rate_hz=RATE_HZ, stamp_s_T=stamps)


def _people(file: Path) -> Iterator[tuple[str, Float64]]:
    """The track and the joints (J, 3) of everyone in an OpenPose frame."""
    table = read_json(file)
    people = table.get("people") if isinstance(table, Mapping) else None
    if not isinstance(people, list):
        raise DataError(f"{file}: has no list of people; OpenPose writes one per frame")
    for person in people:
        if not isinstance(person, Mapping) or "pose_keypoints_2d" not in person:
            raise DataError(f"{file}: a person has no pose_keypoints_2d; run OpenPose again")
        track = _track(person.get("person_id"))
        if track == "-1" and len(people) > 1:
            raise DataError(
                f"{file}: found {len(people)} people without tracks; put each walk in its own "
                "folder, or turn tracking on (OpenPose: --tracking)"
            )
        yield ("0" if track == "-1" else track), triples(person["pose_keypoints_2d"], str(file))


ALPHAPOSE = Layout(
    "alphapose",
    "alphapose-results.json, or a folder of such files: a list of objects with image_id, "
    "keypoints and, for several people, idx",
    _is_alphapose,
    WalkReader(_read_alphapose, assumed=_ASSUMED),
)
OPENPOSE = Layout(
    "openpose",
    "a folder (or folders) of NAME_000000000012_keypoints.json, one per frame",
    _is_openpose,
    WalkReader(_read_openpose, assumed=_ASSUMED),
)
