"""One person in one frame as a line of JSON: what poses are written, sent and read as here.

    {"t": 1.25, "id": "7", "joints": [[x, y, c], ... 18 of them], "width": 1920, "height": 1080}

`t` seconds; `id` the track; joints in pixels with confidence, in OpenPose-18, or in the layout that
"layout" names. Width and height of the picture may be left out.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.geometry import LAYOUTS
from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.records import Float32


@dataclass(frozen=True, slots=True)
class PoseLine:
    """One person in one frame.

    Attributes:
        t_s: when, seconds.
        track: who, as long as they are followed.
        joints_J3: float32 (18, 3): a record's frame.
        width_px, height_px: of the picture; 0 where unknown.
    """

    t_s: float
    track: str
    joints_J3: Float32
    width_px: int = 0
    height_px: int = 0


def parse_line(text: str, where: str) -> PoseLine:
    """The person and frame of a line.

    Raises:
        DataError: no JSON object, a key missing, joints that are none (see `to_record`).
    """
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{where}: not JSON ({error}); write one object a line") from None
    if not isinstance(row, dict):
        raise DataError(f"{where}: found {type(row).__name__}; a line is an object with t, joints")
    lacking = [key for key in ("t", "joints") if key not in row]
    if lacking:
        raise DataError(
            f"{where}: found keys {sorted(row)[:6]}; {' and '.join(lacking)} missing: a line is "
            '{"t": seconds, "id": track, "joints": [[x, y, c], ...]}'
        )
    layout = row.get("layout", "openpose18")
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise DataError(f"{where}: found layout {str(layout)[:40]!r}; known: {', '.join(LAYOUTS)}")
    return PoseLine(
        _number(row["t"], "t", where),
        str(row.get("id", "0")),
        _joints(row["joints"], layout, where),
        round(_number(row.get("width") or 0, "width", where)),
        round(_number(row.get("height") or 0, "height", where)),
    )


def format_line(line: PoseLine) -> str:
    """The line of a person and frame, without its end; a hundredth of a pixel is fine enough."""
    joints = line.joints_J3.astype(float).round(2).tolist()
    row: dict[str, Any] = {"t": round(line.t_s, 6), "id": line.track, "joints": joints}
    if line.width_px and line.height_px:
        row |= {"width": line.width_px, "height": line.height_px}
    return json.dumps(row)


def _joints(values: Any, layout: str, where: str) -> Float32:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise DataError(
            f"{where}: found joints {str(values)[:40]}; give a list [x, y, confidence] per joint"
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
        raise DataError(f"{where}: found {name} {str(value)[:40]!r}; give a finite number")
    return number
