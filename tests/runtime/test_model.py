"""Every word that can stand for a model, and every one that cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import edgehuman
from edgehuman.card import Decision, OutputSpec
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.runtime import model as model_module
from edgehuman.runtime import zoo
from tests.runtime.conftest import LABELS, MakeModel, tiny_card


def test_a_path_gives_calibrated_probabilities(make_model: MakeModel) -> None:
    card = tiny_card(decision=Decision(temperature=2.0))
    model = edgehuman.load(make_model(card=card))
    record_NTC = np.zeros((1, 128, 6), np.float32)
    record_NTC[0, :, 0] = np.log(4.0) / 2  # logit 2 log 4, over temperature 2: weights 4, 1, 1
    assert model.labels == LABELS
    np.testing.assert_allclose(model.predict(record_NTC), [[4 / 6, 1 / 6, 1 / 6]], rtol=1e-5)


def test_a_batch_of_another_shape_is_refused(tiny: Path) -> None:
    with pytest.raises(DataError, match=r"\(2, 64, 6\).*takes \(N, 128, 6\)"):
        edgehuman.load(tiny).logits(np.zeros((2, 64, 6), np.float32))


def test_probabilities_are_only_given_by_classes(make_model: MakeModel) -> None:
    card = tiny_card(output=OutputSpec("embedding", distance="cosine", dim=3))
    with pytest.raises(ArtefactError, match="not classes"):
        edgehuman.load(make_model(card=card)).predict(np.zeros((1, 128, 6), np.float32))


@pytest.fixture
def own_zoo(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_model(name="activity.onnx").parent
    monkeypatch.setattr("edgehuman.runtime.zoo._zoo", lambda: folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "nothing-fetched"))


@pytest.mark.usefixtures("own_zoo")
def test_a_zoo_name_is_a_file_of_the_installation() -> None:
    assert zoo.zoo_names() == ["zoo:activity"]
    assert edgehuman.load("zoo:activity").card == tiny_card()


@pytest.mark.usefixtures("own_zoo")
def test_an_unknown_zoo_name_lists_those_that_exist() -> None:
    with pytest.raises(UsageError, match=r"Did you mean 'zoo:activity'.*\(zoo:activity\)"):
        edgehuman.load("zoo:activty")


def test_a_word_that_is_no_model_is_a_usage_error_and_a_path_is_not() -> None:
    with pytest.raises(UsageError, match="Did you mean 'imuvit_512x5'"):
        edgehuman.load("imuvit_512x")
    with pytest.raises(ArtefactError, match="no such file"):
        edgehuman.load("runs/absent.onnx")


def test_no_threads_are_refused(tiny: Path) -> None:
    with pytest.raises(UsageError, match="threads must be at least 1"):
        edgehuman.load(tiny, threads=0)


def test_a_catalogue_name_is_exported_by_whoever_brings_the_export(make_model: MakeModel) -> None:
    asked: list[tuple[str, int]] = []

    def export(name: str, seed: int, folder: Path) -> Path:
        asked.append((name, seed))
        assert folder.is_dir()
        return make_model()

    with model_module.exporting(export):
        model = model_module.load("imuvit_512x5", seed=7)
    assert (model.name, model.card) == ("imuvit_512x5", tiny_card())
    assert asked == [("imuvit_512x5", 7)]
    with pytest.raises(
        UsageError, match=r"without weights; .* `edgehuman export imuvit_512x5 --out"
    ):
        model_module.load("imuvit_512x5")


def test_an_engine_is_asked_for_by_name(tiny: Path) -> None:
    model = edgehuman.load(tiny, engine="onnxruntime-cpu")
    assert model.engine.describe()["providers"] == ["CPUExecutionProvider"]
    with pytest.raises(ArtefactError, match=r"tiny\.engine: no such file"):
        edgehuman.load(tiny, engine="tensorrt")
    with pytest.raises(
        UsageError, match=r"without weights or an engine; run `edgehuman export imuvit"
    ):
        edgehuman.load("imuvit_512x5", engine="tensorrt")
    with pytest.raises(UsageError, match=r"tiny\.onnx is not one; give an"):
        edgehuman.load(tiny, rebuild=True)
