"""From blocks of raw samples to windows for a network, one window per hop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.faults import MISSING_SHARE, Cut, WindowJudge, join_cuts
from edgehuman.preprocess.imu.recording import ImuFormat, ImuReport, Segment, StreamResampler
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW, Float64, ImuWindow
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.loop.play import require_cut

TimeT = TypeVar("TimeT", float, Float64)
_AT_ONCE = 16  # so many lengths of a window are cut at a time
_WILD_S, _LONGEST_S = (
    1.0,
    10.0,
)  # a stretch so short, far from those before and after, is a wild stamp


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
        patient: of a live source: first rows that cannot be a wearable's are dropped and counted,
            and the next are waited for; otherwise they are an error.

    Raises:
        UsageError: a window or a hop of no samples, or a share outside 0..1.
        ArtefactError: a window or a rate that no model has.
    """

    def __init__(
        self,
        format: ImuFormat | None = None,
        window: int = IMU_WINDOW,
        hop_s: float = 0.64,
        rate_hz: float = IMU_RATE_HZ,
        source: str = "",
        missing_share: float = MISSING_SHARE,
        patient: bool = False,
    ) -> None:
        if not 0 <= missing_share <= 1:
            raise UsageError(f"--missing-share is {missing_share}; give a share from 0 to 1")
        require_cut(window, rate_hz)
        self._hop = round(hop_s * rate_hz)
        if window < 1 or self._hop < 1:
            raise UsageError(
                f"a window of {window} samples every {hop_s} s is a hop of {self._hop} samples at "
                f"{rate_hz:g} Hz; window and hop must be at least 1 sample"
            )
        self._window = window
        self._rate_hz = rate_hz
        self._source = source
        self._stream = StreamResampler(format, rate_hz, counted=True, patient=patient)
        # Room for many windows, so that the tail is rarely moved to the front.
        self._imu_RC = np.empty(((_AT_ONCE + 1) * window, 6), np.float32)
        self._number_R = np.empty(len(self._imu_RC), np.int64)  # of the latest row at each sample
        self._count = 0
        self._missing = window  # samples until the next window
        self._new = window  # samples of a window that were not in the one before
        self.end_s = 0.0
        self.gap_s = 0.0
        self._offset_s: float | None = None  # stream time minus the sensor's clock
        self._start_s = 0.0  # sensor's clock at the beginning of the stretch
        # End of the stretch before, gaps until then, and its offset.
        self._before: tuple[float, float, float] | None = None
        self._judge = WindowJudge(rate_hz, format or ImuFormat(), self.report, missing_share)
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
        """The windows that segments complete; all of them are judged together."""
        cuts: list[Cut] = []
        for segment in segments:
            if segment.fresh:
                self._count, self._missing, self._new = 0, self._window, self._window
                self._begin(segment)
            size = segment.imu_TC.shape[0]
            for at in range(0, size, _AT_ONCE * self._window):
                cuts += self._cut_part(segment, at, min(size, at + _AT_ONCE * self._window))
            self.end_s = self._stream_s(segment.start_s + (size - 1) / self._rate_hz)
        if not cuts:
            return []
        cut = join_cuts(cuts)
        return self._windows(cut, self._judge.reasons(cut))

    def _cut_part(self, segment: Segment, begin: int, end: int) -> list[Cut]:
        """The windows that end among the samples from `begin` to before `end`; in a list, or
        none.
        """
        before = self._append(segment, begin, end)
        if end - begin < self._missing:
            self._missing -= end - begin
            return []
        place_N = np.arange(self._missing - 1, end - begin, self._hop)
        self._missing += len(place_N) * self._hop - (end - begin)
        first_N = before + place_N - (self._window - 1)
        stamp_s_N = segment.start_s + (begin + place_N) / self._rate_hz
        new_N = np.full(len(place_N), self._hop)
        new_N[0], self._new = self._new, self._hop
        cut = Cut(
            self._imu_RC.take(first_N[:, None] + np.arange(self._window), axis=0),
            stamp_s_N,
            self._stream_s(stamp_s_N),
            segment.tag_TK[begin + place_N, :2],
            self._number_R[before + place_N] - self._number_R[first_N],
            new_N,
        )
        return [cut]

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

    def _stream_s(self, stamp_s: TimeT) -> TimeT:
        assert self._offset_s is not None
        return stamp_s + self._offset_s

    def _append(self, segment: Segment, begin: int, end: int) -> int:
        """Append samples to those that are held; returns how many were held before them."""
        held, size = self._count, end - begin
        if held + size > self._imu_RC.shape[0]:
            tail = slice(held - min(held, self._window), held)
            held = tail.stop - tail.start
            self._imu_RC[:held] = self._imu_RC[tail]
            self._number_R[:held] = self._number_R[tail]
        self._imu_RC[held : held + size] = segment.imu_TC[begin:end]
        self._number_R[held : held + size] = segment.tag_TK[begin:end, -1]
        self._count = held + size
        return held

    def _windows(self, cut: Cut, reasons: list[str]) -> list[StreamWindow]:
        told = zip(
            cut.imu_NTC,
            cut.stamp_s_N.tolist(),
            cut.t_s_N.tolist(),
            cut.tag_NK.tolist(),
            reasons,
            strict=True,
        )
        # Copies: a result that is kept must not hold the windows beside its own.
        return [
            StreamWindow(
                ImuWindow(imu_TC.copy(), round(stamp_s * 1e9), self._source),
                t_s,
                arrival_ns,
                usable=not reason,
                reason=reason,
                label=self._labels[label] if 0 <= label < len(self._labels) else None,
            )
            for imu_TC, stamp_s, t_s, (arrival_ns, label), reason in told
        ]
