"""What phones send: a person who swings one, in the words and signs of each app and platform."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

G = 9.80665
T0_NS = 1_698_501_144_401_773_000
KINDS = ("accelerometer", "gravity", "gyroscope")


def swing(t: float) -> tuple[list[float], list[float], list[float]]:
    """Acceleration without gravity and gravity in m/s², rotation in rad/s, by Android's signs: the
    phone stands upright, and swings half a radian about x at 1 Hz.
    """
    angle, speed = 0.5 * math.sin(2 * math.pi * t), math.pi * math.cos(2 * math.pi * t)
    linear = [0.3 * math.sin(9 * t), 0.2, 0.1 * math.cos(7 * t)]
    return linear, [0.0, G * math.cos(angle), -G * math.sin(angle)], [speed, 0.1, 0.2]


def total(t: float) -> list[float]:
    """Acceleration with gravity, in g."""
    linear, gravity, _ = swing(t)
    return [(a + b) / G for a, b in zip(linear, gravity, strict=True)]


def entries(k: int, rate_hz: float, ios: bool, names: Sequence[str] = KINDS) -> list[Any]:
    """What Sensor Logger puts of one instant into a message; names as it writes them."""
    t, sign = k / rate_hz, -1.0 if ios else 1.0
    linear, gravity, turn = swing(t)
    both = [a + b for a, b in zip(linear, gravity, strict=True)]
    values = {
        "accelerometer": [sign * v for v in linear],
        "gravity": [sign * v for v in gravity],
        "gyroscope": turn,
        "totalacceleration": both,
        "accelerometeruncalibrated": [sign * v / (G if ios else 1.0) for v in both],
    }
    found: list[Any] = []
    for n, name in enumerate(names):
        stamp = T0_NS + round(t * 1e9) + 1_000_000 * n
        if name == "wrist motion":
            parts = {"acceleration": [sign * v / G for v in linear], "rotationRate": turn,
                     "gravity": [sign * v / G for v in gravity]}  # fmt: skip
            flat = {f"{kind}{axis}": v for kind, three in parts.items()
                    for axis, v in zip("XYZ", three, strict=True)}  # fmt: skip
            found.append({"name": name, "time": stamp, "values": flat})
            continue
        three = dict(zip("xyz", values.get(name, [1.0, 2.0, 3.0]), strict=True))
        found.append({"name": name, "time": stamp, "values": three})
    return found


def logger(
    seconds: float = 6.0,
    rate_hz: float = 50.0,
    ios: bool = False,
    names: Sequence[str] = KINDS,
    device: str = "phone",
) -> Iterator[bytes]:
    """Messages of half a second; the sensors stand one after another, as the app groups them."""
    each = round(rate_hz / 2)
    for number in range(round(seconds * 2)):
        rows = [entries(k, rate_hz, ios, names) for k in range(number * each, (number + 1) * each)]
        payload = [row[n] for n in range(len(names)) for row in rows]
        body = {"messageId": number, "sessionId": "s", "deviceId": device, "payload": payload}
        yield json.dumps(body).encode()
