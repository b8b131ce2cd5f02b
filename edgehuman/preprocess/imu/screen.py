"""Screen the rows of a raw stream: drop and count unusable rows, and find breaks.

The same code handles a whole recording in one call and a live stream block by block; the state
between blocks is one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edgehuman.preprocess.imu.format import ImuReport
from edgehuman.records import Bool, Float32, Float64, Index

RESTART_S = 2.0
# A clock that steps back by less is told from late rows by what follows: so long a run of rows, in
# order, all before the newest stamp.
LATE_RUN_S, LATE_RUN_ROWS = 0.5, 4
FROZEN_S = 1.0
GAP_SLACK_S = 1e-6
# A slow radio that loses two rows in a row has no gap: the limit is at least so many periods of the
# rows, which the first of them tell, and no more than of the slowest rate used. With a tenth of
# 12.5 rows a second lost at random, 98 % of the time is answered, as rightly as before.
GAP_PERIODS, PERIOD_ROWS = 3.5, 16
LONGEST_GAP_S = 0.35
ABSURD = 1e6  # beyond any sensor, in any unit
STEP_FLOOR = 1e-6  # g or rad/s; rounding error of interpolating a constant
CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
# A sensor that moves by so much, in g and rad/s, in a window moves on every axis.
_MOVES_2 = np.array([0.2, 0.5], np.float32)
_NEXT_C = [1, 2, 0, 4, 5, 3]
_SPARSE_ROWS = 8
# The smallest full scale of a wearable (2 g, 250 deg/s): no lower value is saturated.
RAIL_FLOOR_C = np.array([1.9, 1.9, 1.9, 4.3, 4.3, 4.3], np.float32)


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows in time order without a break inside.

    Attributes:
        stamp_s_T: float64 (T,), increasing.
        imu_TC: float32 (T, 6).
        tag_TK: int64 (T, K): data attached to each row, such as labels.
        fresh: True if there is a break before the first row.
        restart: True if the break is a clock that stepped back.
    """

    stamp_s_T: Float64
    imu_TC: Float32
    tag_TK: Index
    fresh: bool
    restart: bool = False

    def part(self, begin: int, end: int) -> Piece:
        """The rows from `begin` to before `end`; only the first of them follow a break."""
        if (begin, end) == (0, self.stamp_s_T.shape[0]):
            return self
        rows, first = slice(begin, end), begin == 0
        return Piece(
            self.stamp_s_T[rows],
            self.imu_TC[rows],
            self.tag_TK[rows],
            self.fresh and first,
            self.restart and first,
        )


