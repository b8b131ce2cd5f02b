"""Who belongs to which part of a public gait dataset, and how its files name people and walks.

Protocols: CASIA-B 74 people train, nm-01..04 of the others are the gallery; OUMVLP odd people
train (OUMVLP.json says), walk 01 is the gallery and 00 the probe; GREW's own test people have the
gallery 01 and the probe 02 (its official probe has no names); Gait3D.json lists its probes.
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
    """What a dataset's published .json says of its people; empty where there is no such file."""

    train: frozenset[str] = field(default_factory=frozenset)
    test: frozenset[str] = field(default_factory=frozenset)
    probe: frozenset[str] = field(default_factory=frozenset)


@lru_cache(maxsize=16)
def read_partition(place: Path, name: str) -> Partition:
    """The partition file `name` in a folder or beside it; an empty partition where there is none.

    Raises:
        DataError: the file is not of the published form.
    """
    for path in (place / name, place.parent / name):
        if path.is_file():
            table = read_json(path)
            if not isinstance(table, Mapping) or "TRAIN_SET" not in table:
                raise DataError(f"{path}: found no TRAIN_SET; it lists people by part")
            return Partition(
                *(_names(table, key) for key in ("TRAIN_SET", "TEST_SET", "PROBE_SET"))
            )
    return Partition()


def _names(table: Mapping[str, Any], key: str) -> frozenset[str]:
    return frozenset(map(str, table.get(key, ())))


def casia_b_role(person: str, walk: str) -> str:
    """Of the protocol with 74 people to train with."""
    if int(person) <= _CASIA_B_TRAIN:
        return "train"
    return "gallery" if walk in _CASIA_B_GALLERY else "probe"


def grew_role(person: str, walk: str) -> str:
    """Of a rearranged GREW: people named ...train, and the others' walks 01 and 02."""
    if person.endswith("train"):
        return "train"
    return {"01": "gallery", "02": "probe"}.get(walk, "")


def gait3d_role(person: str, camera: str, walk: str, partition: Partition) -> str:
    """As Gait3D.json has it; "" where there is none."""
    if person in partition.train:
        return "train"
    if not partition.probe:
        return ""
    return "probe" if f"{person}-{camera}-{walk}" in partition.probe else "gallery"


def oumvlp_role(person: str, walk: str, partition: Partition) -> str:
    """As OUMVLP.json has it; without it nobody trains."""
    if person in partition.train:
        return "train"
    return {"01": "gallery", "00": "probe"}.get(walk, "")
