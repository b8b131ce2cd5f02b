"""MotionSense: 24 people, 6 activities in 15 trials, iPhone 6s in the front pocket, 50 Hz.

As published (github.com/mmalekzadeh/motion-sense, data/; its README was read):
    A_DeviceMotion_data/{dws,ups,wlk,jog,sit,std}_T/sub_N.csv, with a header and an unnamed index
    column attitude.{roll,pitch,yaw}, gravity.{x,y,z}, rotationRate.{x,y,z} (rad/s),
    userAcceleration.{x,y,z} (g)
The accelerometer is gravity + userAcceleration (the author, issue 3). iOS inverts it: screen up is
z = -1 g. It is converted here to the convention of other phones, z = +1 g; the gyroscope is the
same in both. B_Accelerometer_data and C_Gyroscope_data have separate sensors without stamps, so
they cannot be aligned and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.imu.layout import IOS, Reader, Stretch
from edgehuman.data.imu.published.text_files import absent, first_line, matching, reason
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.reading.parsers import foreign
from edgehuman.records import IMU_RATE_HZ, Float64

TRIALS = (
    "dws_1", "dws_2", "dws_11", "ups_3", "ups_4", "ups_12", "wlk_7", "wlk_8", "wlk_15", "jog_9",
    "jog_16", "sit_5", "sit_13", "std_6", "std_14",
)  # fmt: skip
_CODES = ("wlk", "ups", "dws", "sit", "std", "jog")
LABELS = ("walking", "walking_upstairs", "walking_downstairs", "sitting", "standing", "jogging")
_COLUMNS = tuple(
    f"{name}.{axis}" for name in ("gravity", "userAcceleration", "rotationRate") for axis in "xyz"
)
_FOLDER = "A_DeviceMotion_data"
_OTHER_FOLDERS = ("B_Accelerometer_data", "C_Gyroscope_data")
_TRIAL = r"([a-z]+)_(\d+)"


def _is_motionsense(path: Path) -> bool:
    return bool(matching(path / _FOLDER, _TRIAL))


def _almost(path: Path) -> str:
    others = [
        name for name in ("B_Accelerometer_data", "C_Gyroscope_data") if (path / name).is_dir()
    ]
    if not others:
        return ""
    return (
        f"it has only {' and '.join(others)}. They have separate sensors without stamps; unpack "
        f"{_FOLDER} as well"
    )


def _missing(path: Path) -> list[str]:
    names = [f"{_FOLDER}/{trial}/sub_{user}.csv" for trial in TRIALS for user in range(1, 25)]
    return absent(path, names)


def read_table(path: Path) -> Float64:
    """gravity, userAcceleration, rotationRate of one file, float64 (T, 9).

    Raises:
        DataError: a missing column, an empty file, or a value that is not a number.
    """
    header = first_line(path).split(",")
    gone = [name for name in _COLUMNS if name not in header]
    if gone:
        raise DataError(f"{path}: no column {', '.join(gone)}; the header is {', '.join(header)}")
    try:
        use = [header.index(name) for name in _COLUMNS]
        with foreign():
            return np.loadtxt(path, delimiter=",", skiprows=1, usecols=use, ndmin=2)
    except ValueError as error:
        raise DataError(f"{path}: {reason(error)}; unpack the archive again") from None


def read_motionsense(path: Path) -> Iterator[Stretch]:
    """One stretch per trial and person.

    Raises:
        DataError: see `read_table`; or an unknown activity.
    """
    for folder, (code, trial) in matching(path / _FOLDER, _TRIAL):
        if code not in _CODES:
            raise DataError(f"{folder}: activity {code!r} is not one of {', '.join(_CODES)}")
        for file, (user,) in matching(folder, r"sub_(\d+)\.csv"):
            table = read_table(file)
            yield Stretch(
                np.hstack([table[:, :3] + table[:, 3:6], table[:, 6:]]),
                IOS,
                f"motionsense:{user}",
                rate_hz=IMU_RATE_HZ,
                label_T=np.full(len(table), _CODES.index(code), np.int16),
                labels=LABELS,
                source=f"motionsense {code}_{trial} sub_{user} pocket",
                placement="pocket",
            )


MOTIONSENSE = Layout(
    "motionsense",
    "a folder with A_DeviceMotion_data/dws_1/sub_1.csv and similar files",
    _is_motionsense,
    Reader(
        stretches=read_motionsense,
        missing=_missing,
        subjects=tuple(f"motionsense:{user}" for user in range(1, 25)),
    ),
    almost=_almost,
)
