"""WISDM Smartphone and Smartwatch (2019): 51 people, 18 activities, phone and watch.

As published (archive.ics.uci.edu, dataset 507):
    wisdm-dataset/raw/{phone,watch}/{accel,gyro}/data_16XX_{accel,gyro}_{phone,watch}.txt
    1600,A,252207666810782,-0.36476135,8.793503,1.0550842;      subject, code, stamp, x, y, z
Accelerometer in m/s² with gravity, gyroscope in rad/s, nominally 20 Hz; stamps are nanoseconds of
the device's clock (50,354,004 apart in the first rows; checked against public fixtures of the
file). Codes A to S without N. The two sensors are in separate files and are aligned here by their
stamps.

Give `wisdm-dataset` for both devices, or `wisdm-dataset/raw/phone` for one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.imu import subjects as people
from edgehuman.data.imu.layout import MS2_RADS, Reader, Stretch
from edgehuman.data.imu.published.text_files import first_line, matching, reason
from edgehuman.data.imu.published.two_streams import align, seconds
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_TEXT, read_bounded
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float64

_ROW = np.dtype(
    [("user", "i8"), ("code", "U1"), ("stamp", "i8"), ("x", "f8"), ("y", "f8"), ("z", "f8")]
)
_CODES = tuple(people.WISDM_LABELS)
_LABELS = tuple(people.WISDM_LABELS.values())
_NAME = r"data_(\d+)_accel_(phone|watch)\.txt"


def _devices(path: Path) -> list[Path]:
    """The folders with accel/ and gyro/: those of both devices, or the path itself."""
    places = [path / "raw" / "phone", path / "raw" / "watch", path]
    return [place for place in places if matching(place / "accel", _NAME)]


def _is_wisdm(path: Path) -> bool:
    return bool(_devices(path))


def _missing(path: Path) -> list[str]:
    lines = []
    for device in _devices(path):
        users = {int(user) for _, (user, _) in matching(device / "accel", _NAME)}
        for user in range(1600, 1651):
            for sensor in ("accel", "gyro"):
                name = f"{sensor}/data_{user}_{sensor}_{device.name}.txt"
                if (sensor == "accel" and user not in users) or not (device / name).exists():
                    lines.append(f"missing: {device.name}/{name}")
    return lines


def read_rows(path: Path) -> NDArray[np.void]:
    """Every row of one file: user, code, stamp, x, y, z.

    Raises:
        DataError: a missing or empty file, a wrong number of columns, or a value that is not a
            number.
    """
    line = first_line(path)
    if line.count(",") != 5:
        raise DataError(
            f"{path}: the first row has {line.count(',') + 1} columns; it must be "
            "`subject,code,stamp,x,y,z;`. Unpack the archive again, unedited"
        )
    try:
        text = read_bounded(path, MOST_TEXT, DataError).decode("utf-8").replace(";", "")
        with foreign():
            return np.loadtxt(text.splitlines(), delimiter=",", dtype=_ROW, ndmin=1)
    except ValueError as error:
        raise DataError(f"{path}: {reason(error)}; unpack the archive again") from None


def _values(rows: NDArray[np.void]) -> Float64:
    return np.column_stack([rows["x"], rows["y"], rows["z"]])


def read_wisdm(path: Path) -> Iterator[Stretch]:
    """One stretch per person, device and activity; people 1634 to 1650 are the test split.

    Raises:
        DataError: a missing gyroscope file, wrong columns, an unknown code, or stamps in an unknown
            unit.
    """
    for device in _devices(path):
        for file, (user, _) in matching(device / "accel", _NAME):
            yield from _read_person(file, int(user), device.name)


def _read_person(file: Path, user: int, device: str) -> Iterator[Stretch]:
    gyro_file = file.parents[1] / "gyro" / file.name.replace("accel", "gyro")
    acc, gyro = read_rows(file), read_rows(gyro_file)
    unknown = sorted(set(acc["code"].tolist()) - set(_CODES))
    if unknown:
        raise DataError(f"{file}: unknown activity codes {unknown}; valid: A to S without N")
    acc_s, gyro_s = seconds(acc["stamp"], file), seconds(gyro["stamp"], gyro_file)
    for code in dict.fromkeys(acc["code"].tolist()):
        a, g = acc["code"] == code, gyro["code"] == code
        stamp_s, imu_TC = align(acc_s[a], _values(acc[a]), gyro_s[g], _values(gyro[g]))
        yield Stretch(
            imu_TC,
            MS2_RADS,
            f"wisdm2019:{user}",
            stamp_s_T=stamp_s,
            label_T=np.full(len(imu_TC), _CODES.index(code), np.int16),
            labels=_LABELS,
            source=f"wisdm2019 {user} {code} {device}",
            placement="wrist" if device == "watch" else "pocket",
            is_test=user in people.WISDM_TEST_USERS,
        )


WISDM = Layout(
    "wisdm2019",
    "a folder with raw/phone/accel/data_1600_accel_phone.txt and similar files",
    _is_wisdm,
    Reader(
        stretches=read_wisdm,
        missing=_missing,
        subjects=people.WISDM_SUBJECTS,
    ),
)
