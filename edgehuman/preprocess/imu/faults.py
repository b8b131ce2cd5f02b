"""Why windows of a stream get no answer: rows are missing, a sensor is frozen, an axis dead,
gravity missing, or the gyroscope contradicts it.

    judge = WindowJudge(rate_hz, format, report, missing_share)
    reasons = judge.reasons(cut)        windows in order; "" for those that have an answer

All windows that come together are judged at once: a file's cost then little more than the arrays
take.

Axes: N windows, T time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgehuman.preprocess.imu.format import ImuFormat, ImuReport, parse_axes
from edgehuman.preprocess.imu.gravity import NO_GRAVITY, TOO_LARGE, GravityWatch, median_norm
from edgehuman.preprocess.imu.screen import AxisWatch, frozen_sensors
from edgehuman.preprocess.imu.turning import Cure, TurnWatch
from edgehuman.records import Bool, Float32, Float64, Index

FROZEN, DEAD_AXIS = "frozen", "dead axis"
CONTRADICTED = "gyroscope contradicts gravity"
MISSING = "missing rows"
MISSING_SHARE = 0.4
"""Of a window's rows so many may be missing. Measured once: lost at random, UCI HAR's test windows
then cost zoo:activity half a point of macro-F1; in pauses of 0.2 s, as slow radios have them, nine.
"""
_OF_GRAVITY = {
    NO_GRAVITY: "acceleration has no constant part of 1 g: if gravity was removed (linear or user "
    "acceleration), record it with gravity; else try --accel-unit g, ms2 or mg",
    TOO_LARGE: "acceleration is larger than any movement: scale it, or try --accel-unit "
    "g, ms2 or mg",
}
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Cut:
    """Windows that come together, in order.

    Attributes:
        imu_NTC: float32 (N, T, 6), g and rad/s.
        stamp_s_N, t_s_N: sensor's clock and stream time of the last samples.
        tag_NK: int64 (N, K): the tags of the last samples.
        rows_N: rows from the first to the last sample.
        new_N: samples that were not in the window before.
    """

    imu_NTC: Float32
    stamp_s_N: Float64
    t_s_N: Float64
    tag_NK: Index
    rows_N: Index
    new_N: Index

    def __len__(self) -> int:
        return len(self.new_N)

    def of(self, chosen_N: Bool | Index) -> Cut:
        """Some of the windows."""
        return Cut(*(array[chosen_N] for array in _arrays(self)))

    def timed(self, found: Sequence[Found]) -> Iterator[tuple[Found, float]]:
        """What was found in each window, with its stream time."""
        return zip(found, self.t_s_N.tolist(), strict=True)


def join_cuts(cuts: Sequence[Cut]) -> Cut:
    """The windows of several cuts, one or more, as one."""
    if len(cuts) == 1:
        return cuts[0]
    return Cut(*(np.concatenate(parts) for parts in zip(*map(_arrays, cuts), strict=True)))


def _arrays(cut: Cut) -> tuple[NDArray[Any], ...]:
    return tuple(getattr(cut, field.name) for field in fields(cut))


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a window has no answer.

    Attributes:
        reason: in a few words.
        kind: the first of each kind is noted.
        note: for the user.
    """

    reason: str
    kind: str
    note: str


