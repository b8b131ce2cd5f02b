"""A keeper over a small gallery, with tracks whose vectors are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.card import Decision
from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.serve.people.keeper import Keeper, Taken
from tests.runtime.gallery.made import gait_card, vector


@dataclass
class Tracks:
    """A stand-in for a run: tracks 1, 2 and 3 walk, and 4 was hardly seen."""

    vectors: dict[str, tuple[float, float]] = field(
        default_factory=lambda: {"1": (1.0, 0.0), "2": (0.0, 1.0), "3": (0.7, 0.7)}
    )

    def now(self) -> Sequence[Mapping[str, Any]]:
        known = [{"track": track, "windows": 5, "needed": 4} for track in self.vectors]
        return [*known, {"track": "4", "windows": 1, "needed": 4}]

    def taken(self, track: str) -> Taken:
        if track == "4":
            raise DataError("track 4 was seen for too short a time: 1 windows, and 4 are needed")
        if track not in self.vectors:
            raise DataError(f"track {track} has left; choose one that is there")
        return Taken(vector(*self.vectors[track]), 5, "0.0", 71, ("a remark",))


@dataclass
class Kept:
    """A keeper with what it told."""

    path: Path
    key: Path | None = None
    used: list[Gallery] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    tracks: Tracks = field(default_factory=Tracks)

    def keeper(self) -> Keeper:
        return Keeper(
            self.path,
            self.key,
            gait_card().replace(decision=Decision(threshold=0.9)),
            self.tracks,
            self.used.append,
            self.told.append,
        )
