"""What a wearable's stream is said to be (`ImuFormat`) and what was found in it (`ImuReport`)."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Index

AccelUnit = Literal["auto", "g", "ms2"]
GyroUnit = Literal["auto", "rads", "degs"]
StampUnit = Literal["auto", "s", "ms", "us", "ns"]
ACCEL_UNITS = ("auto", "g", "ms2")
GYRO_UNITS = ("auto", "rads", "degs")
STAMP_UNITS = ("auto", "s", "ms", "us", "ns")
UPRIGHT = "+x+y+z"


@dataclass(frozen=True)
class ImuFormat:
    """Units, axes and clock of a raw 6-axis stream; what is "auto" is told from physics.

    Attributes:
        accel_unit: "g", "ms2" (m/s²) or "auto".
        gyro_unit: "rads" (rad/s), "degs" (deg/s) or "auto".
        axes: where the canonical x, y, z come from, signed: "-y+x+z" means x = -raw y, y = raw x,
            z = raw z.
        gyro_axes: the same for the gyroscope where it differs from the accelerometer, e.g. iOS,
            whose accelerometer is upside down: axes="-x-y-z", gyro_axes="+x+y+z". "same" follows
            `axes`.
        stamp_unit: unit of the stamps of a text source: "s", "ms", "us", "ns" or "auto".

    Raises:
        UsageError: a unit that is not one of these, or axes that are not a signed permutation.
    """

    accel_unit: AccelUnit = "auto"
    gyro_unit: GyroUnit = "auto"
    axes: str = UPRIGHT
    gyro_axes: str = "same"
    stamp_unit: StampUnit = "auto"

    def __post_init__(self) -> None:
        for name, value, valid in (
            ("accel_unit", self.accel_unit, ACCEL_UNITS),
            ("gyro_unit", self.gyro_unit, GYRO_UNITS),
            ("stamp_unit", self.stamp_unit, STAMP_UNITS),
        ):
            if value not in valid:
                raise UsageError(f"{name} {value!r} is not one of: {', '.join(valid)}")
        parse_axes(self.axes)
        if self.gyro_axes != "same":
            parse_axes(self.gyro_axes)


def parse_axes(axes: str) -> tuple[Index, Float32]:
    """Column of each canonical axis (3,) and its sign (3,) from text such as "-y+x+z".

    Raises:
        UsageError: not three signed letters, each of x, y, z once.
    """
    letters, signs = axes[1::2], axes[0::2]
    if len(axes) != 6 or sorted(letters) != ["x", "y", "z"] or not set(signs) <= {"+", "-"}:
        raise UsageError(
            f"axes {axes!r} are not x, y and z once each, each with a sign; write e.g. {UPRIGHT!r} "
            "or '-y+x+z'"
        )
    column_3 = np.array(["xyz".index(letter) for letter in letters], np.int64)
    return column_3, np.array([1.0 if sign == "+" else -1.0 for sign in signs], np.float32)


@dataclass
class ImuReport:
    """What was found in a stream: counts of rows, units, rate, and remarks in words.

    Attributes:
        rows: rows that came in.
        used: rows that were kept.
        not_finite: rows dropped for a NaN, an infinity, or a value of a million and more.
        duplicate: rows dropped because their stamp was there already.
        out_of_order: rows dropped because a later stamp had come before.
        restarts: jumps back by more than two seconds, taken as a restarted clock.
        gaps: breaks by a pause longer than the longest allowed.
        saturated: kept rows in which a channel stood at its limit.
        frozen: kept rows in which a sensor had not moved for a second, to the last digit.
        rate_hz: median rate of the rows; 0 until known.
        accel_unit: "g" or "ms2"; "auto" until known.
        gyro_unit: "rads" or "degs"; "auto" until known.
        notes: remarks for people, each made once.
    """

    rows: int = 0
    used: int = 0
    not_finite: int = 0
    duplicate: int = 0
    out_of_order: int = 0
    restarts: int = 0
    gaps: int = 0
    saturated: int = 0
    frozen: int = 0
    rate_hz: float = 0.0
    accel_unit: AccelUnit = "auto"
    gyro_unit: GyroUnit = "auto"
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a remark, once."""
        if text not in self.notes:
            self.notes.append(text)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return dataclasses.asdict(self)
