"""Whether gravity turns as the gyroscope says: swapped or turned-round axes, a wrong unit.

    watch = TurnWatch(rate_hz)
    watch.look(imu_NTC, new)        windows in order, in g and rad/s; after each of them:
                                    None, or what makes the gyroscope fit

A sensor that turns by w sees gravity a turn the other way, da/dt = -w x a. That is linear in w. So
sums over the last seconds in which gravity turned and the sensor was hardly shaken say how well any
other order, sign and unit of the gyroscope's columns explains what the accelerometer saw. An
accelerometer that is turned round as a whole fits, too: it says nothing of the gyroscope.

Measured once, on the sets that chose the thresholds: over all of HAPT, USC-HAD, DSADS, WISDM 2019,
Geotec and Gait10 nothing is accused; of HAPT's recordings with wrong columns or a wrong unit all
are, and seven in eight with the right flags. Who only walks turns gravity too little to tell.

Axes: B bins of 0.2 s, S steps, P the nine entries of a matrix, R candidates.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from dataclasses import dataclass
from typing import Literal

import numpy as np

from edgehuman.records import IMU_RATE_HZ, Bool, Float32, Float64

Scale = Literal["same", "degs", "rads"]
BIN_S = 0.2
SMOOTH_BINS, STEP_BINS = 4, 5
STEADY_G = 0.1
"""Norms at a step's two ends may differ from 1 g by so much together."""
LEAST_CHANGE_G = 0.05
"""A window without a step of so much says nothing: most of them, and they cost little."""
MEMORY_STEPS = 50
LEAST_TURN = 0.25
"""Sum of squared changes of gravity, g², that tell anything: three turns by 20 degrees."""
LEAST_STEPS = 10
"""So many steps in which gravity turned or was seen beside one, before anything is accused."""
UNEXPLAINED, EXPLAINED = 0.2, 0.8
"""Shares of the change that the gyroscope as it is, and as it should be, explains: an accusation
needs less than the one and more than the other."""
SOUND = 0.6
"""A gyroscope that explains so much is no longer accused."""
TIE = 0.03
_SCALES: tuple[tuple[Scale, float], ...] = (
    ("same", 1.0),
    ("degs", math.pi / 180),
    ("rads", 180 / math.pi),
)
_EPS_333 = np.zeros((3, 3, 3))
for _i, _j, _k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
    _EPS_333[_i, _j, _k], _EPS_333[_i, _k, _j] = 1.0, -1.0


@dataclass(frozen=True, slots=True)
class Cure:
    """What makes a gyroscope fit gravity.

    Attributes:
        turn_33: signed permutation of its columns, from what they are to what they should be.
        scale: "degs": it is read in rad/s and is in deg/s; "rads": the reverse; "same": neither.
    """

    turn_33: Float64
    scale: Scale

    @property
    def changes(self) -> int:
        """How many entries differ from a gyroscope that is right."""
        return int((self.turn_33 != np.eye(3)).any(axis=1).sum()) + (self.scale != "same")

    def axes(self, present_33: Float64) -> str:
        """As --gyro-axes, given the signed permutation that is used now."""
        rows_33 = self.turn_33 @ present_33
        places = np.abs(rows_33).argmax(axis=1).tolist()
        return "".join(
            ("+" if rows_33[i, at] > 0 else "-") + "xyz"[at] for i, at in enumerate(places)
        )


def _candidates() -> list[Cure]:
    found = []
    for order, signs in itertools.product(
        itertools.permutations(range(3)), itertools.product((1.0, -1.0), repeat=3)
    ):
        turn_33 = np.zeros((3, 3))
        turn_33[range(3), order] = signs
        found += [Cure(turn_33, scale) for scale, _ in _SCALES]
    return sorted(found, key=lambda cure: cure.changes)


CURES = _candidates()
"""The first is a gyroscope that is right; simpler ones come before."""
_CURE_RP = np.stack([cure.turn_33.reshape(9) * dict(_SCALES)[cure.scale] for cure in CURES])


