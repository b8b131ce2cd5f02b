"""Whatever in an ONNX file leads out of it is found, wherever the format lets it stand."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

import edgehuman
from edgehuman.errors import ArtefactError
from edgehuman.runtime.engine.onnx_file import read_card, read_onnx
from edgehuman.runtime.engine.wire import fields, is_whole, reason_against

LOCATIONS = ["weights.data", "/etc/passwd", "../../secret", "*/_ORT_MEM_ADDR_/*"]


def external(location: str = "/etc/passwd") -> onnx.TensorProto:
    tensor = numpy_helper.from_array(np.zeros(2, np.float32), "outside")
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def of_node(node: onnx.NodeProto) -> onnx.ModelProto:
    taken = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2])
    given = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [2])
    return helper.make_model(helper.make_graph([node], "g", [taken], [given]))


def plain() -> onnx.ModelProto:
    return of_node(helper.make_node("Relu", ["x"], ["y"]))


def sparse(tensor: onnx.TensorProto, dims: list[int]) -> onnx.SparseTensorProto:
    indices = numpy_helper.from_array(np.zeros(2, np.int64), "indices")
    return helper.make_sparse_tensor(tensor, indices, dims)


def initialiser(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = plain()
    model.graph.initializer.append(tensor)
    return model


def sparse_values(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = plain()
    model.graph.sparse_initializer.append(sparse(tensor, [4]))
    return model


def sparse_indices(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = sparse_values(numpy_helper.from_array(np.zeros(2, np.float32), "values"))
    model.graph.sparse_initializer[0].indices.CopyFrom(tensor)
    return model


def constant(tensor: onnx.TensorProto) -> onnx.ModelProto:
    return of_node(helper.make_node("Constant", [], ["y"], value=tensor))


def list_attribute(tensor: onnx.TensorProto) -> onnx.ModelProto:
    return of_node(helper.make_node("Any", [], ["y"], tensors=[tensor]))


def sparse_attribute(tensor: onnx.TensorProto) -> onnx.ModelProto:
    return of_node(helper.make_node("Constant", [], ["y"], sparse_value=sparse(tensor, [4])))


def subgraph(tensor: onnx.TensorProto) -> onnx.ModelProto:
    within = initialiser(tensor).graph
    return of_node(helper.make_node("If", ["x"], ["y"], then_branch=within, else_branch=within))


def list_of_subgraphs(tensor: onnx.TensorProto) -> onnx.ModelProto:
    return of_node(helper.make_node("Any", [], ["y"], graphs=[subgraph(tensor).graph]))


def function(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = of_node(helper.make_node("Mine", ["x"], ["y"], domain="mine"))
    inner = helper.make_node("Constant", [], ["y"], value=tensor)
    opsets = [helper.make_opsetid("", 20)]
    model.functions.append(helper.make_function("mine", "Mine", ["x"], ["y"], [inner], opsets))
    return model


def function_default(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = function(numpy_helper.from_array(np.zeros(2, np.float32), "inside"))
    model.functions[0].attribute_proto.append(helper.make_attribute("value", tensor))
    return model


def training(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = plain()
    model.training_info.add().algorithm.CopyFrom(initialiser(tensor).graph)
    return model


def training_start(tensor: onnx.TensorProto) -> onnx.ModelProto:
    model = plain()
    model.training_info.add().initialization.CopyFrom(initialiser(tensor).graph)
    return model


PLACES = [
    *(initialiser, sparse_values, sparse_indices, constant, list_attribute, sparse_attribute),
    *(subgraph, list_of_subgraphs, function, function_default, training, training_start),
]


@pytest.mark.parametrize("place", PLACES)
def test_data_in_another_file_is_found_wherever_a_tensor_may_stand(
    place: Callable[[onnx.TensorProto], onnx.ModelProto],
) -> None:
    inside = numpy_helper.from_array(np.zeros(2, np.float32), "inside")
    assert reason_against(place(inside).SerializeToString()) == ""
    for location in LOCATIONS:
        content = place(external(location)).SerializeToString()
        assert reason_against(content) == "its tensor 'outside' lies in another file"
        with pytest.raises(ArtefactError, match=r"any\.onnx: .* in another file; a model is one"):
            read_onnx(content, "any.onnx")


def test_a_location_without_the_flag_or_the_flag_alone_is_enough() -> None:
    flagged, named = external(), external()
    flagged.ClearField("external_data")
    named.ClearField("data_location")
    for tensor in (flagged, named):
        assert "another file" in reason_against(initialiser(tensor).SerializeToString())


def test_a_second_graph_in_a_file_is_looked_at_too() -> None:
    """Protobuf merges a message that is there twice."""
    one, two = plain(), onnx.ModelProto(graph=initialiser(external()).graph)
    for content in (one.SerializeToString() + two.SerializeToString(),
                    two.SerializeToString() + one.SerializeToString()):  # fmt: skip
        assert len(onnx.load_from_string(content).graph.initializer) == 1
        assert "another file" in reason_against(content)


@pytest.mark.parametrize("domain", ["my.ops", "trt.plugins", "ai.onnx.contrib", "com.microsoftx"])
def test_an_operator_of_a_custom_library_is_refused(domain: str) -> None:
    node = helper.make_node("Own", ["x"], ["y"], domain=domain)
    for model in (of_node(node), of_node(helper.make_node("If", ["x"], ["y"],
                  then_branch=of_node(node).graph))):  # fmt: skip
        assert f"operator Own is of '{domain}'" in reason_against(model.SerializeToString())


@pytest.mark.parametrize("domain", ["", "ai.onnx", "ai.onnx.ml", "com.microsoft"])
def test_the_operators_of_onnx_and_onnxruntime_and_of_the_models_functions_stay(
    domain: str,
) -> None:
    node = helper.make_node("Some", ["x"], ["y"], domain=domain)
    assert reason_against(of_node(node).SerializeToString()) == ""
    inside = numpy_helper.from_array(np.zeros(2, np.float32), "inside")
    assert reason_against(function(inside).SerializeToString()) == ""


@pytest.mark.parametrize("operator", ["EPContext", "PythonOp"])
def test_operators_that_load_programs_are_refused(operator: str) -> None:
    node = helper.make_node(operator, ["x"], ["y"], domain="com.microsoft")
    assert f"operator {operator} runs" in reason_against(of_node(node).SerializeToString())


def test_sides_that_the_bytes_do_not_hold_are_refused() -> None:
    tensor = numpy_helper.from_array(np.zeros(2, np.float32), "huge")
    for dims in ([1 << 20, 1 << 20], [1 << 62, 4, 0], [-1]):
        del tensor.dims[:]
        tensor.dims.extend(dims)
        reason = reason_against(initialiser(tensor).SerializeToString())
        assert reason == "" if 0 in dims else "'huge' states" in reason
    values = numpy_helper.from_array(np.zeros(2, np.float32), "values")
    model = plain()
    model.graph.sparse_initializer.append(sparse(values, [1 << 20, 1 << 20]))
    assert "sparse tensor of it has 1,099,511,627,776" in reason_against(model.SerializeToString())


def test_a_key_that_libraries_would_cut_off_is_damage() -> None:
    """Protobuf keeps 32 bits of a key, so that it would see a graph where we see none."""
    graph = onnx.ModelProto(graph=initialiser(external()).graph).SerializeToString()
    key = (7 << 3 | 2) + (1 << 32)
    written = bytes([key & 0x7F | 0x80, 0x80, 0x80, 0x80, key >> 28])
    assert len(list(fields(memoryview(graph)))) == 1
    with pytest.raises(ValueError, match="field"):
        reason_against(written + graph[1:])


def test_depth_and_garbage_end_soon() -> None:
    nested = plain().graph
    for _ in range(25):
        nested = of_node(helper.make_node("If", ["x"], ["y"], then_branch=nested)).graph
    model = onnx.ModelProto(graph=nested)
    assert "nested over" in reason_against(model.SerializePartialToString())
    start = time.process_time()
    random = np.random.default_rng(0)
    valid = np.frombuffer(function(external()).SerializeToString(), np.uint8)
    for _ in range(3000):
        content = valid.copy()
        content[random.integers(len(content), size=3)] = random.integers(256, size=3)
        try:
            reason_against(content.tobytes())
        except (ValueError, IndexError):
            continue
    assert time.process_time() - start < 10


def test_the_models_that_ship_need_nothing_else() -> None:
    for path in sorted(Path(edgehuman.__file__).with_name("zoo").glob("*.onnx")):
        assert reason_against(path.read_bytes()) == ""


def test_a_model_with_a_card_is_refused_before_a_session(tiny: Path) -> None:
    model = onnx.load(tiny)
    model.graph.initializer.append(external())
    before = hashlib.sha256(tiny.read_bytes()).hexdigest()
    onnx.save(model, tiny)
    assert hashlib.sha256(tiny.read_bytes()).hexdigest() != before
    with pytest.raises(ArtefactError, match="lies in another file"):
        read_card(tiny)


def test_a_whole_model_is_told_by_its_outermost_fields() -> None:
    content = plain().SerializeToString()
    fine: Callable[[bytes], bool] = lambda data: is_whole(io.BytesIO(data), len(data))  # noqa: E731
    assert fine(content)
    assert fine(b"\x09" + bytes(8) + content + b"\x0d" + bytes(4))  # numbers of 8 and 4 bytes
    for wrong in (
        content[:-1],
        content + b"\x00",
        content + b"\x0b",  # a wire type that is none
        b"\xff" * 12 + content,
        content.replace(b"\x3a", b"\x4a", 1),  # no graph
        b"\x3a\x02\x00\x00",  # a graph of zeros
        b"\x08\x01" * 200_000 + content,
        b"",
    ):
        assert not fine(wrong)
