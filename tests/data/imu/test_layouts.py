"""What is particular to each published layout: columns, units, signs, gaps, wrong files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.imu.load import load_recordings, load_windows
from edgehuman.data.imu.two_streams import align, seconds
from edgehuman.errors import DataError

Tree = Callable[[str], Path]


def cut_columns(path: Path, keep: int, delimiter: str = " ") -> None:
    lines = [delimiter.join(line.split(delimiter)[:keep]) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def put_text(path: Path) -> None:
    """The first number of the second row becomes a word."""
    lines = path.read_text().splitlines()
    lines[1] = " ".join(["oops", *lines[1].split()[1:]])
    path.write_text("\n".join(lines) + "\n")


def test_uci_har_is_as_given(tree: Tree) -> None:
    windows = load_windows(tree("uci_har"))
    assert windows.subject_N.tolist() == ["uci30:1", "uci30:1", "uci30:3", "uci30:2", "uci30:4"]
    assert windows.is_test_N.tolist() == [False, False, False, True, True]
    assert [windows.labels[i] for i in windows.label_N] == [
        "walking", "walking_upstairs", "standing", "standing", "laying",
    ]  # fmt: skip


def test_uci_har_files_that_do_not_belong_together(tree: Tree) -> None:
    root = tree("uci_har")
    file = root / "test" / "subject_test.txt"
    file.write_text("2\n")
    with pytest.raises(DataError, match=r"has 1 rows and y_test\.txt has 2"):
        load_windows(root)


def test_uci_har_wrong_columns_text_nan_empty_missing_class(tree: Tree) -> None:
    root = tree("uci_har")
    file = root / "train" / "Inertial Signals" / "total_acc_x_train.txt"
    whole = file.read_text()
    cut_columns(file, 127)
    with pytest.raises(DataError, match="first row has 127 columns; the published file has 128"):
        load_windows(root)
    file.write_text(whole)
    put_text(file)
    with pytest.raises(DataError, match=r"total_acc_x_train\.txt: could not convert"):
        load_windows(root)
    file.write_text(whole.replace("0 ", "nan ", 1))
    with pytest.raises(
        DataError, match="1 windows hold values that are not finite, first window 0"
    ):
        load_windows(root)
    file.write_text("")
    with pytest.raises(DataError, match="the file is empty"):
        load_windows(root)
    file.unlink()
    with pytest.raises(DataError, match="no such file; unpack the whole archive"):
        load_windows(root)
    file.write_text(whole)
    (root / "train" / "y_train.txt").write_text("1\n2\n9\n")
    with pytest.raises(DataError, match=r"classes \[1, 2, 9\]; they are 1 to 6"):
        load_windows(root)


def test_hapt_labels_are_from_one_and_inclusive(tree: Tree) -> None:
    first, second = load_recordings(tree("hapt"))
    names = [*first.labels, None]
    # Rows 1..200 standing, 201..250 stand_to_sit, the rest unlabelled.
    assert [names[i] for i in first.label_T[[0, 199, 200, 249, 250]]] == [
        "standing", "standing", "stand_to_sit", "stand_to_sit", None,
    ]  # fmt: skip
    assert second.label_T[99] == -1
    assert second.label_T[100] == 0


def test_hapt_shares_its_people_and_test_people_with_uci_har(tree: Tree) -> None:
    windows = load_windows(tree("hapt"))
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"uci30:2"}


def test_hapt_sensors_of_different_lengths(tree: Tree) -> None:
    root = tree("hapt")
    file = root / "RawData" / "gyro_exp01_user01.txt"
    file.write_text("\n".join(file.read_text().splitlines()[:-1]) + "\n")
    with pytest.raises(DataError, match=r"has 399 rows and acc_exp01_user01\.txt has 400"):
        load_recordings(root)


def test_wisdm_reads_both_devices_or_one(tree: Tree) -> None:
    root = tree("wisdm2019")
    assert len(load_recordings(root)) == 4
    phone = load_recordings(root / "raw" / "phone")
    assert [part.source for part in phone] == ["wisdm2019 1600 A phone", "wisdm2019 1640 B phone"]
    windows = load_windows(root / "raw" / "phone")
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"wisdm2019:1640"}
    assert {windows.labels[i] for i in windows.label_N} == {"walking", "jogging"}


def test_wisdm_gyroscope_is_moved_to_the_accelerometers_stamps(tree: Tree) -> None:
    # The gyroscope's file starts 3 ms later and its first value is 0, so 0 is reached 3 ms later
    # than at the accelerometer's start; 50 ms on, the accelerometer sees the swing of 47 ms.
    recording = load_recordings(tree("wisdm2019") / "raw" / "phone")[0]
    expected = 0.5 * np.sin(2 * np.pi * 0.047)
    assert recording.imu_TC[0, 3] == pytest.approx(expected, abs=0.01)


def test_wisdm_rows_that_are_wrong(tree: Tree) -> None:
    root = tree("wisdm2019") / "raw" / "phone"
    file = root / "accel" / "data_1600_accel_phone.txt"
    whole = file.read_text()
    cut_columns(file, 5, ",")
    with pytest.raises(DataError, match="first row has 5 columns"):
        load_recordings(root)
    file.write_text(whole.replace(",A,", ",N,"))
    with pytest.raises(DataError, match=r"unknown activity codes \['N'\]"):
        load_recordings(root)
    file.write_text(whole[:-30])
    with pytest.raises(DataError, match=r"data_1600_accel_phone\.txt: .*unpack the archive again"):
        load_recordings(root)
    (root / "gyro" / "data_1600_gyro_phone.txt").unlink()
    file.write_text(whole)
    with pytest.raises(DataError, match=r"data_1600_gyro_phone\.txt: no such file"):
        load_recordings(root)


def test_extrasensory_platforms_differ_in_unit_and_sign(tree: Tree) -> None:
    root = tree("extrasensory")
    first = (root / "raw_acc" / "11111111-IPHONE" / "1440000000.m_raw_acc.dat").read_text()
    assert float(first.split()[3]) == pytest.approx(-1.0)
    recordings = load_recordings(root)
    # One burst each: the file with just nan is a missing burst.
    assert len(recordings) == 2
    for recording in recordings:
        assert recording.imu_TC[0, 2] == pytest.approx(1.0, abs=0.01)
    labels = {part.source.split()[-1]: set(part.label_T.tolist()) for part in recordings}
    assert labels == {"iphone": {recordings[0].labels.index("walking")}, "android": {-1}}


def test_extrasensory_test_part_is_fold_0(tree: Tree) -> None:
    windows = load_windows(tree("extrasensory"))
    assert set(windows.subject_N[windows.is_test_N].tolist()) == {"extrasensory:22222222-ANDROID"}


def test_extrasensory_platform_that_the_units_deny(tree: Tree) -> None:
    root = tree("extrasensory")
    for part in ("train", "test"):
        iphone = root / "cv5Folds" / f"fold_0_{part}_iphone_uuids.txt"
        android = root / "cv5Folds" / f"fold_0_{part}_android_uuids.txt"
        swapped = android.read_text(), iphone.read_text()
        iphone.write_text(swapped[0])
        android.write_text(swapped[1])
    with pytest.raises(
        DataError, match="the median acceleration is 1, but the fold lists say android"
    ):
        load_recordings(root)


def test_extrasensory_without_lists_or_with_a_stranger(tree: Tree) -> None:
    root = tree("extrasensory")
    (root / "raw_acc" / "stranger").mkdir()
    with pytest.raises(DataError, match="stranger is in no list of fold 0"):
        load_recordings(root)
    (root / "cv5Folds" / "fold_0_test_android_uuids.txt").unlink()
    with pytest.raises(DataError, match=r"fold_0_test_android_uuids\.txt: no such file"):
        load_recordings(root)
    (root / "cv5Folds").rename(root / "lists")
    with pytest.raises(DataError, match="no lists of fold 0; unpack cv5Folds"):
        load_recordings(root)


def test_motionsense_adds_gravity_and_turns_it_up(tree: Tree) -> None:
    sitting, walking = load_recordings(tree("motionsense"))
    assert (sitting.subject, walking.subject) == ("motionsense:2", "motionsense:1")
    assert walking.labels[walking.label_T[0]] == "walking"
    # gravity.z = -1 and userAcceleration.z = 0 at the start; then up to -1.1 in all.
    assert walking.imu_TC[0, 2] == pytest.approx(1.0)
    assert walking.imu_TC[:, 2].max() == pytest.approx(1.1, abs=0.001)
    # Half a swing of the gyroscope, sign kept.
    assert walking.imu_TC[12, 3] == pytest.approx(0.5 * np.sin(2 * np.pi * 0.24), abs=1e-4)


def test_motionsense_other_folders_and_columns(tree: Tree) -> None:
    root = tree("motionsense")
    file = root / "A_DeviceMotion_data" / "wlk_7" / "sub_1.csv"
    whole = file.read_text()
    file.write_text(whole.replace("gravity.z", "gravity.up"))
    with pytest.raises(DataError, match=r"no column gravity\.z; the header is"):
        load_recordings(root)
    file.write_text(whole)
    (root / "A_DeviceMotion_data").rename(root / "B_Accelerometer_data")
    with pytest.raises(
        DataError, match=r"looks like motionsense, but it holds B_Acc.*unpack A_DeviceMotion_data"
    ):
        load_recordings(root)


def test_pamap2_reads_three_sensors_and_parts_at_lost_rows(tree: Tree) -> None:
    recordings = load_recordings(tree("pamap2"), subject="101")
    # 6 s; the chest misses 20 rows = 0.2 s after 3 s.
    lengths = [(part.source.split()[-1], round(part.duration_s, 1)) for part in recordings]
    assert lengths == [("hand", 6.0), ("chest", 3.0), ("chest", 2.8), ("ankle", 6.0)]
    # The ±6 g accelerometer (99 in the tree) is not read; the first 0.5 s are activity 0.
    assert all(np.abs(part.imu_TC[:, :3]).max() < 1.2 for part in recordings)
    label_T = recordings[0].label_T
    assert set(label_T[:24].tolist()) == {-1}
    assert recordings[0].labels[label_T[26]] == "walking"


def test_pamap2_wrong_columns(tree: Tree) -> None:
    root = tree("pamap2")
    cut_columns(root / "Protocol" / "subject101.dat", 53)
    with pytest.raises(DataError, match="first row has 53 columns; the published file has 54"):
        load_recordings(root)


def test_dsads_joins_segments_and_parts_at_a_missing_one(tree: Tree) -> None:
    recordings = load_recordings(tree("dsads"), subject="1")
    assert [part.source.split()[-1] for part in recordings[:5]] == [
        "torso", "right_arm", "left_arm", "right_leg", "left_leg",
    ]  # fmt: skip
    # Segments 1 and 2 are joined (10 s), 4 stands alone (5 s); five sensors each.
    assert [round(part.duration_s) for part in recordings[::5]] == [10, 5]
    # In the tree the gyroscope of unit k swings k times as far.
    swings = [float(np.abs(part.imu_TC[:, 3]).max()) for part in recordings[:5]]
    assert swings == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.5], rel=0.05)


def test_dsads_wrong_columns(tree: Tree) -> None:
    root = tree("dsads")
    cut_columns(root / "a01" / "p1" / "s02.txt", 44, ",")
    with pytest.raises(DataError, match=r"s02\.txt: the first row has 44 columns"):
        load_recordings(root)


def test_usc_had_takes_the_activity_from_the_name(tree: Tree) -> None:
    first, second = load_recordings(tree("usc_had"))
    assert (first.subject, second.subject) == ("usc_had:1", "usc_had:13")
    assert first.labels[first.label_T[0]] == "walking_forward"
    assert second.labels[second.label_T[0]] == "elevator_down"
    assert np.abs(first.imu_TC[:, 3]).max() == pytest.approx(0.5, rel=0.02)


def test_usc_had_files_that_are_wrong(tree: Tree) -> None:
    from scipy.io import savemat

    root = tree("usc_had")
    file = root / "Subject1" / "a1t1.mat"
    savemat(file, {"sensor_readings": np.zeros((10, 5))})
    with pytest.raises(DataError, match=r"sensor_readings holds shape \(10, 5\)"):
        load_recordings(root)
    savemat(file, {"other": np.zeros(3)})
    with pytest.raises(DataError, match="sensor_readings holds nothing"):
        load_recordings(root)
    file.write_bytes(b"not a mat file at all" * 20)
    with pytest.raises(DataError, match=r"not a readable \.mat file"):
        load_recordings(root)
    file.rename(file.with_name("a13t1.mat"))
    with pytest.raises(DataError, match="activity 13; they are 1 to 12"):
        load_recordings(root)


def test_align_by_hand() -> None:
    acc_s, acc = np.array([0.0, 0.05, 0.10, 0.15]), np.arange(12.0).reshape(4, 3)
    gyro_s, gyro = np.array([0.025, 0.075, 0.125]), np.array([[0.0] * 3, [2.0] * 3, [4.0] * 3])
    stamp_s, imu = align(acc_s, acc, gyro_s, gyro)
    # 0.00 is before the gyroscope's first row and 0.15 after its last.
    assert stamp_s.tolist() == [0.05, 0.10]
    assert imu == pytest.approx(np.array([[3, 4, 5, 1, 1, 1], [6, 7, 8, 3, 3, 3]]))


def test_align_leaves_out_rows_in_a_hole_of_the_gyroscope() -> None:
    acc_s = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3])
    gyro_s = np.array([0.0, 0.06, 0.26, 0.31])
    stamp_s, _ = align(acc_s, np.zeros((7, 3)), gyro_s, np.zeros((4, 3)))
    assert stamp_s == pytest.approx([0.0, 0.05, 0.30])


def test_seconds_tells_the_unit_from_the_step() -> None:
    path = Path("x.txt")
    for ticks in (1, 1000, 1_000_000, 1_000_000_000):
        stamp = np.array([0.0, 0.05, 0.1]) * ticks
        assert seconds(stamp, path) == pytest.approx([0.0, 0.05, 0.1])
    with pytest.raises(DataError, match="stamps are 600 apart"):
        seconds(np.array([0.0, 1.0, 2.0]) * 600, path)
