"""What two graphs, of pictures and of sentences, ask of an engine; without PyTorch."""

from __future__ import annotations

from dataclasses import replace

from edgehuman.errors import UsageError
from edgehuman.preprocess.image.bpe import CONTEXT, LEAST
from edgehuman.runtime.engine.build_on_device import Options

_USUAL = 32


def two_graphs(name: str) -> UsageError:
    """The error for a bundle of a model that has two graphs."""
    return UsageError(
        f"{name} has two graphs, of pictures and of sentences, and a bundle holds one; export with "
        "--format onnx, and run `edgehuman export x.onnx --format tensorrt` on the device, which "
        "needs no PyTorch"
    )


def text_options(asked: Options) -> Options:
    """The builder's options for the graph of sentences, whose lengths are its own."""
    return replace(asked, length=(LEAST, _USUAL, CONTEXT))
