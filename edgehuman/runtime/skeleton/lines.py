"""Lines of JSON to frames of tracked people's joints.

    {"t": 12.04, "id": 7, "joints": [[x, y, c], … 18 of them], "width": 1920, "height": 1080}

One line is one person in one frame (`preprocess.skeleton.line`). An unreadable line is dropped and
counted, and the first line of each of the first few kinds is described in words.

Axes: T frames, J joints.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import OPENPOSE_18
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.line import PoseLine, parse_line
from edgehuman.preprocess.skeleton.reading import Reading
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Float32, Float64, Index

MAX_TOLD = 3
_NUM_JOINTS = len(OPENPOSE_18)
# What differs between messages of one kind.
_VALUE = re.compile(r"'[^']*'|[-+]?\d[\d.e+]*")


@dataclass(frozen=True, slots=True)
class PoseBlock:
    """A few lines as they came, of any tracks.

    Attributes:
        stamp_s_T: float64 (T,): the source's clock in seconds.
        joint_TJ3: float32 (T, 18, 3): x, y in pixels, confidence 0..1.
        track_T: id of each line's track.
        width_T, height_T: int64 (T,) of the image, pixels; 0 where unknown.
        arrival_ns_T: int64 (T,): this machine's monotonic clock when the line arrived.
    """

    stamp_s_T: Float64
    joint_TJ3: Float32
    track_T: tuple[str, ...]
    width_T: Index
    height_T: Index
    arrival_ns_T: Index

    def __len__(self) -> int:
        return len(self.track_T)

    def head(self, keep: int) -> PoseBlock:
        """The first `keep` lines."""
        return self.part(0, keep)

    def part(self, begin: int, end: int) -> PoseBlock:
        """The lines from `begin` to before `end`."""
        return PoseBlock(
            self.stamp_s_T[begin:end],
            self.joint_TJ3[begin:end],
            self.track_T[begin:end],
            self.width_T[begin:end],
            self.height_T[begin:end],
            self.arrival_ns_T[begin:end],
        )

    def arrived(self, arrival_ns: int) -> PoseBlock:
        """The same lines with this arrival time (this machine's monotonic clock)."""
        return replace(self, arrival_ns_T=np.full(len(self), arrival_ns))


def rate_of(block: PoseBlock) -> float:
    """Frames per second of a track's lines, by the median step of their stamps; 24 for one line."""
    step_s_K = np.diff(np.unique(block.stamp_s_T))
    return 1.0 / float(np.median(step_s_K)) if len(step_s_K) else RATE_HZ


def joined(blocks: Sequence[PoseBlock]) -> PoseBlock:
    """The blocks joined in order; an empty block for none."""
    if not blocks:
        return NOTHING
    return PoseBlock(
        np.concatenate([block.stamp_s_T for block in blocks]),
        np.concatenate([block.joint_TJ3 for block in blocks]),
        tuple(track for block in blocks for track in block.track_T),
        np.concatenate([block.width_T for block in blocks]),
        np.concatenate([block.height_T for block in blocks]),
        np.concatenate([block.arrival_ns_T for block in blocks]),
    )


def pose_block(rows: Sequence[tuple[float, str, Float32, int, int]]) -> PoseBlock:
    """Rows of time, track, joints (18, 3), width and height as a block that has not arrived yet."""
    if not rows:
        return NOTHING
    stamps, tracks, joints, widths, heights = zip(*rows, strict=True)
    return PoseBlock(
        np.array(stamps, np.float64),
        np.stack(joints).astype(np.float32),
        tuple(tracks),
        np.array(widths, np.int64),
        np.array(heights, np.int64),
        np.zeros(len(rows), np.int64),
    )


_NO_INTS = np.empty(0, np.int64)
NOTHING = PoseBlock(
    np.empty(0), np.empty((0, _NUM_JOINTS, 3), np.float32), (), _NO_INTS, _NO_INTS, _NO_INTS
)


class PoseParser:
    """Lines to blocks.

    Args:
        numbered: name the line number of a dropped line; datagrams have none.
        declared: what the user states of the poses.

    Attributes:
        frames, bad: lines read and lines dropped.
        truncated: 1 if the last line was cut short.
        told: the first dropped line of each kind, in words.
    """

    def __init__(self, numbered: bool = True, declared: Declared = UNDECLARED) -> None:
        self.frames = 0
        self.bad = 0
        self.truncated = 0
        self.told: list[str] = []
        self._numbered = numbered
        self._line = 0
        self._kinds: list[str] = []
        self._declared = declared
        self._reading = Reading(declared)

    def parse(self, lines: Sequence[str]) -> PoseBlock:
        """The poses of the lines; unreadable lines are dropped and counted."""
        rows = []
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                rows.append(read_pose(line, self._reading))
            except DataError as error:
                place = f"line {self._line}: " if self._numbered else ""
                self.drop(str(error).removeprefix("a pose: "), place)
        self.frames += len(rows)
        return pose_block(rows)

    def parse_last(self, line: str) -> PoseBlock:
        """A last line without a newline; counted as truncated if it is incomplete."""
        bad, told = self.bad, len(self.told)
        block = self.parse([line])
        if self.bad > bad and not line.rstrip().endswith("}"):
            self.truncated += 1
            self.bad, self.told, self._kinds = bad, self.told[:told], self._kinds[:told]
        return block

    def forget(self) -> None:
        """Begin with another sender: what its numbers mean is decided anew; the counts go on."""
        self._reading = Reading(self._declared)

    def drop(self, reason: str, place: str = "") -> None:
        """Count an unreadable line, and keep the reason unless only its values are new."""
        self.bad += 1
        if len(self.told) >= MAX_TOLD:
            return
        kind = _VALUE.sub("", reason)
        if kind not in self._kinds:
            self._kinds.append(kind)
            self.told.append(place + reason)

    def report(self) -> dict[str, Any]:
        """Lines read and dropped, and why."""
        return {
            "rows": self.frames,
            "bad_poses": self.bad,
            "truncated": self.truncated,
            "first_bad": list(self.told),
            "remarks": self._reading.remarks,
        }


def read_pose(line: str, reading: Reading | None = None) -> tuple[float, str, Float32, int, int]:
    """Time in seconds, track, joints (18, 3), width and height of one line of a source.

    Raises:
        DataError: the line is wrong; the message says how.
    """
    return pose_row(parse_line(line, "a pose", reading))


def pose_row(pose: PoseLine) -> tuple[float, str, Float32, int, int]:
    """Time in seconds, track, joints (18, 3), width and height of a pose."""
    return pose.t_s, pose.track, pose.joints_J3, pose.width_px, pose.height_px
