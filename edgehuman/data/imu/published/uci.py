"""UCI HAR (windows) and HAPT (its raw recordings): the same 30 people, phone at the waist.

UCI HAR, as published (archive.ics.uci.edu, dataset 240):
    {train,test}/Inertial Signals/{total_acc,body_gyro}_{x,y,z}_{train,test}.txt   128 numbers a
    row, one window
    {train,test}/subject_{train,test}.txt   1..30          {train,test}/y_{train,test}.txt   1..6
total_acc is in g with gravity, filtered (median, 20 Hz Butterworth); body_gyro in rad/s; 50 Hz,
half overlap. body_acc (gravity removed) is not read.

HAPT, as published (dataset 341):
    RawData/acc_expXX_userYY.txt, gyro_expXX_userYY.txt    three columns: g; rad/s; 50 Hz
    RawData/labels.txt    experiment, user, activity 1..12, first and last sample (from 1)
Checked against: README of both archives as quoted in public code, and the compact files made from
them (median norm 1.0 g; label rows reproduce the windows' labels).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edgehuman.data.imu import subjects as people
from edgehuman.data.imu.layout import G_RADS, Reader, Stretch, require_gravity
from edgehuman.data.imu.published.text_files import absent, matching, read_columns, require_rows
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW, Float32, Index, WindowSet

_PARTS = ("train", "test")
_SIGNALS = tuple(f"{sensor}_{axis}" for sensor in ("total_acc", "body_gyro") for axis in "xyz")


def _is_uci_har(path: Path) -> bool:
    return any((path / part / "Inertial Signals").is_dir() for part in _PARTS)


def _missing_uci_har(path: Path) -> list[str]:
    names = []
    for part in _PARTS:
        names += [f"{part}/Inertial Signals/{signal}_{part}.txt" for signal in _SIGNALS]
        names += [f"{part}/subject_{part}.txt", f"{part}/y_{part}.txt"]
    return absent(path, names)


def _read_part(path: Path, part: str) -> tuple[Float32, Index, Index]:
    """Windows (N, 128, 6), classes (N,) from 1, and users (N,) of `train` or `test`."""
    label_file = path / part / f"y_{part}.txt"
    label_N = read_columns(label_file, 1)[:, 0].astype(np.int64)
    user_file = path / part / f"subject_{part}.txt"
    user_N = read_columns(user_file, 1)[:, 0].astype(np.int64)
    require_rows(user_file, len(user_N), len(label_N), label_file)
    imu_NTC = np.empty((len(label_N), IMU_WINDOW, 6), np.float32)
    for channel, signal in enumerate(_SIGNALS):
        file = path / part / "Inertial Signals" / f"{signal}_{part}.txt"
        values = read_columns(file, IMU_WINDOW)
        require_rows(file, len(values), len(label_N), label_file)
        imu_NTC[:, :, channel] = values
    if not np.isin(label_N, range(1, 7)).all():
        raise DataError(
            f"{label_file}: classes {sorted(set(label_N.tolist()))}; they must be 1 to 6"
        )
    return imu_NTC, label_N, user_N


def read_uci_har(path: Path) -> WindowSet:
    """The windows as published: official train part first, then the official test part.

    Raises:
        DataError: missing files, wrong columns or rows, values that are not finite, wrong units.
    """
    parts = [_read_part(path, part) for part in _PARTS]
    imu_NTC = np.concatenate([part[0] for part in parts])
    bad = np.flatnonzero(~np.isfinite(imu_NTC).all(axis=(1, 2)))
    if bad.size:
        raise DataError(
            f"{path}: {bad.size} windows have values that are not finite, first window {bad[0]}; "
            "the published files have none: unpack the archive again"
        )
    require_gravity(imu_NTC, str(path))
    counts = [len(part[0]) for part in parts]
    return WindowSet(
        imu_NTC,
        np.concatenate([part[1] for part in parts]) - 1,
        people.names("uci30", np.concatenate([part[2] for part in parts])),
        np.repeat([False, True], counts),
        people.UCI_LABELS,
        ("uci_har",),
        np.full(len(imu_NTC), "waist"),
    )


_ACC_NAME = r"acc_exp(\d+)_user(\d+)\.txt"


def _is_hapt(path: Path) -> bool:
    return bool(matching(path / "RawData", _ACC_NAME))


def _missing_hapt(path: Path) -> list[str]:
    raw = path / "RawData"
    pairs = [file.name.replace("acc_", "gyro_", 1) for file, _ in matching(raw, _ACC_NAME)]
    found = {int(experiment) for _, (experiment, _) in matching(raw, _ACC_NAME)}
    gone = sorted(set(range(1, 62)) - found)
    lines = absent(path, ["RawData/labels.txt", *(f"RawData/{name}" for name in pairs)])
    return [*lines, *(f"missing: RawData/acc_exp{number:02d}_userYY.txt" for number in gone)]


def read_hapt(path: Path) -> Iterator[Stretch]:
    """61 continuous recordings at 50 Hz with postural transitions; unlabelled samples are -1.

    Raises:
        DataError: missing files, wrong columns, or accelerometer and gyroscope of different
            lengths.
    """
    rows = read_columns(path / "RawData" / "labels.txt", 5).astype(np.int64)
    for file, (experiment, user) in matching(path / "RawData", _ACC_NAME):
        gyro_file = file.with_name(file.name.replace("acc_", "gyro_", 1))
        acc, gyro = read_columns(file, 3), read_columns(gyro_file, 3)
        require_rows(gyro_file, len(gyro), len(acc), file)
        own = rows[rows[:, 0] == int(experiment)]
        yield Stretch(
            np.hstack([acc, gyro]),
            G_RADS,
            f"uci30:{int(user)}",
            rate_hz=IMU_RATE_HZ,
            label_T=people.spans(own[:, 2:] - (1, 1, 0), len(acc)),
            labels=people.HAPT_LABELS,
            source=f"hapt exp{experiment} user{user} waist",
            placement="waist",
            is_test=int(user) in people.UCI_TEST_USERS,
        )


UCI_HAR = Layout(
    "uci_har",
    "a folder with train/Inertial Signals/total_acc_x_train.txt and similar files",
    _is_uci_har,
    Reader(
        windows=read_uci_har,
        missing=_missing_uci_har,
        subjects=people.UCI_SUBJECTS,
    ),
)
HAPT = Layout(
    "hapt",
    "a folder with RawData/acc_exp01_user01.txt and similar files, and RawData/labels.txt",
    _is_hapt,
    Reader(
        stretches=read_hapt,
        missing=_missing_hapt,
        subjects=people.UCI_SUBJECTS,
    ),
)
