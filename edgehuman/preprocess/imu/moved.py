"""Whether gravity has moved in the sensor's axes although the gyroscope did not turn.

Whoever sits or lies down turns the sensor, and the gyroscope says by how much. A sensor whose rows
are suddenly turned was taken off and put on again, or exchanged. Gravity is compared from one still
stretch to the next, over at most `LONGEST_S` of movement: a gyroscope drifts.
"""

from __future__ import annotations

import math

import numpy as np

from edgehuman.records import IMU_RATE_HZ, Float32

QUIET_G = 0.06
"""A window whose acceleration varies less, as a standard deviation, shows where gravity is."""
LONGEST_S = 10.0
TURNED_DEG = 40.0
"""By so much has gravity turned, and so far is it from where the gyroscope says that it is."""
PART_S = 0.08
Vector = tuple[float, float, float]


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

    def jumped(self, imu_TC: Float32, t_s: float) -> bool:
        """Whether gravity in a window (T, 6) of g and rad/s that ends at `t_s` is far from where
        the gyroscope has turned it since the last still one.
        """
        new = round((t_s - self._last_s) * self._rate_hz) if self._last_s > -math.inf else 0
        self._last_s = t_s
        if not 0 < new <= imu_TC.shape[0]:
            self._was = None  # a pause: nobody knows what happened
        if self._was is not None:
            self._follow(imu_TC[-new:], new / self._rate_hz)
        if spread_g(imu_TC) > QUIET_G:
            return False
        end_TC = imu_TC[-max(1, min(imu_TC.shape[0], round(0.64 * self._rate_hz))) :, :3]
        gravity = _unit(*end_TC.mean(axis=0).tolist())
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


def spread_g(imu_TC: Float32) -> float:
    """Standard deviation of the acceleration of a window (T, 6) about its mean, g, of all axes
    together; `numpy.std` is three times slower.
    """
    off_T3 = imu_TC[:, :3] - imu_TC[:, :3].sum(axis=0) / np.float32(len(imu_TC))
    return math.sqrt(float(np.einsum("tc,tc->", off_T3, off_T3)) / len(imu_TC))


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
