"""Export of a network that pictures and sentences share: two graphs, under one hash of weights.

    words.onnx           pictures -> vectors
    words.text.onnx      token ids -> vectors; its card holds the vocabulary

Each is traced, brought into its precision and judged on its own, on pictures and on captions of the
training part. `auto` chooses for each.
"""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from edgehuman.errors import UsageError
from edgehuman.export.words import ExportConfig
from edgehuman.nets.image.sentences import LEAST, SearchNet
from edgehuman.preprocess.image.bpe import CONTEXT
from edgehuman.runtime.engine.build_on_device import Options

_USUAL = 32


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
        raise UsageError(
            f"{config.checkpoint} has two graphs, of pictures and of sentences, and a bundle holds "
            "one; export with --format onnx, and run `edgehuman export x.onnx --format tensorrt` "
            "on the device, which needs no PyTorch"
        )


def text_options(asked: Options) -> Options:
    """The builder's options for the graph of sentences, whose lengths are its own."""
    return replace(asked, length=(LEAST, _USUAL, CONTEXT))
