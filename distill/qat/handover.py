"""Hand a trained `Quantised` to the export: weights on their grid, learnt ranges and scales."""

from __future__ import annotations

from pathlib import Path

from edgehuman.card import Card
from edgehuman.distill.qat.quantised import Quantised
from edgehuman.export.graph.calibration import Range
from edgehuman.export.graph.learnt import LayerSteps, Learnt, write
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.records import Float32
from edgehuman.training.checkpoint import save_weights


def learnt_ranges(module: Quantised) -> dict[str, Range]:
    """The learnt range of every rounded tensor of the graph."""
    return {name: module.activation(name).bounds() for name in module.tensors}


def learnt_scales(module: Quantised) -> dict[str, Float32]:
    """The learnt step of every output channel (C,), by the name of the weight in the network."""
    return {name: module.weight(name).step().detach().cpu().numpy() for name in module.weights}


def learnt_of(module: Quantised) -> Learnt:
    """What the export takes in place of calibration, for the weights of `module.deployed()`."""
    bounds, scales = learnt_ranges(module), learnt_scales(module)
    layers = {
        layer.name: LayerSteps(
            bounds[layer.input],
            bounds[layer.output] if layer.output else None,
            scales[layer.weight],
        )
        for layer in module.plan.layers
    }
    return Learnt(module.target, weights_sha256(module.deployed()), layers)


def save_handover(folder: Path, module: Quantised, card: Card) -> None:
    """Write a checkpoint for `edgehuman export --precision int8`: the weights on their grid, with
    their card, and beside them what `export.graph.learnt` reads. A stop between the two leaves a
    pair that does not fit, which the export refuses.

    Raises:
        CheckpointError: the folder cannot be written to.
    """
    learnt = learnt_of(module)
    save_weights(folder, module.deployed().state_dict(), card)
    write(folder, learnt)