class TurnWatch:
    """Compare a stream's gyroscope with the turning of gravity, window by window.

    Attributes:
        cure: what would make the gyroscope fit; None: it fits, or not enough has turned.
    """

    def __init__(self, rate_hz: float = IMU_RATE_HZ) -> None:
        self._bin = max(1, round(BIN_S * rate_hz))
        self._bin_s = self._bin / rate_hz
        self.forget()

    def forget(self) -> None:
        """Begin anew, with another unit."""
        self.cure: Cure | None = None
        self._steps: deque[tuple[Float64, Float64, float, int]] = deque()
        self._gram_PP: Float64 = np.zeros((9, 9))
        self._lean_P: Float64 = np.zeros(9)
        self._change, self._count = 0.0, 0

    def look(self, imu_NTC: Float32, new: int) -> list[Cure | None]:
        """Learn from windows (N, T, 6), of which the last `new` samples were not in the one before;
        returns the cure as it is after each. Those of under two seconds say nothing.
        """
        bins = imu_NTC.shape[1] // self._bin
        steps = min(bins - SMOOTH_BINS + 1 - STEP_BINS, math.ceil(new / self._bin))
        if steps < 1:
            return [self.cure] * len(imu_NTC)
        bins = steps + STEP_BINS + SMOOTH_BINS - 1
        end_NTC = imu_NTC[:, -bins * self._bin :]
        mean_NBC = end_NTC.reshape(-1, bins, self._bin, 6).mean(axis=2)
        sum_NBC = np.zeros((len(imu_NTC), bins + 1, 6))
        np.cumsum(mean_NBC, axis=1, out=sum_NBC[:, 1:])
        smooth_NBC = (sum_NBC[:, SMOOTH_BINS:] - sum_NBC[:, :-SMOOTH_BINS]) / SMOOTH_BINS
        accel_NB3 = smooth_NBC[..., :3]
        off_NB = np.abs(np.sqrt((accel_NB3**2).sum(axis=2)) - 1)
        calm_NS = off_NB[:, :steps] + off_NB[:, STEP_BINS:] < STEADY_G
        change_NS3 = accel_NB3[:, STEP_BINS:] - accel_NB3[:, :steps]
        turns_NS = calm_NS & (np.abs(change_NS3).max(axis=2) >= LEAST_CHANGE_G)
        cures = []
        for n, turns in enumerate(turns_NS.any(axis=1).tolist()):
            if turns:
                self._add(smooth_NBC[n], change_NS3[n], calm_NS[n])
                self._judge()
            cures.append(self.cure)
        return cures

    def _add(self, smooth_BC: Float64, change_S3: Float64, calm_S: Bool) -> None:
        """Add the steps in which the sensor was hardly shaken, of a window in which gravity turned
        in one of them.
        """
        accel_B3, steps, change_S3 = smooth_BC[:, :3], len(calm_S), change_S3[calm_S]
        # What each entry of the gyroscope's matrix adds to the change of gravity: (B, 3, 9).
        cross_B33 = np.tensordot(accel_B3, _EPS_333, (1, 2))
        part_B39 = (cross_B33[..., None] * -smooth_BC[:, None, None, 3:]).reshape(-1, 3, 9)
        half_B39 = (part_B39[1:] + part_B39[:-1]) * (self._bin_s / 2)
        total_B39 = np.concatenate([np.zeros((1, 3, 9)), np.cumsum(half_B39, axis=0)])
        step_SP = (total_B39[STEP_BINS:] - total_B39[:steps])[calm_S].reshape(-1, 9)
        change_S = change_S3.reshape(-1)
        self._keep(
            step_SP.T @ step_SP,
            change_S @ step_SP,
            float(change_S @ change_S),
            int(calm_S.sum()),
        )

    def _keep(self, gram_PP: Float64, lean_P: Float64, change: float, count: int) -> None:
        self._steps.append((gram_PP, lean_P, change, count))
        self._gram_PP, self._lean_P = self._gram_PP + gram_PP, self._lean_P + lean_P
        self._change, self._count = self._change + change, self._count + count
        while self._count - self._steps[0][3] >= MEMORY_STEPS:
            old_PP, old_P, old, less = self._steps.popleft()
            self._gram_PP, self._lean_P = self._gram_PP - old_PP, self._lean_P - old_P
            self._change, self._count = self._change - old, self._count - less

    def _judge(self) -> None:
        if self._change < LEAST_TURN or self._count < LEAST_STEPS:
            return
        right_P = _CURE_RP[0]
        as_is = (2 * self._lean_P @ right_P - right_P @ self._gram_PP @ right_P) / self._change
        if as_is >= SOUND:
            self.cure = None
        if as_is > UNEXPLAINED:
            return
        squared_R = ((_CURE_RP @ self._gram_PP) * _CURE_RP).sum(axis=1)
        explained_R = (2 * _CURE_RP @ self._lean_P - squared_R) / self._change
        best = float(explained_R.max())
        if best >= EXPLAINED:
            self.cure = CURES[int((explained_R >= best - TIE).argmax())]
