"""`edgehuman evaluate` on walks, with a model that a person can compute."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.evaluate import skeleton as gait_accuracy
from edgehuman.bench.evaluate.checkpoint_engine import open_random
from edgehuman.bench.evaluate.skeleton import EvaluateConfig, evaluate, load_test
from edgehuman.card import Decision
from edgehuman.data.gait.score import score_walks
from edgehuman.data.skeleton.bones import bone_scores
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime.model import load
from tests.data.gait.test_score import PEOPLE, walks_of
from tests.runtime.gait_models import FRAMES, write_gait_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_gait_model(tmp_path / "nose.onnx")


@pytest.fixture
def walks(monkeypatch: pytest.MonkeyPatch) -> SkeletonSet:
    made = walks_of(PEOPLE, 3, frames=24)
    monkeypatch.setattr(gait_accuracy, "load_skeletons", lambda data, **_: made)
    return made


def table(model: Path, **changes: Any) -> dict[str, Any]:
    data = evaluate(EvaluateConfig(str(model), **changes)).data
    assert isinstance(data, dict)
    return data


@pytest.mark.usefixtures("walks")
def test_the_model_stands_beside_bone_lengths(model: Path) -> None:
    outcome = evaluate(EvaluateConfig(str(model), data="x"))
    data = json.loads(json.dumps(outcome.data))
    assert {"rank1", "rank5", "map"} <= set(data["metrics"])
    # The nose is in one place on average, whoever walks; arms and legs are not.
    assert data["baselines"]["bone_lengths"]["rank1"] == 1.0
    assert (data["gallery"], data["probes"], data["people"], data["too_short"]) == (3, 6, 3, 0)
    assert data["protocol_name"] == "gallery-probe"
    assert (
        (data["windows"])
        == "6 frames, overlapping by half; the mean of their vectors, each of length 1"
    )
    # The card's network is in no catalogue, so there is nothing to draw random weights of.
    assert "random_weights" not in data["baselines"]
    assert "nose is not in the catalogue" in data["baselines_left_out"]["random_weights"]
    assert "bone lengths" in outcome.text
    assert "no random_weights: nose" in outcome.text


@pytest.mark.usefixtures("walks")
def test_the_cards_threshold_is_tried_on_known_people_and_strangers(
    model: Path, tmp_path: Path
) -> None:
    text = evaluate(EvaluateConfig(str(model), data="x")).text
    data = table(model, data="x")
    found = json.loads(json.dumps(data))["open_set"]
    assert (found["threshold"], found["known_probes"], found["stranger_probes"]) == (0.9, 6, 6)
    # Everybody's nose is in one place: nobody is refused, and every stranger is taken in.
    assert found["accepted_right"] + found["accepted_wrong"] == 1
    assert (found["refused"], found["strangers_accepted"]) == (0, 1)
    assert data["open_set_left_out"] is None
    assert "at the card's threshold 0.9000: of 6 probes of known people" in text
    assert "0.0% refused; of 6 strangers 100.0% accepted" in text
    bare = write_gait_model(tmp_path / "bare.onnx", decision=Decision())
    data = table(bare, data="x")
    assert data["open_set"] is None
    assert "the card has no threshold" in data["open_set_left_out"]
    assert "no open-set scores: the card" in evaluate(EvaluateConfig(str(bare), data="x")).text


@pytest.mark.usefixtures("walks")
def test_random_weights_are_of_the_same_network_and_another_seed(
    model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, int]] = []
    own = write_gait_model(tmp_path / "own.onnx", arch="gaitptv2_deep_1")

    def random(name: str, seed: int, threads: int, frames: int) -> Any:
        asked.append((name, seed))
        return load(model)

    monkeypatch.setattr(gait_accuracy, "open_random", random)
    data = table(own, data="x", seed=4)
    assert asked == [("gaitptv2_deep_1", seed) for seed in (5, 6, 7, 8, 9)]
    assert data["random_weights_seeds"] == 5
    assert data["random_weights_each"] == [data["metrics"]] * 5
    assert data["baselines"]["random_weights"] == pytest.approx(data["metrics"])
    assert data["baselines_left_out"] == {}
    del asked[:]
    assert table(own, data="x", random_networks=2)["random_weights_seeds"] == 2
    assert asked == [("gaitptv2_deep_1", 1), ("gaitptv2_deep_1", 2)]


@pytest.mark.usefixtures("walks")
def test_random_networks_see_the_windows_of_the_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = write_gait_model(tmp_path / "own.onnx", arch="gaitptv2_deep_1")
    seen: list[int] = []

    def score(walks: Any, vectors: Any, frames: int, *words: Any) -> Any:
        seen.append(frames)
        return score_walks(walks, vectors, frames, *words)

    monkeypatch.setattr(gait_accuracy, "score_walks", score)
    assert open_random("gaitptv2_deep_1", seed=1).card.input.shape[0] != FRAMES
    table(own, data="x", random_networks=1)
    assert seen == [FRAMES, FRAMES]


@pytest.mark.usefixtures("walks")
def test_where_torch_is_absent_the_baseline_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = write_gait_model(tmp_path / "own.onnx", arch="gaitptv2_deep_1")

    def absent(name: str, seed: int, threads: int, frames: int) -> Any:
        raise ModuleNotFoundError("no torch here", name="torch")

    monkeypatch.setattr(gait_accuracy, "open_random", absent)
    data = table(own, data="x")
    assert list(data["baselines"]) == ["bone_lengths"]
    assert "torch is not installed" in data["baselines_left_out"]["random_weights"]
    assert (data["random_weights_seeds"], data["random_weights_each"]) == (0, [])
    assert "no random-weights baseline: torch" in capsys.readouterr().err


@pytest.mark.usefixtures("walks")
@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"protocol": "best"}, UsageError, "unknown protocol"),
        ({"protocol": "cross-view"}, DataError, "at least two"),
        ({"dataset": "gait3d"}, DataError, "asks for gait3d"),
    ],
)
def test_wrong_words_say_why(
    changes: dict[str, Any], kind: type[Exception], said: str, model: Path
) -> None:
    with pytest.raises(kind, match=said):
        table(model, data="x", **changes)


def test_walks_that_show_nobody_are_left_out_and_said(
    walks: SkeletonSet, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    walks.skeleton_SJ3[-24:] = 0
    assert table(model, data="x")["probes"] == 5
    assert "1 walks show nobody (all joints 0), such as" in capsys.readouterr().err
    walks.skeleton_SJ3[:] = 0
    with pytest.raises(DataError, match="x: 9 walks show nobody"):
        table(model, data="x")


def test_a_catalogued_network_is_judged_without_an_export() -> None:
    model = open_random("gaitptv2_deep_1", seed=3)
    skeleton_NTJ3 = np.zeros((2, 48, 18, 3), np.float32)
    assert model.logits(skeleton_NTJ3).shape == (2, 32)
    assert (model.engine.describe()["engine"], model.card.input.rate_hz) == ("torch", 24.0)


def test_a_model_of_pictures_is_refused(tmp_path: Path) -> None:
    from tests.runtime.image_models import write_image_model

    with pytest.raises(ArtefactError, match="SkeletonSequence to embedding"):
        table(write_image_model(tmp_path, "reid"))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch": 0}, "batch is 0; it must be at least 1"),
        ({"random_networks": -1}, "--random-networks is -1; it must be 1 or more, or 0"),
    ],
)
def test_a_number_out_of_its_range_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        EvaluateConfig("x", **changes)


def test_ucalgary_has_a_walk_of_everybody_and_bone_lengths_find_some(shared_data: Path) -> None:
    walks = load_test(str(shared_data / "ucalgary_gait_skeleton.npz"), 24.0)
    scores = bone_scores(walks, "gallery-probe")
    # Of 14 subjects one is a copy of another; everybody else walked twice without a limp.
    assert (scores.gallery, scores.probes, scores.people) == (13, 13, 13)
    assert 1 / 13 < scores.metrics["rank1"] < 1
    assert (walks.length_N >= 48).all()
