"""Whether windows in g hold gravity: acceleration from which it was removed, or of another scale,
has no answer.

The direction of gravity is steady for half a second even where the sensor is turned over; movement
without gravity has no such constant part. A fall or a jump of a second leaves most of a window.
On 187,000 overlapping windows of five places (HAPT, Geotec, DSADS arm and leg, USC-HAD) six are
refused, all of rowing arms; of the same without gravity, read in the wrong unit, 97 in 100 or more.
"""

from __future__ import annotations

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

    def faults(self, imu_NTC: Float32) -> list[str]:
        """What is wrong with the acceleration of the next windows (N, T, 6) in g; "" if nothing
        is.
        """
        norm_N = median_norm(imu_NTC)
        size = min(imu_NTC.shape[1], self._size)
        parts = imu_NTC.shape[1] // size
        cut_NPT3 = imu_NTC[:, : parts * size, :3].reshape(-1, parts, size, 3)
        sum_NP3 = cut_NPT3.sum(axis=2).astype(np.float64)
        steady_N = np.sort(np.linalg.norm(sum_NP3, axis=2))[:, parts // 2] / size
        whole_N = np.linalg.norm(sum_NP3.sum(axis=1), axis=1) / (parts * size)
        least_N = np.maximum(1.0, norm_N)
        lively_N = (norm_N > LIVELY_G) & (whole_N < LEAST_G * norm_N)
        doubtful_N = (steady_N < LEAST_G * least_N) | lively_N
        clear_N = np.minimum(steady_N, whole_N) >= CLEAR_G * least_N
        told = zip((norm_N > MOST_G).tolist(), doubtful_N.tolist(), clear_N.tolist(), strict=True)
        return [self._fault(*window) for window in told]

    def _fault(self, is_large: bool, is_doubtful: bool, is_clear: bool) -> str:
        if is_large or is_doubtful:
            self._doubted = True
        elif is_clear:
            self._doubted = False
        return TOO_LARGE if is_large else NO_GRAVITY if self._doubted else ""


def median_norm(imu_NTC: Float32) -> Float32:
    """Median norms (N,) of the acceleration of windows (N, T, 6); `numpy.median` is four times
    slower.
    """
    square_NT = np.einsum("ntc,ntc->nt", imu_NTC[..., :3], imu_NTC[..., :3])
    middle = square_NT.shape[1] // 2
    return np.sqrt(np.partition(square_NT, middle)[:, middle])
