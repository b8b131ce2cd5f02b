"""What `edgehuman export` begins with: a trained checkpoint, or a catalogue name with seeded
random weights.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from edgehuman import catalogue
from edgehuman.card import Card
from edgehuman.errors import UsageError
from edgehuman.training.checkpoint import load_network


def load(checkpoint: str, seed: int) -> tuple[nn.Module, Card]:
    """The network in eval mode and its card.

    Raises:
        UsageError: a finished artefact, or a name that is neither a folder nor in the catalogue.
        CheckpointError: what `load_network` raises.
    """
    path = Path(checkpoint)
    if checkpoint.startswith("zoo:") or path.suffix in (".onnx", ".engine"):
        raise UsageError(
            f"{checkpoint} is exported already; export takes a checkpoint folder that a training "
            "wrote, or a name from `edgehuman models`"
        )
    if path.is_dir():
        return load_network(path)
    if len(path.parts) > 1:
        raise UsageError(
            f"{checkpoint}: no such folder; export takes a checkpoint folder that a training "
            "wrote, or a name from `edgehuman models`"
        )
    return random_network(checkpoint, seed)


def random_network(name: str, seed: int) -> tuple[nn.Module, Card]:
    """A catalogued network with seeded random weights, for checks, and a card that says so.

    A wearable network gets a classifier of the six activities; a network of person images gives its
    image token, one of skeletons its embedding.

    Raises:
        UsageError: no such network; the message lists the valid names.
    """
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", name)
    card = Card(
        name=name,
        task=row.task,
        arch=name,
        params=row.params,
        flops=row.flops,
        input=catalogue.step(row.input, "input")(row),
        output=catalogue.step(row.input, "output")(row),
        recipe=f"random weights, seed {seed}: for checks, it has learned nothing",
    )
    network: nn.Module = catalogue.step(row.input, "build")(card, {}, seed)
    if card.output.kind == "embedding":
        width: Any = network.width
        card = card.replace(output=replace(card.output, dim=width))
    return network, card
