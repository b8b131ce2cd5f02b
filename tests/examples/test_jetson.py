"""The example of a Jetson: the bundle is made and, without an engine, its ONNX runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.running import imported, run_example


def test_the_bundle_is_made_and_runs_where_there_is_no_engine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = imported("jetson", monkeypatch)
    example.main(["bundle", "--out", str(tmp_path / "bundle")])
    assert (tmp_path / "bundle" / "build.py").is_file()
    said = run_example("jetson", "run", "bundle", "--seconds", "5", folder=tmp_path)
    assert "activity.onnx on the CPU" in said
    assert len([line for line in said.splitlines() if line.endswith(" ms")]) >= 3


def test_an_engine_that_does_not_run_here_is_told_and_the_onnx_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = imported("jetson", monkeypatch)
    example.make_bundle("zoo:activity", tmp_path / "bundle")
    (tmp_path / "bundle" / "activity.engine").write_bytes(b"of another GPU")
    assert example.open_model(tmp_path / "bundle").card.task == "activity"
    assert "activity.engine does not run here" in capsys.readouterr().out
