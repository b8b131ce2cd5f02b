"""Lines of JSON to frames of tracked people's joints.

    {"t": 12.04, "id": 7, "joints": [[x, y, c], … 18 of them], "width": 1920, "height": 1080}

One line is one person in one frame: `t` seconds, `id` of the track, joints in OpenPose-18 order, x
and y in pixels (y downwards), confidence 0 to 1. A joint that was not seen has confidence 0, or is
null. `width` and `height` of the image are optional. A line that cannot be read is dropped and
counted, and the first few are kept in words.

Axes: T frames, J joints.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.geometry import OPENPOSE_18
from edgehuman.samples import FloatArray

MAX_TOLD = 3
_NUM_JOINTS = len(OPENPOSE_18)
_LONGEST_ID = 64
_FARTHEST_PX = 1e6


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

    stamp_s_T: NDArray[np.float64]
    joint_TJ3: FloatArray
    track_T: tuple[str, ...]
    width_T: NDArray[np.int64]
    height_T: NDArray[np.int64]
    arrival_ns_T: NDArray[np.int64]

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


def joined(blocks: Sequence[PoseBlock]) -> PoseBlock:
    """The blocks as one, in their order; an empty one for none."""
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


def pose_block(rows: Sequence[tuple[float, str, FloatArray, int, int]]) -> PoseBlock:
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

    Attributes:
        frames, bad: lines read and lines dropped.
        truncated: 1 where the last line was cut short.
        told: the first dropped lines, in words.
    """

    def __init__(self) -> None:
        self.frames = 0
        self.bad = 0
        self.truncated = 0
        self.told: list[str] = []
        self._line = 0

    def parse(self, lines: Sequence[str]) -> PoseBlock:
        """What the lines hold; those that cannot be read are dropped and counted."""
        rows = []
        for line in lines:
            self._line += 1
            if not line.strip():
                continue
            try:
                rows.append(read_pose(line))
            except (ValueError, RecursionError) as error:
                self.bad += 1
                if len(self.told) < MAX_TOLD:
                    self.told.append(f"line {self._line}: {error}")
        self.frames += len(rows)
        return pose_block(rows)

    def parse_last(self, line: str) -> PoseBlock:
        """A last line without a line end: where it is cut short it counts as truncated."""
        bad, told = self.bad, len(self.told)
        block = self.parse([line])
        if self.bad > bad and not line.rstrip().endswith("}"):
            self.truncated += 1
            self.bad, self.told = bad, self.told[:told]
        return block

    def report(self) -> dict[str, Any]:
        """Lines read and dropped, and why."""
        return {
            "rows": self.frames,
            "bad_poses": self.bad,
            "truncated": self.truncated,
            "first_bad": list(self.told),
        }


def read_pose(line: str) -> tuple[float, str, FloatArray, int, int]:
    """Time in seconds, track, joints (18, 3), width and height of one line.

    Raises:
        ValueError: what is wrong with it, in words.
    """
    try:
        record = json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON ({error.msg}): {line[:40]!r}") from None
    if not isinstance(record, dict):
        raise ValueError(f"not a JSON object: {line[:40]!r}")
    missing = [key for key in ("t", "joints") if key not in record]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing; a line has t, id and joints")
    joint_J3 = _joints(record["joints"])
    size = [_pixels(record.get(key, 0), key) for key in ("width", "height")]
    return _time(record["t"]), _track(record.get("id", 0)), joint_J3, *size  # type: ignore[return-value]


def _time(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"t is {str(value)[:40]!r}; it is the time in seconds")
    return float(value)


def _track(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"id is {str(value)[:40]!r}; it is the number or name of a track")
    name = str(value)
    if not name.isprintable() or not 0 < len(name) <= _LONGEST_ID:
        raise ValueError(f"id is {name[:40]!r}; give 1 to {_LONGEST_ID} printable signs")
    return name


def _pixels(value: Any, key: str) -> int:
    if value is None:
        return 0
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= _FARTHEST_PX:
        raise ValueError(f"{key} is {str(value)[:40]!r}; it is the image's size in pixels")
    return int(value)


def _joints(value: Any) -> FloatArray:
    if not isinstance(value, list) or len(value) != _NUM_JOINTS:
        found = f"{len(value)} joints" if isinstance(value, list) else f"{str(value)[:40]!r}"
        raise ValueError(
            f"found {found}; give the {_NUM_JOINTS} of OpenPose ({', '.join(OPENPOSE_18[:3])}, …)"
        )
    try:
        joint_J3 = np.array([_UNSEEN if each is None else each for each in value], np.float64)
    except (ValueError, TypeError):
        raise ValueError("a joint is not [x, y, confidence] in numbers") from None
    if joint_J3.shape != (_NUM_JOINTS, 3):
        raise ValueError(f"found joints of shape {joint_J3.shape}; each is [x, y, confidence]")
    # A joint whose place is null or NaN was not seen, whatever its confidence says.
    joint_J3[~np.isfinite(joint_J3).all(axis=1)] = 0.0
    confidence_J = joint_J3[:, 2]
    if confidence_J.min() < 0 or confidence_J.max() > 1:
        wrong = confidence_J[(confidence_J < 0) | (confidence_J > 1)][0]
        raise ValueError(f"found the confidence {wrong:g}; it is from 0 to 1")
    if np.abs(joint_J3[:, :2]).max() > _FARTHEST_PX:
        raise ValueError(
            f"found a joint {np.abs(joint_J3).max():g} pixels away; no image is so large"
        )
    joint_J3[confidence_J == 0] = 0.0
    return joint_J3.astype(np.float32)


_UNSEEN = (0.0, 0.0, 0.0)
