"""The flags that say how a user's own files are to be read: the same for every command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from edgehuman.preprocess.imu.format import AccelUnit, GyroUnit, ImuFormat, StampUnit

FOR_OWN = (
    "--accel-unit, --gyro-unit, --axes, --gyro-axes, --stamp-unit and --rate-hz are for recordings "
    "of your own; leave them out here"
)


@dataclass(frozen=True, kw_only=True)
class ReadingFlags:
    """Units, axes and clock of recordings; what is told from the files themselves by default."""

    HELP_GROUP: ClassVar[str] = "how recordings are read"
    accel_unit: AccelUnit = "auto"
    """Of acceleration: auto, g, ms2 or mg."""
    gyro_unit: GyroUnit = "auto"
    """Of rotation: auto, rads or degs."""
    axes: str = "+x+y+z"
    """Which signed sensor axes are x, y and z, e.g. -y+x+z."""
    gyro_axes: str = "same"
    """The same for the gyroscope if it differs, as on iOS: --axes -x-y-z and --gyro-axes +x+y+z
    (default: same)."""
    stamp_unit: StampUnit = "auto"
    """Of the stamps: auto, s, ms, us or ns."""
    rate_hz: float | None = None
    """Rows per second of a file or pipe whose rows have no stamps."""

    @property
    def format(self) -> ImuFormat:
        """The declared format.

        Raises:
            UsageError: axes that are no signed permutation, or a rate outside 1..5000 Hz.
        """
        return ImuFormat(
            self.accel_unit,
            self.gyro_unit,
            self.axes,
            self.gyro_axes,
            self.stamp_unit,
            self.rate_hz,
        )
