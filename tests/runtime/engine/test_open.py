"""An engine computes the graph, and refuses what it cannot or should not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.card import InputSpec, OutputSpec
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.open import EngineRequest, open_engine
from tests.runtime.conftest import MakeModel, tiny_card


def test_logits_are_the_gain_times_the_mean(tiny: Path) -> None:
    record_NTC = np.zeros((2, 128, 6), np.float32)
    record_NTC[1, :, 1] = 0.5
    logits_NC = open_engine(tiny).run(record_NTC)
    assert logits_NC.tolist() == [[0, 0, 0], [0, 2, 0]]


def test_it_describes_itself(tiny: Path) -> None:
    told = open_engine(tiny, EngineRequest(threads=2)).describe()
    assert told["engine"] == "onnxruntime"
    assert told["threads"] == 2
    assert told["providers"] == ["CPUExecutionProvider"]


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"'\.pt'.*\.onnx"):
        open_engine(tmp_path / "model.pt")


def test_a_checkpoint_folder_points_to_the_export(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"is a folder.*edgehuman export"):
        open_engine(tmp_path)


def test_words_that_contradict_each_other(tiny: Path) -> None:
    with pytest.raises(
        UsageError, match=r"engine must be one of auto, onnxruntime.*\(got 'tensort'\)"
    ):
        EngineRequest("tensort")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="--rebuild builds a TensorRT engine, but --engine is onn"):
        EngineRequest("onnxruntime", rebuild=True)
    with pytest.raises(UsageError, match=r"--rebuild builds .* but .*tiny\.onnx is not one; give"):
        open_engine(tiny, EngineRequest(rebuild=True))


def test_an_engine_without_its_file_says_which_is_missing(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"tiny\.engine: no such file. Build it here with"):
        open_engine(tiny, EngineRequest("tensorrt"))
    with pytest.raises(ArtefactError, match=r"other\.onnx: no such file"):
        open_engine(tmp_path / "other.engine", EngineRequest("onnxruntime"))


def test_a_graph_that_the_card_does_not_describe_is_refused(make_model: MakeModel) -> None:
    with pytest.raises(ArtefactError, match="its graph takes"):
        open_engine(make_model(length=64))
    other = InputSpec("Frame", (128, 6), "uint8", "pixels", 10.0)
    with pytest.raises(ArtefactError, match="its graph takes"):
        open_engine(make_model(card=tiny_card(input=other)))
    four = OutputSpec("classes", ("a", "b", "c", "d"))
    with pytest.raises(ArtefactError, match="has 4 labels"):
        open_engine(make_model(card=tiny_card(output=four)))


def test_a_graph_with_an_unknown_operator_names_it(make_model: MakeModel) -> None:
    path = make_model(seal=False)
    path.write_bytes(sealed(path.read_bytes().replace(b"ReduceMean", b"ReduceBean")))
    with pytest.raises(ArtefactError, match="ReduceBean"):
        open_engine(path)
