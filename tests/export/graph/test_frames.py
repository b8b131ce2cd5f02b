"""A graph is cut where it takes the maximum over frames: both parts give what the whole gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgehuman import catalogue
from edgehuman.card import Card, OutputSpec, silhouette_input
from edgehuman.catalogue import NETWORKS
from edgehuman.errors import ArtefactError, ParityError
from edgehuman.export.export import ExportConfig, export
from edgehuman.export.graph import calibration, fp16, int8
from edgehuman.export.graph.frames import is_set, require_equal, split
from edgehuman.export.graph.tidy import infer_shapes
from edgehuman.export.graph.trace import card_of, with_card
from edgehuman.records import Uint8
from edgehuman.runtime.model import load
from edgehuman.runtime.silhouette.windows import RunningMaximum, memory_of
from tests.export.traced import traced_once

CARD = Card(
    "set", "gait-embedding", "set", 1, 1, silhouette_input(),
    OutputSpec("embedding", distance="cosine", dim=4, parts=2), weights_sha256="c" * 64,
)  # fmt: skip


def graph(maximum: bool = True, looks_back: bool = False) -> onnx.ModelProto:
    """A convolution of each frame and its rows' whiteness, the maxima of both, and one matrix.

    Args:
        looks_back: also add the mean over frames behind the maxima.
    """
    random = np.random.default_rng(0)
    constants: dict[str, NDArray[Any]] = {
        "white": np.array(255.0, np.float32),
        "single": np.array([-1, 1, 64, 64], np.int64),
        "kernel": (random.normal(size=(4, 1, 64, 64)) / 64).astype(np.float32),
        "first": np.array([0, 1], np.int64),
        "sizes": np.array([4, 1, 1], np.int64),
        "axis1": np.array([1], np.int64),
        "axis3": np.array([3], np.int64),
        "flat": np.array([0, -1], np.int64),
        "matrix": random.normal(size=(68, 8)).astype(np.float32),
        "parts": np.array([-1, 2, 4], np.int64),
    }
    over_frames = "ReduceMax" if maximum else "ReduceMean"
    lines: list[tuple[str, list[str], str, dict[str, Any]]] = [
        ("Cast", ["record"], "float", {"to": TensorProto.FLOAT}),
        ("Div", ["float", "white"], "grey", {}),
        ("Reshape", ["grey", "single"], "frame", {}),
        ("Conv", ["frame", "kernel"], "conv", {}),
        ("Relu", ["conv"], "relu", {}),
        ("Shape", ["record"], "shape", {}),
        ("Gather", ["shape", "first"], "both", {}),
        ("Concat", ["both", "sizes"], "wanted", {"axis": 0}),
        ("Reshape", ["relu", "wanted"], "maps", {}),
        (over_frames, ["maps", "axis1"], "most", {"keepdims": 0}),
        ("ReduceMean", ["grey", "axis3"], "rows", {"keepdims": 0}),
        (over_frames, ["rows", "axis1"], "most_rows", {"keepdims": 0}),
        ("Reshape", ["most", "flat"], "flat_most", {}),
        ("Concat", ["flat_most", "most_rows"], "joined", {"axis": 1}),
        ("MatMul", ["joined", "matrix"], "product", {}),
        ("Reshape", ["product", "parts"], "back" if looks_back else "embedding", {}),
    ]
    if looks_back:
        lines += [
            ("ReduceMean", ["grey", "last"], "mean", {"keepdims": 0}),
            ("Reshape", ["mean", "ones"], "mean_N11", {}),
            ("Add", ["back", "mean_N11"], "embedding", {}),
        ]
        constants |= {"last": np.array([1, 2, 3]), "ones": np.array([-1, 1, 1])}
    nodes = [
        helper.make_node(kind, taken, [given], f"net/{i}", **words)
        for i, (kind, taken, given, words) in enumerate(lines)
    ]
    used = {name for node in nodes for name in node.input}
    made = helper.make_graph(
        nodes,
        "set",
        [helper.make_tensor_value_info("record", TensorProto.UINT8, ["N", "T", 64, 64])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 2, 4])],
        [numpy_helper.from_array(array, name) for name, array in constants.items() if name in used],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    infer_shapes(model)
    return with_card(model, CARD)


def noise(frames: int = 5) -> Uint8:
    return np.random.default_rng(1).integers(0, 2, (3, frames, 64, 64)).astype(np.uint8) * 255


def in_precision(precision: str) -> onnx.ModelProto:
    model, records = graph(), noise()
    if precision == "fp16":
        return with_card(fp16.convert(model, fp16.overflowing(model, records))[0], CARD)
    if precision in ("cpu", "tensorrt"):
        seen = calibration.collect(model, int8.tensors_to_calibrate(model), records)
        target: int8.Target = "cpu" if precision == "cpu" else "tensorrt"
        return with_card(int8.quantise(model, calibration.ranges(seen, "minmax"), target), CARD)
    return model


@pytest.mark.parametrize("precision", ["fp32", "fp16", "cpu", "tensorrt"])
def test_both_parts_give_what_the_whole_gives_in_every_precision(precision: str) -> None:
    model = in_precision(precision)
    frame, head = split(model)
    require_equal(model, (frame, head), noise(9), "fp32")
    assert {node.op_type for node in frame.graph.node}.isdisjoint({"ReduceMax", "MatMul"})
    assert {node.op_type for node in head.graph.node}.isdisjoint({"ReduceMax", "Conv"})
    types = {each.name: each.data_type for each in head.graph.initializer}
    whole = {each.name: each.data_type for each in model.graph.initializer}
    assert all(types[name] == whole[name] for name in types if name in whole)


def test_one_card_names_the_model_of_both_parts() -> None:
    frame, head = (card_of(part, "a part") for part in split(graph()))
    assert {frame.weights_sha256, head.weights_sha256} == {CARD.weights_sha256}
    assert (frame.input, frame.output.dim) == (CARD.input, 68)
    assert (head.input.shape, head.output) == ((68,), CARD.output)


def test_a_graph_that_is_no_set_of_frames_is_not_split() -> None:
    with pytest.raises(ArtefactError, match="takes no maximum over frames"):
        split(graph(maximum=False))
    with pytest.raises(ArtefactError, match="needs the frames behind the maximum"):
        split(graph(looks_back=True))


def test_parts_of_another_network_are_told() -> None:
    frame, head = split(graph())
    matrix = next(each for each in head.graph.initializer if each.name == "matrix")
    matrix.CopyFrom(numpy_helper.from_array(np.ones((68, 8), np.float32), "matrix"))
    with pytest.raises(ParityError, match="differ by"):
        require_equal(graph(), (frame, head), noise(), "fp32")


def test_only_networks_of_sets_have_parts() -> None:
    for name in catalogue.networks_of("silhouette"):
        with torch.device("meta"):  # no weights are drawn
            network: nn.Module = catalogue.load_object(NETWORKS[name].build)(
                **NETWORKS[name].arguments
            )
        sets = ("gaitset", "smplgait", "baseline", "gaitbase")
        assert is_set(network) == name.startswith(sets), name


@pytest.mark.long
def test_an_export_writes_the_parts_beside_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = NETWORKS["smplgait"]
    small = type(row)(
        **{
            **{name: getattr(row, name) for name in row.__dataclass_fields__},
            "arguments": {"stages": ((2,), (4,), (8,)), "width": 8, "bins": (2, 1)},
        }
    )
    monkeypatch.setitem(vars(catalogue)["NETWORKS"], "smplgait", small)
    path = tmp_path / "set.onnx"
    done = export(ExportConfig("smplgait", out=path, data="simulated:3"), traced_once)
    names = ["set.onnx", "set.frame.onnx", "set.head.onnx"]
    assert [Path(file).name for file in done.data["files"]] == names  # type: ignore[call-overload]
    model = load(path)
    memory = memory_of(model)
    assert isinstance(memory, RunningMaximum)
    records_THW = noise(60)[0]
    for record_HW in records_THW:
        memory.add(record_HW)
        memory.answer()
    whole = model.logits(records_THW[None])[0]
    assert np.abs(memory.answer() - whole).max() <= 1e-6 * max(1.0, float(np.abs(whole).max()))
