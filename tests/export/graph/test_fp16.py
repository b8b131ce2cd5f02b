from __future__ import annotations

from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.samples import Samples
from edgehuman.errors import ArtefactError
from edgehuman.export.graph import fp16
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import to_onnx
from edgehuman.metrics.parity import compare
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.records import Float32
from edgehuman.runtime.engine.build_on_device import Options, build

CLASSES = OutputSpec("classes", tuple("abcdef"))


def as_half(model: onnx.ModelProto, samples: Float32) -> tuple[onnx.ModelProto, tuple[str, ...]]:
    return fp16.convert(model, fp16.overflowing(model, samples))


def test_half_the_bytes_and_the_same_answers(model: onnx.ModelProto, samples: Samples) -> None:
    half, _ = as_half(model, samples.array)
    parity = compare(
        run(open_session(model), samples.array), run(open_session(half), samples.array), CLASSES
    )
    assert parity.cosine > 0.9999
    types = Counter(t.data_type for t in half.graph.initializer if t.dims and t.dims[0] > 5)
    assert types[TensorProto.FLOAT16] > types[TensorProto.FLOAT]


def test_norms_softmax_and_reductions_are_islands(model: onnx.ModelProto, samples: Samples) -> None:
    half, islands = as_half(model, samples.array)
    kinds = Counter(name.rpartition("/")[2].partition("_")[0] for name in islands)
    # Besides the pooling's mean, the fine view: its mean, root and logarithm.
    fine = {"Sqrt": 1, "Log": 1}
    assert kinds == {"LayerNormalization": 5, "Softmax": 2, "ReduceMean": 2, **fine}
    types = {i.name: i.type.tensor_type.elem_type for i in half.graph.value_info}
    for node in half.graph.node:
        if node.op_type in ("LayerNormalization", "Softmax"):
            assert types[node.output[0]] == TensorProto.FLOAT
        if node.op_type in ("MatMul", "Gelu"):
            assert types[node.output[0]] == TensorProto.FLOAT16


def test_input_and_output_keep_their_types(model: onnx.ModelProto, samples: Samples) -> None:
    half, _ = as_half(model, samples.array)
    for info in (half.graph.input[0], half.graph.output[0]):
        assert info.type.tensor_type.elem_type == TensorProto.FLOAT


def test_an_initialiser_of_both_halves_gets_two_names(
    model: onnx.ModelProto, samples: Samples
) -> None:
    # Zero biases are one initialiser in the exported graph: of linear layers and of LayerNorms.
    half, _ = as_half(model, samples.array)
    names = [tensor.name for tensor in half.graph.initializer]
    assert len(set(names)) == len(names)
    outputs = [name for node in half.graph.node for name in node.output]
    assert len(set(outputs)) == len(outputs)
    assert any(
        name.endswith(".float16") and name.removesuffix(".float16") in names for name in names
    )


