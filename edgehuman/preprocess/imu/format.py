"""The declared format of a wearable's stream (`ImuFormat`) and what was found (`ImuReport`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Float32, Index

AccelUnit = Literal["auto", "g", "ms2", "mg"]
GyroUnit = Literal["auto", "rads", "degs"]
StampUnit = Literal["auto", "s", "ms", "us", "ns"]
Phone = Literal["ios", "android", "standard"]
ACCEL_UNITS = ("auto", "g", "ms2", "mg")
GYRO_UNITS = ("auto", "rads", "degs")
STAMP_UNITS = ("auto", "s", "ms", "us", "ns")
PHONES = ("ios", "android", "standard")
PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
UPRIGHT = "+x+y+z"
# No wearable gives more rows: a faster clock is read in the wrong unit.
MAX_RATE_HZ = 5000.0
MAX_NOTES = 50  # of a stream, however long it is


@dataclass(frozen=True)
class ImuFormat:
    """Units, axes and clock of a raw 6-axis stream; "auto" is detected from physics.

    Attributes:
        accel_unit: "g", "ms2" (m/s²), "mg" (milli-g) or "auto", which is never "mg".
        gyro_unit: "rads" (rad/s), "degs" (deg/s) or "auto".
        axes: source of the canonical x, y, z, signed: "-y+x+z" means x = -raw y, y = raw x,
            z = raw z.
        gyro_axes: the same for the gyroscope if it differs from the accelerometer, e.g. on iOS,
            whose accelerometer is inverted: axes="-x-y-z", gyro_axes="+x+y+z". "same" uses `axes`.
        stamp_unit: unit of the stamps of a text source: "s", "ms", "us", "ns" or "auto".
        rate_hz: rows per second of a text source whose rows have no stamps; None: they have.
        phone: whose signs Sensor Logger's acceleration has: "ios" (opposite on all axes),
            "android", or "standard" (its setting Standardise Units & Frames); None: not known, and
            read as Android's.

    Raises:
        UsageError: a unit that is not one of these, axes that are not a signed permutation, or a
            rate outside 1..5000 Hz.
    """

    accel_unit: AccelUnit = "auto"
    gyro_unit: GyroUnit = "auto"
    axes: str = UPRIGHT
    gyro_axes: str = "same"
    stamp_unit: StampUnit = "auto"
    rate_hz: float | None = None
    phone: Phone | None = None

    def __post_init__(self) -> None:
        for name, value, valid in (
            ("accel_unit", self.accel_unit, ACCEL_UNITS),
            ("gyro_unit", self.gyro_unit, GYRO_UNITS),
            ("stamp_unit", self.stamp_unit, STAMP_UNITS),
            ("phone", self.phone or "android", PHONES),
        ):
            if value not in valid:
                raise UsageError(f"{name} is {value!r}; valid: {', '.join(valid)}")
        if self.rate_hz is not None and not 1 <= self.rate_hz <= MAX_RATE_HZ:
            raise UsageError(
                f"--rate-hz is {self.rate_hz}; it must be 1 to {MAX_RATE_HZ:g} rows per second"
            )
        parse_axes(self.axes)
        if self.gyro_axes != "same":
            parse_axes(self.gyro_axes)


def parse_axes(axes: str) -> tuple[Index, Float32]:
    """Parse the column (3,) and sign (3,) of each canonical axis from text such as "-y+x+z".

    Raises:
        UsageError: not three signed letters, each of x, y, z once.
    """
    letters, signs = axes[1::2], axes[0::2]
    if len(axes) != 6 or sorted(letters) != ["x", "y", "z"] or not set(signs) <= {"+", "-"}:
        raise UsageError(
            f"axes are {axes!r}; they must be x, y and z once each, with signs, e.g. {UPRIGHT!r} "
            "or '-y+x+z'"
        )
    column_3 = np.array(["xyz".index(letter) for letter in letters], np.int64)
    return column_3, np.array([1.0 if sign == "+" else -1.0 for sign in signs], np.float32)


@dataclass
class ImuReport:
    """Findings about a stream: row counts, units, rate and notes.

    Attributes:
        rows: rows received.
        used: rows kept.
        not_finite: rows dropped for a NaN, an infinity, or a value of at least a million.
        duplicate: rows dropped because of a repeated stamp.
        out_of_order: rows dropped because they came after a later stamp.
        refused: rows dropped as their beginning was refused: live alone, where rows are waited for.
        restarts: jumps back by more than two seconds, taken as clock restarts.
        gaps: gaps longer than the maximum.
        saturated: kept rows with a channel at its limit.
        frozen: kept rows in which a sensor had been exactly constant for a second.
        rate_hz: median rate of the rows; 0 until known.
        accel_unit: "g", "ms2" or "mg"; "auto" until known.
        gyro_unit: "rads" or "degs"; "auto" until known.
        notes: remarks for the user, each made once.
    """

    rows: int = 0
    used: int = 0
    not_finite: int = 0
    duplicate: int = 0
    out_of_order: int = 0
    refused: int = 0
    restarts: int = 0
    gaps: int = 0
    saturated: int = 0
    frozen: int = 0
    rate_hz: float = 0.0
    accel_unit: AccelUnit = "auto"
    gyro_unit: GyroUnit = "auto"
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Add a note, once."""
        if len(self.notes) < MAX_NOTES and text not in self.notes:
            self.notes.append(text)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return {**vars(self), "notes": list(self.notes)}  # asdict copies deeply, which is slow
