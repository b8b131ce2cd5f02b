"""Does a pretrained backbone tell people apart? Nearest neighbours across simulated cameras.

    python -m edgehuman.bench.pages.image.identity runs/saip [--people 100] [--json]

One picture of each person is the query, all others are the gallery; pictures of the same person by
the same camera do not count (the protocol of Market-1501). The people are simulated, and are not
those that `--data simulated` trains on. The baseline is the same network with random weights, whose
batch norms have measured these pictures: as good as random weights get.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.metrics.retrieval import Sightings, retrieval_scores
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Uint8
from edgehuman.simulate.image.people import PersonImages, simulate_people

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class IdentityConfig:
    """Rank-1 and mAP of simulated people across cameras, random weights and pretrained."""

    checkpoint: Positional[Path]
    """Folder of a pretraining's checkpoint."""
    people: int = 100
    """Number of people."""
    each: int = 4
    """Pictures per person: one query, the others in the gallery."""
    seed: int = 977
    """Seed of the people; not that of the pretraining."""
    batch: int = 25
    """Pictures per call."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        least = {"people": 2, "each": 2, "batch": 1, "seed": 0}
        rules = ((getattr(self, name) >= n, name, f"at least {n}") for name, n in least.items())
        require(self, rules)


@dataclass(frozen=True, slots=True)
class Found:
    """Attributes:
    rank1, mean_ap: 0..1.
    queries: number of people whom another camera has seen too; only these count.
    """

    rank1: float
    mean_ap: float
    queries: int


def embed(network: nn.Module, image_NHWC: Uint8, batch: int) -> Float32:
    """Image tokens (N, D) of pictures, in the mode that the network is in."""
    import torch

    with torch.inference_mode():
        parts = [
            network(torch.from_numpy(image_NHWC[start : start + batch])).numpy()
            for start in range(0, len(image_NHWC), batch)
        ]
    return np.concatenate(parts)


def random_twin(arch: str, image_NHWC: Uint8, batch: int) -> nn.Module:
    """The network with random weights, and batch norms that have measured these pictures."""
    import torch

    from edgehuman.nets.building import build

    network = build(arch, image_size=image_NHWC.shape[1:3])
    norms = [m for m in network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # a plain mean over the batches
    if norms:
        network.train()
        embed(network, image_NHWC, batch)
    return network.eval()


def score(feature_ND: Float32, pictures: PersonImages) -> Found:
    """Score with the first picture of each person as query and the others as gallery."""
    first_N = np.zeros(len(pictures.person_N), bool)
    first_N[np.unique(pictures.person_N, return_index=True)[1]] = True
    query, gallery = (
        Sightings(feature_ND[chosen], pictures.person_N[chosen], pictures.camera_N[chosen])
        for chosen in (first_N, ~first_N)
    )
    scores = retrieval_scores(query, gallery, "cosine", max_rank=1)
    return Found(scores.rank(1), scores.mean_ap, scores.queries)


def check_identities(config: IdentityConfig) -> Outcome:
    """Score both networks on the same pictures.

    Raises:
        CheckpointError: not a checkpoint. UsageError: its network does not read person images.
    """
    from edgehuman.nets.checkpoint import load_network

    network, card = load_network(config.checkpoint)
    reads_people = catalogue.is_of(card.input.record, "image")
    if not reads_people or card.output.kind != "embedding":
        raise UsageError(
            f"{config.checkpoint} holds {card.arch}: {card.input.record} to {card.output.kind}; "
            "give the checkpoint of a pretraining on person images"
        )
    height, width = card.input.shape[:2]
    pictures = simulate_people(config.people, config.each, config.seed, height, width)
    sides = {
        "random": random_twin(card.arch, pictures.image_NHWC, config.batch),
        "pretrained": network.eval(),
    }
    found = {
        name: score(embed(side, pictures.image_NHWC, config.batch), pictures)
        for name, side in sides.items()
    }
    data = {
        "arch": card.arch,
        "people": config.people,
        "pictures": len(pictures.person_N),
        "simulated": True,
        **{name: asdict(each) for name, each in found.items()},
    }
    return Outcome(data, json.dumps(data) if config.json else _as_text(data, found))


def _as_text(data: dict[str, Any], found: dict[str, Found]) -> str:
    lines = [
        f"{data['arch']}: {data['people']} simulated people, {data['pictures']} pictures, "
        "another camera each time",
        f"{'weights':<12}{'Rank-1':>8}{'mAP':>8}",
    ]
    lines += [
        f"{name:<12}{100 * each.rank1:>7.1f}%{100 * each.mean_ap:>7.1f}%"
        for name, each in found.items()
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(IdentityConfig, check_identities))
