"""Skeletons as one text file per frame: height, width, then x, y, confidence of COCO-17.

GREW    train/00001/4XPn5Z28/00001_2d_pose.txt; test/gallery/PERSON/..., test/probe/VIDEO/...
Gait3D  2D_Poses/0000/camid0_videoid2/seq0/0001.txt
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.gait.roles import (
    GAIT3D_CAMERA,
    GAIT3D_WALK,
    gait3d_role,
    grew_role,
    read_partition,
)
from edgehuman.data.layout import folders
from edgehuman.data.skeleton.layout import Walk
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.records import Float64

_NUMBERS = 2 + 51
_POSE = "*_2d_pose.txt"


def is_grew(place: Path) -> bool:
    """Whether a folder holds GREW as published."""
    for part in ("train", "test/gallery", "test/probe"):
        for folder in folders(place / part)[:1]:
            if next(folder.glob(_POSE), None) or next(folder.glob(f"*/{_POSE}"), None):
                return True
    return False


def is_gait3d(place: Path) -> bool:
    """Whether a folder holds Gait3D's poses as published."""
    for person in folders(place)[:1]:
        for camera in folders(person)[:1]:
            for walk in folders(camera)[:1]:
                named = GAIT3D_CAMERA.fullmatch(camera.name) and GAIT3D_WALK.fullmatch(walk.name)
                return bool(named) and next(walk.glob("*.txt"), None) is not None
    return False


def read_grew(place: Path) -> Iterator[Walk]:
    """GREW: 30 Hz; a test person's walks are numbered from 01, in the order of their names."""
    for person in folders(place / "train"):
        for video in folders(person):
            yield _grew(video, f"train-{person.name}", "00", "train")
    for person in folders(place / "test" / "gallery"):
        for number, video in enumerate(folders(person), start=1):
            walk = f"{number:02d}"
            yield _grew(video, person.name, walk, grew_role(person.name, walk))
    for video in folders(place / "test" / "probe"):
        yield _grew(video, f"probe-{video.name}", "03", "")


def _grew(video: Path, person: str, walk: str, role: str) -> Walk:
    joints, stamps, height_px, width_px = _frames(video, _POSE, 30.0)
    return Walk(
        joints, f"grew:{person}", f"grew:{person}-{walk}-{video.name}", "", walk, role, 30.0,
        stamps, height_px, width_px,
    )  # fmt: skip


def read_gait3d(place: Path) -> Iterator[Walk]:
    """Gait3D: 25 Hz."""
    partition = read_partition(place, "Gait3D.json")
    for person in folders(place):
        for camera in folders(person):
            for walk in folders(camera):
                joints, stamps, height_px, width_px = _frames(walk, "*.txt", 25.0)
                name = f"{person.name}-{camera.name}-{walk.name}"
                yield Walk(
                    joints, f"gait3d:{person.name}", f"gait3d:{name}", camera.name, walk.name,
                    gait3d_role(person.name, camera.name, walk.name, partition), 25.0, stamps,
                    height_px, width_px,
                )  # fmt: skip


def _frames(folder: Path, pattern: str, rate_hz: float) -> tuple[Float64, Float64, int, int]:
    """Joints (T, 17, 3), their times in seconds, and the picture's height and width."""
    numbered = []
    for file in folder.glob(pattern):
        number = re.match(r"\D*(\d+)", file.name)
        if number is None:
            raise DataError(f"{file}: a frame's file name must be its number, such as 00001")
        numbered.append((int(number[1]), file))
    numbered.sort()
    if not numbered:
        raise DataError(f"{folder}: has no frames ({pattern}); unpack the poses again")
    rows = np.stack([_numbers(file) for _, file in numbered])
    stamps = np.array([number for number, _ in numbered], np.float64) / rate_hz
    return rows[:, 2:].reshape(-1, 17, 3), stamps, round(rows[0, 0]), round(rows[0, 1])


def _numbers(file: Path) -> Float64:
    try:
        words = read_bounded(file, MOST_NOTE, DataError).decode("utf-8").replace(",", " ").split()
        values = np.array(words, np.float64)
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: cannot be read as numbers ({error}); unpack it again") from None
    if values.shape != (_NUMBERS,):
        raise DataError(
            f"{file}: found {values.size} numbers; a frame needs {_NUMBERS}: the picture's height "
            "and width, and x, y, confidence of 17 joints"
        )
    return values