class WindowJudge:
    """Judges the windows of one stream, in order.

    Args:
        rate_hz: samples per second of a window.
        format: of the stream's rows.
        report: tells the rate and the units of the rows; receives the notes.
        missing_share: a window that lacks a larger share of its rows has no answer.
    """

    def __init__(
        self,
        rate_hz: float,
        format: ImuFormat,
        report: ImuReport,
        missing_share: float = MISSING_SHARE,
    ) -> None:
        self._rate_hz = rate_hz
        self._format = format
        self._report = report
        self._missing_share = missing_share
        self._noted: set[str] = set()
        self._axes = AxisWatch()
        self._gravity = GravityWatch(rate_hz)
        self._turns = TurnWatch(rate_hz)
        self._gyro_unit = "auto"

    def reasons(self, cut: Cut) -> list[str]:
        """Why windows have no answer; "" for one that has. The first of each kind gets a note.

        Each check sees the windows that passed those before it.
        """
        reasons = [""] * len(cut)
        left_N, found = np.arange(len(cut)), []
        for look in (self._lacking, self._frozen, self._dead, self._weightless, self._contradicted):
            faults = look(cut)
            refused = [n for n, fault in enumerate(faults) if fault is not None]
            if not refused:
                continue
            found += [(int(left_N[n]), fault) for n, fault in enumerate(faults) if fault]
            left_N, cut = (
                np.delete(left_N, refused),
                cut.of(np.delete(np.arange(len(cut)), refused)),
            )
            if not len(cut):
                break
        for n, fault in sorted(found, key=lambda pair: pair[0]):
            reasons[n] = fault.reason
            if fault.kind not in self._noted:
                self._noted.add(fault.kind)
                self._report.note(fault.note)
        return reasons

    def _lacking(self, cut: Cut) -> list[_Fault | None]:
        """Windows that lack too many rows, by the usual rate of the stream."""
        lasts_s = (cut.imu_NTC.shape[1] - 1) / self._rate_hz
        usual = max((self._report.rate_hz or self._rate_hz) * lasts_s, 1.0)
        share_N = 1 - cut.rows_N / usual
        most = self._missing_share + 1 / usual  # one row by the two ends
        return [
            self._lack(share, t_s) if share > most else None
            for share, t_s in cut.timed(share_N.tolist())
        ]

    def _lack(self, share: float, t_s: float) -> _Fault:
        return _Fault(
            MISSING,
            MISSING,
            f"of a window's rows {share:.0%} are missing, first at {t_s:.2f} s; windows that lack "
            f"over {self._missing_share:.0%} get no answer: --missing-share allows more",
        )

    def _frozen(self, cut: Cut) -> list[_Fault | None]:
        found = cut.timed(frozen_sensors(cut.imu_NTC, self._rate_hz))
        return [_freeze(sensor, t_s) if sensor else None for sensor, t_s in found]

    def _dead(self, cut: Cut) -> list[_Fault | None]:
        found = cut.timed(self._axes.faults(cut.imu_NTC))
        return [_death(axes, t_s) if axes else None for axes, t_s in found]

    def _weightless(self, cut: Cut) -> list[_Fault | None]:
        """Windows without gravity, or of more than any movement."""
        found = zip(cut.timed(self._gravity.faults(cut.imu_NTC)), cut.imu_NTC, strict=True)
        return [_weight(fault, imu_TC, t_s) if fault else None for (fault, t_s), imu_TC in found]

    def _contradicted(self, cut: Cut) -> list[_Fault | None]:
        """Windows while the gyroscope, in the unit that is used, does not turn as gravity does."""
        if self._report.gyro_unit != self._gyro_unit:
            self._gyro_unit = self._report.gyro_unit
            self._turns.forget()
        cures: list[Cure | None] = []
        changes = np.flatnonzero(np.diff(cut.new_N)) + 1 if len(cut) > 1 else ()
        for begin, end in zip([0, *changes], [*changes, len(cut)], strict=True):
            cures += self._turns.look(cut.imu_NTC[begin:end], int(cut.new_N[begin]))
        return [None if cure is None else self._turn(cure, t_s) for cure, t_s in cut.timed(cures)]

    def _turn(self, cure: Cure, t_s: float) -> _Fault:
        flags = cure_flags(cure, self._format)
        return _Fault(
            CONTRADICTED,
            f"{CONTRADICTED}: {flags}",
            f"gravity does not turn as the gyroscope says, first at {t_s:.2f} s: its columns are "
            f"swapped or turned round, or its unit is wrong; try {flags}. Until they agree windows "
            "get no answer",
        )


def _freeze(sensor: str, t_s: float) -> _Fault:
    return _Fault(
        FROZEN,
        FROZEN,
        f"the {sensor} gave the same value for a second or more, first at {t_s:.2f} s; "
        "windows with frozen samples are not used",
    )


def _death(axes: str, t_s: float) -> _Fault:
    return _Fault(
        DEAD_AXIS,
        f"{DEAD_AXIS}: {axes}",
        f"{axes} while its sensor moves, first at {t_s:.2f} s: a dead axis, or a column "
        "written wrongly; such windows get no answer",
    )


def _weight(fault: str, imu_TC: Float32, t_s: float) -> _Fault:
    norm = float(median_norm(imu_TC[None])[0])
    return _Fault(
        fault,
        fault,
        f"{_OF_GRAVITY[fault]} (median norm {norm:.2g} g, first at {t_s:.2f} s); such windows get "
        "no answer",
    )


def cure_flags(cure: Cure, format: ImuFormat) -> str:
    """The flags with which a gyroscope would fit gravity, given those that are used."""
    column_3, sign_3 = parse_axes(format.axes if format.gyro_axes == "same" else format.gyro_axes)
    present_33 = np.zeros((3, 3))
    present_33[range(3), column_3] = sign_3
    axes = cure.axes(present_33)
    flags = [] if (cure.turn_33 == np.eye(3)).all() else [f"--gyro-axes {axes}"]
    return " ".join([*flags, *([] if cure.scale == "same" else [f"--gyro-unit {cure.scale}"])])
