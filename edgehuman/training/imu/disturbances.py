"""Windows of what no person does: machines, shaking, noise, blows; made, to be told as such.

A network that sees only people is sure of anything: a drill is running to it. So a part of each
batch may be disturbances, labelled with the class that stands for all else.

Axes: N samples, T time, C channel (ax ay az in g, gx gy gz in rad/s), S sensor.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.nets import draws
from edgehuman.records import IMU_RATE_HZ
from edgehuman.training.imu.augment import any_orientation

# Largest amplitudes: of a hand-held machine or a shaken phone.
ACCEL_G = (0.3, 3.0)
GYRO_RADS = (0.2, 12.0)
RATE_HZ = (4.0, 24.0)
_GRAVITY = torch.tensor([1.0, 0.0, 0.0])


def disturbances(count: int, length: int) -> Tensor:
    """Return windows (N, T, 6): gravity in any direction, and a vibration, noise or blows on it."""
    shape_N = draws.randint(0, 4, count)
    waves = torch.stack(
        [
            _waves(count, length),
            torch.sign(_waves(count, length)),
            draws.randn(count, length, 6),
            _blows(count, length),
        ]
    )
    motion_NTC = waves[shape_N, torch.arange(count)]
    size_NS = torch.stack([_log_uniform(count, *ACCEL_G), _log_uniform(count, *GYRO_RADS)], dim=1)
    size_N1C = size_NS.repeat_interleave(3, dim=1)[:, None]
    share_N1C = functional.normalize(draws.randn(count, 1, 6).abs(), dim=2)
    turn_N33 = any_orientation(count)
    gravity_N3 = turn_N33 @ _GRAVITY.to(turn_N33)
    still_N1C = torch.cat([gravity_N3, torch.zeros(count, 3)], dim=1)[:, None]
    return still_N1C + motion_NTC * size_N1C * share_N1C


def _waves(count: int, length: int) -> Tensor:
    """Two sines per window, faster than any step, with their own phase in each channel."""
    t_T = torch.arange(length) / IMU_RATE_HZ
    total = torch.zeros(count, length, 6)
    for _ in range(2):
        rate_N = _log_uniform(count, *RATE_HZ)
        phase_N1C = 2 * math.pi * draws.rand(count, 1, 6)
        total += torch.sin(2 * math.pi * rate_N[:, None, None] * t_T[:, None] + phase_N1C)
    return total / math.sqrt(2)


def _blows(count: int, length: int) -> Tensor:
    """A few short blows at any time."""
    is_hit_NT1 = draws.rand(count, length, 1) < 0.03
    return 3 * is_hit_NT1 * draws.randn(count, length, 6)


def _log_uniform(count: int, low: float, high: float) -> Tensor:
    return low * (high / low) ** draws.rand(count)
