"""Train, gallery and probe roles of the public gait datasets, and their naming of people and walks.

Protocols: CASIA-B: 74 people train, nm-01..04 of the others are the gallery; OUMVLP: odd people
train (listed in OUMVLP.json), walk 01 is the gallery and 00 the probe; GREW: of its test people,
walk 01 is the gallery and 02 the probe (the official probes have no names); Gait3D: Gait3D.json
lists the probes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from edgehuman.data.containers import read_json
from edgehuman.errors import DataError

CASIA_B_WALK = re.compile(r"(nm|bg|cl)-\d\d")
GAIT3D_CAMERA = re.compile(r"camid\d+_videoid\d+")
GAIT3D_WALK = re.compile(r"seq\d+")
_CASIA_B_TRAIN = 74
_CASIA_B_GALLERY = {"nm-01", "nm-02", "nm-03", "nm-04"}


@dataclass(frozen=True, slots=True)
class Partition:
    """The partition in a dataset's published .json; empty if there is no such file."""

    train: frozenset[str] = field(default_factory=frozenset)
    test: frozenset[str] = field(default_factory=frozenset)
    probe: frozenset[str] = field(default_factory=frozenset)


@lru_cache(maxsize=16)
def read_partition(place: Path, name: str) -> Partition:
    """Read the partition file `name` in a folder or beside it; empty if there is none.

    Raises:
        DataError: the file does not have the published form.
    """
    for path in (place / name, place.parent / name):
        if path.is_file():
            table = read_json(path)
            if not isinstance(table, Mapping) or "TRAIN_SET" not in table:
                raise DataError(f"{path}: has no TRAIN_SET; a partition file lists people by split")
            return Partition(
                *(_names(table, key) for key in ("TRAIN_SET", "TEST_SET", "PROBE_SET"))
            )
    return Partition()


def _names(table: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(map(str, table.get(key, ())))


def casia_b_role(person: str, walk: str) -> str:
    """Role under the protocol with 74 training people."""
    if int(person) <= _CASIA_B_TRAIN:
        return "train"
    return "gallery" if walk in _CASIA_B_GALLERY else "probe"


def grew_role(person: str, walk: str) -> str:
    """Role in a rearranged GREW: people named ...train, and walks 01 and 02 of the others."""
    if person.endswith("train"):
        return "train"
    return {"01": "gallery", "02": "probe"}.get(walk, "")


def gait3d_role(person: str, camera: str, walk: str, partition: Partition) -> str:
    """Role according to Gait3D.json; "" without that file."""
    if person in partition.train:
        return "train"
    if not partition.probe:
        return ""
    return "probe" if f"{person}-{camera}-{walk}" in partition.probe else "gallery"


def oumvlp_role(person: str, walk: str, partition: Partition) -> str:
    """Role according to OUMVLP.json; without that file there are no training people."""
    if person in partition.train:
        return "train"
    return {"01": "gallery", "00": "probe"}.get(walk, "")
