"""A sensor that swings about one axis: gravity turns in it exactly as its gyroscope says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from edgehuman.records import Float32, Float64

Swing = Callable[[Float64], Float32]


@pytest.fixture(scope="session")
def swing() -> Swing:
    """Stamps (T,) -> rows (T, 6) in g and rad/s: 0.5 rad at 1 Hz about x, smooth at every rate."""

    def rows(stamp_s_T: Float64) -> Float32:
        angle_T = 0.5 * np.sin(2 * np.pi * stamp_s_T)
        rate_T = np.pi * np.cos(2 * np.pi * stamp_s_T)
        zero_T = np.zeros_like(angle_T)
        rows_6T = [
            0.02 * np.sin(9 * stamp_s_T),
            np.sin(angle_T),
            np.cos(angle_T),
            rate_T,
            zero_T + 0.01 * np.sin(7 * stamp_s_T),
            zero_T,
        ]
        return np.stack(rows_6T, axis=1).astype(np.float32)

    return rows
