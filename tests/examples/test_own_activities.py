"""The example of own activities: CSV files to an exported own network, run as a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.examples.running import imported, run_example


@pytest.mark.slow
@pytest.mark.long
def test_from_labelled_files_to_a_model_that_answers(tmp_path: Path) -> None:
    said = run_example("own_activities", "--simulate", "--steps", "20", folder=tmp_path)
    assert "runs/my_activities: own_activities:MyNet, finetune" in said
    assert (tmp_path / "runs" / "my_activities" / "my_activities.onnx").is_file()
    assert said.splitlines()[-1].split()[1] == "s"


def test_the_last_person_is_tested_and_nobody_is_in_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = imported("own_activities", monkeypatch)
    example.simulate(tmp_path, people=3, minutes=0.5)
    windows = example.read_recordings(tmp_path)
    tested = set(windows.subject_N[windows.is_test_N].tolist())
    assert tested == {"mine:2"}
    assert set(windows.subject_N[~windows.is_test_N].tolist()) == {"mine:0", "mine:1"}
    assert windows.dataset == ("my recordings",)
