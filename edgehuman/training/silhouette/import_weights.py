"""`edgehuman import --source opengait`: OpenGait's trained weights as a checkpoint folder.

    edgehuman import GaitBase_DA-60000.pt --source opengait --arch gaitbase --out runs/gaitbase

Every tensor of the file is accounted for: taken, left out by name, or an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch
from torch import Tensor

from edgehuman import catalogue
from edgehuman.card import (
    WEIGHTS,
    Card,
    OutputSpec,
    TrainingData,
    sha256_of_file,
    silhouette_input,
)
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, count_params
from edgehuman.nets.silhouette import opengait
from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.outcome import Outcome
from edgehuman.training import checkpoint
from edgehuman.training.foreign import read_foreign, require_finite
from edgehuman.training.ledger import commit, versions
from edgehuman.training.silhouette.import_settings import ImportConfig

TERMS = "academic use only (OpenGait's README)"
SOURCE = "https://github.com/ShiqiYu/OpenGait"


def import_weights(config: ImportConfig) -> Outcome:
    """Run `edgehuman import --source opengait`.

    Raises:
        UsageError: unknown network, one that OpenGait does not have, or folder in use.
        CheckpointError: no such file, not weights, or weights of another network; the message lists
            what did not match, and the networks that the file fits.
    """
    _require_silhouettes(config.arch)
    if (config.out / WEIGHTS).exists():
        raise UsageError(f"--out {config.out} already holds a checkpoint; choose another folder")
    where = str(config.checkpoint)
    state = opengait.model_of(read_foreign(config.checkpoint), where)
    num_ids = opengait.identities_in(state) if config.identities == "keep" else 0
    network = cast(SilhouetteNet, build(config.arch, num_ids=num_ids))
    taken = opengait.from_opengait(network, state, where, _fitting(state))
    network.load_state_dict(taken.weights)
    require_finite(network.state_dict(), where)
    card = _card(config, network)
    checkpoint.save_weights(config.out, network.state_dict(), card)
    checkpoint.save_config(config.out, config)
    return _outcome(config, card, network, taken)


def _require_silhouettes(arch: str) -> None:
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", arch)
    known = catalogue.networks_of("silhouette")
    if arch not in known:
        raise UsageError(
            f"--arch {arch} reads a {row.input}; choose a silhouette network: {', '.join(known)}"
        )


def _fitting(state: Mapping[str, Tensor]) -> str:
    """What fits the names and shapes of a state dict, as the end of an error message."""
    fits = []
    with torch.device("meta"):
        for name in catalogue.networks_of("silhouette"):
            network = cast(SilhouetteNet, build(name, num_ids=opengait.identities_in(state)))
            try:
                expected = opengait.to_opengait(network)
            except UsageError:
                continue  # not a network of OpenGait
            if not opengait.differences(expected, state, ()):
                fits.append(name)
    return f"It fits --arch {' or '.join(fits)}" if fits else "It fits no network of the catalogue"


def _card(config: ImportConfig, network: SilhouetteNet) -> Card:
    row = catalogue.network(config.arch)
    return Card(
        name=f"{config.arch} from OpenGait",
        task=row.task,
        arch=config.arch,
        params=count_params(network),
        flops=row.flops,
        input=silhouette_input(),
        output=OutputSpec(
            "embedding", distance=config.distance, dim=network.width, parts=network.parts
        ),
        recipe=(
            f"imported from {config.checkpoint.name} "
            f"(sha256 {sha256_of_file(config.checkpoint)[:16]}), source opengait; OpenGait's terms "
            "are academic use alone; see its publisher for training data"
        ),
        data=(
            TrainingData(f"{config.checkpoint.name}: weights", "pretraining", TERMS, SOURCE, 0, 0),
        ),
        commit=commit(),
        versions=versions(),
    )


def _outcome(
    config: ImportConfig, card: Card, network: SilhouetteNet, taken: opengait.Taken
) -> Outcome:
    data = {
        "out": str(config.out),
        "arch": config.arch,
        "source": config.source,
        "params": card.params,
        "flops": card.flops,
        "parts": network.parts,
        "dim": network.width,
        "distance": config.distance,
        "identities": network.num_ids,
        "dropped": list(taken.dropped),
    }
    lines = [
        f"{config.out}: {config.arch} from {config.checkpoint.name}, {card.params:,} parameters, "
        f"{network.parts} parts of {network.width}, compared by {config.distance}"
    ]
    if taken.dropped:
        lines.append(
            f"left out: {', '.join(taken.dropped)}: the people of its training; --identities keep"
        )
    if network.num_ids:
        lines.append(f"kept: the classifier of its {network.num_ids} people")
    return Outcome(data, "\n".join(lines))
