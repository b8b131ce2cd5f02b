"""Export of a network with another beside it, as a text encoder: two graphs, one hash of weights.

    words.onnx           pictures -> vectors
    words.text.onnx      token ids -> vectors; its card holds the vocabulary

Such a network has `beside(card)`: the name of the part, the network and its card. Each is traced,
brought into its precision and judged on its own, on samples of its own record. `auto` chooses for
each.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.errors import UsageError
from edgehuman.export.words import ExportConfig, options
from edgehuman.runtime.engine.build_on_device import Options


def has_beside(network: Any) -> bool:
    """Whether a network has another beside it."""
    return hasattr(network, "beside")


def require_form(config: ExportConfig) -> None:
    """Raise UsageError for a form that holds one graph, of a network that has two."""
    if config.format == "torch-tensorrt":
        raise UsageError(
            f"{config.checkpoint} has two graphs, of pictures and of sentences, which "
            "torch-tensorrt does not hold; use --format onnx or tensorrt"
        )
    if config.on_device:
        raise UsageError(
            f"{config.checkpoint} has two graphs, of pictures and of sentences, and a bundle holds "
            "one; export with --format onnx, and run `edgehuman export x.onnx --format tensorrt` "
            "on the device, which needs no PyTorch"
        )


def options_for(config: ExportConfig, card: Card) -> Options:
    """The builder's options for a graph; the lengths of some records are their own."""
    lengths = catalogue.RECORDS[card.input.record].lengths
    asked = options(config)
    return asked if lengths is None else replace(asked, length=lengths)
