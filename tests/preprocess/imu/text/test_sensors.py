"""A folder or zip with a file per sensor is one recording; a lone file says what is beside it."""

from __future__ import annotations

import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.preprocess.imu.text import sensors
from edgehuman.preprocess.imu.text.sensors import beside, read_joined
from edgehuman.runtime.imu.source import open_source

T = np.arange(0, 4, 0.01)


def table(header: list[str], t_T: np.ndarray, sign: str = ",", scale: float = 1.0) -> str:  # type: ignore[type-arg]
    """Three channels that are t, 2t and 3t, times a scale."""
    rows = [[t, *(t * k * scale for k in (1, 2, 3))] for t in t_T]
    return "\n".join(sign.join(map(str, row)) for row in [header, *rows]) + "\n"


def write(folder: Path, accel: str, gyro: str, **more: str) -> Path:
    folder.mkdir()
    (folder / accel).write_text(table(["Time (s)", "X (g)", "Y (g)", "Z (g)"], T))
    (folder / gyro).write_text(
        table(["Time (s)", "X (rad/s)", "Y (rad/s)", "Z (rad/s)"], T + 0.004)
    )
    for name, text in more.items():
        (folder / f"{name}.csv").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("accel", "gyro"),
    [
        ("Accelerometer.csv", "Gyroscope.csv"),
        ("TotalAcceleration.csv", "Gyroscope.csv"),
        (
            "MetaWear_2024_C8_Accelerometer_100.000Hz.csv",
            "MetaWear_2024_C8_Gyroscope_100.000Hz.csv",
        ),
        ("acc.txt", "gyro.txt"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_both_sensors_are_joined_at_the_accelerometers_instants(
    accel: str, gyro: str, zipped: bool, tmp_path: Path
) -> None:
    path = write(tmp_path / "recording", accel, gyro)
    if zipped:
        with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
            for each in path.iterdir():
                archive.write(each, f"inside/{each.name}")
        path = tmp_path / "r.zip"
    found = read_joined(path, ImuFormat())
    np.testing.assert_allclose(found.imu_TC[:, :3], found.stamp_T[:, None] * [1, 2, 3], atol=1e-5)
    np.testing.assert_allclose(found.imu_TC[:, 3:], found.stamp_T[:, None] * [1, 2, 3], atol=1e-5)
    assert found.stamp_T[0] == pytest.approx(0.01)  # the gyroscope began later
    assert found.gyro_stated


def test_acceleration_without_gravity_is_not_taken_for_the_accelerometer(tmp_path: Path) -> None:
    linear = table(["Time (s)", "X", "Y", "Z"], T, scale=9.0)
    folder = write(
        tmp_path / "r", "Accelerometer.csv", "Gyroscope.csv", **{"Linear Accelerometer": linear}
    )
    assert read_joined(folder, ImuFormat()).files == ("Accelerometer.csv", "Gyroscope.csv")
    (folder / "Accelerometer.csv").unlink()
    with pytest.raises(
        DataError, match=r"no file of the accelerometer with gravity; found Gyro.*Lin"
    ):
        read_joined(folder, ImuFormat())


def test_axes_in_another_order_and_two_clocks(tmp_path: Path) -> None:
    folder = tmp_path / "r"
    folder.mkdir()
    for name in ("TotalAcceleration", "Gyroscope"):
        rows = [[1_700_000_000_000_000_000 + int(t * 1e9), t, 3 * t, 2 * t, t] for t in T]
        lines = ["time,seconds_elapsed,z,y,x", *(",".join(map(str, row)) for row in rows)]
        (folder / f"{name}.csv").write_text("\n".join(lines))
    found = read_joined(folder, ImuFormat())
    np.testing.assert_allclose(found.imu_TC[:, :3], found.stamp_T[:, None] * [1, 2, 3], atol=1e-5)


def test_a_mark_of_windows_and_square_brackets_hide_no_column(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", "Accelerometer.csv", "Gyroscope.csv")
    header = ['"Time [s]"', '"X [m/s^2]"', '"Y [m/s^2]"', '"Z [m/s^2]"']
    text = "\ufeff" + table(header, T, scale=9.80665)
    (folder / "Accelerometer.csv").write_text(text, encoding="utf-8")
    found = read_joined(folder, ImuFormat())
    np.testing.assert_allclose(found.imu_TC[:, :3], found.stamp_T[:, None] * [1, 2, 3], atol=1e-5)


def test_the_source_gives_all_rows_in_stated_units(tmp_path: Path) -> None:
    source = open_source(str(write(tmp_path / "r", "Accelerometer.csv", "Gyroscope.csv")))
    with source:
        blocks = list(source)
    stamps = np.concatenate([block.stamp_s_T for block in blocks])
    assert all(block.gyro_stated for block in blocks)
    assert len(stamps) == 399
    assert source.report()["files"] == ["Accelerometer.csv", "Gyroscope.csv"]


def test_sensors_that_share_no_time_are_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", "Accelerometer.csv", "Gyroscope.csv")
    (folder / "Gyroscope.csv").write_text(table(["t", "x", "y", "z"], T + 100))
    with pytest.raises(DataError, match=r"share no time: 0 to 3\.99, and 100 to 103\.99"):
        read_joined(folder, ImuFormat())


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken"])
def test_a_broken_zip_is_said_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"cannot read .*x\.zip as a zip"):
        read_joined(path, ImuFormat())


def phone(path: Path, text: str, head: str = "seconds_elapsed,x,y,z\n") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("Accelerometer.csv", "Gyroscope.csv"):
            archive.writestr(name, head + text)
    return path


def test_text_that_is_packed_beyond_reason_is_refused(tmp_path: Path) -> None:
    """20 MB of each sensor in 80 KB; what the memory of 256 MB was, nobody looked at."""
    path = phone(tmp_path / "phone.zip", "0.02,0,0,1\n" * 2_000_000)
    tracemalloc.start()
    with pytest.raises(DataError, match="over 200 times as many"):
        read_joined(path, ImuFormat())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_a_day_that_stood_still_is_packed_tightly_and_read(tmp_path: Path) -> None:
    rows = "".join(f"{n / 50:.2f},0,0,1\n" for n in range(20_000))
    assert len(read_joined(phone(tmp_path / "phone.zip", rows), ImuFormat()).stamp_T) == 20_000


@pytest.mark.parametrize("zipped", [False, True])
def test_both_files_together_are_bounded(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "r", "acc.csv", "gyro.csv")
    sizes = [each.stat().st_size for each in path.iterdir()]
    if zipped:
        with zipfile.ZipFile(tmp_path / "r.zip", "w") as archive:
            for each in path.iterdir():
                archive.write(each, each.name)
        path = tmp_path / "r.zip"
    monkeypatch.setattr(sensors, "MOST_TEXT", sum(sizes))
    monkeypatch.setattr(sensors, "MOST_JOINED", 450)
    assert len(read_joined(path, ImuFormat()).stamp_T) > 390
    monkeypatch.setattr(sensors, "MOST_TEXT", max(sizes) + 10)
    with pytest.raises(DataError, match=r"gyro\.csv"):
        read_joined(path, ImuFormat())
    monkeypatch.setattr(sensors, "MOST_TEXT", sum(sizes))
    monkeypatch.setattr(sensors, "MOST_JOINED", 300)
    with pytest.raises(DataError, match=r"acc\.csv: has over 300 lines; split it"):
        read_joined(path, ImuFormat())


def test_one_of_two_files_names_the_other(tmp_path: Path) -> None:
    folder = write(tmp_path / "r", "Accelerometer.csv", "Gyroscope.csv", notes="a,b\n")
    with pytest.raises(DataError, match=r"Gyroscope\.csv is beside it: give the folder, --source"):
        open_source(str(folder / "Accelerometer.csv"))
    assert beside(folder / "notes.csv") == ""