def _graph(nodes: list[onnx.NodeProto], *constants: tuple[str, float]) -> onnx.ModelProto:
    """x (N, 2) -> y (N, 2), with scalars."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    scalars = [numpy_helper.from_array(np.array(v, np.float32), n) for n, v in constants]
    graph = helper.make_graph(nodes, "made", ends[:1], ends[1:], scalars)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return onnx.shape_inference.infer_shapes(model)


def test_what_overflows_on_the_samples_is_an_island() -> None:
    nodes = [
        helper.make_node("Mul", ["x", "many"], ["big"], "grow"),
        helper.make_node("Mul", ["big", "few"], ["small"], "shrink"),
        helper.make_node("Add", ["small", "small"], ["y"], "double"),
    ]
    model = _graph(nodes, ("many", 1e4), ("few", 1e-4))
    quiet, loud = np.ones((3, 2), np.float32), np.full((3, 2), 100, np.float32)
    assert as_half(model, quiet)[1] == ()
    half, islands = as_half(model, loud)
    assert islands == ("grow", "shrink")
    np.testing.assert_allclose(run(open_session(half), loud), 200 * np.ones((3, 2)), rtol=1e-3)


def test_a_constant_beyond_float16_makes_an_island() -> None:
    model = _graph([helper.make_node("Min", ["x", "huge"], ["y"], "clip")], ("huge", 1e9))
    half, islands = as_half(model, np.ones((1, 2), np.float32))
    assert islands == ("clip",)
    assert run(open_session(half), np.full((1, 2), 7, np.float32)).tolist() == [[7, 7]]


@pytest.mark.parametrize(("scale", "islands"), [(1e-3, ()), (1e-6, ("q", "dq"))])
def test_a_scale_that_float16_cannot_hold_makes_an_island(
    scale: float, islands: tuple[str, ...]
) -> None:
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "scale"], ["steps"], "q"),
        helper.make_node("DequantizeLinear", ["steps", "scale"], ["rounded"], "dq"),
        helper.make_node("Add", ["rounded", "rounded"], ["y"], "double"),
    ]
    half, found = as_half(_graph(nodes, ("scale", scale)), np.ones((1, 2), np.float32))
    assert found == islands
    taken = np.full((1, 2), 100 * scale, np.float32)
    np.testing.assert_allclose(run(open_session(half), taken), 2 * taken, rtol=5e-3)


def test_the_bias_of_attention_scores_is_an_island() -> None:
    nodes = [
        helper.make_node("Add", ["x", "bias"], ["scores"], "bias"),
        helper.make_node("Softmax", ["scores"], ["y"], "softmax"),
    ]
    _, islands = as_half(_graph(nodes, ("bias", 1.0)), np.ones((1, 2), np.float32))
    assert islands == ("bias", "softmax")


def test_the_normalisation_of_raw_coordinates_is_an_island() -> None:
    network = GaitFormer(16, 1, 1, frames=8).eval()
    output = OutputSpec("embedding", distance="cosine", dim=16)
    model = to_onnx(network, Card("g", "gait-embedding", "g", 0, 0, skeleton_input(8), output))
    # Somebody of 30 pixels at the right edge of a 4K picture, where float16 counts in twos.
    skeleton_NTJ3 = np.random.default_rng(0).random((4, 8, 18, 3)).astype(np.float32)
    skeleton_NTJ3[..., :2] = skeleton_NTJ3[..., :2] * 30 + 3000
    half, islands = as_half(model, skeleton_NTJ3)
    assert any(name == "normalise/Sub" for name in islands)
    parity = compare(
        run(open_session(model), skeleton_NTJ3), run(open_session(half), skeleton_NTJ3), output
    )
    assert parity.cosine > 0.9999


def test_boxes_beside_other_numbers_keep_their_pixels() -> None:
    nodes = [
        helper.make_node("Add", ["x", "corner"], ["box"], "net.decode/Add"),
        helper.make_node("Add", ["x", "x"], ["double"], "net/Add"),
        helper.make_node("Concat", ["box", "double"], ["row"], "net/Concat", axis=1),
        helper.make_node("Identity", ["row"], ["same"], "net/Identity"),
        helper.make_node("Concat", ["same", "double"], ["y"], "net/Concat_1", axis=1),
    ]
    graph = _graph(nodes, ("corner", 1000.0))
    graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 6
    half, islands = as_half(graph, np.ones((1, 2), np.float32))
    assert islands == ("net.decode/Add", "net/Concat", "net/Concat_1")
    x = np.array([[0.05, 1.25]], np.float32)  # of 1000.05, float16 knows 1000
    assert run(open_session(half), x)[0, :2].tolist() == [np.float32(1000.05), 1001.25]


def test_a_graph_with_branches_is_refused_by_name() -> None:
    branch = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["inner"])],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, ["n", 2])],
    )
    choose = helper.make_node("If", ["sure"], ["y"], "fork", then_branch=branch, else_branch=branch)
    model = _graph([choose])
    model.graph.initializer.append(numpy_helper.from_array(np.array(True), "sure"))
    with pytest.raises(ArtefactError, match="fork: If has a sub-graph"):
        as_half(model, np.ones((1, 2), np.float32))


def test_tensorrt_takes_it(model: onnx.ModelProto, samples: Samples) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    graph, _ = fp16.convert(model, fp16.overflowing(model, samples.array))
    told = Options(capabilities=(86,))
    plan, _ = build(trt, graph.SerializeToString(), told, b"", lambda share, phase: None)
    assert len(plan) > 10_000
