"""Daily and Sports Activities (DSADS): 8 people, 19 activities, five sensors on the body, 25 Hz.

As published (archive.ics.uci.edu, dataset 256; column order checked against its page as quoted in
public code):
    data/aAA/pP/sSS.txt    125 rows of 45 columns, separated by commas: one segment of 5 s
    T_xacc T_yacc T_zacc T_xgyro .. T_zmag, then the same nine for RA, LA, RL, LL
    (torso, right arm, left arm, right leg, left leg); m/s², rad/s, magnetometer unused here
Segments s01 to s60 are five continuous minutes, so they are joined; a missing segment splits them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

import numpy as np

from edgehuman.data.imu import subjects as people
from edgehuman.data.imu.layout import MS2_RADS, Reader, Stretch
from edgehuman.data.imu.published.text_files import matching, read_columns
from edgehuman.data.layout import Layout

UNITS: Mapping[str, int] = {
    "torso": 0,
    "right_arm": 9,
    "left_arm": 18,
    "right_leg": 27,
    "left_leg": 36,
}
RATE_HZ = 25.0
_SEGMENT = r"s(\d\d)\.txt"


def _people(path: Path) -> list[tuple[Path, int, int]]:
    """Folders of one activity and person each, with both numbers."""
    return [
        (person, int(activity), int(user))
        for folder, (activity,) in matching(path, r"a(\d\d)")
        for person, (user,) in matching(folder, r"p(\d)")
    ]


def _is_dsads(path: Path) -> bool:
    return any(matching(person, _SEGMENT) for person, _, _ in _people(path)[:1])


def _missing(path: Path) -> list[str]:
    lines = []
    for activity in range(1, 20):
        for user in range(1, 9):
            folder = path / f"a{activity:02d}" / f"p{user}"
            count = len(matching(folder, _SEGMENT))
            if count < 60:
                lines.append(f"missing: {60 - count} of 60 segments in a{activity:02d}/p{user}")
    return lines


def _runs(folder: Path) -> list[list[Path]]:
    """Segment files in order, split where a number is missing."""
    numbered = [(int(number), file) for file, (number,) in matching(folder, _SEGMENT)]
    pairs = enumerate(numbered)
    return [
        [file for _, (_, file) in run]
        for _, run in groupby(pairs, lambda pair: pair[1][0] - pair[0])
    ]


def read_dsads(path: Path) -> Iterator[Stretch]:
    """One stretch per person, activity, unbroken run and sensor.

    Raises:
        DataError: a wrong number of columns, an empty file, or a value that is not a number.
    """
    for folder, activity, user in _people(path):
        for run in _runs(folder):
            table = np.concatenate([read_columns(file, 45, delimiter=",") for file in run])
            for unit, first in UNITS.items():
                yield Stretch(
                    table[:, first : first + 6],
                    MS2_RADS,
                    f"dsads:{user}",
                    rate_hz=RATE_HZ,
                    label_T=np.full(len(table), activity - 1, np.int16),
                    labels=people.DSADS_LABELS,
                    source=f"dsads a{activity:02d} p{user} {unit}",
                    placement=people.DSADS_PLACEMENT[unit],
                )


DSADS = Layout(
    "dsads",
    "a folder with a01/p1/s01.txt and similar files",
    _is_dsads,
    Reader(
        stretches=read_dsads,
        missing=_missing,
        subjects=people.DSADS_SUBJECTS,
    ),
)
