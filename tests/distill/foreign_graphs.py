"""Small ONNX graphs of any origin, with the contracts that belong to them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

WEARABLE = """\
record = "ImuWindow"
kind = "classes"
labels = ["walking", "sitting", "lying"]
layout = "NCT"
accel = "m/s2"
gyro = "deg/s"
axes = "-y+x+z"
rate_hz = 100.0
window = 256
[outputs]
logits = "scores"
embedding = "means"
[model]
licence = "CC-BY-4.0"
url = "https://example.org/model"
[[data]]
dataset = "theirs"
licence = "research only"
url = "https://example.org/data"
"""
PICTURE = """\
record = "PersonCrop"
kind = "embedding"
layout = "NCHW"
pixels = "0..1"
size = [32, 16]
mean = [0.5, 0.4, 0.3]
std = [0.2, 0.2, 0.1]
[outputs]
embedding = "means"
[model]
licence = "MIT"
url = "https://example.org/model"
"""
WEIGHT_CK = np.random.default_rng(3).normal(size=(6, 3)).astype(np.float32)


def write(
    folder: Path,
    shape: tuple[int | str, ...],
    weight_CK: NDArray[np.float32] = WEIGHT_CK,
    contract: str = "",
    softmax: bool = False,
    dtype: int = TensorProto.FLOAT,
) -> Path:
    """Write a graph: `means` (N, C) over all axes behind the second, `scores` = means @ weight."""
    axes = list(range(2, len(shape)))
    kind = helper.tensor_dtype_to_np_dtype(dtype)
    nodes = [
        helper.make_node("ReduceMean", ["record", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weight"], ["sums" if softmax else "scores"]),
    ]
    if softmax:
        nodes.append(helper.make_node("Softmax", ["sums"], ["scores"], axis=1))
    graph = helper.make_graph(
        nodes,
        "theirs",
        [helper.make_tensor_value_info("record", dtype, shape)],
        [helper.make_tensor_value_info(name, dtype, None) for name in ("means", "scores")],
        [
            numpy_helper.from_array(np.array(axes, np.int64), "axes"),
            numpy_helper.from_array(weight_CK.astype(kind), "weight"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    path = folder / "theirs.onnx"
    onnx.save(model, path)
    if contract:
        path.with_suffix(".toml").write_text(contract)
    return path
