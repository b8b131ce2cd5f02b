"""Small ONNX graphs that answer any picture with given numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper


def write_told(
    path: Path,
    shape: Sequence[int | str],
    answers: Mapping[str, NDArray[Any]],
    dtype: int = TensorProto.FLOAT,
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a graph of one input `image` that gives these arrays whatever it is given."""
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value, name))
        for name, value in answers.items()
    ]
    outputs = [
        helper.make_tensor_value_info(
            name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
        )
        for name, value in answers.items()
    ]
    taken = helper.make_tensor_value_info("image", dtype, shape)
    graph = helper.make_graph(nodes, "told", [taken], outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    for key, value in (metadata or {}).items():
        model.metadata_props.add(key=key, value=value)
    onnx.save(model, str(path))
    return path
