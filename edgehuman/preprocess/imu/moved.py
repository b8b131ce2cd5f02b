"""Whether gravity has moved in the sensor's axes although the gyroscope did not turn.

Whoever sits or lies down turns the sensor, and the gyroscope says by how much. A sensor whose rows
are suddenly turned was taken off and put on again, or exchanged. Gravity is compared from one still
stretch to the next, over at most `LONGEST_S` of movement: a gyroscope drifts.

    track = GravityTrack(rate_hz)
    for motion, t_s in zip(motions(imu_NTC, rate_hz), t_s_N): track.jumped(motion, t_s)

Axes: N windows, T time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from edgehuman.preprocess.imu.upright import gravity
from edgehuman.records import IMU_RATE_HZ, Bool, Float32, Float64

QUIET_G = 0.06
"""A window whose acceleration varies less, as a standard deviation, shows where gravity is."""
LONGEST_S = 10.0
TURNED_DEG = 40.0
"""By so much has gravity turned, and so far is it from where the gyroscope says that it is."""
PART_S = 0.08
END_S = 0.64
STEADY_DEG = 30.0
"""While somebody walks, gravity in the two halves of a window is closer; whoever lies down or sits
down turns it."""
Vector = tuple[float, float, float]


class _Measured:
    """What windows (N, T, 6) show, each of it measured of all when first asked for."""

    def __init__(self, imu_NTC: Float32, rate_hz: float) -> None:
        self.imu_NTC = imu_NTC
        self._end = max(1, min(imu_NTC.shape[1], round(END_S * rate_hz)))

    @cached_property
    def spread_g_N(self) -> list[float]:
        return list(_spread_g(self.imu_NTC).tolist())

    @cached_property
    def gravity_N3(self) -> Float64:
        return gravity(self.imu_NTC)

    @cached_property
    def end_N3(self) -> list[Vector]:
        return [(x, y, z) for x, y, z in self.imu_NTC[:, -self._end :, :3].mean(axis=1).tolist()]

    @cached_property
    def steady_N(self) -> list[bool]:
        half = self.imu_NTC.shape[1] // 2
        halves = gravity(self.imu_NTC[:, :half]), gravity(self.imu_NTC[:, half:])
        return list(_is_steady(*halves).tolist())


@dataclass(frozen=True, slots=True)
class Motion:
    """One window as it was worn, in g and rad/s; `motions` makes those of several."""

    _of: _Measured
    _place: int

    @property
    def imu_TC(self) -> Float32:
        """The samples (T, 6)."""
        return np.asarray(self._of.imu_NTC[self._place])

    @property
    def spread_g(self) -> float:
        """Standard deviation of the acceleration about its mean, of all axes together."""
        return self._of.spread_g_N[self._place]

    @property
    def gravity_3(self) -> Float64:
        """Mean acceleration (3,)."""
        return np.asarray(self._of.gravity_N3[self._place])

    @property
    def end_3(self) -> Vector:
        """The same of the last 0.64 s."""
        return self._of.end_N3[self._place]

    @property
    def is_steady(self) -> bool:
        """Whether gravity keeps its direction through the window, as it does in walking."""
        return self._of.steady_N[self._place]


def motions(imu_NTC: Float32, rate_hz: float = IMU_RATE_HZ) -> list[Motion]:
    """What windows (N, T, 6) in g and rad/s show, each by itself."""
    measured = _Measured(imu_NTC, rate_hz)
    return [Motion(measured, place) for place in range(len(imu_NTC))]


def _spread_g(imu_NTC: Float32) -> Float32:
    """`numpy.std` is three times slower."""
    size = np.float32(imu_NTC.shape[1])
    off_NT3 = imu_NTC[..., :3] - imu_NTC[..., :3].sum(axis=1, keepdims=True) / size
    return np.asarray(np.sqrt(np.einsum("ntc,ntc->n", off_NT3, off_NT3) / size))


def _is_steady(first_N3: Float64, second_N3: Float64) -> Bool:
    length_N = np.linalg.norm(first_N3, axis=1) * np.linalg.norm(second_N3, axis=1)
    least = np.cos(np.radians(STEADY_DEG))
    return np.asarray(np.einsum("nc,nc->n", first_N3, second_N3) >= least * length_N)


class GravityTrack:
    """Follow gravity through a stream, window by window.

    Args:
        rate_hz: samples per second of a window.
    """

    def __init__(self, rate_hz: float = IMU_RATE_HZ) -> None:
        self._rate_hz = rate_hz
        self._part = max(1, round(PART_S * rate_hz))
        self._last_s = -math.inf
        self._was: Vector | None = None
        self._now: Vector = (0.0, 0.0, 0.0)
        self._since_s = 0.0

    def jumped(self, motion: Motion, t_s: float) -> bool:
        """Whether gravity in a window that ends at `t_s` is far from where the gyroscope has turned
        it since the last still one.
        """
        imu_TC = motion.imu_TC
        new = round((t_s - self._last_s) * self._rate_hz) if self._last_s > -math.inf else 0
        self._last_s = t_s
        if not 0 < new <= imu_TC.shape[0]:
            self._was = None  # a pause: nobody knows what happened
        if self._was is not None:
            self._follow(imu_TC[-new:], new / self._rate_hz)
        if motion.spread_g > QUIET_G:
            return False
        gravity = _unit(*motion.end_3)
        was, now = self._was, self._now
        self._was, self._now, self._since_s = gravity, gravity, 0.0
        if was is None:
            return False
        return min(_apart_deg(was, gravity), _apart_deg(now, gravity)) > TURNED_DEG

    def _follow(self, imu_TC: Float32, passed_s: float) -> None:
        self._since_s += passed_s
        if self._since_s > LONGEST_S:
            self._was = None
            return
        starts = range(0, imu_TC.shape[0], self._part)
        sum_P3 = np.add.reduceat(imu_TC[:, 3:], list(starts), axis=0) / self._rate_hz
        for rotation in sum_P3.tolist():
            self._now = _turned(self._now, *rotation)


def _turned(vector: Vector, x: float, y: float, z: float) -> Vector:
    """A vector in the axes of a sensor that turns by a rotation vector, rad."""
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-9:
        return vector
    x, y, z = -x / angle, -y / angle, -z / angle
    a, b, c = vector
    cosine, sine = math.cos(angle), math.sin(angle)
    along = (x * a + y * b + z * c) * (1 - cosine)
    return (
        a * cosine + (y * c - z * b) * sine + x * along,
        b * cosine + (z * a - x * c) * sine + y * along,
        c * cosine + (x * b - y * a) * sine + z * along,
    )


def _unit(x: float, y: float, z: float) -> Vector:
    length = max(math.sqrt(x * x + y * y + z * z), 1e-6)
    return x / length, y / length, z / length


def _apart_deg(a: Vector, b: Vector) -> float:
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
