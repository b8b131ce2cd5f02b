"""evaluate of models that part people: the same frames, other ways beside them in one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import crowds as of_crowds
from edgehuman.bench.evaluate import frames as of_frames
from edgehuman.bench.evaluate.frames import EvaluateConfig, evaluate, trial
from edgehuman.bench.trial import Words
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.model import load
from tests.bench.evaluate.bars import write_bars
from tests.data.frame_trees import cihp, made_frames
from tests.data.image.parsed.test_score import parted
from tests.runtime.parts_models import parts_card, rows_of, write_parts


@pytest.fixture
def parter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model; every path is four frames: Anne, both, Anne, nobody."""
    monkeypatch.setattr(of_frames, "load_frames", lambda data, **few: parted())
    return write_parts(tmp_path, rows_of())


def scores_of(model: Path, **changes: Any) -> dict[str, Any]:
    outcome = evaluate(EvaluateConfig(str(model), data="made", **changes))
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_scores_and_people(parter: Path) -> None:
    found = scores_of(parter)
    assert (found["frames"], found["people"], found["task"]) == (4, 4, "multi-parsing")
    assert found["metrics"]["pcp_50"] > 0.9
    assert found["metrics"]["ap50"] > 0.5
    assert found["ms_per_frame"] > 0
    assert found["detector"] is None
    assert scores_of(parter, every=2)["people"] == 2


def test_others_stand_beside_it_in_one_table(parter: Path, tmp_path: Path) -> None:
    row_RX = rows_of()
    row_RX[0, 4] = 0.02  # Anne is not found
    other = str(write_parts(tmp_path / "other", row_RX))
    outcome = evaluate(EvaluateConfig(str(parter), data="made", beside=(other,)))
    assert isinstance(outcome.data, dict)
    beside = outcome.data["beside"][other]["metrics"]
    assert beside["ap_p_50"] < outcome.data["metrics"]["ap_p_50"]
    assert other in str(outcome.text)
    assert "ms per frame" in str(outcome.text)


class Crops:
    """A model of one person that says they are all trousers."""

    looks = False

    def __init__(self, model: object) -> None:
        pass

    def answer_all(self, frame_HWC: Uint8, found: list[FoundPerson]) -> list[Person]:
        made = []
        for each in found:
            x0, y0, x1, y1 = (int(value) for value in each.box_4)
            part_HW = np.full((y1 - y0, x1 - x0), 4, np.uint8)
            cut = (x0, y0, x1, y1)
            made.append(Person(each.box_4, each.score, cut=cut, part_HW=part_HW))
        return made


def test_the_way_over_crops(parter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_crowds, "CropModel", Crops)
    detector = str(write_bars(tmp_path))
    found = scores_of(parter, beside=("zoo:person-garments",), detector=detector)
    crops = found["beside"]["zoo:person-garments"]["metrics"]
    assert crops["ap50"] == 1  # the detector knows where they stand
    assert crops["pcp_50"] < found["metrics"]["pcp_50"]
    with pytest.raises(UsageError, match="does not find people; give a detector"):
        scores_of(parter, beside=("zoo:person-garments",), detector="zoo:person-pose")


def test_wrong_pairs_are_refused(parter: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="gives boxes of person; give a model of the same par"):
        scores_of(parter, beside=(str(write_bars(tmp_path)),))
    other = parts_card(("background", "hat"))
    odd = write_parts(tmp_path / "odd", rows_of()[:5], other)
    with pytest.raises(DataError, match=r"has the parts .*, and the model background, hat"):
        scores_of(odd)


def test_on_data_without_parts_boxes_alone_are_scored_beside_detectors(
    parter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(of_frames, "load_frames", lambda data, **few: made_frames())
    bars = str(write_bars(tmp_path))
    found = scores_of(parter, beside=(bars,))
    assert "ap_p_vol" not in found["metrics"]
    assert found["metrics"]["ap50"] > 0.5
    assert (
        scores_of(Path(bars), beside=(str(parter),))["beside"][str(parter)]["metrics"]
        == (found["metrics"])
    )


def test_bench_scores_it_too(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    model = load(str(write_parts(tmp_path / "m", rows_of())))
    made = trial(model.card, Words(str(cihp(tmp_path / "cihp"))))
    assert made.scored == 1
    # In CIHP's picture Bob wears a coat, which is of the upper clothes too.
    assert made.score(model)["pcp_50"] > 0.9


def test_the_command_line(parter: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(parter), "--data", "made", "--json"]) == 0
    assert "ap_p_vol" in json.loads(capsys.readouterr().out)["metrics"]
