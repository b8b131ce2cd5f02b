"""The shape of a stride at the pelvis: harmonics of six channels, and the motion that makes them.

The tables hold what waist sensors of 30 people show on average (measured on the public UCI HAR
windows, turned into body axes with each person's lying windows): per harmonic of the stride, the
amplitude and the phase of specific force (g) and angular rate (rad/s). Only their shape is used:
`pelvis_waveform` inverts the sensor equation and gives pelvis positions and angles, from which
every virtual sensor is derived again. Jogging is not in that data; its table is set by hand from
the same channels of treadmill literature (flight phase, about 2.5 g peaks).

Phase 0 is the peak of upward acceleration just after a heel strike; a table entry is
(amplitude, phase in degrees) of cos(k * phase + angle), k = 1..8.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

NUM_HARMONICS = 8
GRAVITY_MS2 = 9.80665

_Row = tuple[tuple[float, int], ...]

# ruff: noqa: E501 - one line per channel keeps the tables readable
# fmt: off
WAIST_SHAPES: Mapping[str, Mapping[str, _Row]] = {
    "walking": {
        "forward": ((.037, 123), (.170, 111), (.035, -44), (.074, 88), (.041, -179), (.059, 52), (.034, 82), (.047, 51)),
        "left": ((.076, 32), (.047, 12), (.035, 177), (.024, -32), (.047, -4), (.023, -97), (.044, -90), (.020, -150)),
        "up": ((.023, -178), (.225, 0), (.095, 43), (.070, 73), (.041, -16), (.084, 42), (.037, -150), (.056, -44)),
        "roll": ((.262, 72), (.089, -159), (.391, -34), (.063, -52), (.106, -79), (.069, 96), (.092, -153), (.074, -5)),
        "pitch": ((.180, -63), (.206, 120), (.139, -114), (.078, 0), (.076, 115), (.091, -14), (.092, 28), (.084, -41)),
        "yaw": ((.380, -89), (.089, 60), (.146, 39), (.074, 140), (.189, -62), (.064, 110), (.106, -140), (.054, -25)),
    },
    "walking_upstairs": {
        "forward": ((.052, 57), (.181, 122), (.034, -59), (.070, 108), (.032, -50), (.032, 122), (.032, 169), (.026, 155)),
        "left": ((.128, 29), (.063, -11), (.033, 56), (.026, -104), (.025, -104), (.023, 102), (.025, -54), (.016, -24)),
        "up": ((.048, -160), (.285, 0), (.036, 77), (.074, 43), (.035, 73), (.062, 13), (.031, 32), (.038, -32)),
        "roll": ((.505, 112), (.110, -41), (.111, 6), (.065, -81), (.070, 22), (.055, -130), (.059, -52), (.054, 126)),
        "pitch": ((.226, -10), (.249, 25), (.096, -95), (.101, -16), (.064, -123), (.076, -15), (.075, 69), (.064, 22)),
        "yaw": ((.307, 58), (.150, -167), (.121, 5), (.077, 45), (.103, 88), (.065, 8), (.087, -49), (.047, 87)),
    },
    "walking_downstairs": {
        "forward": ((.039, 22), (.141, -159), (.048, 174), (.093, -118), (.042, 73), (.054, -91), (.037, 62), (.035, -49)),
        "left": ((.089, -47), (.067, 9), (.048, 16), (.038, 7), (.043, 43), (.029, 14), (.032, 91), (.025, 73)),
        "up": ((.034, 128), (.416, 0), (.075, -48), (.145, -16), (.051, -51), (.064, -8), (.043, -48), (.044, 64)),
        "roll": ((.194, 67), (.111, 161), (.277, -135), (.105, 64), (.108, -136), (.079, 148), (.082, -144), (.078, 94)),
        "pitch": ((.155, -162), (.225, -126), (.136, -57), (.185, 163), (.098, -73), (.097, 105), (.098, -31), (.094, -154)),
        "yaw": ((.334, 151), (.138, 36), (.221, -87), (.110, 5), (.113, -41), (.076, -10), (.080, -131), (.056, 31)),
    },
    "jogging": {
        "forward": ((.05, 110), (.34, 110), (.06, -40), (.14, 95), (.04, 180), (.06, 50), (.03, 80), (.03, 50)),
        "left": ((.16, 30), (.07, 10), (.08, 177), (.04, -30), (.05, 0), (.03, -90), (.03, -90), (.02, -150)),
        "up": ((.05, -178), (1.05, 0), (.10, 43), (.34, 10), (.06, -16), (.12, 20), (.04, -150), (.05, -44)),
        "roll": ((.60, 72), (.25, -159), (.60, -34), (.15, -52), (.20, -79), (.12, 96), (.10, -153), (.08, -5)),
        "pitch": ((.30, -63), (.70, 120), (.25, -114), (.25, 0), (.15, 115), (.15, -14), (.10, 28), (.09, -41)),
        "yaw": ((.90, -89), (.20, 60), (.30, 39), (.15, 140), (.25, -62), (.10, 110), (.10, -140), (.06, -25)),
    },
}
# fmt: on

_CHANNELS = ("forward", "left", "up", "roll", "pitch", "yaw")


def waist_harmonics(activity: str) -> ComplexArray:
    """(6, K) complex amplitudes of one activity: forward left up in g, roll pitch yaw in rad/s."""
    table = WAIST_SHAPES[activity]
    pairs = np.array([table[name] for name in _CHANNELS])
    harmonics: ComplexArray = pairs[..., 0] * np.exp(1j * np.radians(pairs[..., 1]))
    return harmonics


def pelvis_waveform(
    waist_6K: ComplexArray, stride_hz: float, sensor_offset_m: tuple[float, float, float]
) -> ComplexArray:
    """(6, K) pelvis motion (m, rad) whose virtual sensor, at the offset, shows the harmonics.

    To first order in the angles: specific force is the pelvis' acceleration, plus angular
    acceleration x offset, plus gravity leaking into the tilted level axes.
    """
    jw_K = 2j * np.pi * stride_hz * np.arange(1, NUM_HARMONICS + 1)
    angle_3K = waist_6K[3:] / jw_K
    angular_3K = waist_6K[3:] * jw_K
    x, y, z = sensor_offset_m
    lever_3K = np.stack(
        [
            angular_3K[1] * z - angular_3K[2] * y,
            angular_3K[2] * x - angular_3K[0] * z,
            angular_3K[0] * y - angular_3K[1] * x,
        ]
    )
    leak_3K = np.stack([angle_3K[1], -angle_3K[0], np.zeros(NUM_HARMONICS)])
    acceleration_3K = (waist_6K[:3] + leak_3K) * GRAVITY_MS2 - lever_3K
    return np.concatenate([acceleration_3K / jw_K**2, angle_3K])
