"""Trace a network with its card to one ONNX graph that takes the raw record.

The batch is dynamic, as is every axis that the card gives as 0; the opset and the IR version are
pinned; the exporter folds constants; nodes are named after their modules, without paths of the
exporting machine.

Source of the exporter: torch.onnx.export(dynamo=True), which traces with torch.export.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version

import onnx
import torch
from torch import nn

import edgehuman
from edgehuman.card import CARD_KEY, Card, InputSpec, from_json
from edgehuman.errors import ArtefactError, CheckpointError
from edgehuman.export.graph.readable import make_readable
from edgehuman.export.graph.tidy import tidy
from edgehuman.nets.checkpoint import sha256_of

# 20 is the newest opset that TensorRT 10 (JetPack 6.1) reads, and the first with a Gelu node.
OPSET = 20
# The oldest with this opset: onnxruntime 1.17 reads no newer one, which the exporter would write.
IR_VERSION = onnx.helper.find_min_ir_version_for([onnx.helper.make_opsetid("", OPSET)])
INPUT_NAME = "record"
OUTPUT_NAMES = {
    "classes": "logits",
    "embedding": "embedding",
    "attributes": "attributes",
    "heatmaps": "heatmaps",
    "segmentation": "segmentation",
    "simcc": "simcc",
    "tokens": "tokens",
    "boxes": "boxes",
    "person_parts": "person_parts",
    "part_attributes": "part_attributes",
}
# Sizes for tracing: not 1, which torch.export would specialise on.
_TRACE_BATCH = 2
_TRACE_DYNAMIC = 16


def to_onnx(network: nn.Module, card: Card) -> onnx.ModelProto:
    """Export the network as a checked float32 graph with its card inside.

    Args:
        network: maps one tensor (N, *card.input.shape), the raw record, to one tensor (N, ...).
        card: of the network; `weights_sha256`, `versions` and the least frames are filled in here.

    Raises:
        CheckpointError: a weight is not finite.
        ArtefactError: the network has an operator without an ONNX form; the message names it.
    """
    check_weights(network, card.name)
    was_training = network.training
    network.eval()
    try:
        model = _trace(network, card)
    finally:
        network.train(was_training)
    foreign = sorted({f"{node.domain}::{node.op_type}" for node in model.graph.node if node.domain})
    if foreign:
        raise ArtefactError(
            f"{card.name}: the graph has operators outside the ONNX standard: "
            f"{', '.join(foreign)}; write that layer with standard operators"
        )
    tidy(model)
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    least = int(getattr(network, "least_frames", card.input.least))
    return with_card(
        model,
        card.replace(
            input=replace(card.input, least=least),
            weights_sha256=weights_sha256(network),
            versions=versions(),
        ),
    )


def check_weights(network: nn.Module, name: str) -> None:
    """Raise CheckpointError if a weight or buffer is not finite, and name it."""
    for key, tensor in [*network.named_parameters(), *network.named_buffers()]:
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            bad = int((~torch.isfinite(tensor)).sum())
            raise CheckpointError(
                f"{name}: {bad} of {tensor.numel()} numbers in {key!r} are not finite; "
                "train again, or use an earlier checkpoint"
            )


def weights_sha256(network: nn.Module) -> str:
    """Hash of the state dict: name, shape, type and bytes of each entry, sorted by name."""
    return sha256_of(network.state_dict())


def versions() -> dict[str, str]:
    """Versions of the software that made the artefact, for its card."""
    return {
        "edgehuman": edgehuman.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "opset": str(OPSET),
        **{name: version(name) for name in ("torch", "onnx", "onnxscript", "onnxruntime", "numpy")},
    }


def with_card(model: onnx.ModelProto, card: Card) -> onnx.ModelProto:
    """A copy of the graph with this card as its only one, and readable without it."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept = {prop.key: prop.value for prop in copy.metadata_props if prop.key != CARD_KEY}
    onnx.helper.set_model_props(copy, {**kept, CARD_KEY: card.to_json()})
    copy.producer_name, copy.producer_version = "edgehuman", edgehuman.__version__
    make_readable(copy, card)
    return copy


def card_of(model: onnx.ModelProto, where: str) -> Card:
    """The card inside a graph.

    Raises:
        ArtefactError: there is none, or it cannot be read.
    """
    for prop in model.metadata_props:
        if prop.key == CARD_KEY:
            return from_json(prop.value, where)
    raise ArtefactError(
        f"{where}: an ONNX file without a card; export the model with `edgehuman export`"
    )


def _example(spec: InputSpec) -> torch.Tensor:
    shape = (_TRACE_BATCH, *(size or _TRACE_DYNAMIC for size in spec.shape))
    return torch.zeros(shape, dtype=getattr(torch, spec.dtype))


def _trace(network: nn.Module, card: Card) -> onnx.ModelProto:
    dynamic = {0: torch.export.Dim.DYNAMIC}
    dynamic |= {
        i + 1: torch.export.Dim.DYNAMIC for i, size in enumerate(card.input.shape) if not size
    }
    try:
        with torch.inference_mode(), _quiet_exporter():
            program = torch.onnx.export(
                network,
                (_example(card.input),),
                dynamo=True,
                opset_version=OPSET,
                input_names=[INPUT_NAME],
                output_names=[OUTPUT_NAMES[card.output.kind]],
                dynamic_shapes=(dynamic,),
                verbose=False,
            )
    except Exception as error:
        if _was_stopped(error):
            raise KeyboardInterrupt from None
        if not isinstance(error, torch.onnx.errors.OnnxExporterError):
            raise
        raise ArtefactError(_export_failure(card.name, error)) from error
    assert program is not None
    model: onnx.ModelProto = program.model_proto
    return model


def _was_stopped(error: BaseException) -> bool:
    """Whether Ctrl-C is the cause: an interrupt while torch imports a module leaves it half
    imported, and the exporter reports the resulting error instead of the interrupt.
    """
    links, seen = [error], set()
    while links:
        link = links.pop()
        if isinstance(link, KeyboardInterrupt):
            return True
        if id(link) not in seen:
            seen.add(id(link))
            links += [other for other in (link.__cause__, link.__context__) if other is not None]
    return False


def _export_failure(name: str, error: BaseException) -> str:
    """The exporter's long report as one line: the unsupported operator, or its last cause."""
    links = [error]
    while (link := links[-1].__cause__) is not None:
        links.append(link)
    causes = [re.sub(r"\x1b\[\d+m", "", str(link)) for link in links]
    for text in causes:
        found = re.search(r"\bNo ONNX function found for .*?([\w]+(?:\.|::)[\w.]+)", text)
        if found:
            return (
                f"{name}: operator {found.group(1)} has no ONNX form; "
                "write that layer with operators that have one"
            )
    lines = [line.strip() for line in causes[-1].splitlines() if line.strip()]
    reason = ": ".join([type(links[-1]).__name__, *lines[:1]])
    return (
        f"{name}: torch could not trace the network ({reason}); change its forward so that "
        "torch.export accepts it"
    )


@contextlib.contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Silence two known messages that do not concern the user's network, and no others."""
    registration = logging.getLogger("torch.onnx._internal.exporter._registration")

    def about_torchvision(record: logging.LogRecord) -> bool:
        return "torchvision is not installed" not in record.getMessage()

    registration.addFilter(about_torchvision)
    try:
        with warnings.catch_warnings():
            # torch 2.13 copies its own tree specs while decomposing; a caller cannot change that.
            warnings.filterwarnings(
                "ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning
            )
            yield
    finally:
        registration.removeFilter(about_torchvision)
