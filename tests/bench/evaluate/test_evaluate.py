"""Every model is judged by the record that it reads, and takes that record's flags alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from edgehuman import catalogue
from edgehuman.bench.evaluate.evaluate import heading, open_model
from edgehuman.bench.evaluate.imu import EvaluateConfig
from edgehuman.cli import main
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.runtime.run import record_of
from edgehuman.runtime.zoo import zoo_file
from tests.runtime.gait_models import write_gait_model
from tests.runtime.image_models import write_image_model

ZOO = {
    "zoo:activity": "ImuWindow",
    "zoo:gait-skeleton": "SkeletonSequence",
    "zoo:person-garments": "PersonCrop",
}
COMMON = {"model", "data", "dataset", "batch", "threads", "seed"}
OWN = {
    "ImuWindow": {
        "split",
        "shared_labels",
        "map",
        "classes",
        "hop",
        "picture",
        "mounting",
        "placement",
        *(field.name for field in dataclasses.fields(ReadingFlags)),
    },
    "SkeletonSequence": {
        "protocol",
        "random_networks",
        "submission",
        "rate_hz",
        "size",
        "layout",
        "fuse",
    },
    "PersonCrop": {"split", "flip_test"},
}


@pytest.mark.parametrize("name", ZOO)
def test_the_record_is_that_of_the_card_or_of_the_catalogue(name: str) -> None:
    assert record_of(name) == record_of(str(zoo_file(name))) == ZOO[name]
    arch = open_model(EvaluateConfig(name)).card.arch
    assert record_of(arch) == ZOO[name]


def test_the_record_of_a_checkpoint_is_read_without_torch(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from edgehuman.export.networks import random_network
    from edgehuman.training.checkpoint import save_weights

    network, card = random_network("gaitformer_1", seed=0)
    save_weights(tmp_path / "run", network.state_dict(), card)
    assert record_of(str(tmp_path / "run")) == "SkeletonSequence"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtefactError, match="empty holds no checkpoint"):
        record_of(str(tmp_path / "empty"))


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown model 'zoo:activty'"):
        record_of("zoo:activty")
    with pytest.raises(UsageError, match="Did you mean 'imuvit_512x5'"):
        record_of("imuvit512x5")
    with pytest.raises(ArtefactError, match=r"nowhere\.onnx: no such file"):
        record_of(str(tmp_path / "nowhere.onnx"))


@pytest.mark.parametrize("record", OWN)
def test_a_record_has_its_own_flags_alone(record: str) -> None:
    config = catalogue.load_object(catalogue.step(record, "evaluate").config)
    assert {field.name for field in dataclasses.fields(config)} == COMMON | OWN[record]


@pytest.mark.parametrize(
    ("kind", "flag"), [("image", "--hop"), ("image", "--protocol"), ("skeleton", "--flip-test")]
)
def test_a_flag_of_another_record_is_unknown(
    kind: str, flag: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "nose.onnx"
    model = write_gait_model(path) if kind == "skeleton" else write_image_model(tmp_path, "reid")
    assert main(["evaluate", str(model), flag, "3"]) == 2
    assert flag in capsys.readouterr().err


@pytest.mark.parametrize("name", ["batch", "threads"])
@pytest.mark.parametrize("record", OWN)
def test_a_count_under_one_is_refused(record: str, name: str) -> None:
    config = catalogue.load_object(catalogue.step(record, "evaluate").config)
    assert getattr(config("x", **{name: 1}), name) == 1
    with pytest.raises(UsageError, match=f"--{name} is 0; it must be at least 1"):
        config("x", **{name: 0})


@pytest.mark.parametrize("name", ZOO)
def test_the_json_names_the_model_as_it_was_asked_for(name: str) -> None:
    model = open_model(EvaluateConfig(name))
    found = heading(model, "a folder", "ccp", False, "train")
    assert (found["model"], found["arch"]) == (name, model.card.arch)
    assert (found["precision"], found["random_weights"]) == ("fp32", False)
    assert found["engine"]
    scored = {"data": "a folder", "dataset": "ccp", "simulated": False, "split": "train"}
    assert {key: found[key] for key in scored} == scored
