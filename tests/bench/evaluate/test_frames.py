"""evaluate on frames: a detector computed by hand, and each wrong pair."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from edgehuman.bench.evaluate import frames as of_frames
from edgehuman.bench.evaluate.frames import EvaluateConfig, evaluate, trial
from edgehuman.bench.trial import Words
from edgehuman.card import OutputSpec
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.records import Uint8
from edgehuman.runtime.model import load
from tests.bench.evaluate.bars import bars_card, write_bars
from tests.data.frame_trees import made_frames, mot_video
from tests.runtime.frame_models import write_foreign


@pytest.fixture
def bars(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The detector; every path is five frames: Anne, both, Anne, both, nobody."""
    monkeypatch.setattr(of_frames, "load_frames", lambda data, **few: made_frames(5))
    return write_bars(tmp_path)


def scores_of(model: Path, **changes: Any) -> dict[str, Any]:
    outcome = evaluate(EvaluateConfig(str(model), data="made", **changes))
    assert isinstance(outcome.data, dict)
    return outcome.data


def test_scores_by_hand(bars: Path) -> None:
    found = scores_of(bars)
    # Six dark bars score 0.84, the four places where nobody stands 0.29.
    assert found["metrics"]["ap50"] == 1
    assert found["metrics"]["ap"] == 1
    assert found["metrics"]["miss_rate"] == 0
    assert (found["frames"], found["people"], found["dataset"]) == (5, 6, "made frames")
    assert found["ms_per_frame"] > 0
    assert found["engine"]["engine"] == "onnxruntime"


def test_every_second_frame(bars: Path) -> None:
    found = scores_of(bars, every=2)
    assert (found["frames"], found["people"]) == (3, 2)
    with pytest.raises(UsageError, match="every"):
        scores_of(bars, every=0)


def test_the_command_line_prints_numbers_for_machines_and_for_people(
    bars: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(bars), "--data", "made", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["ap50"] == 1
    assert main(["evaluate", str(bars), "--data", "made"]) == 0
    text = capsys.readouterr().out
    assert "on made frames, test part: 5 frames" in text
    assert "ap50                1.0000" in text
    assert "ms per frame" in text


def test_a_folder_is_scored_as_it_is(tmp_path: Path) -> None:
    model = write_bars(tmp_path)
    outcome = evaluate(EvaluateConfig(str(model), data=str(mot_video(tmp_path / "mot"))))
    assert isinstance(outcome.data, dict)
    # Bob is ignored in one of the five frames, so his bar is no false detection there.
    assert (outcome.data["metrics"]["ap50"], outcome.data["people"]) == (1, 7)


def test_wrong_pairs_are_refused(bars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="none of its 5 frames is in the train split"):
        scores_of(bars, split="train")
    with pytest.raises(DataError, match="is made frames, but --dataset asks for mot"):
        scores_of(bars, dataset="mot")
    assert scores_of(bars, dataset="made frames")["frames"] == 5
    composed = dataclasses.replace(made_frames(5), dataset="ccp + simulated")
    monkeypatch.setattr(of_frames, "load_frames", lambda data: composed)
    assert scores_of(bars, dataset="ccp")["dataset"] == "ccp + simulated"
    with pytest.raises(ArtefactError, match="gives embedding; give a detector"):
        of_frames.require_detector(bars_card(output=OutputSpec("embedding", dim=3)))


def test_bench_scores_with_the_same_numbers(bars: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    model = load(str(bars))
    made = trial(model.card, Words(str(mot_video(tmp_path / "mot"))))
    assert made.scored == 5
    assert made.timed.shape == (5, 60, 80, 3)
    assert made.score(model)["ap50"] == 1


def test_detectors_of_others_are_scored_beside_it(
    bars: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    threads: list[int] = []

    def hog(frame_HWC: Uint8) -> Found:
        threads.append(cv2.getNumThreads())
        return nothing

    before = cv2.getNumThreads()
    monkeypatch.setattr(of_frames, "open_hog", lambda: hog)
    found = scores_of(bars, beside=("hog",), every=4)
    assert threads == [1, 1]  # as many as the network has
    assert cv2.getNumThreads() == before
    assert found["metrics"]["ap50"] == 1
    assert found["beside"]["hog"]["metrics"]["ap50"] == 0
    assert found["beside"]["hog"]["ms_per_frame"] >= 0
    assert main(["evaluate", str(bars), "--data", "made", "--beside", "hog"]) == 0
    assert "\nhog\n" in capsys.readouterr().out


def test_models_of_edgehumans_own_are_scored_beside_it(bars: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    name = "zoo:person-detector-int8"
    found = scores_of(bars, beside=(str(bars), name), every=4)
    assert found["beside"][str(bars)]["metrics"] == found["metrics"]
    assert 0 <= found["beside"][name]["metrics"]["ap50"] <= 1
    with pytest.raises(ArtefactError, match="give a detector"):
        scores_of(bars, beside=("zoo:person-garments",))
    axis = np.zeros((1, 17, 128), np.float32)
    one = {"simcc_x": axis, "simcc_y": axis}
    pose = write_foreign(tmp_path / "pose.onnx", (1, 3, 64, 64), one)
    with pytest.raises(UsageError, match=r"pose\.onnx takes one person"):
        scores_of(bars, beside=(str(pose),))
