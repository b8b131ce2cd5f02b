"""Export of a network that pictures and sentences share: two graphs, under one hash of weights.

    words.onnx           pictures -> vectors
    words.text.onnx      token ids -> vectors; its card holds the vocabulary

Each is traced, brought into its precision and judged on its own, on pictures and on captions of the
training part. `auto` chooses for each.
"""

from __future__ import annotations

from torch import nn

from edgehuman.errors import UsageError
from edgehuman.export.text_form import two_graphs
from edgehuman.export.words import ExportConfig
from edgehuman.nets.image.sentences import SearchNet


def require_two_graphs(config: ExportConfig, network: nn.Module) -> None:
    """Raise UsageError for a form that holds one graph, of a network that has two."""
    if not isinstance(network, SearchNet):
        return
    if config.format == "torch-tensorrt":
        raise UsageError(
            f"{config.checkpoint} has two graphs, of pictures and of sentences, which "
            "torch-tensorrt does not hold; use --format onnx or tensorrt"
        )
    if config.on_device:
        raise two_graphs(config.checkpoint)
