"""Skeletons as OpenGait prepares them: PERSON/WALK/VIEW/NAME.pkl, each an array (T, 17 or 18, 3).

CASIA-B   001/nm-01/000/000.pkl                         COCO-17 (HRNet), 25 Hz
OUMVLP    00001/00/000/000.pkl                          18 joints (OpenPose) or 17, 25 Hz
GREW      00001train/00/4XPn5Z28/*.pkl, 00001/01/..., probe/03/...    COCO-17, 30 Hz
Gait3D    0000/camid0_videoid2/seq0/seq0.pkl            COCO-17, 25 Hz

The folder names identify the dataset (`data.gait.trees`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.peek import OTHER, PICTURES, are_pictures, kinds_in
from edgehuman.data.gait.trees import TREES, Named, leaves
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.data.skeleton.layout import Walk
from edgehuman.errors import DataError


def _holds(place: Path, dataset: str) -> bool:
    """Silhouettes use the same folders; of pickles that cannot be read, the reader says why."""
    if not TREES[dataset].fits(place, ".pkl"):
        return False
    kinds = kinds_in(place)
    return OTHER in kinds or PICTURES not in kinds


def is_casia_b(place: Path) -> bool:
    """Whether a folder holds CASIA-B in this layout."""
    return _holds(place, "casia_b")


def is_oumvlp(place: Path) -> bool:
    """Whether a folder holds OUMVLP in this layout."""
    return _holds(place, "oumvlp")


def is_grew(place: Path) -> bool:
    """Whether a folder holds GREW in this layout."""
    return _holds(place, "grew")


def is_gait3d(place: Path) -> bool:
    """Whether a folder holds Gait3D in this layout."""
    return _holds(place, "gait3d")


def read_casia_b(place: Path) -> Iterator[Walk]:
    """CASIA-B: pictures of 320x240 pixels."""
    return _walks(place, "casia_b", height_px=240, width_px=320)


def read_oumvlp(place: Path) -> Iterator[Walk]:
    """OUMVLP: pictures of 1280x980 pixels."""
    return _walks(place, "oumvlp", height_px=980, width_px=1280)


def read_grew(place: Path) -> Iterator[Walk]:
    """GREW; the official probes have no identities, so each counts as a separate person."""
    return _walks(place, "grew")


def read_gait3d(place: Path) -> Iterator[Walk]:
    """Gait3D: cameras of 1920x1080 pixels."""
    return _walks(place, "gait3d")


def _walks(place: Path, dataset: str, height_px: int = 0, width_px: int = 0) -> Iterator[Walk]:
    for named, joints in _arrays(place, dataset):
        yield Walk(
            joints, named.person, named.sequence, named.view, named.condition, named.role,
            height_px=height_px, width_px=width_px,
        )  # fmt: skip


def _arrays(place: Path, dataset: str) -> Iterator[tuple[Named, NDArray[Any]]]:
    seen: dict[tuple[str, str, str], Path] = {}
    for person, walk, view, file in leaves(place, ".pkl"):
        joints = load_arrays(file)
        if are_pictures(joints):
            continue  # silhouettes beside the poses
        if (person, walk, view) in seen:
            raise DataError(
                f"{file}: second pickle next to {seen[person, walk, view].name}; a folder must "
                "hold the poses of one walk. Remove other kinds of data"
            )
        seen[person, walk, view] = file
        if not isinstance(joints, np.ndarray):
            raise DataError(
                f"{file}: found a {type(joints).__name__}; the pickle of a walk is one array "
                "(frames, joints, 3)"
            )
        yield TREES[dataset].named(place, person, walk, view), joints
