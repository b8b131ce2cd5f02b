"""`edgehuman import --source opengait`: OpenGait's trained weights as a checkpoint folder.

    edgehuman import GaitBase_DA-60000.pt --source opengait --arch gaitbase --out runs/gaitbase

Every tensor of the file is accounted for: taken, left out by name, or an error.
"""

from __future__ import annotations

import contextlib
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
from edgehuman.nets.wrappings import Found
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
    loaded = read_foreign(config.checkpoint)
    network = cast(SilhouetteNet, build(config.arch))
    found = opengait.model_of(loaded, network, where, config.which)
    state = found.tensors
    if config.identities == "keep":
        network = cast(SilhouetteNet, build(config.arch, num_ids=opengait.identities_in(state)))
    taken = opengait.from_opengait(network, state, where, _fitting(state))
    network.load_state_dict(taken.weights)
    require_finite(network.state_dict(), where)
    card = _card(config, network)
    checkpoint.save_weights(config.out, network.state_dict(), card)
    checkpoint.save_config(config.out, config)
    return _outcome(config, card, network, taken, found)


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
            with contextlib.suppress(UsageError):  # not a network of OpenGait
                if opengait.fits(network, state):
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
    config: ImportConfig,
    card: Card,
    network: SilhouetteNet,
    taken: opengait.Taken,
    found: Found,
) -> Outcome:
    dropped = [*taken.dropped, *found.beside]
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
        "dropped": dropped,
        "taken": found.in_words(),
    }
    lines = [
        f"{config.out}: {config.arch} from {config.checkpoint.name}, {card.params:,} parameters, "
        f"{network.parts} parts of {network.width}, compared by {config.distance}",
        *found.in_words(),
    ]
    of_people = [name for name in taken.dropped if opengait.is_of_identities(name)]
    others = [name for name in dropped if name not in of_people]
    if of_people:
        lines.append(
            f"left out: {', '.join(of_people)}: the people of its training; --identities keep"
        )
    if others:
        more = f" and {len(others) - 4} more" if len(others) > 4 else ""
        lines.append(f"left out: {', '.join(others[:4])}{more}")
    if network.num_ids:
        lines.append(f"kept: the classifier of its {network.num_ids} people")
    return Outcome(data, "\n".join(lines))
