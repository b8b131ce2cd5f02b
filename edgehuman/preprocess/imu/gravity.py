"""Whether windows in g hold gravity: acceleration from which it was removed, or of another scale,
has no answer.

The direction of gravity is steady for half a second even where the sensor is turned over; movement
without gravity has no such constant part. A fall or a jump of a second leaves most of a window.
On 187,000 overlapping windows of five places (HAPT, Geotec, DSADS arm and leg, USC-HAD) six are
refused, all of rowing arms; of the same without gravity, read in the wrong unit, 97 in 100 or more.
"""

from __future__ import annotations

import math

import numpy as np

from edgehuman.records import Float32

NO_GRAVITY, TOO_LARGE = "no gravity", "impossible acceleration"
PART_S = 0.64
LEAST_G, CLEAR_G = 0.3, 0.5  # of the constant part, in g and beside the median norm
LIVELY_G = 1.3  # median norm over which the mean of all of the window must be constant, too
MOST_G = 6.0  # median norm; nobody moves so for seconds


class GravityWatch:
    """Judge windows in order: after one without gravity, the next ones are believed only from the
    first that shows it clearly.
    """

    def __init__(self, rate_hz: float) -> None:
        self._size = max(1, round(PART_S * rate_hz))
        self._doubted = False

    def fault(self, imu_TC: Float32) -> str:
        """What is wrong with the acceleration of the next window (T, 6) in g; "" if nothing is."""
        norm = median_norm(imu_TC)
        if norm > MOST_G:
            self._doubted = True
            return TOO_LARGE
        size = min(imu_TC.shape[0], self._size)
        parts = imu_TC.shape[0] // size
        part_P3 = imu_TC[: parts * size, :3].reshape(parts, size, 3).sum(axis=1).tolist()
        steady = sorted(math.hypot(*part_3) for part_3 in part_P3)[parts // 2] / size
        whole = math.hypot(*map(sum, zip(*part_P3, strict=True))) / (parts * size)
        least = max(1.0, norm)
        lively = norm > LIVELY_G and whole < LEAST_G * norm
        if steady < LEAST_G * least or lively:
            self._doubted = True
        elif min(steady, whole) >= CLEAR_G * least:
            self._doubted = False
        return NO_GRAVITY if self._doubted else ""


def median_norm(imu_TC: Float32) -> float:
    """Median norm of the acceleration of a window (T, 6); `numpy.median` is four times slower."""
    square_T = np.einsum("tc,tc->t", imu_TC[:, :3], imu_TC[:, :3])
    middle = square_T.size // 2
    return math.sqrt(float(np.partition(square_T, middle)[middle]))
