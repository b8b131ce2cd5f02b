"""Named axes, clean first nodes and descriptions; the answers stay the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgehuman.card import (
    IMU_INPUT,
    Card,
    InputSpec,
    OutputSpec,
    TrainingData,
    image_input,
    silhouette_input,
    skeleton_input,
)
from edgehuman.export.graph import fp16
from edgehuman.export.graph.readable import description, make_readable
from edgehuman.export.graph.sessions import open_session, run
from edgehuman.export.graph.trace import IR_VERSION, OPSET, card_of, with_card
from tests.export.conftest import ExportedGait, walks
from tests.export.tiny import IMAGE_NETWORKS, image_network

ZOO = Path(__file__).resolve().parents[3] / "edgehuman" / "zoo"
CLASSES = Card("a b", "t", "made", 5, 0, IMU_INPUT, OutputSpec("classes", ("still", "walking")))
NEEDLESS = {"Identity", "Shape", "Size", "Concat", "Gather"}


def model_of(
    nodes: list[onnx.NodeProto], kind: int = TensorProto.UINT8, last: int = TensorProto.FLOAT16
) -> onnx.ModelProto:
    """x (s7, s9, 2) -> y."""
    sizes: list[str | int | None] = ["s7", "s9", 2]
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", kind, sizes)],
        [helper.make_tensor_value_info("y", last, ["s7", "2*s9"])],
        [numpy_helper.from_array(np.array([-1]), "minus")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def cast(taken: str, given: str, to: int) -> onnx.NodeProto:
    return helper.make_node("Cast", [taken], [given], f"network/{given}", to=to)


def test_sizes_stand_where_they_are_used_and_ask_the_record_itself() -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["same"], "network/Identity"),
        cast("same", "half", TensorProto.FLOAT16),
        helper.make_node(
            "Shape", ["half"], ["n"], "_empty_nn_module_stack_from_metadata_hook/Shape", end=1
        ),
        helper.make_node("Concat", ["n", "minus"], ["flat"], "network/Concat", axis=0),
        cast("same", "wide", TensorProto.FLOAT),
        helper.make_node("Relu", ["wide"], ["relu"], "network/Relu"),
        cast("relu", "end", TensorProto.FLOAT16),
        helper.make_node("Reshape", ["end", "flat"], ["y"], "network/Reshape"),
    ]
    model = model_of(nodes)
    x = np.arange(12, dtype=np.uint8).reshape(2, 3, 2)
    before = run(open_session(model), x)
    make_readable(model, CLASSES)
    onnx.checker.check_model(model, full_check=True)
    assert [(node.op_type, node.name) for node in model.graph.node] == [
        ("Cast", "network/wide"),
        ("Relu", "network/Relu"),
        ("Cast", "network/end"),
        ("Shape", "network/Shape"),
        ("Concat", "network/Concat"),
        ("Reshape", "network/Reshape"),
    ]
    assert model.graph.node[3].input[0] == "x"
    assert np.array_equal(run(open_session(model), x), before)


@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize(
    ("kind", "joined"), [(TensorProto.UINT8, True), (TensorProto.FLOAT, False)]
)
def test_bytes_are_converted_once(kind: int, turned: bool, joined: bool) -> None:
    first = cast("x", "wide", TensorProto.FLOAT)
    turn = helper.make_node("Transpose", ["wide"], ["turned"], "network/turn", perm=[0, 2, 1])
    second = cast("turned" if turned else "wide", "half", TensorProto.FLOAT16)
    last = helper.make_node("Flatten", ["half"], ["y"], "network/flat")
    model = model_of([first, *([turn] if turned else []), second, last], kind)
    x = np.arange(12).reshape(2, 3, 2).astype(np.uint8 if joined else np.float32)
    before = run(open_session(model), x)
    make_readable(model, CLASSES)
    onnx.checker.check_model(model, full_check=True)
    kinds = [node.op_type for node in model.graph.node]
    assert kinds.count("Cast") == (1 if joined else 2)
    assert np.array_equal(run(open_session(model), x), before)


@pytest.mark.parametrize(
    ("taken", "second"),
    [
        (IMU_INPUT, "samples"),
        (skeleton_input(0), "frames"),
        (silhouette_input(), "frames"),
        (image_input(), "height"),
        (InputSpec("MyRecord", (0, 2), "float32", "", 0.0), "axis_1"),
    ],
)
def test_axes_are_named_by_the_record_wherever_they_stand(taken: InputSpec, second: str) -> None:
    model = model_of([helper.make_node("Flatten", ["x"], ["y"])], last=TensorProto.UINT8)
    make_readable(model, CLASSES.replace(input=replace(taken, least=2)))
    ends = [*model.graph.input, *model.graph.output]
    dims = [[d.dim_param or d.dim_value for d in e.type.tensor_type.shape.dim] for e in ends]
    assert dims == [["batch", second, 2], ["batch", f"2*{second}"]]
    assert f"at least 2 {second}" in model.doc_string


def test_an_axis_is_named_by_its_place_whichever_are_dynamic() -> None:
    graph = helper.make_graph(
        [helper.make_node("Flatten", ["x"], ["y"])],
        "made",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, ["s1", 8, "s2", 3])],
        [helper.make_tensor_value_info("y", TensorProto.UINT8, ["s1", "24*s2"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    make_readable(model, CLASSES.replace(input=image_input()))
    ends = [*model.graph.input, *model.graph.output]
    dims = [[d.dim_param or d.dim_value for d in e.type.tensor_type.shape.dim] for e in ends]
    assert dims == [["batch", 8, "width", 3], ["batch", "24*width"]]


@pytest.mark.parametrize(
    ("card", "said"),
    [
        (CLASSES, "Labels: still, walking."),
        (CLASSES, "ax ay az in g with gravity, gx gy gz in rad/s, 50 a second"),
        (CLASSES.replace(output=OutputSpec("classes", ("u",), placements=("a", "b"))),
         "logsumexp over the placements"),
        (CLASSES.replace(input=image_input()), "PersonCrop, uint8 (batch, height, 2): RGB, 0 to"),
        (CLASSES.replace(input=silhouette_input()), "0 or 255 (the person)"),
        (CLASSES.replace(output=OutputSpec("embedding", distance="cosine", parts=2)),
         "compared by cosine distance, the mean over its parts"),
        (CLASSES.replace(output=OutputSpec("segmentation", ("u",))), "argmax over axis 1"),
        (CLASSES.replace(output=OutputSpec("attributes", ("u",))), "yes where over 0"),
        (CLASSES.replace(output=OutputSpec("heatmaps", ("u",))), "at the largest value"),
        (CLASSES.replace(output=OutputSpec("simcc", ("u",), dim=8)), "joint 8 logits of x, two a"),
        (CLASSES.replace(data=(TrainingData("d", "training", "CC0", "", 1, 1),)),
         "Learned from: d (CC0)."),
        (CLASSES.replace(recipe="random weights"), "Learned from: random weights."),
        (CLASSES, 'run(None, {"x": array})[0]'),
    ],
)  # fmt: skip
def test_the_description_says_what_a_stranger_needs(card: Card, said: str) -> None:
    model = model_of([helper.make_node("Flatten", ["x"], ["y"])], last=TensorProto.UINT8)
    make_readable(model, card)
    assert said in model.doc_string
    assert model.graph.doc_string == "a b: made, fp32"
    assert model.doc_string == description(model, card)


def require_readable(model: onnx.ModelProto) -> None:
    """What holds of every graph that is written."""
    graph, card = model.graph, card_of(model, "the graph")
    assert (model.ir_version, model.opset_import[0].version) == (IR_VERSION, OPSET) == (9, 20)
    assert graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert graph.output[0].type.tensor_type.shape.dim[0].dim_param == "batch"
    assert model.doc_string == description(model, card)
    assert graph.input[0].doc_string
    assert graph.output[0].doc_string
    first = graph.node[0]
    assert first.op_type not in NEEDLESS or graph.input[0].name in first.input
    assert first.op_type not in ("Identity", "Shape", "Size")
    assert all("_empty_nn" not in node.name for node in graph.node)
    assert len({node.name for node in graph.node}) == len(graph.node)


def test_every_kind_of_graph_is_readable_in_every_precision(
    model: onnx.ModelProto, gait: ExportedGait
) -> None:
    for traced in (model, gait[2]):
        require_readable(traced)
    half, _ = fp16.convert(gait[2], fp16.overflowing(gait[2], walks(2)))
    readable = with_card(half, gait[1])
    require_readable(readable)
    assert np.array_equal(run(open_session(readable), walks(2)), run(open_session(half), walks(2)))


@pytest.mark.parametrize("name", IMAGE_NETWORKS)
def test_graphs_of_images_are_readable(name: str) -> None:
    require_readable(image_network(name)[2])


@pytest.mark.parametrize("path", sorted(ZOO.glob("*.onnx")), ids=lambda path: path.stem)
def test_the_models_that_ship_are_readable(path: Path) -> None:
    require_readable(onnx.load(path))
