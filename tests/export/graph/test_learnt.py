from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import nn

from edgehuman.card import Card
from edgehuman.errors import CheckpointError
from edgehuman.export.export import ExportConfig, export
from edgehuman.export.graph import learnt
from edgehuman.export.graph.int8 import quantise, weight_layers
from edgehuman.export.graph.learnt import FILE, LayerSteps, Learnt
from edgehuman.export.graph.tidy import constants
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.training.checkpoint import save_weights

HASH = "a" * 64


def steps_of(model: onnx.ModelProto) -> dict[str, LayerSteps]:
    """A range of -8..8 and a step of a 64th of 3 everywhere but in the first layer, in float."""
    known = constants(model.graph)
    sizes = {node.name: known[node.input[1]].dims for node in weight_layers(model)[1:]}
    return {
        name: LayerSteps(
            (-8.0, 8.0), None, np.full(dims[0 if "Gemm" in name else 1], 3 / 64, np.float32)
        )
        for name, dims in sizes.items()
    }


def test_what_is_written_is_read(tmp_path: Path) -> None:
    layers = {
        "a/Conv": LayerSteps((-0.1, 2.7), (-1 / 3, 0.0), np.array([0.1, 0.2], np.float32)),
        "b.c/MatMul": LayerSteps((0.0, 1.0), None, np.array([0.3], np.float32)),
    }
    written = Learnt("tensorrt", HASH, layers)
    assert learnt.read(tmp_path, HASH) is None
    learnt.write(tmp_path, written)
    found = learnt.read(tmp_path, HASH)
    assert found is not None
    assert (found.target, found.weights_sha256) == ("tensorrt", HASH)
    assert set(found.layers) == set(layers)
    for name, steps in layers.items():
        assert (found.layers[name].input, found.layers[name].output) == (steps.input, steps.output)
        assert np.array_equal(found.layers[name].scale_C, steps.scale_C)
    assert found.sha256() == written.sha256()


def test_other_weights_and_damage_are_errors(tmp_path: Path) -> None:
    learnt.write(tmp_path, Learnt("cpu", HASH, {}))
    with pytest.raises(CheckpointError, match=r"belongs to other weights \(aaaa.*, not bbbb"):
        learnt.read(tmp_path, "b" * 64)
    (tmp_path / FILE).write_bytes(b"half")
    with pytest.raises(CheckpointError, match=r"damaged .* remove it to calibrate"):
        learnt.read(tmp_path, HASH)
    learnt.write(tmp_path, Learnt("gpu", HASH, {}))  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="damaged"):
        learnt.read(tmp_path, HASH)


@pytest.mark.parametrize(
    "steps",
    [
        LayerSteps((float("nan"), 1.0), None, np.ones(1, np.float32)),
        LayerSteps((0.0, 1.0), (0.0, float("inf")), np.ones(1, np.float32)),
        LayerSteps((0.0, 1.0), None, np.array([1.0, np.nan], np.float32)),
    ],
)
def test_steps_that_are_not_finite_are_neither_written_nor_read(
    steps: LayerSteps, tmp_path: Path
) -> None:
    wrong = Learnt("cpu", HASH, {"a/Conv": steps})
    with pytest.raises(CheckpointError, match="not written: the steps learnt for a/Conv are not"):
        learnt.write(tmp_path, wrong)
    (tmp_path / FILE).write_bytes(wrong.content())
    with pytest.raises(CheckpointError, match="the steps learnt for a/Conv are not finite"):
        learnt.read(tmp_path, HASH)


def test_a_graph_takes_the_learnt_steps(model: onnx.ModelProto) -> None:
    range_of, scale_of, floats = Learnt("cpu", HASH, steps_of(model)).of_graph(model)
    assert floats == (weight_layers(model)[0].name,)
    graph = quantise(model, range_of, "cpu", floats, scale_of).graph
    known = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    scales = [array for name, array in known.items() if name.endswith(".1.scale")]
    assert len(scales) == 8  # the head, a Gemm, has its channels first
    assert all((array == np.float32(3 / 64)).all() for array in scales)
    assert {float(array) for name, array in known.items() if name.endswith(".int8.scale")} == {
        float(np.float32(16 / 255))
    }


def test_a_graph_without_such_layers_is_an_error(model: onnx.ModelProto) -> None:
    steps = {"gone/Conv": LayerSteps((0.0, 1.0), None, np.ones(1, np.float32))}
    with pytest.raises(CheckpointError, match=r"does not have \(first: gone/Conv"):
        Learnt("cpu", HASH, steps).of_graph(model)


@pytest.fixture
def checkpoint(
    tmp_path: Path, tiny: None, network: nn.Module, card: Card, model: onnx.ModelProto
) -> Path:
    folder = tmp_path / "run"
    save_weights(folder, network.state_dict(), card)
    learnt.write(folder, Learnt("cpu", weights_sha256(network), steps_of(model)))
    return folder


def exported(checkpoint: Path, **words: object) -> tuple[Card, str]:
    out = checkpoint.parent / "x.onnx"
    wanted = ExportConfig(
        str(checkpoint), precision="int8", data="made", out=out, samples=48, max_drop=100.0
    )
    said = export(replace(wanted, **words))  # type: ignore[arg-type]
    return read_card(out), str(said.text)


def test_the_export_takes_them_in_place_of_calibration(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, model: onnx.ModelProto
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("edgehuman.metrics.parity.failures", lambda *each: [])
        patch.setattr("edgehuman.metrics.parity.require", lambda *each: None)
        card, _ = exported(checkpoint)
    assert card.precision.calibration == "learnt by quantisation-aware training"
    assert weight_layers(model)[0].name in card.precision.float_layers
    graph = onnx.load(checkpoint.parent / "x.onnx").graph
    steps = [onnx.numpy_helper.to_array(t) for t in graph.initializer if ".scale" in t.name]
    assert any((array == np.float32(3 / 64)).all() for array in steps)


def test_another_layout_or_an_asked_method_calibrates_and_says_so(
    checkpoint: Path, network: nn.Module, model: onnx.ModelProto
) -> None:
    card, said = exported(checkpoint, calibration="minmax")
    assert card.precision.calibration == "48 windows of made, minmax"
    assert "--calibration is minmax; calibrated instead" in said
    learnt.write(checkpoint, Learnt("tensorrt", weights_sha256(network), steps_of(model)))
    card, said = exported(checkpoint)
    assert card.precision.calibration is not None
    assert card.precision.calibration.startswith("48 windows of made")
    assert "for the tensorrt layout, and this file is cpu; calibrated instead" in said


def test_the_export_refuses_those_of_other_weights(checkpoint: Path) -> None:
    learnt.write(checkpoint, Learnt("cpu", HASH, {}))
    with pytest.raises(CheckpointError, match="belongs to other weights"):
        exported(checkpoint)
    assert not (checkpoint.parent / "x.onnx").exists()
