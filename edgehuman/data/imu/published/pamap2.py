"""PAMAP2: 9 people, 18 activities, three sensors (hand, chest, ankle) at 100 Hz.

As published (archive.ics.uci.edu, dataset 231; checked against the readme as quoted in public
code):
    Protocol/subject101.dat .. subject109.dat (and Optional/), 54 columns, separated by spaces:
    1 stamp (s), 2 activity, 3 heart rate, then 17 for each of hand, chest, ankle:
    temperature, acceleration ±16 g (3, m/s²), acceleration ±6 g (3), gyroscope (3, rad/s),
    magnetometer (3), orientation (4, invalid)
The ±16 g accelerometer is used: the ±6 g one saturates and is less well calibrated. Rows lost in
radio transmission are NaN: they are dropped, and a gap over 0.1 s splits the recording. Activity 0
is transient: unlabelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from edgehuman.data.imu.layout import MS2_RADS, Reader, Stretch
from edgehuman.data.imu.published.text_files import absent, matching, read_columns
from edgehuman.data.layout import Layout

ACTIVITIES: Mapping[int, str] = {
    1: "lying", 2: "sitting", 3: "standing", 4: "walking", 5: "running", 6: "cycling",
    7: "nordic_walking", 9: "watching_tv", 10: "computer_work", 11: "car_driving",
    12: "walking_upstairs", 13: "walking_downstairs", 16: "vacuum_cleaning", 17: "ironing",
    18: "folding_laundry", 19: "house_cleaning", 20: "playing_soccer", 24: "rope_jumping",
}  # fmt: skip
_UNITS: Mapping[str, int] = {"hand": 3, "chest": 20, "ankle": 37}
_NAME = r"subject(\d+)\.dat"


def _is_pamap2(path: Path) -> bool:
    return bool(matching(path / "Protocol", _NAME))


def _missing(path: Path) -> list[str]:
    return absent(path, [f"Protocol/subject{user}.dat" for user in range(101, 110)])


def read_pamap2(path: Path) -> Iterator[Stretch]:
    """One stretch per session, person and sensor; Optional/ is read if it exists.

    Raises:
        DataError: a wrong number of columns, an empty file, or a value that is not a number.
    """
    ids = np.array(list(ACTIVITIES))
    sensors = [first + offset for first in _UNITS.values() for offset in (1, 2, 3, 7, 8, 9)]
    for session in ("Protocol", "Optional"):
        for file, (user,) in matching(path / session, _NAME):
            table = read_columns(file, 54, use=[0, 1, *sensors])
            known = table[:, 1:2].astype(np.int64) == ids
            label_T = np.where(known.any(axis=1), known.argmax(axis=1), -1).astype(np.int16)
            for number, unit in enumerate(_UNITS):
                yield Stretch(
                    table[:, 2 + 6 * number : 8 + 6 * number],
                    MS2_RADS,
                    f"pamap2:{user}",
                    stamp_s_T=table[:, 0],
                    label_T=label_T,
                    labels=tuple(ACTIVITIES.values()),
                    source=f"pamap2 {session} subject{user} {unit}",
                    placement="wrist" if unit == "hand" else unit,
                )


PAMAP2 = Layout(
    "pamap2",
    "a folder with Protocol/subject101.dat and similar files",
    _is_pamap2,
    Reader(
        stretches=read_pamap2,
        missing=_missing,
        subjects=tuple(f"pamap2:{user}" for user in range(101, 110)),
        has_gaps=True,
    ),
)
