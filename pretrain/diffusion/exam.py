"""What a gait network's features know of people who were held out: the monitors of the paper.

Recognition (its Fig. 2): rank-1, rank-5 and mAP by the features alone, before any head. Separation
(its Fig. 3): the mean cosine distance of the two augmented subsequences of one walk (anchor and
positive), and of those of different people (anchor and negative).

Axes: N walks, T frames, C channels, P parts, D = C x P.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.metrics.retrieval import Sightings, retrieval_scores
from edgehuman.nets.silhouette.network import middle
from edgehuman.pictures.curves import Panel, draw_curves
from edgehuman.pretrain.diffusion.walks import Pairs
from edgehuman.records import Bool, Index, Text

EXAM_SEED = 0
NAMES = ("rank1", "rank5", "map", "positive", "negative")
_AT_ONCE = 32


@torch.no_grad()
def unit_features(network: nn.Module, sils_NTHW: Tensor) -> Tensor:
    """Return features (N, D) of length 1, whose product is the mean cosine over parts."""
    device = next(network.parameters()).device
    found = []
    for part_NTHW in torch.split(sils_NTHW, _AT_ONCE):
        feature_NCP = cast(
            "Tensor",
            network.backbone(middle(part_NTHW.to(device))),  # type: ignore[operator]
        )
        unit_NCP = functional.normalize(feature_NCP.float(), dim=1) / feature_NCP.shape[2] ** 0.5
        found.append(unit_NCP.flatten(1).cpu())
    return torch.cat(found)


class Exam:
    """The monitors on held-out walks.

    The gallery is each person's walks with the gallery role, the rest are probes; without such
    roles, the first half of each person's walks. Each walk is recognised by its middle frames.

    Args:
        sets: the held-out walks, each longer than a subsequence.
        pairs: of the training: its subsequences and augmentation.
    """

    def __init__(self, sets: Sequence[SilhouetteSet], pairs: Pairs) -> None:
        own = Pairs(sets, pairs.sampling, pairs.augment)
        person_N = np.concatenate([walks.person_N for walks in sets])
        self.person_N = np.unique(person_N, return_inverse=True)[1]
        self.in_gallery_N = gallery_of(
            np.concatenate([walks.role_N for walks in sets]), self.person_N
        )
        self.middle_NTHW = torch.from_numpy(np.stack([own.middle(i) for i in range(len(own))]))
        rng = np.random.default_rng(EXAM_SEED)
        self.both = own.stacked([own.pair(i, rng) for i in range(len(own))])

    def __call__(self, network: nn.Module) -> dict[str, float]:
        """Return rank-1, rank-5 and mAP (0..1), and the distances (0..2)."""
        feature_ND = unit_features(network, self.middle_NTHW).numpy()
        gallery, probe = (
            Sightings(feature_ND[mask_N], self.person_N[mask_N])
            for mask_N in (self.in_gallery_N, ~self.in_gallery_N)
        )
        # Between vectors of length 1, the Euclidean distance ranks as the cosine does.
        scores = retrieval_scores(probe, gallery, "euclidean", max_rank=5)
        anchor_ND, other_ND = (unit_features(network, side_NTHW) for side_NTHW in self.both)
        distance_NN = (1 - anchor_ND @ other_ND.T).numpy()
        differs_NN = self.person_N[:, None] != self.person_N[None]
        return {
            "rank1": scores.rank(1),
            "rank5": scores.rank(5),
            "map": scores.mean_ap,
            "positive": float(distance_NN.diagonal().mean()),
            "negative": float(distance_NN[differs_NN].mean()),
        }


def gallery_of(role_N: Text, person_N: Index) -> Bool:
    """Return which walks are the gallery: by role, or the first half of each person's walks."""
    if {"gallery", "probe"} <= set(role_N.tolist()):
        return np.asarray(role_N == "gallery")
    order_N = np.argsort(person_N, kind="stable")
    first_N = np.searchsorted(person_N[order_N], person_N[order_N])
    count_N = np.bincount(person_N)[person_N[order_N]]
    in_gallery_N = np.zeros(len(person_N), bool)
    in_gallery_N[order_N] = np.arange(len(order_N)) - first_N < np.maximum(count_N // 2, 1)
    return in_gallery_N


def draw_exam(records: Sequence[Mapping[str, float]], path: Path) -> Path:
    """Draw the curves of a training's records: recognition and separation by step.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    rows = [record for record in records if NAMES[0] in record]
    steps = [record["step"] for record in rows]

    def curves(
        names: Mapping[str, str], scale: float
    ) -> dict[str, tuple[list[float], list[float]]]:
        return {
            label: (steps, [scale * row[name] for row in rows]) for name, label in names.items()
        }

    ranks = {"rank1": "rank-1", "rank5": "rank-5"}
    distances = {"positive": "anchor and positive", "negative": "anchor and negative"}
    panels = (
        Panel("recognition of held-out people", "%", curves(ranks, 100)),
        Panel("mean distance of features", "1 - cosine", curves(distances, 1)),
    )
    return draw_curves(panels, "step", path)
