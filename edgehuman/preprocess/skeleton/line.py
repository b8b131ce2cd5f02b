"""One person in one frame as a line of JSON: the pose format for files and streams.

    {"t": 1.25, "id": "7", "joints": [[x, y, c], ... 18 of them], "width": 1920, "height": 1080}

`t` seconds; `id` the track; joints in pixels with confidence, in OpenPose-18, or in the layout that
"layout" names. Width and height of the picture may be left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.outcome import to_json
from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.records import Float32

# Key of a line -> what it holds.
KEYS: Mapping[str, str] = {
    "t": "seconds; needed",
    "joints": "[x, y, confidence] for each joint of the layout, in its order, in pixels; needed",
    "id": 'the track: who in this frame is who in the last; "0" if it is left out',
    "layout": "the order of the joints: a name below; openpose18 if it is left out",
    "width": "of the image, in pixels; may be left out",
    "height": "of the image, in pixels; may be left out",
}


def layout_rows() -> tuple[tuple[str, str], ...]:
    """Each layout's name, and its joints in order: for the help."""
    return tuple(
        (name, f"{len(joints)} joints: {', '.join(joints)}") for name, joints in LAYOUTS.items()
    )


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


def parse_line(text: str, where: str) -> PoseLine:
    """Parse a line.

    Raises:
        DataError: not a JSON object, a missing key, or invalid joints (see `to_record`).
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); write one object per line") from None
    if not isinstance(row, dict):
        raise DataError(
            f"{where}: found {type(row).__name__}; a line must be an object with t and joints"
        )
    return pose_line(row, where)


def pose_line(row: Mapping[str, Any], where: str) -> PoseLine:
    """The line of a mapping with the keys of a line; `joints` may be an array (J, 3).

    Raises:
        DataError: a missing key, or invalid joints (see `to_record`).
    """
    lacking = [key for key in ("t", "joints") if key not in row]
    if lacking:
        raise DataError(
            f"{where}: found keys {sorted(row)[:6]}; {' and '.join(lacking)} missing: write "
            '{"t": seconds, "id": track, "joints": [[x, y, c], ...]}'
        )
    layout = row.get("layout", "openpose18")
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise DataError(
            f"{where}: unknown layout {str(layout)[:40]!r}; valid: {', '.join(LAYOUTS)}"
        )
    return PoseLine(
        _number(row["t"], "t", where),
        str(row.get("id", "0")),
        _joints(row["joints"], layout, where),
        round(_number(row.get("width") or 0, "width", where)),
        round(_number(row.get("height") or 0, "height", where)),
    )


def format_line(line: PoseLine) -> str:
    """Format a line without its newline; coordinates rounded to a hundredth of a pixel."""
    joints = line.joints_J3.astype(float).round(2).tolist()
    row: dict[str, Any] = {"t": round(line.t_s, 6), "id": line.track, "joints": joints}
    if line.width_px and line.height_px:
        row |= {"width": line.width_px, "height": line.height_px}
    return to_json(row)


def _joints(values: Any, layout: str, where: str) -> Float32:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"{where}: joints are {str(values)[:40]}; give a list [x, y, confidence] per joint"
        ) from None
    if array.ndim == 1 and array.size and array.size % 3 == 0:
        array = array.reshape(-1, 3)
    frame: Float32 = to_record(array[None], where, layout)[0]
    return frame


def _number(value: Any, name: str, where: str) -> float:
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)
    except (TypeError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {name} is {str(value)[:40]!r}; it must be a finite number")
    return number
