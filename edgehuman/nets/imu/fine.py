"""The fine view of a wearable's window, beside the raw one.

Postures differ by tremors a hundred times smaller than gravity. So networks also see each channel
as its deviation from the window's mean through an asinh, which resolves both a tremor and a step.

Axes: N samples, T time, C channel.
"""

from __future__ import annotations

import torch
from torch import Tensor

# Scale of everyday motion: half a g, one rad/s. Fixed, so that every device normalises the same.
ACCEL_SCALE_G = 0.5
GYRO_SCALE_RAD_S = 1.0
# Tremor of a body at rest: here the asinh changes from linear to logarithmic.
ACCEL_TREMOR_G = 0.01
GYRO_TREMOR_RAD_S = 0.03


def both_views(imu_NTC: Tensor, unit_C: Tensor, tremor_C: Tensor) -> Tensor:
    """Return the normalised channels, then their fine views: (N, T, 2 C).

    Args:
        imu_NTC: in g and rad/s.
        unit_C: one over the scale of everyday motion.
        tremor_C: one over the scale of a tremor.
    """
    # asinh written with operators that every engine supports; odd, so apply the sign last.
    moved_NTC = (imu_NTC - imu_NTC.mean(dim=1, keepdim=True)) * tremor_C
    size_NTC = moved_NTC.abs()
    fine_NTC = torch.log(size_NTC + torch.sqrt(size_NTC * size_NTC + 1)) * torch.sign(moved_NTC)
    return torch.cat([imu_NTC * unit_C, 0.5 * fine_NTC], dim=2)


def units(pairs: int = 0) -> tuple[Tensor, Tensor]:
    """Return `unit_C` and `tremor_C` of the six raw channels, then of `pairs` of one accelerometer
    and one gyroscope channel.
    """
    accel, gyro = ACCEL_SCALE_G, GYRO_SCALE_RAD_S
    scale_C = torch.tensor([accel] * 3 + [gyro] * 3 + [accel, gyro] * pairs)
    accel, gyro = ACCEL_TREMOR_G, GYRO_TREMOR_RAD_S
    tremor_C = torch.tensor([accel] * 3 + [gyro] * 3 + [accel, gyro] * pairs)
    return 1.0 / scale_C, 1.0 / tremor_C
