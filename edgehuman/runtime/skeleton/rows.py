"""Tracked people's joints in the caller's own Python to blocks.

    {"t": 1.25, "id": "7", "joints": joint_J3, "width": 1920, "height": 1080}   one person
    [{...}, {...}]                                                              a frame of several
    PoseLine, PoseBlock

The keys are those of a line of poses.jsonl (`preprocess.skeleton.line`); joints are a list or an
array (J, 3) of x, y, confidence, in OpenPose-18 or in the layout that "layout" names.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.line import PoseLine, pose_line, require_limits
from edgehuman.preprocess.skeleton.reading import Reading
from edgehuman.runtime.skeleton.lines import PoseBlock, joined, pose_block, pose_row

Poses: TypeAlias = Mapping[str, Any] | PoseLine | PoseBlock | Sequence[Mapping[str, Any] | PoseLine]

_WANTED = '{"t": seconds, "id": track, "joints": [[x, y, c], ...]}, or a list of these for a frame'


class PoseRows:
    """A `loop.records.Reader` of tracked people."""

    def __init__(self) -> None:
        self._rows = 0
        self._items = 0
        self._reading = Reading()

    def read(self, items: Sequence[object]) -> PoseBlock:
        """The block of some people or frames.

        Raises:
            DataError: a key is missing, or joints are no joints.
        """
        block = joined([self._read(item) for item in items])
        self._rows += len(block)
        return block.arrived(time.monotonic_ns())

    def last(self) -> PoseBlock:
        """Nothing: no pose is held back."""
        return joined([])

    def report(self) -> dict[str, Any]:
        """People's poses read so far, and what was assumed of them."""
        return {"rows": self._rows, "remarks": self._reading.remarks}

    def _read(self, item: object) -> PoseBlock:
        self._items += 1
        if isinstance(item, PoseBlock):
            return item
        people = item if isinstance(item, (list, tuple)) else [item]
        return pose_block([pose_row(self._line(person)) for person in people])

    def _line(self, person: object) -> PoseLine:
        where = f"pose {self._items}"
        if isinstance(person, PoseLine):
            require_limits(person, f"{where}: ")
            return person
        if isinstance(person, Mapping):
            return pose_line(person, where, self._reading)
        raise DataError(f"{where} is {type(person).__name__} {str(person)[:40]!r}; give {_WANTED}")
