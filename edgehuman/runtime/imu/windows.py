"""From blocks of raw samples to windows for a network, one window per hop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.format import parse_axes
from edgehuman.preprocess.imu.gravity import (
    NO_GRAVITY,
    TOO_LARGE,
    GravityWatch,
    median_norm,
)
from edgehuman.preprocess.imu.recording import (
    AxisWatch,
    ImuFormat,
    ImuReport,
    Segment,
    StreamResampler,
    frozen_sensor,
)
from edgehuman.preprocess.imu.turning import Cure, TurnWatch
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW, Float32, ImuWindow, Index
from edgehuman.runtime.imu.ring import SampleBlock

FROZEN, DEAD_AXIS = "frozen", "dead axis"
CONTRADICTED = "gyroscope contradicts gravity"
MISSING = "missing rows"
MISSING_SHARE = 0.4
"""Of a window's rows so many may be missing. Measured once: lost at random, UCI HAR's test windows
then cost zoo:activity half a point of macro-F1; in pauses of 0.2 s, as slow radios have them, nine.
"""
_WILD_S, _LONGEST_S = (
    1.0,
    10.0,
)  # a stretch so short, far from those before and after, is a wild stamp
_FAULTS = {
    NO_GRAVITY: "acceleration has no constant part of 1 g: if gravity was removed (linear or user "
    "acceleration), record it with gravity; else try --accel-unit g, ms2 or mg",
    TOO_LARGE: "acceleration is larger than any movement: scale it, or try --accel-unit "
    "g, ms2 or mg",
}


@dataclass(frozen=True, slots=True)
class StreamWindow:
    """A window of a live stream with its times, usability and true label.

    Attributes:
        window: the record; its `stamp_ns` is the sensor's clock at the last sample.
        t_s: stream time of the last sample, seconds since the stream's first sample; it goes on
            where the sensor's clock steps back.
        arrival_ns: monotonic clock of this machine when the window's last sample was captured or
            read.
        usable: False if no answer should be given.
        reason: why not: "frozen", "dead axis", "no gravity", "impossible acceleration",
            "gyroscope contradicts gravity" or "missing rows"; empty if usable.
            Windows with a sensor at its limit stay usable; the report counts such rows.
        label: the true label at the last sample, if the source has one.
    """

    window: ImuWindow
    t_s: float
    arrival_ns: int
    usable: bool = True
    reason: str = ""
    label: str | None = None


class WindowMaker:
    """Resamples blocks to the network's rate and cuts windows; a gap restarts the window.

    Attributes:
        end_s: stream time of the newest sample.
        gap_s: stream time without rows so far.

    Args:
        format: units and axes of the blocks.
        window: samples in a window.
        hop_s: seconds from one window to the next, rounded to samples.
        rate_hz: samples per second of a window.
        source: the id that the windows carry.
        missing_share: a window that lacks a larger share of its rows has no answer.

    Raises:
        UsageError: a window or a hop of no samples, or a share outside 0..1.
    """

    def __init__(
        self,
        format: ImuFormat | None = None,
        window: int = IMU_WINDOW,
        hop_s: float = 0.64,
        rate_hz: float = IMU_RATE_HZ,
        source: str = "",
        missing_share: float = MISSING_SHARE,
    ) -> None:
        if not 0 <= missing_share <= 1:
            raise UsageError(f"--missing-share is {missing_share}; give a share from 0 to 1")
        self._missing_share = missing_share
        self._hop = round(hop_s * rate_hz)
        if window < 1 or self._hop < 1:
            raise UsageError(
                f"a window of {window} samples every {hop_s} s is a hop of {self._hop} samples at "
                f"{rate_hz:g} Hz; window and hop must be at least 1 sample"
            )
        self._window = window
        self._rate_hz = rate_hz
        self._source = source
        self._stream = StreamResampler(format, rate_hz, counted=True)
        # Room for many windows, so that the tail is rarely moved to the front.
        self._imu_RC = np.empty((17 * window, 6), np.float32)
        self._number_R = np.empty(17 * window, np.int64)  # of the latest row at each sample
        self._count = 0
        self._missing = window  # samples until the next window
        self._new = window  # samples of a window that were not in the one before
        self.end_s = 0.0
        self.gap_s = 0.0
        self._offset_s: float | None = None  # stream time minus the sensor's clock
        self._start_s = 0.0  # sensor's clock at the beginning of the stretch
        # End of the stretch before, gaps until then, and its offset.
        self._before: tuple[float, float, float] | None = None
        self._noted: set[str] = set()
        self._gravity = GravityWatch(rate_hz)
        self._axes = AxisWatch()
        self._format = format or ImuFormat()
        self._turns = TurnWatch(rate_hz)
        self._gyro_unit = "auto"
        self._labels: tuple[str, ...] = ()

    @property
    def report(self) -> ImuReport:
        """What was found in the stream so far."""
        return self._stream.report

    def push(self, block: SampleBlock) -> list[StreamWindow]:
        """The windows that this block completes, oldest first.

        Raises:
            DataError: at the start: a rate under 10 Hz, or an accelerometer that contradicts its
                declared unit.
        """
        if len(block) == 0:
            return []
        tag_TK = np.empty((len(block), 2), np.int64)
        tag_TK[:, 0] = block.arrival_ns_T
        tag_TK[:, 1] = -1 if block.label_T is None else block.label_T
        self._labels = block.labels
        if block.gyro_stated:
            self._stream.state_gyro()
        try:
            segments = self._stream.push_block(block.stamp_s_T, block.imu_TC, tag_TK)
        except DataError as error:
            raise self._of_this_source(error) from None
        return self._cut(segments)

    def close(self) -> list[StreamWindow]:
        """The windows that only the end of the stream completes.

        Raises:
            DataError: as `push`, for a stream so short that it starts only here.
        """
        try:
            segments = self._stream.close()
        except DataError as error:
            raise self._of_this_source(error) from None
        return self._cut(segments)

    def _of_this_source(self, error: DataError) -> DataError:
        """The same error with the source's name, which the resampler does not know."""
        return DataError(f"{self._source}: {error}") if self._source else error

    def _cut(self, segments: list[Segment]) -> list[StreamWindow]:
        windows: list[StreamWindow] = []
        for segment in segments:
            if segment.fresh:
                self._count, self._missing = 0, self._window
                self._begin(segment)
            done, size = 0, segment.imu_TC.shape[0]
            while size - done >= self._missing:
                stop = done + self._missing
                self._append(segment.imu_TC[done:stop], segment.tag_TK[done:stop, -1])
                self._new = self._missing
                stamp_s = segment.start_s + (stop - 1) / self._rate_hz
                windows.append(self._take(stamp_s, segment.tag_TK[stop - 1, :2]))
                done, self._missing = stop, self._hop
            self._append(segment.imu_TC[done:], segment.tag_TK[done:, -1])
            self._missing -= size - done
            self.end_s = self._stream_s(segment.start_s + (size - 1) / self._rate_hz)
        return windows

    def _begin(self, segment: Segment) -> None:
        """Place a new stretch in stream time: a clock that stepped back goes on at once, and a wild
        stamp leaves no trace.
        """
        step_s = 1 / self._rate_hz
        if self._offset_s is None:
            self._offset_s = -segment.start_s
        else:
            if self._before is not None and self._is_wild(segment.start_s, *self._before):
                self.end_s, self.gap_s, self._offset_s = self._before
            else:
                self._before = (self.end_s, self.gap_s, self._offset_s)
                if segment.restart:
                    self._offset_s = self.end_s + step_s - segment.start_s
            self.gap_s += max(0.0, self._stream_s(segment.start_s) - self.end_s - step_s)
        self._start_s = segment.start_s

    def _is_wild(self, next_s: float, end_s: float, _: float, offset_s: float) -> bool:
        """Whether the last stretch was short and elsewhere, and `next_s` goes on from the one
        before, which ended at `end_s`.
        """
        wild_s = self._start_s
        elsewhere = wild_s > next_s or wild_s + offset_s < end_s
        lasted_s, pause_s = self.end_s - self._stream_s(wild_s), next_s + offset_s - end_s
        return elsewhere and lasted_s < _WILD_S and 0 < pause_s < _LONGEST_S

    def _stream_s(self, stamp_s: float) -> float:
        assert self._offset_s is not None
        return stamp_s + self._offset_s

    def _append(self, imu_TC: Float32, number_T: Index) -> None:
        size, capacity = imu_TC.shape[0], self._imu_RC.shape[0]
        if size >= self._window:
            imu_TC, number_T = imu_TC[-self._window :], number_T[-self._window :]
            size, self._count = self._window, 0
        elif self._count + size > capacity:
            tail = slice(self._count - self._window, self._count)
            self._imu_RC[: self._window] = self._imu_RC[tail]
            self._number_R[: self._window] = self._number_R[tail]
            self._count = self._window
        self._imu_RC[self._count : self._count + size] = imu_TC
        self._number_R[self._count : self._count + size] = number_T
        self._count += size

    def _take(self, stamp_s: float, tag_2: Index) -> StreamWindow:
        t_s = self._stream_s(stamp_s)
        imu_TC = self._imu_RC[self._count - self._window : self._count].copy()
        reason = self._lacking(t_s) or self._fault(imu_TC, t_s)
        arrival_ns, label = tag_2.tolist()
        return StreamWindow(
            ImuWindow(imu_TC, round(stamp_s * 1e9), self._source),
            t_s,
            arrival_ns,
            usable=not reason,
            reason=reason,
            label=self._labels[label] if 0 <= label < len(self._labels) else None,
        )

    def _lacking(self, t_s: float) -> str:
        """Whether the newest window lacks too many rows, by the usual rate of the stream."""
        first, last = self._number_R[[self._count - self._window, self._count - 1]].tolist()
        usual = (self.report.rate_hz or self._rate_hz) * (self._window - 1) / self._rate_hz
        share = 1 - (last - first) / max(usual, 1.0)
        if share <= self._missing_share + 1 / max(usual, 1.0):  # one row by the two ends
            return ""
        self._note_first(
            MISSING,
            f"of a window's rows {share:.0%} are missing, first at {t_s:.2f} s; windows that lack "
            f"over {self._missing_share:.0%} get no answer: --missing-share allows more",
        )
        return MISSING

    def _fault(self, imu_TC: Float32, t_s: float) -> str:
        """Why a window has no answer; "" if it has one. The first of each kind gets a note."""
        frozen = frozen_sensor(imu_TC, self._rate_hz)
        if frozen:
            self._note_first(
                FROZEN,
                f"the {frozen} gave the same value for a second or more, first at {t_s:.2f} s; "
                "windows with frozen samples are not used",
            )
            return FROZEN
        dead = self._axes.fault(imu_TC)
        if dead:
            self._note_first(
                f"{DEAD_AXIS}: {dead}",
                f"{dead} while its sensor moves, first at {t_s:.2f} s: a dead axis, or a column "
                "written wrongly; such windows get no answer",
            )
            return DEAD_AXIS
        fault = self._gravity.fault(imu_TC)
        if fault:
            self._note_first(
                fault,
                f"{_FAULTS[fault]} (median norm {median_norm(imu_TC):.2g} g, first at "
                f"{t_s:.2f} s); such windows get no answer",
            )
        return fault or self._contradiction(imu_TC, t_s)

    def _contradiction(self, imu_TC: Float32, t_s: float) -> str:
        """Whether the gyroscope, in the unit that is used, does not turn as gravity does."""
        if self.report.gyro_unit != self._gyro_unit:
            self._gyro_unit = self.report.gyro_unit
            self._turns.forget()
        self._turns.look(imu_TC, self._new)
        cure = self._turns.cure
        if cure is None:
            return ""
        flags = cure_flags(cure, self._format)
        self._note_first(
            f"{CONTRADICTED}: {flags}",
            f"gravity does not turn as the gyroscope says, first at {t_s:.2f} s: its columns are "
            f"swapped or turned round, or its unit is wrong; try {flags}. Until they agree windows "
            "get no answer",
        )
        return CONTRADICTED

    def _note_first(self, reason: str, text: str) -> None:
        if reason not in self._noted:
            self._noted.add(reason)
            self.report.note(text)


def cure_flags(cure: Cure, format: ImuFormat) -> str:
    """The flags with which a gyroscope would fit gravity, given those that are used."""
    column_3, sign_3 = parse_axes(format.axes if format.gyro_axes == "same" else format.gyro_axes)
    present_33 = np.zeros((3, 3))
    present_33[range(3), column_3] = sign_3
    axes = cure.axes(present_33)
    flags = [] if (cure.turn_33 == np.eye(3)).all() else [f"--gyro-axes {axes}"]
    return " ".join([*flags, *([] if cure.scale == "same" else [f"--gyro-unit {cure.scale}"])])
