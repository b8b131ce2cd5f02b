"""Traces of networks that several tests export: seconds each, and the same every time."""

from __future__ import annotations

import onnx
from torch import nn

from edgehuman.card import Card
from edgehuman.export.graph.trace import to_onnx, weights_sha256

_TRACES: dict[tuple[str, str], onnx.ModelProto] = {}


def traced_once(network: nn.Module, card: Card) -> onnx.ModelProto:
    """`to_onnx`; of a network of the same card and weights the graph of the first time."""
    key = (card.to_json(), weights_sha256(network))
    if key not in _TRACES:
        _TRACES[key] = to_onnx(network, card)
    return _TRACES[key]
