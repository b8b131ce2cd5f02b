"""`edgehuman info`: the card as a page and whole as JSON, of whatever names a model."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue
from edgehuman.card import IMU_INPUT, Card, OutputSpec, TrainingData, sealed_metadata
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, CheckpointError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.build import side_file
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.plan_file import side_path
from edgehuman.runtime.info import (
    RANDOM,
    InfoConfig,
    info,
    mounting,
    random_models,
    saying_random,
)
from edgehuman.runtime.zoo import zoo_file, zoo_names

SECTIONS = (
    *("what it needs", "what it answers", "what taught it"),
    *("how good", "proof of parity", "the file"),
)


def card(**changes: Any) -> Card:
    made = Card("made", "activity", "imuconv_288k", 5, 7, IMU_INPUT, OutputSpec("classes", ("a",)))
    return made.replace(**changes)


def weights_file(folder: Path, of: Card) -> Path:
    """A safetensors file that holds a card alone."""
    header = json.dumps({"__metadata__": sealed_metadata(of)}).encode()
    folder.mkdir()
    path = folder / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    return path


@dataclasses.dataclass
class Words:
    """What a command that takes models is called with."""

    model: str = ""
    models: tuple[str, ...] = ()


@pytest.mark.parametrize("name", zoo_names())
def test_a_shipped_model_tells_everything_in_its_card(name: str) -> None:
    said, own = info(InfoConfig(name)), read_card(zoo_file(name))
    places = [said.text.index(f"\n{title}\n") for title in SECTIONS]
    assert places == sorted(places)
    words = " ".join(said.text.split())
    for part in (own.input.record, own.input.units, own.precision.name, own.arch):
        assert part in words
    for row in own.data:
        assert f"{row.licence} (commercial use: " in words
        assert row.url in words
        assert not row.simulated or "SIMULATED" in words
    for metric in own.metrics:
        assert f"{metric.value:.4g} ({metric.protocol})" in words
    for key in own.parity:
        assert key in words or key in ("reference", "source", "samples", "samples_sha256")
    assert all(label in words for label in own.output.labels)
    assert RANDOM not in words
    assert "None" not in words.split()


def test_all_of_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", "zoo:activity", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    own = json.loads(read_card(zoo_file("zoo:activity")).to_json())
    assert data["card"] == own
    assert data["file_bytes"] == zoo_file("zoo:activity").stat().st_size
    assert data["random_weights"] is False
    assert "x up" in data["mounting"][0]


def test_a_name_a_file_and_an_engine_say_the_same(tmp_path: Path) -> None:
    onnx = tmp_path / "a.onnx"
    shutil.copy(zoo_file("zoo:activity"), onnx)
    own = dataclasses.asdict(read_card(onnx))
    engine = {
        "engine_sha256": "0",
        "library": "tensorrt",
        "version": "10.9",
        "gpu": "Orin",
        "driver": 12060,
        "built_for": [87],
        "platform": "Linux aarch64",
        "onnx_sha256": "0",
        "options": {},
    }
    plan = tmp_path / "b.engine"
    side_path(plan).write_bytes(side_file(read_card(onnx), engine))
    for path in (onnx, plan, side_path(plan)):
        data = info(InfoConfig(str(path))).data
        assert isinstance(data, dict)
        assert json.dumps(data["card"]) == json.dumps(own)
    built = info(InfoConfig(str(plan)))
    assert "tensorrt 10.9, Orin, Linux aarch64" in built.text
    assert isinstance(built.data, dict)
    assert built.data["engine"]["built_for"] == [87]
    assert built.data["file_bytes"] is None  # the plan is not here


def test_a_checkpoint_folder_and_its_file(tmp_path: Path) -> None:
    path = weights_file(tmp_path / "run", card(recipe="activity finetune", commit="abc"))
    for model in (path, path.parent):
        said = info(InfoConfig(str(model)))
        assert "proves its parity" in said.text
        assert "`edgehuman evaluate` measures it" in said.text
        assert isinstance(said.data, dict)
        assert said.data["card"]["commit"] == "abc"


def test_a_network_without_weights_says_so_first(capsys: pytest.CaptureFixture[str]) -> None:
    for name, row in catalogue.NETWORKS.items():
        said = info(InfoConfig(name))
        assert said.text.splitlines()[2].startswith("!!! RANDOM WEIGHTS")
        assert f"{row.params:,} parameters" in said.text
        assert isinstance(said.data, dict)
        assert said.data["random_weights"] is True
    assert main(["info", "imuconv_288k"]) == 0
    assert capsys.readouterr().err == ""


def test_an_exported_network_without_training_is_found_out(tmp_path: Path) -> None:
    random = weights_file(tmp_path / "random", card(recipe="random weights, seed 0: for checks"))
    assert "!!! RANDOM WEIGHTS" in info(InfoConfig(str(random))).text
    trained = weights_file(tmp_path / "trained", card(recipe="activity finetune"))
    names = (str(random), str(trained), "imuconv_288k", "zoo:activity", "nowhere.onnx")
    assert random_models(Words(models=names)) == [str(random), "imuconv_288k"]


def test_a_command_says_so_first_and_in_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    def run(config: Words) -> Outcome:
        assert ("RANDOM WEIGHTS" in capsys.readouterr().err) == (config.model == "imuconv_288k")
        return Outcome({"windows": 3}, "done")

    for model, expected in (("imuconv_288k", True), ("zoo:activity", False)):
        outcome = saying_random(run)(Words(model))
        assert outcome.data == {"random_weights": expected, "windows": 3}
    with pytest.raises(AssertionError):  # `run` looks at what was said before it
        saying_random(lambda config: run(Words("imuconv_288k")))(Words("zoo:activity"))


def test_where_the_sensor_was_worn_follows_from_the_data() -> None:
    row = TrainingData("uci_har", "training", "CC", "", 1, 1)
    rows = (row, dataclasses.replace(row, dataset="hapt"), dataclasses.replace(row, dataset="x"))
    assert len(mounting(card(data=rows))) == 1
    assert mounting(card()) == ()


@pytest.mark.parametrize(
    ("model", "error", "said"),
    [
        ("zoo:actvity", UsageError, "Did you mean 'zoo:activity'"),
        ("nowhere.onnx", ArtefactError, "nowhere.onnx"),
        ("nowhere.engine", ArtefactError, "no such file"),
        (".", ArtefactError, "without a checkpoint"),
        ("nowhere.safetensors", CheckpointError, "nowhere.safetensors"),
    ],
)
def test_what_is_no_model_is_refused(
    model: str, error: type[Exception], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=said):
        info(InfoConfig(model))


@pytest.mark.slow
def test_random_weights_are_said_by_the_commands_that_use_them(
    capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    pytest.importorskip("torch")
    request.getfixturevalue("traces")
    for words in (
        ["evaluate", "imuconv_288k", "--json"],
        ["bench", "imuconv_288k", "--rounds", "1", "--json"],
    ):
        assert main(words) == 0
        said = capsys.readouterr()
        assert said.err.count("RANDOM WEIGHTS") == 1
        data = json.loads(said.out)
        assert data["random_weights"] is True
        assert all(row["random_weights"] for row in data.get("rows", []))
    assert main(["run", "imuconv_288k", "--source", "simulated", "--seconds", "4"]) == 0
    assert capsys.readouterr().err.count("RANDOM WEIGHTS") == 1
    assert main(["bench", "zoo:activity", "--rounds", "1", "--json"]) == 0
    said = capsys.readouterr()
    assert "RANDOM" not in said.err
    assert json.loads(said.out)["random_weights"] is False
