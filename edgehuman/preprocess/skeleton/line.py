"""One person in one frame as a line of JSON: the pose format for files and streams.

    {"t": 1.25, "id": "7", "joints": [[x, y, c], ... 18 of them], "width": 1920, "height": 1080}

`t` seconds; `id` the track; joints in pixels with confidence, in the layout that "layout" names, or
the usual one of their number. Width and height of the picture may be left out. A joint that is null
or [0, 0, c] was not seen; where "joints" is null or empty, nobody was.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.outcome import to_json
from edgehuman.preprocess.skeleton.joints import NOBODY, read_joints
from edgehuman.preprocess.skeleton.reading import RawPose, Reading, track_name
from edgehuman.reading.parsers import json_of
from edgehuman.records import Float32

# Key of a line -> what it holds.
KEYS: Mapping[str, str] = {
    "t": "seconds; needed",
    "joints": "[x, y, confidence] for each joint of the layout, in its order, in pixels; null "
    "where it was not seen; needed",
    "id": 'the track: who in this frame is who in the last; "0" if it is left out',
    "layout": "the order of the joints: a name below; if it is left out, their number decides",
    "width": "of the image, in pixels; may be left out",
    "height": "of the image, in pixels; may be left out",
}
LONGEST_ID = 64
_FARTHEST_PX = 1e6
# The first that is there, and not null, is the track.
_TRACKS = ("id", "track_id", "tracking_id", "trackId", "person_id")


@dataclass(frozen=True, slots=True)
class PoseLine:
    """One person in one frame.

    Attributes:
        t_s: time in seconds.
        track: id of the tracked person.
        joints_J3: float32 (18, 3): one frame of a skeleton record.
        width_px, height_px: of the picture; 0 where unknown.
    """

    t_s: float
    track: str
    joints_J3: Float32
    width_px: int = 0
    height_px: int = 0


def parse_line(text: str, where: str, reading: Reading | None = None) -> PoseLine:
    """Parse a line.

    Args:
        reading: decides what the numbers of a source mean; None: of this line alone.

    Raises:
        DataError: not a JSON object, a missing key, or invalid joints (see `pose_line`).
    """
    return pose_line(parsed_line(text, where), where, reading)


def parsed_line(text: str, where: str) -> dict[str, Any]:
    """The object of a line.

    A byte-order mark, and the comma after an element of a list, are passed over.

    Raises:
        DataError: not a JSON object.
    """
    try:
        row = json_of(text.lstrip("\ufeff").rstrip().removesuffix(","))
    except ValueError as error:
        raise DataError(f"{where}: not JSON ({error}); write one object per line") from None
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: found {type(row).__name__}; a line must be an object with t and joints"
        )
    return row


def pose_line(row: Mapping[str, Any], where: str, reading: Reading | None = None) -> PoseLine:
    """The line of a mapping with the keys of a line; `joints` may be an array (J, 3).

    Raises:
        DataError: a missing key, an unknown layout, another number of joints than it has, or joints
            that are no numbers.
    """
    return settled([raw_line(row, where)], reading or Reading())[0]


def raw_line(row: Mapping[str, Any], where: str) -> RawPose:
    """The same, with the numbers as they are; no joints where "joints" is null or empty.

    Raises:
        DataError: a missing key, or values that are no numbers.
    """
    lacking = [key for key in ("t", "joints") if key not in row]
    if lacking:
        raise DataError(
            f"{where}: found keys {sorted(row)[:6]}; {' and '.join(lacking)} missing: write "
            '{"t": seconds, "id": track, "joints": [[x, y, c], ...]}'
        )
    layout = row.get("layout")
    if layout is not None and not isinstance(layout, str):
        raise DataError(
            f"{where}: unknown layout {str(layout)[:40]!r}; valid: {', '.join(LAYOUTS)}"
        )
    t_s = _number(row["t"], "t", where)
    joints = row["joints"]
    nobody = joints is None or (isinstance(joints, Sized) and not len(joints))
    return RawPose(
        NOBODY if nobody else read_joints(joints, where=where),
        t_s=t_s,
        track=next((track_name(row[key]) for key in _TRACKS if row.get(key) is not None), "0"),
        layout=layout,
        width_px=round(_number(row.get("width") or 0, "width", where)),
        height_px=round(_number(row.get("height") or 0, "height", where)),
        where=where,
    )


def settled(poses: Sequence[RawPose], reading: Reading) -> list[PoseLine]:
    """The lines of raw poses with times.

    Raises:
        DataError: see `Reading.records` and `require_limits`.
    """
    with np.errstate(over="ignore"):  # too large for float32: refused below
        joints_TJ3 = reading.records(poses)
    lines = []
    for pose, joints_J3 in zip(poses, joints_TJ3, strict=True):
        track = "0" if pose.track is None else pose.track
        lines.append(PoseLine(pose.t_s, track, joints_J3, *reading.size_of(pose)))
        require_limits(lines[-1], f"{pose.where}: ")
    return lines


def require_limits(line: PoseLine, where: str = "") -> None:
    """Raise DataError for an id, a size of the picture or a joint outside its limits.

    Args:
        where: file and place with ": ", for the message.
    """
    if not 0 < len(line.track) <= LONGEST_ID or not line.track.isprintable():
        raise DataError(
            f"{where}id is {line.track[:40]!r}; give 1 to {LONGEST_ID} printable characters"
        )
    size = (line.width_px, line.height_px)
    if not 0 <= min(size) <= max(size) <= _FARTHEST_PX:
        raise DataError(
            f"{where}image size is {size[0]:.6g}x{size[1]:.6g} pixels; give 0 (unknown) to "
            f"{_FARTHEST_PX:g} each"
        )
    if not (np.abs(line.joints_J3[:, :2]) <= _FARTHEST_PX).all():
        raise DataError(
            f"{where}a joint is over {_FARTHEST_PX:g} pixels away; give x and y in pixels"
        )


def format_line(line: PoseLine) -> str:
    """Format a line without its newline; coordinates rounded to a hundredth of a pixel."""
    joints = line.joints_J3.astype(float).round(2).tolist()
    row: dict[str, Any] = {"t": round(line.t_s, 6), "id": line.track, "joints": joints}
    if line.width_px and line.height_px:
        row |= {"width": line.width_px, "height": line.height_px}
    return to_json(row)


def _number(value: Any, name: str, where: str) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {name} is {str(value)[:40]!r}; it must be a finite number")
    return number
