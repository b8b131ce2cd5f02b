"""From blocks of raw samples to windows for a network: one hop, one window."""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.preprocess.imu_format import ImuFormat, ImuReport
from edgehuman.runtime.ring import SampleBlock
from edgehuman.samples import IMU_RATE_HZ, IMU_WINDOW, ImuWindow


@dataclass(frozen=True, slots=True)
class StreamWindow:
    """A window of a live stream with what is known of it.

    Attributes:
        window: the record; its `stamp_ns` is the sensor's clock at the last sample.
        t_s: stream time of the last sample, seconds since the stream's first sample.
        arrival_ns: monotonic clock of this machine when the window's last sample was captured or read.
        usable: False where no answer should be given.
        reason: why not, e.g. "frozen"; empty where usable.
        label: the true label at the last sample, where the source carries one.
    """

    window: ImuWindow
    t_s: float
    arrival_ns: int
    usable: bool = True
    reason: str = ""
    label: str | None = None


class WindowMaker:
    """Resamples blocks to 50 Hz and cuts windows; a gap starts the filling again."""

    def __init__(
        self,
        format: ImuFormat | None = None,
        window: int = IMU_WINDOW,
        hop_s: float = 0.64,
        rate_hz: float = IMU_RATE_HZ,
        source: str = "",
    ) -> None:
        raise NotImplementedError

    @property
    def report(self) -> ImuReport:
        """What was found in the stream so far."""
        raise NotImplementedError

    def push(self, block: SampleBlock) -> list[StreamWindow]:
        """The windows that this block completes, oldest first."""
        raise NotImplementedError

    def close(self) -> list[StreamWindow]:
        """The windows that only the end of the stream completes."""
        raise NotImplementedError
