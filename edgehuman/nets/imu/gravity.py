"""What a sensor's window shows whichever way the sensor is mounted: parts along and across gravity.

The direction of gravity is the window's own mean acceleration. Each sensor then has a part along
it, the length of the part across it, and the length of both; none of the three changes when the
device is turned, or when its wearer faces another way.

Inside a network, so a model's input stays the raw window. No operation divides by a value that can
be zero, and none exceeds the range of float16 within the range of real sensors.

Axes: N samples, T time, C channel, S sensor (accelerometer, gyroscope).
"""

from __future__ import annotations

import torch
from torch import Tensor

CHANNELS = 6
# Keeps roots and quotients finite for a window without gravity; 0.01 g and 0.01 rad/s squared.
_FLOOR = 1e-4


def along_and_across(imu_NTC: Tensor) -> Tensor:
    """Return (N, T, 6) of windows (N, T, 6) in g and rad/s, in the same units.

    Returns:
        Along gravity of both sensors (signed, acceleration upwards positive), across gravity of
        both, and the length of both.
    """
    sensors_NTSC = imu_NTC.reshape(-1, imu_NTC.shape[1], 2, 3)
    mean_NTSC = sensors_NTSC[:, :, :1].mean(dim=1, keepdim=True)
    up_NTSC = mean_NTSC / torch.sqrt(mean_NTSC.square().sum(dim=3, keepdim=True) + _FLOOR)
    along_NTSC = (sensors_NTSC * up_NTSC).sum(dim=3, keepdim=True)
    across_NTSC = sensors_NTSC - along_NTSC * up_NTSC
    square_NTS = across_NTSC.square().sum(dim=3)
    along_NTS = along_NTSC.squeeze(3)
    lengths = [torch.sqrt(part + _FLOOR) for part in (square_NTS, square_NTS + along_NTS.square())]
    return torch.cat([along_NTS, *lengths], dim=2)
