"""The compact files: faults on made ones, and counts on the real ones where they are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.data.imu.check import examine
from edgehuman.data.imu.layout import median_norm
from edgehuman.data.imu.load import find_layout, load_recordings, load_windows, recognise
from edgehuman.data.imu.write import ExportConfig, export_csv
from edgehuman.errors import DataError

REAL = {
    "uci_har.npz": ("uci_har", 30),
    "hapt_raw.npz": ("hapt", 30),
    "wisdm2019_phone_4act_20hz.npz": ("wisdm2019", 51),
    "dsads_rarm_rleg.npz": ("dsads", 8),
    "usc_had.npz": ("usc_had", 14),
    "gait10_phone_imu.npz": ("gait10", 10),
    "geotec_phone_watch.npz": ("geotec", 14),
}


def hapt_file(path: Path, **changes: object) -> Path:
    imu = np.tile(np.array([0, 0, 1, 0.5, 0, 0], np.float32), (300, 1))
    fields: dict[str, object] = {
        "x": imu,
        "exp": [1, 2],
        "user": [1, 2],
        "length": [140, 160],
        "labels": [[1, 1, 5, 1, 140], [2, 2, 1, 1, 160]],
        "rate_hz": 50,
    }
    arrays: dict[str, Any] = {key: np.asarray(value) for key, value in (fields | changes).items()}
    np.savez(path, **arrays)
    return path


def test_a_made_file(tmp_path: Path) -> None:
    windows = load_windows(hapt_file(tmp_path / "made.npz"))
    assert windows.subject_N.tolist() == ["uci30:1", "uci30:2"]
    assert [windows.labels[i] for i in windows.label_N] == ["standing", "walking"]
    assert windows.is_test_N.tolist() == [False, True]


def test_a_file_that_is_cut_short_or_edited(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="adds up to 301 rows, but the file holds 300"):
        load_windows(hapt_file(tmp_path / "a.npz", length=[140, 161]))
    whole = hapt_file(tmp_path / "b.npz").read_bytes()
    (tmp_path / "b.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"not a readable \.npz file"):
        load_windows(tmp_path / "b.npz")


def test_a_file_of_something_else(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.zeros(3))
    with pytest.raises(
        DataError, match=r"an \.npz file with the fields x; no known dataset has this layout"
    ):
        recognise(tmp_path / "x.npz")


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    path = hapt_file(tmp_path / "x.npz", user=np.array([{"a": 1}, None], dtype=object))
    with pytest.raises(DataError, match="cannot be read"):
        load_windows(path)


@pytest.mark.parametrize("name", REAL)
def test_real_files_are_right_and_their_people_are_there(name: str, shared_data: Path) -> None:
    dataset, people = REAL[name]
    layout, place = find_layout(shared_data / name)
    assert layout.dataset == dataset
    findings = examine(layout.read, place)
    assert findings.problems == []
    assert len(findings.people) == people
    assert findings.median_norm_g == pytest.approx(1.0, abs=0.08)


def test_uci_har_counts_of_the_official_test_part(shared_data: Path) -> None:
    windows = load_windows(shared_data / "uci_har.npz")
    test = windows.select(windows.is_test_N)
    assert len(test) == 2947
    assert dict(zip(test.labels, np.bincount(test.label_N).tolist(), strict=True)) == {
        "walking": 496,
        "walking_upstairs": 471,
        "walking_downstairs": 420,
        "sitting": 491,
        "standing": 532,
        "laying": 537,
    }
    assert set(test.subject_N.tolist()) == {
        f"uci30:{user}" for user in (2, 4, 9, 10, 12, 13, 18, 20, 24)
    }
    assert len(windows) - len(test) == 7348
    train = windows.select(~windows.is_test_N)
    assert not set(train.subject_N.tolist()) & set(test.subject_N.tolist())
    assert median_norm(windows.imu_NTC) == pytest.approx(1.0, abs=0.05)


def test_hapt_and_uci_har_are_the_same_people_and_labels(shared_data: Path) -> None:
    recordings = load_recordings(shared_data / "hapt_raw.npz")
    assert len(recordings) == 61
    hapt = load_windows(shared_data / "hapt_raw.npz")
    uci = load_windows(shared_data / "uci_har.npz")
    assert set(hapt.subject_N.tolist()) == set(uci.subject_N.tolist())
    assert hapt.labels[:6] == uci.labels
    assert set(hapt.subject_N[hapt.is_test_N].tolist()) == set(
        uci.subject_N[uci.is_test_N].tolist()
    )


def test_wisdm_split(shared_data: Path) -> None:
    windows = load_windows(shared_data / "wisdm2019_phone_4act_20hz.npz")
    assert len(set(windows.subject_N[windows.is_test_N].tolist())) == 17
    assert len(set(windows.subject_N[~windows.is_test_N].tolist())) == 34


def test_dsads_units_are_recordings_of_five_minutes(shared_data: Path) -> None:
    recordings = load_recordings(shared_data / "dsads_rarm_rleg.npz", subject="3")
    assert len(recordings) == 19 * 2
    assert {round(part.duration_s) for part in recordings} == {300}
    assert [part.source for part in recordings[:2]] == [
        "dsads a01 p3 right_arm",
        "dsads a01 p3 right_leg",
    ]


def test_export_of_a_real_person(shared_data: Path, tmp_path: Path) -> None:
    outcome = export_csv(ExportConfig(shared_data / "hapt_raw.npz", "2", tmp_path))
    assert isinstance(outcome.data, dict)
    assert [row["seconds"] for row in outcome.data["files"]] == [360.52, 331.3]


def test_a_file_that_lacks_a_field_says_which(tmp_path: Path) -> None:
    whole = np.load(hapt_file(tmp_path / "whole.npz"))
    np.savez(tmp_path / "part.npz", **{name: whole[name] for name in whole if name != "user"})
    with pytest.raises(
        DataError, match=r"part\.npz looks like hapt, but the fields user are missing"
    ):
        recognise(tmp_path / "part.npz")
