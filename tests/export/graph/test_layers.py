from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper
from torch import nn

from edgehuman.export.graph import layers
from edgehuman.export.graph.tidy import constants
from edgehuman.records import WindowSet


def damaged(model: onnx.ModelProto, node_name: str) -> onnx.ModelProto:
    """The same graph with one weight doubled."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    node = next(n for n in copy.graph.node if n.name == node_name)
    tensor = constants(copy.graph)[node.input[1]]
    tensor.CopyFrom(numpy_helper.from_array(2 * numpy_helper.to_array(tensor), tensor.name))
    return copy


def test_network_and_graph_agree_at_every_module(
    network: nn.Module, model: onnx.ModelProto, windows: WindowSet
) -> None:
    rows = layers.of_network(network, model, windows.imu_NTC[:4])
    assert rows[0].node == "embed/Add"
    assert rows[-1].node.startswith("head/")
    assert len(rows) == 17  # embed, 2 x (2 norms, 4 linear, 1 GELU), norm, head


def test_two_graphs_are_compared_node_by_node(model: onnx.ModelProto, windows: WindowSet) -> None:
    other = damaged(model, "blocks.0.attention.project/MatMul")
    first = layers.first_parted(layers.of_graphs(model, other, windows.imu_NTC[:4]), "int8")
    assert first is not None
    assert first.node == "blocks.0.attention.project/MatMul"
    assert np.isclose(first.error, 1.0)  # doubled: the difference is as large as the layer
