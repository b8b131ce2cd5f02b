"""What the features of a gait network differ by: the view, the person, and in how many directions.

    python -m edgehuman.bench.pages.silhouette.features runs/diffusion/pretrained-different-0

Simulated people of the exam, each seen once from every view; four frames from the middle of a walk,
features before any head. The shares are of the variance between the means of the views, or of the
people. The effective rank is the exponential of the entropy of the covariance's eigenvalues (Roy
and Vetterli, EUSIPCO 2007). The first row is the same network with random weights.

Axes: N walks, D features, G groups.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.entry import main
from edgehuman.config import require
from edgehuman.data.silhouette.walks import SilhouetteSet, simulated_set
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Text
from edgehuman.simulate.gait.pinhole import VIEWS_DEG

if TYPE_CHECKING:
    from torch import nn

SEEN = 4
"""Frames of a walk that a network sees."""
_LENGTH = 24
RANDOM = "random weights"
COLUMNS = {
    "effective_rank": "effective rank",
    "first_direction": "in the first direction",
    "between_views": "between views",
    "between_people": "between people",
}


@dataclass(frozen=True, slots=True)
class FeaturesConfig:
    """Measure what the features of pretrained gait networks differ by."""

    checkpoint: Positional[tuple[Path, ...]]
    """Folders of trainings of one network."""
    people: int = 14
    """Simulated people, each with a walk from every view."""
    seed: int = 0
    """Seed of the random weights."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.checkpoint), "checkpoint", "at least one folder"),
            (self.people >= 2, "people", "at least 2"),
        )
        require(self, rules)


def build_table(config: FeaturesConfig) -> Outcome:
    """Measure the random network, then every checkpoint.

    Raises:
        CheckpointError: a folder without a checkpoint, or of another network than the first.
    """
    from edgehuman.nets.building import build
    from edgehuman.nets.checkpoint import load_into, read_weights
    from edgehuman.pretrain.diffusion.walks import EXAM_WORLD

    walks = simulated_set(config.people, len(VIEWS_DEG), EXAM_WORLD, _LENGTH)
    states = {folder: read_weights(folder) for folder in config.checkpoint}
    arch = states[config.checkpoint[0]][1].arch
    rows = {RANDOM: measured(build(arch, config.seed), walks, arch)}
    for folder, (weights, _) in states.items():
        network = build(arch, config.seed)
        load_into(network, weights, str(folder))
        rows[folder.name] = measured(network, walks, arch)
    data = {"simulated": True, "arch": arch, "people": config.people, "rows": rows}
    return Outcome(data, json.dumps(data) if config.json else _text(rows))


def measured(network: nn.Module, walks: SilhouetteSet, arch: str) -> dict[str, float]:
    """Return the columns of the table, shares in 0..1."""
    import torch

    from edgehuman.pretrain.diffusion.exam import unit_features
    from edgehuman.pretrain.diffusion.subsequences import sampling_of
    from edgehuman.pretrain.diffusion.walks import Pairs
    from edgehuman.training.silhouette.augment import NONE

    sampling = sampling_of(catalogue.network(arch).family, SEEN)
    pairs = Pairs([walks], sampling, NONE)
    middle_NTHW = torch.from_numpy(np.stack([pairs.middle(i) for i in range(len(pairs))]))
    return spread(unit_features(network.eval(), middle_NTHW).numpy(), walks)


def spread(feature_ND: Float32, walks: SilhouetteSet) -> dict[str, float]:
    """Return the effective rank of features, and where their variance lies."""
    centred_ND = feature_ND - feature_ND.mean(axis=0)
    power_D = np.linalg.svd(centred_ND.astype(np.float64), compute_uv=False) ** 2
    share_D = power_D / power_D.sum()
    used_D = share_D[share_D > 0]
    return {
        "effective_rank": float(np.exp(-(used_D * np.log(used_D)).sum())),
        "first_direction": float(share_D[0]),
        "between_views": between(centred_ND, walks.view_N),
        "between_people": between(centred_ND, walks.person_N),
    }


def between(centred_ND: Float32, group_N: Text) -> float:
    """Return the share of the variance that lies between the means of the groups."""
    name_G, which_N = np.unique(group_N, return_inverse=True)
    sums_GD = np.zeros((len(name_G), centred_ND.shape[1]))
    np.add.at(sums_GD, which_N, centred_ND)
    size_G = np.bincount(which_N)
    return float((sums_GD**2 / size_G[:, None]).sum() / np.square(centred_ND).sum())


def _text(rows: Mapping[str, Mapping[str, float]]) -> str:
    lines = ["All people are simulated (edgehuman's own). Percent of the variance of features.", ""]
    lines += [f"| weights | {' | '.join(COLUMNS.values())} |", "|---|" + "---:|" * len(COLUMNS)]
    for weights, row in rows.items():
        shares = [f"{100 * row[name]:.0f}" for name in list(COLUMNS)[1:]]
        cells = [f"{row['effective_rank']:.1f}", *shares]
        lines.append(f"| {weights} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(FeaturesConfig, build_table))
