"""The times of a sensor on the clock of the run.

    clock = SensorClock(offset_s=0.0, zero=Zero(time.monotonic_ns()))   live: by arrival
    clock = SensorClock(offset_s=1.5)                                   recorded: by own stamps
    clock.heard(block)
    clock.t_s(result)

Of a live sensor nothing is known of its clock, which may be hours off: sample and stamp belong
together by the sample that was least delayed on its way in the last half minute (the smallest
difference of arrival and stamp), so that waiting in a buffer or on the network does not count.
Where stamps jump, the next stretch has a difference of its own. A recorded sensor's stream begins
when the camera's does, or `offset_s` later.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.imu.ring import SampleBlock

JUMP_S = 2.0
"""By so much a clock does not drift: it was set."""
LATELY_S = 30.0
_MOST_STRETCHES = 8


@dataclass(slots=True)
class Zero:
    """Where the clock of a live run is 0: at its beginning, or at the first frame of a video that
    is played at its pace, whose frames keep their own times.

    Attributes:
        ns: by this machine's monotonic clock.
    """

    ns: int


@dataclass(slots=True)
class _Stretch:
    """Samples between two jumps of the stamps.

    Attributes:
        first_s, last_s: stamps.
        late: (second of arrival, the smallest difference of arrival and stamp in it).
    """

    first_s: float
    last_s: float
    late: deque[tuple[int, float]] = field(default_factory=deque)

    @property
    def least_s(self) -> float:
        """The smallest difference lately."""
        return min(late_s for _, late_s in self.late)


class SensorClock:
    """The clock of one sensor.

    Args:
        offset_s: is added to its times.
        zero: where the run's clock is 0; None: the sensor is recorded and has its own stamps.
    """

    def __init__(self, offset_s: float = 0.0, zero: Zero | None = None) -> None:
        self._offset_s, self._zero = offset_s, zero
        self._stretches: deque[_Stretch] = deque(maxlen=_MOST_STRETCHES)

    def heard(self, block: SampleBlock) -> None:
        """Take note of when samples arrived."""
        if self._zero is None or not len(block):
            return
        for stamp_s, arrival_ns in zip(
            block.stamp_s_T.tolist(), block.arrival_ns_T.tolist(), strict=True
        ):
            if stamp_s == stamp_s:  # not NaN
                self._arrived(stamp_s, arrival_ns / 1e9)

    def _arrived(self, stamp_s: float, at_s: float) -> None:
        late_s = at_s - stamp_s
        last = self._stretches[-1] if self._stretches else None
        if last is None or stamp_s < last.last_s - JUMP_S or late_s < last.least_s - JUMP_S:
            last = _Stretch(stamp_s, stamp_s)
            self._stretches.append(last)
        last.last_s = max(last.last_s, stamp_s)
        second = int(at_s)
        if last.late and last.late[-1][0] == second:
            last.late[-1] = second, min(last.late[-1][1], late_s)
        else:
            last.late.append((second, late_s))
        while last.late[0][0] < second - LATELY_S:
            last.late.popleft()

    def t_s(self, result: ImuResult) -> float:
        """The time of a window's last sample; below 0: before the run began."""
        if self._zero is None:
            return result.t_s + self._offset_s
        ahead_s = self._offset_s - self._zero.ns / 1e9
        stamp_s = result.stamp_ns / 1e9
        for stretch in reversed(self._stretches):
            if stretch.first_s - JUMP_S / 2 <= stamp_s <= stretch.last_s + JUMP_S / 2:
                return stamp_s + stretch.least_s + ahead_s
        late_s = self._stretches[-1].least_s if self._stretches else 0.0
        return stamp_s + late_s + ahead_s
