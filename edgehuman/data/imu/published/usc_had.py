"""USC-HAD: 14 people, 12 activities, 5 trials, MotionNode at the front right hip, 100 Hz.

As published (sipi.usc.edu/had; checked against its readme as quoted in public code):
    SubjectN/aMtK.mat    MATLAB; `sensor_readings` (T, 6): acceleration in g, gyroscope in deg/s
The activity is read from the file name, because the field is misspelt `activity_numbr` in some
files.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.imu import subjects as people
from edgehuman.data.imu.layout import G_DEGS, Reader, Stretch
from edgehuman.data.imu.published.text_files import absent, matching
from edgehuman.data.layout import Layout
from edgehuman.data.mat_file import read_variables
from edgehuman.errors import DataError
from edgehuman.records import Float64

RATE_HZ = 100.0
_TRIAL = r"a(\d+)t(\d+)\.mat"


def _is_usc_had(path: Path) -> bool:
    return any(matching(folder, _TRIAL) for folder, _ in matching(path, r"Subject(\d+)"))


def _missing(path: Path) -> list[str]:
    names = (
        f"Subject{user}/a{activity}t{trial}.mat"
        for user in range(1, 15)
        for activity in range(1, 13)
        for trial in range(1, 6)
    )
    return absent(path, names)


def read_trial(path: Path) -> Float64:
    """`sensor_readings` of one trial, (T, 6).

    Raises:
        DataError: not a MATLAB file, no such field, or a wrong number of columns.
    """
    fields = read_variables(path)
    readings = fields.get("sensor_readings")
    if readings is None or readings.ndim != 2 or readings.shape[1] != 6:
        found = "nothing" if readings is None else f"shape {readings.shape}"
        raise DataError(f"{path}: sensor_readings has {found}; the published files have (T, 6)")
    return np.asarray(readings, np.float64)


def read_usc_had(path: Path) -> Iterator[Stretch]:
    """One stretch per trial.

    Raises:
        DataError: see `read_trial`; or an activity that is not 1 to 12.
    """
    for folder, (user,) in matching(path, r"Subject(\d+)"):
        for file, (activity, trial) in matching(folder, _TRIAL):
            if not 1 <= int(activity) <= len(people.USC_HAD_LABELS):
                raise DataError(f"{file}: activity is {activity}; it must be 1 to 12")
            readings = read_trial(file)
            yield Stretch(
                readings,
                G_DEGS,
                f"usc_had:{int(user)}",
                rate_hz=RATE_HZ,
                label_T=np.full(len(readings), int(activity) - 1, np.int16),
                labels=people.USC_HAD_LABELS,
                source=f"usc_had Subject{user} a{activity}t{trial} hip",
                placement="waist",
            )


USC_HAD = Layout(
    "usc_had",
    "a folder with Subject1/a1t1.mat and similar files",
    _is_usc_had,
    Reader(
        stretches=read_usc_had,
        missing=_missing,
        subjects=people.USC_HAD_SUBJECTS,
    ),
)
