"""The loss of a parser: that of the detector, of the parts of every cell, and of people's masks.

    loss = detector + parts + inside + 2 x mask

"parts" is the cross-entropy over all cells, "inside" that over people's cells alone, which are few;
"mask" is the Dice loss of Milletari et al., "V-Net" (3DV 2016), as in CondInst, of at most 64
points of an image that stand for somebody: those that answer, and the best of the others.

Axes: N images, M people, P points, K chosen points of an image, h w cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.data.image.set import IGNORE
from edgehuman.nets.image.crowds.masks import Masks, quartered
from edgehuman.tasks.image.detection.assignment import Assigned, Points
from edgehuman.tasks.image.losses import lovasz_softmax

MOST_MASKS = 64
MASK_WEIGHT = 2.0


def part_losses(part_NChw: Tensor, label_Nhw: Tensor, lovasz_weight: float) -> dict[str, Tensor]:
    """Return "parts" and "inside", and "lovasz" if it has a weight; of nothing labelled, 0.

    Args:
        label_Nhw: 0..C-1, or 255 where a cell is not labelled.
    """
    label_Nhw = label_Nhw.long()
    entropy_Nhw = functional.cross_entropy(
        part_NChw.float(), label_Nhw, ignore_index=IGNORE, reduction="none"
    )
    counts_Nhw = label_Nhw != IGNORE
    inside_Nhw = counts_Nhw & (label_Nhw > 0)
    found = {
        name: (entropy_Nhw * chosen_Nhw).sum() / chosen_Nhw.sum().clamp(min=1)
        for name, chosen_Nhw in (("parts", counts_Nhw), ("inside", inside_Nhw))
    }
    if lovasz_weight:
        prob_XC = part_NChw.float().softmax(dim=1).permute(0, 2, 3, 1).flatten(0, 2)
        found["lovasz"] = lovasz_weight * lovasz_softmax(prob_XC, label_Nhw.flatten(), IGNORE)
    return found


class Masked(Protocol):
    """What a network says that masks are computed from."""

    @property
    def feature_NPC(self) -> Tensor:
        """Of every point."""

    @property
    def shared_NEhw(self) -> Tensor:
        """The maps of a picture."""


def cells_of(who_Nhw: Tensor) -> Callable[[int, Tensor], Tensor]:
    """Return what says where people are seen, for `mask_loss`.

    Args:
        who_Nhw: the person of each cell, from 1 on; 0: nobody's.
    """
    who_NX = quartered(who_Nhw)
    return lambda image, person_K: who_NX[image] == person_K[:, None] + 1


def mask_loss(
    said: Masked,
    masks: Masks,
    found: tuple[Assigned, Assigned],
    target_of: Callable[[int, Tensor], Tensor],
    points: Points,
) -> Tensor:
    """Return the mean Dice loss of the masks of the chosen points, times 2; 0 if there are none.

    Args:
        found: whom the points of both towers stand for.
        target_of: (image, people (K,)) -> where each of them is seen (K, cells), quarter by
            quarter.
    """
    many, one = found
    total = said.shared_NEhw.new_zeros(())
    count = 0
    for n in range(len(many.iou_NP)):
        place_K, person_K = chosen(many.iou_NP[n], many.person_NP[n], one.person_NP[n])
        target_KX = target_of(n, person_K).float()
        is_seen_K = target_KX.any(dim=1)
        place_K, target_KX = place_K[is_seen_K], target_KX[is_seen_K]
        if not len(place_K):
            continue
        logit_KX = masks(
            said.shared_NEhw[n : n + 1],
            said.feature_NPC[n : n + 1, place_K],
            points.place_P2[None, place_K],
            points.stride_P[None, place_K],
        )[0]
        total = total + dice_loss(logit_KX, target_KX).sum()
        count += len(place_K)
    return MASK_WEIGHT * total / max(count, 1)


def chosen(iou_P: Tensor, many_P: Tensor, one_P: Tensor) -> tuple[Tensor, Tensor]:
    """Return at most 64 points that stand for somebody, and for whom: first those that answer, then
    those whose boxes fit best.
    """
    person_P = torch.where(one_P >= 0, one_P, many_P)
    rank_P = torch.where(one_P >= 0, 2.0 + iou_P, iou_P)
    rank_P = torch.where(person_P >= 0, rank_P, -1.0)
    most = min(MOST_MASKS, int((person_P >= 0).sum()))
    place_K = rank_P.topk(most).indices
    return place_K, person_P[place_K]


def dice_loss(logit_KX: Tensor, target_KX: Tensor) -> Tensor:
    """Return 1 - 2 |A B| / (|A|^2 + |B|^2) of each mask, (K,)."""
    prob_KX = logit_KX.float().sigmoid()
    shared_K = (prob_KX * target_KX).sum(dim=1)
    total_K = prob_KX.square().sum(dim=1) + target_KX.square().sum(dim=1)
    return 1 - 2 * shared_K / total_K.clamp(min=1e-6)
