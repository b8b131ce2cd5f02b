"""The page of what the screening accuses, in small."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import screening
from edgehuman.bench.pages.skeleton.screening import ScreeningConfig, build_page
from edgehuman.errors import UsageError
from tests.runtime.gait_models import write_gait_model


def test_every_kind_is_screened_and_said_to_be_simulated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screening, "_EACH_KIND", 4)
    model = str(write_gait_model(tmp_path / "nose.onnx"))
    words = ["--model", model, "--people", "3", "--out", str(tmp_path)]
    assert main(ScreeningConfig, build_page, words) == 0
    said = capsys.readouterr().out
    rows = json.loads((tmp_path / "table.json").read_text())["screened"]
    assert [name.removeprefix("SIMULATED, ") for name in rows] == list(screening.DETECTORS)
    for row in rows.values():
        assert row["right"]["refused"] == 0
        assert row["x and y swapped"]["refused"] == 1
        assert row["in COCO's order"]["refused"] > 0.9
    assert rows["SIMULATED, less sure of what is hidden"]["mirrored"]["refused"] > 0.8
    assert "| 0 + " in said
    moved = json.loads((tmp_path / "table.json").read_text())["motion"]
    assert moved["SIMULATED, who walks"] == {"not walking": 0.0, "backwards": 0.0}
    assert moved["SIMULATED, who sits"]["not walking"] == 1
    assert moved["SIMULATED, who walks backwards"]["not walking"] == 0


def test_mistakes_by_hand() -> None:
    walk = np.zeros((1, 1, 18, 3), np.float32)
    walk[0, 0, 2] = (100.0, 50.0, 0.4)
    walk[0, 0, 3] = (30.0, 60.0, 0.9)
    assert screening.mirrored(walk)[0, 0, 2, 0] == 1820
    assert not screening.mirrored(walk)[0, 0, 5].any()
    assert screening.swapped_axes(walk)[0, 0, 2, :2].tolist() == [50, 100]
    assert screening.zeroed(walk)[0, 0, 2].tolist() == [0, 0, pytest.approx(0.4)]
    assert screening.constant(walk)[0, 0, :, 2].tolist() == [0, 0, 1, 1] + [0] * 14
    assert screening.swapped_sides(walk)[0, 0, 5, 0] == 100


def test_fewer_than_two_people_are_refused() -> None:
    with pytest.raises(UsageError, match="people is 1"):
        ScreeningConfig(people=1)
