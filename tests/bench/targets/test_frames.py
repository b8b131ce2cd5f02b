"""What the runtime adds to a frame: both sides do the same work; the ratio is of their times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.targets import frames
from edgehuman.bench.targets.targets import choose
from edgehuman.runtime.engine.onnx import OnnxRuntimeEngine


def test_the_targets_are_there() -> None:
    names = [target.name for target in choose(["frames-"])]
    kinds = ("boxes", "camera-boxes", "joints", "camera-joints", "gait-joints", "gait-outlines")
    assert names == [f"frames-{kind}" for kind in kinds]
    assert {(target.sense, target.goal) for target in choose(["frames-"])} == {("at most", 1.15)}


@pytest.mark.long
def test_both_sides_run_the_networks_as_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = frames._models(True)
    film = frames.write_film(tmp_path / "a.avi", 2)
    cuts = frames.cuts_of(models, film)
    assert len(cuts) == 2
    assert all(1 < len(each) <= frames.PEOPLE for each in cuts)
    shapes: list[tuple[int, ...]] = []
    run = OnnxRuntimeEngine.run

    def watched(engine: OnnxRuntimeEngine, array: Any) -> Any:
        shapes.append(array.shape)
        return run(engine, array)

    monkeypatch.setattr(OnnxRuntimeEngine, "run", watched)
    frames.bare(models, film, cuts)
    alone, shapes[:] = list(shapes), []
    frames._run(models, str(film))
    assert shapes == alone
    with frames.serving(tmp_path) as url:
        shapes[:] = []
        frames._run(models, f"{url}/a.avi")
    assert shapes == alone


def test_the_ratio_is_of_the_two_sides_of_a_round(capsys: pytest.CaptureFixture[str]) -> None:
    spent = np.array([[0.011, 0.010], [0.024, 0.020], [0.013, 0.010]])
    assert frames._told("a file", [[(0, 0, 1, 1)] * 3], spent) == pytest.approx(1.2)
    assert "a file, joints of 3.0 people: 13.00 ms a frame" in capsys.readouterr().err
    assert frames.took(lambda: None) < 1