class RowScreen:
    """Drop rows that are not finite (or beyond any sensor), duplicate or late; split at gaps and at
    clock restarts.
    """

    def __init__(self, max_gap_s: float, report: ImuReport) -> None:
        self._max_gap_s = max_gap_s + GAP_SLACK_S
        self._report = report
        self._newest_s = -np.inf
        self._row_s = -np.inf
        self._late_s, self._late_rows = 0.0, 0  # the first stamp of a run of late rows
        self._begun = False
        self._first_s: list[float] = []
        self._long_s = self._max_gap_s

    def screen(self, stamp_s_T: Float64, imu_TC: Float32, tag_TK: Index) -> list[Piece]:
        """Return the usable rows of a block, as pieces without breaks; shapes as in `Piece`."""
        self._report.rows += stamp_s_T.shape[0]
        if not (_all_within(imu_TC, ABSURD) and _all_within(stamp_s_T, np.inf)):
            with np.errstate(invalid="ignore"):
                sound_T = (np.abs(imu_TC) < ABSURD).all(axis=1) & np.isfinite(stamp_s_T)
            self._report.not_finite += int((~sound_T).sum())
            stamp_s_T, imu_TC, tag_TK = stamp_s_T[sound_T], imu_TC[sound_T], tag_TK[sound_T]
        if stamp_s_T.shape[0] == 0:
            return []
        since_s_T = self._since_newest(stamp_s_T)
        if since_s_T.min() <= 0:
            keep_T = since_s_T > 0
            stamp_s_T, imu_TC, tag_TK = stamp_s_T[keep_T], imu_TC[keep_T], tag_TK[keep_T]
            since_s_T = since_s_T[keep_T]
        self._report.used += stamp_s_T.shape[0]
        early = self._learn_period(since_s_T)
        if not (since_s_T.size and since_s_T.max() > self._max_gap_s):
            return [Piece(stamp_s_T, imu_TC, tag_TK, False)] if stamp_s_T.shape[0] else []
        limit_s_T = np.full(since_s_T.shape, self._long_s)
        limit_s_T[:early] = self._max_gap_s
        starts = np.flatnonzero(since_s_T > limit_s_T).tolist()
        self._report.gaps += int((since_s_T[starts] < np.inf).sum())
        bounds = sorted({0, *starts, stamp_s_T.shape[0]})
        pieces = []
        for a, b in pairwise(bounds):
            anew = since_s_T[a] == np.inf
            restart, self._begun = anew and self._begun, True
            pieces.append(Piece(stamp_s_T[a:b], imu_TC[a:b], tag_TK[a:b], a in starts, restart))
        return pieces

    def _learn_period(self, since_s_T: Float64) -> int:
        """Collect the first steps until they tell the period; returns how many rows came before."""
        early = min(PERIOD_ROWS - len(self._first_s), since_s_T.size)
        if early > 0:
            self._first_s += since_s_T[:early].tolist()
            if len(self._first_s) == PERIOD_ROWS:
                steps_s = [step_s for step_s in self._first_s if step_s < np.inf]
                period_s = float(np.median(steps_s or [0.0]))  # none: each row restarts the clock
                longest_s = min(GAP_PERIODS * period_s, LONGEST_GAP_S) + GAP_SLACK_S
                self._long_s = max(self._max_gap_s, longest_s)
        return early

    def _since_newest(self, stamp_s_T: Float64) -> Float64:
        """Seconds since the newest stamp before each row (T,): inf at a clock start, <= 0 if
        late.
        """
        step_s_T = np.empty_like(stamp_s_T)
        step_s_T[0] = stamp_s_T[0] - self._row_s
        np.subtract(stamp_s_T[1:], stamp_s_T[:-1], out=step_s_T[1:])
        in_order = self._row_s == self._newest_s and step_s_T.min() > 0
        self._row_s = float(stamp_s_T[-1])
        if in_order:
            self._newest_s = self._row_s
            return step_s_T
        since_s_T = np.array(
            [self._since(*row) for row in zip(stamp_s_T.tolist(), step_s_T.tolist(), strict=True)]
        )
        self._report.duplicate += int((since_s_T == 0).sum())
        self._report.out_of_order += int((since_s_T < 0).sum())
        return since_s_T

    def _since(self, stamp_s: float, step_s: float) -> float:
        """Seconds since the newest stamp; inf if the clock starts or has stepped back."""
        if stamp_s >= self._newest_s:
            self._late_rows = 0
        elif self._late_rows and step_s > 0:
            self._late_rows += 1
        else:
            self._late_s, self._late_rows = stamp_s, 1
        anew = self._late_rows >= LATE_RUN_ROWS and stamp_s - self._late_s >= LATE_RUN_S
        if anew or step_s < -RESTART_S:
            self._report.restarts += 1
            self._newest_s, self._late_rows = stamp_s, 0
            return np.inf
        since_s = stamp_s - self._newest_s
        self._newest_s = max(self._newest_s, stamp_s)
        return since_s


def _all_within(array: NDArray[np.floating], limit: float) -> bool:
    """Whether every magnitude is certainly under the limit; False may be a false alarm.

    A sum of squares is cheap, and is NaN or infinite if any value is.
    """
    flat = array.reshape(-1)
    with np.errstate(over="ignore", invalid="ignore"):  # told by NumPy 2.4 and newer
        return bool(np.dot(flat, flat) < limit**2)


class SensorWatch:
    """Count rows with a saturated channel, and rows of a frozen sensor.

    A channel is saturated if exactly the same large value occurs three times in a row; a sensor is
    frozen if all its three channels have been constant for a second. The noise of a working sensor
    prevents both. The first saturated row gets a note; a frozen sensor is reported when its window
    is judged.
    """

    def __init__(self, rate_hz: float, report: ImuReport) -> None:
        self._frozen_rows = max(2, round(FROZEN_S * rate_hz))
        self._report = report
        self._last_2C: Float32 = np.full((2, 6), np.nan, np.float32)
        self._held = [0, 0]

    def watch(self, imu_TC: Float32) -> None:
        """Count over the next rows, in g and rad/s."""
        rows_TC = np.concatenate([self._last_2C, imu_TC])
        same_TC = rows_TC[1:] == rows_TC[:-1]
        if (np.abs(imu_TC) > RAIL_FLOOR_C).any():
            railed_TC = same_TC[1:] & same_TC[:-1] & (np.abs(imu_TC) > RAIL_FLOOR_C)
            if railed_TC.any():
                self._count_railed(railed_TC, imu_TC)
        held_T2 = same_TC[1:].reshape(-1, 2, 3).all(axis=2)
        if held_T2.any():
            frozen_T = self._frozen(held_T2[:, 0], 0) | self._frozen(held_T2[:, 1], 1)
            self._report.frozen += int(frozen_T.sum())
        else:
            self._held = [0, 0]
        self._last_2C = rows_TC[-2:]

    def _count_railed(self, railed_TC: Bool, imu_TC: Float32) -> None:
        if self._report.saturated == 0:
            row, channel = np.argwhere(railed_TC)[0].tolist()
            unit = "g" if channel < 3 else "rad/s"
            self._report.note(
                f"{CHANNELS[channel]} is saturated at {imu_TC[row, channel]:.3g} {unit}; "
                "such rows are counted and used, but peaks beyond the limit are missing"
            )
        self._report.saturated += int(railed_TC.any(axis=1).sum())

    def _frozen(self, held_T: Bool, sensor: int) -> Bool:
        """Rows at which a sensor has been constant for a second; the run carries over to the next
        block.
        """
        index_T = np.arange(held_T.shape[0])
        moved_T = np.maximum.accumulate(np.where(held_T, -1 - self._held[sensor], index_T))
        run_T = index_T - moved_T
        self._held[sensor] = int(run_T[-1])
        frozen_T: Bool = run_T >= self._frozen_rows
        return frozen_T


