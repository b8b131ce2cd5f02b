"""Small trees in the published layouts: the right names, columns and units, a few seconds each.

Every sensor lies on its back and is shaken a little: z is 1 g with a ripple, the gyroscope swings
by 0.5 rad/s about x.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.records import Float64

GRAVITY_MS2 = 9.80665
IPHONE, ANDROID = "11111111-IPHONE", "22222222-ANDROID"


def shaken(rate_hz: float, seconds: float) -> Float64:
    """(T, 6) in g and rad/s."""
    t = np.arange(round(rate_hz * seconds)) / rate_hz
    imu = np.zeros((len(t), 6))
    imu[:, 2] = 1 + 0.1 * np.sin(2 * np.pi * t)
    imu[:, 3] = 0.5 * np.sin(2 * np.pi * t)
    return imu


def write(path: Path, table: Float64, delimiter: str = " ", fmt: str = "%.7g") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, table, fmt=fmt, delimiter=delimiter)


def uci_har(root: Path) -> None:
    for part, users, classes in (("train", (1, 1, 3), (1, 2, 5)), ("test", (2, 4), (5, 6))):
        window = shaken(50, 2.56)
        for column, name in enumerate(
            f"{sensor}_{axis}" for sensor in ("total_acc", "body_gyro") for axis in "xyz"
        ):
            rows = np.tile(window[:, column], (len(users), 1))
            write(root / part / "Inertial Signals" / f"{name}_{part}.txt", rows)
        write(root / part / f"subject_{part}.txt", np.array([users]).T, fmt="%d")
        write(root / part / f"y_{part}.txt", np.array([classes]).T, fmt="%d")


def hapt(root: Path) -> None:
    imu = shaken(50, 8)
    for experiment, user in ((1, 1), (3, 2)):
        name = f"exp{experiment:02d}_user{user:02d}.txt"
        write(root / "RawData" / f"acc_{name}", imu[:, :3])
        write(root / "RawData" / f"gyro_{name}", imu[:, 3:])
    rows = np.array([[1, 1, 5, 1, 200], [1, 1, 7, 201, 250], [3, 2, 1, 101, 400]])
    write(root / "RawData" / "labels.txt", rows, fmt="%d")


def wisdm2019(root: Path) -> None:
    imu = shaken(20, 8)
    imu[:, :3] *= GRAVITY_MS2
    for device in ("phone", "watch"):
        for user in (1600, 1640):
            for sensor, columns, late_ns in (
                ("accel", imu[:, :3], 0),
                ("gyro", imu[:, 3:], 3_000_000),
            ):
                stamp_ns = 252207666810782 + late_ns + np.arange(len(imu)) * 50_000_000
                lines = [
                    f"{user},{'A' if user == 1600 else 'B'},{stamp},{x:.7g},{y:.7g},{z:.7g};"
                    for stamp, (x, y, z) in zip(stamp_ns.tolist(), columns.tolist(), strict=True)
                ]
                file = root / "raw" / device / sensor / f"data_{user}_{sensor}_{device}.txt"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text("\n".join(lines) + "\n")


def extrasensory(root: Path) -> None:
    imu = shaken(40, 20)
    stamp_s = 162888.0 + np.arange(len(imu))[:, None] / 40
    for uuid, scale in ((IPHONE, -1.0), (ANDROID, GRAVITY_MS2)):
        acc = root / "raw_acc" / uuid / "1440000000.m_raw_acc.dat"
        gyro = root / "proc_gyro" / uuid / "1440000000.m_proc_gyro.dat"
        write(acc, np.hstack([stamp_s, scale * imu[:, :3]]), fmt="%.10g")
        write(gyro, np.hstack([stamp_s, imu[:, 3:]]), fmt="%.10g")
        acc.with_name("1440000060.m_raw_acc.dat").write_text("nan\n")
        gyro.with_name("1440000060.m_proc_gyro.dat").write_text("nan\n")
    folds = root / "cv5Folds"
    folds.mkdir()
    for fold in range(5):
        for part in ("train", "test"):
            (folds / f"fold_{fold}_{part}_iphone_uuids.txt").write_text(
                IPHONE + "\n" if part == "train" else ""
            )
            (folds / f"fold_{fold}_{part}_android_uuids.txt").write_text(
                ANDROID + "\n" if part == "test" else ""
            )
    table = root / "per_uuid_features_labels" / f"{IPHONE}.features_labels.csv.gz"
    table.parent.mkdir()
    with gzip.open(table, "wt") as lines:
        lines.write(
            "timestamp,label:SITTING,label:FIX_walking,label_source\n1440000000,0.0,1.0,2\n"
        )


def motionsense(root: Path) -> None:
    imu = shaken(50, 4)
    names = [
        f"{g}.{axis}" for g in ("gravity", "rotationRate", "userAcceleration") for axis in "xyz"
    ]
    header = ",".join(["", "attitude.roll", "attitude.pitch", "attitude.yaw", *names])
    gravity = np.tile([0.0, 0.0, -1.0], (len(imu), 1))
    table = np.hstack(
        [
            np.arange(len(imu))[:, None],
            np.zeros((len(imu), 3)),
            gravity,
            imu[:, 3:],
            -imu[:, :3] - gravity,
        ]
    )
    for trial, user in (("wlk_7", 1), ("sit_5", 2)):
        file = root / "A_DeviceMotion_data" / trial / f"sub_{user}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savetxt(file, table, fmt="%.7g", delimiter=",", header=header, comments="")


def pamap2(root: Path) -> None:
    imu = shaken(100, 6)
    table = np.full((len(imu), 54), np.nan)
    table[:, 0] = 8.38 + np.arange(len(imu)) / 100
    table[:, 1] = 4
    table[:50, 1] = 0
    for first in (3, 20, 37):
        table[:, first + 1 : first + 4] = imu[:, :3] * GRAVITY_MS2
        table[:, first + 4 : first + 7] = 99.0
        table[:, first + 7 : first + 10] = imu[:, 3:]
    table[300:320, 20:37] = np.nan
    for user in (101, 105):
        write(root / "Protocol" / f"subject{user}.dat", table, fmt="%.8g")


def dsads(root: Path) -> None:
    imu = shaken(25, 5)
    table = np.zeros((125, 45))
    for unit in range(5):
        table[:, 9 * unit : 9 * unit + 3] = imu[:, :3] * GRAVITY_MS2
        table[:, 9 * unit + 3 : 9 * unit + 6] = imu[:, 3:] * (unit + 1)
        table[:, 9 * unit + 6 : 9 * unit + 9] = 0.7
    for activity, user in ((1, 1), (9, 8)):
        for segment in (1, 2, 4):
            write(root / f"a{activity:02d}" / f"p{user}" / f"s{segment:02d}.txt", table, ",")


def usc_had(root: Path) -> None:
    from scipy.io import savemat

    imu = shaken(100, 4)
    imu[:, 3:] = np.rad2deg(imu[:, 3:])
    for user, name in ((1, "a1t1"), (13, "a12t5")):
        (root / f"Subject{user}").mkdir(parents=True)
        savemat(root / f"Subject{user}" / f"{name}.mat", {"sensor_readings": imu})


MAKERS: dict[str, Callable[[Path], None]] = {
    maker.__name__: maker
    for maker in (uci_har, hapt, wisdm2019, extrasensory, motionsense, pamap2, dsads, usc_had)
}

Tree = Callable[[str], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """tree("hapt") -> the root of a small tree in that dataset's published layout."""

    def make(dataset: str) -> Path:
        root = tmp_path / f"{dataset}_tree"
        root.mkdir()
        MAKERS[dataset](root)
        return root

    return make
