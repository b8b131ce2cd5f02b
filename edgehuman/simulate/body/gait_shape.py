"""The shape of a stride at the pelvis: harmonics of six channels, and the motion that makes them.

The tables are averages over the waist sensors of 21 people (measured on the public UCI HAR windows
of its training people, never its test people, rotated to body axes with each person's lying
windows): per harmonic of the stride, the amplitude and the phase of specific force (g) and angular
rate (rad/s). `pelvis_waveform` inverts the sensor equation to pelvis positions and angles, from
which all virtual sensors are derived. Jogging is not in that data; its table is walking's, scaled
up by hand until the peaks match a flight phase, and is not verified.

Phase 0 is the peak of upward acceleration just after a heel strike; a table entry is
(amplitude, phase in degrees) of cos(k * phase + angle), k = 1..8.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgehuman.records import Complex

NUM_HARMONICS = 8
GRAVITY_MS2 = 9.80665

_Row = tuple[tuple[float, int], ...]

# ruff: noqa: E501 - one line per channel keeps the tables readable
# fmt: off
WAIST_SHAPES: Mapping[str, Mapping[str, _Row]] = {
    "walking": {
        "forward": ((.037, 117), (.176, 111), (.033, -23), (.074, 93), (.040, -177), (.058, 50), (.031, 81), (.047, 47)),
        "left": ((.094, 34), (.037, 22), (.030, -167), (.024, -8), (.050, -3), (.022, -99), (.045, -82), (.020, 174)),
        "up": ((.023, -172), (.226, 0), (.098, 45), (.065, 66), (.041, -3), (.083, 46), (.037, -141), (.052, -43)),
        "roll": ((.265, 77), (.091, -130), (.433, -30), (.066, -78), (.113, -75), (.076, 121), (.101, 159), (.075, 7)),
        "pitch": ((.186, -61), (.195, 119), (.135, -84), (.071, 39), (.077, 112), (.087, -24), (.100, 16), (.098, -47)),
        "yaw": ((.381, -88), (.090, 64), (.145, 52), (.071, -132), (.189, -61), (.063, 143), (.108, -131), (.054, -9)),
    },
    "walking_upstairs": {
        "forward": ((.039, 59), (.185, 125), (.034, -61), (.071, 113), (.032, -47), (.032, 129), (.032, 176), (.026, 175)),
        "left": ((.144, 31), (.060, -3), (.034, 58), (.022, -99), (.026, -95), (.020, 90), (.025, -39), (.015, -8)),
        "up": ((.055, -157), (.291, 0), (.036, 70), (.075, 52), (.036, 80), (.059, 21), (.030, 32), (.034, -25)),
        "roll": ((.580, 115), (.109, -89), (.111, 3), (.065, -84), (.068, 32), (.056, -143), (.060, -45), (.049, 120)),
        "pitch": ((.187, -9), (.232, 30), (.101, -90), (.105, -9), (.065, -119), (.085, -16), (.072, 69), (.077, 31)),
        "yaw": ((.328, -21), (.149, -164), (.120, -14), (.079, 45), (.103, 91), (.064, 7), (.087, -76), (.046, 60)),
    },
    "walking_downstairs": {
        "forward": ((.038, 49), (.145, -158), (.050, -177), (.102, -118), (.042, 63), (.057, -91), (.035, 57), (.036, -47)),
        "left": ((.095, -47), (.061, 6), (.047, 11), (.036, -5), (.043, 34), (.029, -13), (.034, 99), (.026, 72)),
        "up": ((.039, 134), (.441, 0), (.083, -50), (.155, -16), (.049, -45), (.063, -10), (.043, -51), (.044, 71)),
        "roll": ((.229, 65), (.123, 83), (.285, -135), (.105, 58), (.103, -136), (.079, 156), (.082, -141), (.069, 125)),
        "pitch": ((.160, -168), (.271, -128), (.135, -68), (.210, 161), (.117, -75), (.098, 90), (.105, -32), (.101, -155)),
        "yaw": ((.338, 162), (.139, 35), (.222, -84), (.118, 0), (.114, -118), (.074, -28), (.092, -138), (.054, 28)),
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


def waist_harmonics(activity: str) -> Complex:
    """(6, K) complex amplitudes of one activity: forward left up in g, roll pitch yaw in rad/s."""
    table = WAIST_SHAPES[activity]
    pairs = np.array([table[name] for name in _CHANNELS])
    harmonics: Complex = pairs[..., 0] * np.exp(1j * np.radians(pairs[..., 1]))
    return harmonics


def pelvis_waveform(
    waist_6K: Complex, stride_hz: float, sensor_offset_m: tuple[float, float, float]
) -> Complex:
    """(6, K) pelvis motion (m, rad) that gives a virtual sensor at the offset these harmonics.

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
