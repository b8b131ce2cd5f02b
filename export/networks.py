"""What `edgehuman export` begins with: a trained checkpoint, or a catalogue name with seeded
random weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from edgehuman import catalogue
from edgehuman.card import (
    IMU_INPUT,
    RANDOM_WEIGHTS,
    Card,
    InputSpec,
    OutputSpec,
    image_input,
    skeleton_input,
)
from edgehuman.data.imu.subjects import UCI_LABELS
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_network


def input_of(row: catalogue.Network) -> InputSpec:
    """The record that a catalogued network begins at, in the size that it is counted for."""
    fixed: Mapping[str, InputSpec] = {"ImuWindow": IMU_INPUT, "PersonCrop": image_input()}
    if row.input == "SkeletonSequence":
        return skeleton_input(row.arguments["frames"])
    return fixed[row.input]


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
    if row.input == "ImuWindow":
        network = build(name, seed=seed, num_classes=len(UCI_LABELS))
        output = OutputSpec("classes", UCI_LABELS)
    else:
        network = build(name, seed=seed)
        width: Any = network.width
        output = OutputSpec("embedding", distance="cosine", dim=width)
    card = Card(
        name=name,
        task=row.task,
        arch=name,
        params=row.params,
        flops=row.flops,
        input=input_of(row),
        output=output,
        recipe=f"{RANDOM_WEIGHTS}, seed {seed}: for checks, it has learned nothing",
    )
    return network, card
