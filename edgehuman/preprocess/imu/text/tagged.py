"""Rows of Sensorstream IMU+GPS (Android), with a number before the values of each sensor.

    16836472.123, 1, 37.77,-122.41,15.2, 3, 0.123,9.810,-0.054, 4, 0.001,0.002,-0.001

First the phone's clock in seconds, then 3 (accelerometer with gravity, m/s²), 4 (gyroscope, rad/s)
and others in rising order. A message has the sensors that have something new, so the two may come
apart. The numbers: from programs that receive them, as the app has no page of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from edgehuman.preprocess.imu.text.joining import Sample

_NAMES = {"3": "accelerometer", "4": "gyroscope"}
# Values behind each number: places, velocities and vectors have three, the others one.
_WIDTHS = {
    **dict.fromkeys(("1", "3", "4", "5", "6", "7", "81", "82", "83", "84"), 3),
    **dict.fromkeys(("8", "85", "86"), 1),
}
_LEAST = 5  # a stamp, a number and three values


def tagged_samples(cells: Sequence[str]) -> list[tuple[str, Sample]] | None:
    """The samples of a row's accelerometer and gyroscope, in seconds; None if it is no such row.

    Raises:
        ValueError: it is one, but a value is no number.
    """
    if len(cells) < _LEAST or cells[1].strip() not in _WIDTHS:
        return None
    cells = [cell.strip() for cell in cells]
    at, before, places = 1, -1, []
    while at < len(cells):
        width = _WIDTHS.get(cells[at], 0)
        if not width or int(cells[at]) <= before or at + width >= len(cells):
            return None
        before = int(cells[at])
        places.append(at)
        at += 1 + width
    stamp_s = float(cells[0])
    found = []
    for place in places:
        if name := _NAMES.get(cells[place]):
            x, y, z = (float(cell) for cell in cells[place + 1 : place + 4])
            found.append((name, (stamp_s, x, y, z)))
    return found
