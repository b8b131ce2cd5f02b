"""The bounded buffer between the thread that reads and the loop that recognises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SampleBlock:
    """A few raw samples as the sensor gave them: the source's units, axes and rate.

    Attributes:
        stamp_s_T: float64 (T,): the sensor's clock in seconds.
        imu_TC: float32 (T, 6): ax ay az gx gy gz.
        arrival_ns_T: int64 (T,): this machine's monotonic clock when the sample arrived.
        label_T: int16 (T,), index into `labels`, -1 where nothing is known; None: the source has no labels.
        labels: names of the true labels seen so far.
    """

    stamp_s_T: NDArray[np.float64]
    imu_TC: NDArray[np.float32]
    arrival_ns_T: NDArray[np.int64]
    label_T: NDArray[np.int16] | None = None
    labels: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.stamp_s_T.shape[0])
