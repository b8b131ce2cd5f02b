"""`edgehuman data check` on wearables: what is missing, and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.catalogue import DATASETS
from edgehuman.data.commands import CheckConfig, check
from edgehuman.errors import DataError

Tree = Callable[[str], Path]


COMPACT_ALONE = ("gait10", "geotec")
WEARABLES = [
    name for name, row in DATASETS.items() if row.modality == "imu" and name not in COMPACT_ALONE
]


def problems(path: Path) -> list[str]:
    outcome = check(CheckConfig(path))
    assert isinstance(outcome.data, dict)
    assert outcome.exit_code == int(bool(outcome.data["problems"]))
    return list(outcome.data["problems"])


def without_absent(lines: list[str]) -> list[str]:
    """A small tree lacks most people and files; what else is wrong?"""
    return [line for line in lines if not line.startswith(("missing:", "people missing"))]


@pytest.mark.parametrize("dataset", WEARABLES)
def test_a_small_tree_lacks_people_and_is_right_otherwise(dataset: str, tree: Tree) -> None:
    lines = problems(tree(dataset))
    assert without_absent(lines) == []
    if dataset not in ("extrasensory",):
        assert any(line.startswith("people missing") for line in lines)


def test_missing_files_are_named(tree: Tree) -> None:
    root = tree("uci_har")
    (root / "test" / "y_test.txt").unlink()
    lines = problems(root)
    assert "missing: test/y_test.txt" in lines
    assert any("reading stopped" in line and "y_test.txt: no such file" in line for line in lines)


def test_a_missing_gyroscope_file_of_each_pair(tree: Tree) -> None:
    root = tree("hapt")
    (root / "RawData" / "gyro_exp03_user02.txt").unlink()
    assert "missing: RawData/gyro_exp03_user02.txt" in problems(root)
    root = tree("wisdm2019")
    (root / "raw" / "watch" / "gyro" / "data_1640_gyro_watch.txt").unlink()
    assert "missing: watch/gyro/data_1640_gyro_watch.txt" in problems(root)


def test_wrong_columns_are_told(tree: Tree) -> None:
    root = tree("dsads")
    file = root / "a01" / "p1" / "s01.txt"
    file.write_text(file.read_text().replace(",", ";"))
    assert any(
        "the first row has 1 columns; the published file has 45" in x for x in problems(root)
    )


def test_one_person_in_other_units_is_told(tree: Tree) -> None:
    root = tree("hapt")
    file = root / "RawData" / "acc_exp03_user02.txt"
    np.savetxt(file, np.loadtxt(file) * 9.80665)
    (line,) = without_absent(problems(root))
    assert line.startswith("uci30:2: median acceleration 9.8")
    assert "look like m/s² instead of the published g" in line


def test_a_gyroscope_in_degrees_is_told(tree: Tree) -> None:
    root = tree("hapt")
    for file in (root / "RawData").glob("gyro_*"):
        np.savetxt(file, np.loadtxt(file) * 180 / np.pi * 2)  # 1 rad/s
    (line,) = without_absent(problems(root))
    assert line.startswith("gyroscope: 1 % of samples exceed 5")


def test_nan_is_a_fault_where_none_was_published_and_a_note_where_some_was(tree: Tree) -> None:
    root = tree("hapt")
    file = root / "RawData" / "acc_exp01_user01.txt"
    lines = file.read_text().splitlines()
    lines[7] = "nan nan nan"
    file.write_text("\n".join(lines) + "\n")
    assert without_absent(problems(root)) == [
        "1 of 800 samples have a value that is not finite; the published files have none"
    ]
    outcome = check(CheckConfig(tree("pamap2")))
    assert "note: 40 of 3600 samples have a value that is not finite, as published" in outcome.text


def test_sensors_that_never_overlap_are_told(tree: Tree) -> None:
    root = tree("wisdm2019")
    file = root / "raw" / "watch" / "gyro" / "data_1600_gyro_watch.txt"
    file.write_text(file.read_text().replace(",252", ",952"))
    assert without_absent(problems(root)) == [
        "accelerometer and gyroscope never overlap in wisdm2019 1600 A watch"
    ]


def test_long_lists_are_cut_in_the_text_only(tree: Tree) -> None:
    outcome = check(CheckConfig(tree("motionsense")))
    assert isinstance(outcome.data, dict)
    assert len(outcome.data["problems"]) == 15 * 24 - 2 + 1
    assert "and 339 more; --json lists them all" in outcome.text


def write_two_people(folder: Path, both_sensors: bool) -> None:
    """Two people at rest, the second with one sensor's rows or with those of two in turn."""
    for seed, name in enumerate(("anna_sitting", "bert_sitting")):
        imu_TC = np.random.default_rng(seed).normal(0, 0.02, (800, 6))
        imu_TC[:, 0] += 1
        if both_sensors and seed:
            imu_TC[::2, (0, 2)] += (-1, 1)
        table = np.column_stack([np.arange(800) / 100, imu_TC])
        np.savetxt(
            folder / f"{name}.csv", table, "%.5f", ",", header="t,ax,ay,az,gx,gy,gz", comments=""
        )


def test_a_recording_of_two_sensors_in_turn_is_named(tmp_path: Path) -> None:
    write_two_people(tmp_path, both_sensors=True)
    lines = problems(tmp_path)
    assert any("bert_sitting.csv: the rows of two sensors take turns" in line for line in lines)
    assert not any("anna_sitting" in line for line in lines)


def test_a_rate_of_rows_that_have_stamps_is_refused_with_its_reason(tmp_path: Path) -> None:
    write_two_people(tmp_path, both_sensors=False)
    with pytest.raises(DataError, match=r"sitting\.csv: the rows have stamps.*--rate-hz"):
        check(CheckConfig(tmp_path, rate_hz=100.0))
