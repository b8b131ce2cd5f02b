"""Recordings as CSV files, from a dataset and from the simulator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.data.imu.write import ExportConfig, SimulateConfig, export_csv, simulate
from edgehuman.errors import DataError, UsageError

Tree = Callable[[str], Path]


def test_export_writes_what_run_reads(tree: Tree, tmp_path: Path) -> None:
    outcome = export_csv(ExportConfig(tree("hapt"), "1", tmp_path / "csv"))
    assert isinstance(outcome.data, dict)
    (row,) = outcome.data["files"]
    lines = Path(row["path"]).read_text().splitlines()
    assert lines[0] == "t,ax,ay,az,gx,gy,gz,label"
    assert lines[1] == "0.0000,0,0,1,0,0,0,standing"
    assert lines[2].startswith("0.0200,0,0,1.01253,0.0626")
    assert lines[-1].endswith(",")  # nothing is known of the last sample
    assert len(lines) == 1 + 400
    assert (row["subject"], row["seconds"], row["rate_hz"]) == ("uci30:1", 8.0, 50.0)


def test_export_of_nobody_and_to_nowhere(tree: Tree, tmp_path: Path) -> None:
    root = tree("hapt")
    with pytest.raises(DataError, match="no subject '31'"):
        export_csv(ExportConfig(root, "31", tmp_path / "csv"))
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"--out: .*is a file"):
        export_csv(ExportConfig(root, "1", tmp_path / "file"))


def test_nothing_is_simulated_for_a_folder_that_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("edgehuman.simulate.imu.recording.simulate_recording", None)
    with pytest.raises(DataError, match=r"--out: .*is a file"):
        simulate(SimulateConfig(tmp_path / "file"))


def test_simulated_walkers_differ_and_are_named_so(tmp_path: Path) -> None:
    outcome = simulate(SimulateConfig(tmp_path, people=2, minutes=0.5, rate_hz=100.0))
    assert isinstance(outcome.data, dict)
    first, second = outcome.data["files"]
    assert first["subject"].startswith("simulated:")
    assert first["subject"] != second["subject"]
    assert (first["seconds"], first["rate_hz"]) == (30.0, 100.0)
    lines = Path(first["path"]).read_text().splitlines()
    assert lines[0] == "t,ax,ay,az,gx,gy,gz,label"
    assert [line.split(",")[0] for line in lines[1:3]] == ["0.0000", "0.0100"]
    with pytest.raises(UsageError, match="--people 0"):
        simulate(SimulateConfig(tmp_path, people=0))
    with pytest.raises(UsageError, match="elbow"):
        simulate(SimulateConfig(tmp_path, placement="elbow", minutes=0.1))
