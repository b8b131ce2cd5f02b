"""Skeletons as OpenGait prepares them: PERSON/WALK/VIEW/NAME.pkl, each an array (T, 17 or 18, 3).

CASIA-B   001/nm-01/000/000.pkl                         COCO-17 (HRNet), 25 Hz
OUMVLP    00001/00/000/000.pkl                          18 joints (OpenPose) or 17, 25 Hz
GREW      00001train/00/4XPn5Z28/*.pkl, 00001/01/..., probe/03/...    COCO-17, 30 Hz
Gait3D    0000/camid0_videoid2/seq0/seq0.pkl            COCO-17, 25 Hz

The folder names identify the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.roles import (
    CASIA_B_WALK,
    GAIT3D_CAMERA,
    GAIT3D_WALK,
    casia_b_role,
    gait3d_role,
    grew_role,
    oumvlp_role,
    read_partition,
)
from edgehuman.data.layout import folders
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.data.skeleton.layout import Walk
from edgehuman.errors import DataError

_CASIA_B_PERSON = re.compile(r"\d{3}")
_FIVE_DIGITS = re.compile(r"\d{5}")
_GREW_PERSON = re.compile(r"\d{5}(train)?|probe")
_VIEW = re.compile(r"\d{3}")


def pickles(place: Path) -> Iterator[tuple[str, str, str, Path]]:
    """(person, walk, view, file) of every pickle, sorted."""
    for person in folders(place):
        for walk in folders(person):
            for view in folders(walk):
                for file in sorted(view.glob("*.pkl")):
                    yield person.name, walk.name, view.name, file


def _looks_like(place: Path, *rules: re.Pattern[str]) -> bool:
    """Whether the first few pickles are in folders with these names."""
    first = list(islice(pickles(place), 3))
    named = bool(first) and all(
        rule.fullmatch(part) for row in first for rule, part in zip(rules, row[:3], strict=True)
    )
    return named and not _is_picture(first[0][3])


def _is_picture(file: Path) -> bool:
    """Whether a pickle holds silhouettes, which use the same folder layout."""
    try:
        held = load_arrays(file)
    except DataError:
        # The reader reports the error.
        return False
    return isinstance(held, np.ndarray) and held.dtype == np.uint8


def is_casia_b(place: Path) -> bool:
    """Whether a folder holds CASIA-B in this layout."""
    return _looks_like(place, _CASIA_B_PERSON, CASIA_B_WALK, _VIEW)


def is_oumvlp(place: Path) -> bool:
    """Whether a folder holds OUMVLP in this layout."""
    return _looks_like(place, _FIVE_DIGITS, re.compile("0[01]"), _VIEW)


def is_grew(place: Path) -> bool:
    """Whether a folder holds GREW in this layout."""
    return _looks_like(place, _GREW_PERSON, re.compile(r"\d\d"), re.compile(r"\w{8}"))


def is_gait3d(place: Path) -> bool:
    """Whether a folder holds Gait3D in this layout."""
    return _looks_like(place, re.compile(r"\d{4}"), GAIT3D_CAMERA, GAIT3D_WALK)


def read_casia_b(place: Path) -> Iterator[Walk]:
    """CASIA-B: pictures of 320x240 pixels."""
    for person, walk, view, joints, _ in _arrays(place):
        yield Walk(
            joints, f"casia_b:{person}", f"casia_b:{person}-{walk}-{view}", view, walk,
            casia_b_role(person, walk), height_px=240, width_px=320,
        )  # fmt: skip


def read_oumvlp(place: Path) -> Iterator[Walk]:
    """OUMVLP: pictures of 1280x980 pixels."""
    partition = read_partition(place, "OUMVLP.json")
    for person, walk, view, joints, _ in _arrays(place):
        yield Walk(
            joints, f"oumvlp:{person}", f"oumvlp:{person}-{walk}-{view}", view, walk,
            oumvlp_role(person, walk, partition), height_px=980, width_px=1280,
        )  # fmt: skip


def read_grew(place: Path) -> Iterator[Walk]:
    """GREW; the official probes have no identities, so each counts as a separate person."""
    for person, walk, video, joints, _ in _arrays(place):
        who = f"probe-{video}" if person == "probe" else person.removesuffix("train")
        who = f"train-{who}" if person.endswith("train") else who
        name = f"grew:{person}-{walk}-{video}"
        yield Walk(joints, f"grew:{who}", name, "", walk, grew_role(person, walk))


def read_gait3d(place: Path) -> Iterator[Walk]:
    """Gait3D: cameras of 1920x1080 pixels."""
    partition = read_partition(place, "Gait3D.json")
    for person, camera, walk, joints, _ in _arrays(place):
        yield Walk(
            joints, f"gait3d:{person}", f"gait3d:{person}-{camera}-{walk}", camera, walk,
            gait3d_role(person, camera, walk, partition),
        )  # fmt: skip


def _arrays(place: Path) -> Iterator[tuple[str, str, str, NDArray[Any], Path]]:
    seen: dict[tuple[str, str, str], Path] = {}
    for person, walk, view, file in pickles(place):
        if (person, walk, view) in seen:
            raise DataError(
                f"{file}: second pickle next to {seen[person, walk, view].name}; a folder must "
                "hold the poses of one walk. Remove other kinds of data"
            )
        seen[person, walk, view] = file
        joints = load_arrays(file)
        if not isinstance(joints, np.ndarray):
            raise DataError(
                f"{file}: found a {type(joints).__name__}; the pickle of a walk is one array "
                "(frames, joints, 3)"
            )
        yield person, walk, view, joints, file
