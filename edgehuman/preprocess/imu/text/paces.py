"""How many samples a second each sensor of an app gives, and whether a phone at rest reads as it
should: what its wearer can set right while it runs.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

ENOUGH = 0.9
"""Of the rate that is wanted."""
_ROWS_TO_TELL, _MOST_SENSORS = 20, 32
_LONGEST_STEP_S = 3.0  # a longer one is a pause
_SHARE = 1 / 16
_REST_ROWS, _REST_S = 200, 1.0
_STILL_SHARE, _STILL_RADS = 0.02, 0.05
_UPRIGHT = 0.9


class Paces:
    """Rates of sensors, from their own stamps."""

    def __init__(self) -> None:
        self._newest_s: dict[str, float] = {}
        self._step_s: dict[str, float] = {}
        self._count: dict[str, int] = {}

    def add(self, sensor: str, stamp_s: float) -> None:
        """Take the stamp of a sensor's sample, in seconds."""
        before_s = self._newest_s.get(sensor, math.nan)
        if sensor not in self._newest_s and len(self._newest_s) >= _MOST_SENSORS:
            return
        self._newest_s[sensor] = stamp_s
        step_s = stamp_s - before_s
        if not 0 < step_s <= _LONGEST_STEP_S:
            return
        mean_s = self._step_s.get(sensor, step_s)
        self._step_s[sensor] = mean_s + _SHARE * (step_s - mean_s)
        self._count[sensor] = self._count.get(sensor, 0) + 1

    def rate_hz(self, sensor: str) -> float:
        """Samples a second; nan until enough came."""
        if self._count.get(sensor, 0) < _ROWS_TO_TELL:
            return math.nan
        return 1 / self._step_s[sensor]

    def slow(self, sensors: Mapping[str, str], wanted_hz: float) -> str:
        """Which of these are too slow for the model, in words for their wearer; "" if none is.

        Args:
            sensors: by name, what the app calls them.
        """
        slow = {
            f"{said} at {self.rate_hz(sensor):.0f} Hz": None
            for sensor, said in sensors.items()
            if self.rate_hz(sensor) < ENOUGH * wanted_hz
        }
        if not slow:
            return ""
        return (
            f"{' and '.join(slow)}, the model needs {wanted_hz:.0f}: raise the sampling frequency "
            "in the app"
        )


class Rest:
    """Tells once if a phone at rest reads as one that lies on its face.

    Flat on a table, its face up, z is +9.8 m/s² by Android and -9.8 by iOS. Which phone it is, its
    numbers cannot tell.

    Args:
        said: how the signs were declared, for the message.
    """

    def __init__(self, said: str) -> None:
        self.remark = ""
        self._said = said
        self._rows: deque[Sequence[float]] = deque(maxlen=_REST_ROWS)

    def add(self, row: Sequence[float]) -> None:
        """Take a row: seconds, ax ay az, gx gy gz in rad/s."""
        if self.remark:
            return
        if self._rows and not 0 < row[0] - self._rows[-1][0] < _REST_S:
            self._rows.clear()
        self._rows.append(row)
        if row[0] - self._rows[0][0] >= _REST_S:
            self._look()
            self._rows.clear()

    def _look(self) -> None:
        count = len(self._rows)
        mean = [sum(row[channel] for row in self._rows) / count for channel in range(7)]
        norm = math.hypot(*mean[1:4])
        is_still = all(
            math.hypot(*(row[k] - mean[k] for k in (1, 2, 3))) <= _STILL_SHARE * norm
            and math.hypot(*row[4:7]) <= _STILL_RADS
            for row in self._rows
        )
        if is_still and norm > 0 and mean[3] < -_UPRIGHT * norm:
            self.remark = (
                f"the phone is at rest with z = {mean[3]:.3g}, as if it lay on its face "
                f"({self._said}); if its face is up, the signs are the other platform's: --phone "
                "ios is for iPhones, android for Android, standard for the app's Standardise "
                "Units & Frames"
            )