class AxisWatch:
    """Find axes that are dead: for a whole window, one value or a copy of another axis of their
    sensor.

    At rest a coarse sensor does this too. So the sensor has to move by far more than it resolves;
    an axis that was then dead is dead until a window in which it is not.
    """

    def __init__(self) -> None:
        self._dead_23: Bool = np.zeros((2, 3), bool)

    def faults(self, imu_NTC: Float32) -> list[str]:
        """Which axes are dead in the next windows (N, T, 6), and how; "" if none is."""
        # A few rows show that every axis works, so most windows need no closer check.
        constant_N23, copy_N23, _ = _stuck(imu_NTC[:, :: max(1, imu_NTC.shape[1] // _SPARSE_ROWS)])
        works_N = ~np.asarray((constant_N23 | copy_N23).any(axis=(1, 2)))
        if works_N.all():
            self._dead_23 = np.zeros((2, 3), bool)
            return [""] * len(imu_NTC)
        windows = zip(imu_NTC, works_N.tolist(), strict=True)
        return [self._fault(imu_TC, works) for imu_TC, works in windows]

    def _fault(self, imu_TC: Float32, works: bool) -> str:
        if works:
            self._dead_23 = np.zeros((2, 3), bool)
            return ""
        constant_23, copy_23, moves_2 = _stuck(imu_TC)
        stuck_23 = constant_23 | copy_23
        self._dead_23 &= stuck_23
        if not stuck_23.any():
            return ""
        self._dead_23 |= stuck_23 & moves_2[:, None]
        constant = np.flatnonzero(self._dead_23 & constant_23).tolist()
        copies = np.flatnonzero(self._dead_23 & copy_23 & ~constant_23).tolist()
        said = [f"{CHANNELS[at]} keeps one value" for at in constant]
        said += [f"{CHANNELS[at]} is a copy of {CHANNELS[_NEXT_C[at]]}" for at in copies]
        return " and ".join(said)


def _stuck(imu_NTC: Float32) -> tuple[Bool, Bool, Bool]:
    """Of windows (..., T, 6), whether each axis is constant (..., 2, 3), is a copy of the next one,
    turned round or not (..., 2, 3), and whether each sensor moves (..., 2).
    """
    size_NTC = np.abs(imu_NTC)
    range_NC = imu_NTC.max(axis=-2) - imu_NTC.min(axis=-2)
    floor_NC = STEP_FLOOR * (1 + size_NTC[..., 0, :])
    apart_NC = np.abs(size_NTC - size_NTC[..., _NEXT_C]).max(axis=-2)
    by_sensor = (*range_NC.shape[:-1], 2, 3)
    moves_N2: Bool = range_NC.reshape(by_sensor).max(axis=-1) > _MOVES_2
    constant_N23, copy_N23 = range_NC <= floor_NC, apart_NC <= floor_NC
    return constant_N23.reshape(by_sensor), copy_N23.reshape(by_sensor), moves_N2


def frozen_sensors(imu_NTC: Float32, rate_hz: float) -> list[str]:
    """Which sensor of each window (N, T, 6), "accelerometer" or "gyroscope", is constant for a
    second; "" if none is.

    Interpolation can change a constant by a rounding error, hence the tolerance.
    """
    held = round(FROZEN_S * rate_hz)
    # A second contains two of these rows in succession, so most windows need no closer check.
    moves_N = np.asarray(_moves(imu_NTC[:, :: max(1, held // 2)]).all(axis=(1, 2)))
    if moves_N.all():
        return [""] * len(imu_NTC)
    windows = zip(imu_NTC, moves_N.tolist(), strict=True)
    return ["" if moves else _frozen_sensor(imu_TC, held) for imu_TC, moves in windows]


def _frozen_sensor(imu_TC: Float32, held: int) -> str:
    moves_T2 = _moves(imu_TC)
    for sensor, name in enumerate(("accelerometer", "gyroscope")):
        edges = np.flatnonzero(np.concatenate([[True], moves_T2[:, sensor], [True]]))
        if int(np.diff(edges).max()) - 1 >= held:
            return name
    return ""


def _moves(imu_NTC: Float32) -> Bool:
    """Where the accelerometer and the gyroscope differ from the row before: (..., T - 1, 2)."""
    step_NTC = np.abs(imu_NTC[..., 1:, :] - imu_NTC[..., :-1, :])
    moves_NT2: Bool = step_NTC.reshape(*step_NTC.shape[:-1], 2, 3).max(axis=-1) > STEP_FLOOR
    return moves_NT2
