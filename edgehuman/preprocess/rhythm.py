"""The rhythm of steps in a wave: which rate explains most of it, and how much.

Axes: T frames, F rates, C channels.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from edgehuman.records import Float64

# Strides a second of walkers and runners; most walk near the usual one, which decides where a piece
# is too short to tell: the logarithm's spread.
_SLOWEST_HZ, _FASTEST_HZ, _USUAL_HZ, _SPREAD = 0.45, 1.8, 0.9, 0.3
_RATES_HZ = np.geomspace(_SLOWEST_HZ, _FASTEST_HZ, 29)


def unusual(strides_hz: float) -> float:
    """How unusual a rate is: 0 for the usual one, 0.5 at one spread away, as a square."""
    return 0.5 * (math.log(strides_hz / _USUAL_HZ) / _SPREAD) ** 2


_UNUSUAL_F = np.array([unusual(strides_hz) for strides_hz in _RATES_HZ.tolist()])


def rhythm_of(wave_TC: Float64, rate_hz: float, cycles: int) -> tuple[float, float]:
    """Strides a second that explain most of a wave, and the share of its variance that they
    explain, 0..1; the usual rate and 0 for a wave that does not move.

    Args:
        wave_TC: at a constant rate, at most some seconds long: one rate is sought.
        rate_hz: frames a second.
        cycles: of the wave, a stride: 1 for a leg, 2 for how far the legs are apart.
    """
    value_TC = wave_TC - wave_TC.mean(axis=0)
    moved = float((value_TC**2).sum())
    if moved <= 0.0:
        return _USUAL_HZ, 0.0
    found = _basis(len(value_TC), rate_hz, cycles) @ value_TC
    left_F = np.maximum(moved - (found.reshape(len(_RATES_HZ), -1) ** 2).sum(axis=1), 1e-9 * moved)
    # Independent frames are fewer than frames: a detector's errors last for some.
    unlikely_F = 0.25 * len(value_TC) * np.log(left_F) + _UNUSUAL_F
    best = int(np.argmin(unlikely_F))
    return float(_RATES_HZ[best]), float(1.0 - left_F[best] / moved)


@lru_cache(maxsize=64)
def _basis(frames: int, rate_hz: float, cycles: int) -> Float64:
    """(2 F, T) a cosine and a sine of each rate, made orthonormal to a constant and each other."""
    time_T = (np.arange(frames) - 0.5 * (frames - 1)) / rate_hz
    angle_FT = 2.0 * np.pi * cycles * _RATES_HZ[:, None] * time_T
    waves_FTK = np.stack([np.ones_like(angle_FT), np.cos(angle_FT), np.sin(angle_FT)], axis=2)
    basis_FTK = np.linalg.qr(waves_FTK)[0]
    basis = np.ascontiguousarray(basis_FTK[..., 1:].transpose(0, 2, 1).reshape(-1, frames))
    basis.setflags(write=False)
    return basis
