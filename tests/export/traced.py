"""Graphs that several tests need: a trace takes 5 to 30 seconds and gives the same each time."""

from __future__ import annotations

import functools
from collections.abc import Callable

import onnx
from torch import nn
from torch.onnx._internal.exporter._registration import ONNXRegistry

from edgehuman.card import Card
from edgehuman.export.graph.trace import to_onnx, weights_sha256
from tests.shared import once


def traced_once(network: nn.Module, card: Card) -> onnx.ModelProto:
    """`to_onnx`, once for all processes of a test run: for each card and weights."""
    key = card.to_json() + weights_sha256(network)
    graph = once(key, lambda: to_onnx(network, card).SerializeToString())
    return onnx.load_model_from_string(graph)


@functools.cache
def share_tables() -> Callable[..., ONNXRegistry]:
    """Let PyTorch's exporter fill its table of operators once, not at every export: 1.7 s each.

    No public argument of the exporter takes a table; nothing writes into one once it is filled.

    Returns:
        What gives the table of an opset.
    """
    fill = ONNXRegistry.from_torchlib
    shared = functools.cache(lambda opset_version: fill(opset_version=opset_version))
    ONNXRegistry.from_torchlib = staticmethod(shared)  # type: ignore[method-assign]
    return shared
