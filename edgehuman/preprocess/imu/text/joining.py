"""Samples of several sensors, each with its own stamps, as rows at the instants of the first."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from edgehuman.records import Float32, Float64

MAX_HELD = 4096  # samples of one sensor that wait for the others
LONGEST_S = 0.35  # between the two samples of a sensor that one of another is put between
RESTART_S = 2.0

Sample = tuple[float, float, float, float]
"""Seconds, x, y, z."""


def interpolated(t_T: Float64, other_t_T: Float64, other_TC: Float32) -> Float64:
    """Values (T, 3) of a whole recording of another sensor at the instants `t_T`."""
    return np.column_stack([np.interp(t_T, other_t_T, channel) for channel in other_TC.T])


class SensorJoiner:
    """Joins samples as they come, in bounded memory.

    Nothing is invented: a sample of the first sensor is left out where another has a pause.

    Args:
        sensors: their names; rows are at the instants of the first.

    Attributes:
        unjoined: samples of the first sensor left out.
        late: samples that came after a newer one of their sensor, or twice.
        newest_s: stamp of the newest sample of each sensor.
    """

    def __init__(self, sensors: Sequence[str]) -> None:
        self.unjoined = 0
        self.late = 0
        self.newest_s: dict[str, float] = {}
        self._first, *self._others = sensors
        self._held: dict[str, deque[Sample]] = {
            name: deque(maxlen=MAX_HELD) for name in dict.fromkeys(sensors)
        }

    def push(self, sensor: str, sample: Sample) -> list[list[float]]:
        """The rows that a sample completes: seconds, then x, y, z of each sensor."""
        if sensor not in self._held:
            return []
        newest_s = self.newest_s.get(sensor, -np.inf)
        if sample[0] < newest_s - RESTART_S:
            for held in self._held.values():
                held.clear()
            self.newest_s.clear()
        elif sample[0] <= newest_s:
            self.late += 1
            return []
        self.newest_s[sensor] = sample[0]
        held = self._held[sensor]
        self.unjoined += sensor == self._first and len(held) == MAX_HELD
        held.append(sample)
        return self._ready()

    def _ready(self) -> list[list[float]]:
        rows = []
        waiting = self._held[self._first]
        while waiting:
            at_s = waiting[0][0]
            if any(self.newest_s.get(name, -np.inf) < at_s for name in self._others):
                break
            values = [self._at(name, at_s) for name in self._others]
            sample = waiting.popleft()
            joined = [value for value in values if value is not None]
            if len(joined) < len(values):
                self.unjoined += 1
                continue
            rows.append([*sample, *(number for value in joined for number in value)])
        return rows

    def _at(self, sensor: str, at_s: float) -> list[float] | None:
        """x, y, z of a sensor at an instant that it has passed; None before it began, or in a
        pause.
        """
        held = self._held[sensor]
        while len(held) > 1 and held[1][0] <= at_s:
            held.popleft()
        before = held[0]
        if before[0] == at_s:
            return list(before[1:])
        if before[0] > at_s or held[1][0] - before[0] > LONGEST_S:
            return None
        share = (at_s - before[0]) / (held[1][0] - before[0])
        return [a + share * (b - a) for a, b in zip(before[1:], held[1][1:], strict=True)]
