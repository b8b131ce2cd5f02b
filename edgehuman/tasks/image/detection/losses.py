"""The loss of a detector: quality focal loss of the scores, GIoU of the boxes, for both towers.

Sources: Li et al., "Generalized focal loss" (arXiv 2006.04388), equation 5; Rezatofighi et al.,
"Generalized intersection over union" (CVPR 2019); weights as in RTMDet (arXiv 2212.07784).
Everything is computed in float32, whatever the network's precision.

Axes: N images, M people of an image (padded), P points of all strides.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.tasks.image.detection.assignment import (
    Assigned,
    People,
    Points,
    Said,
    assign_many,
    assign_one,
    fit_of,
    pairwise_iou,
)

BETA = 2.0
BOX_WEIGHT = 2.0
_TINY = 1e-7


def detection_loss(many: Said, one: Said, people: People, points: Points) -> dict[str, Tensor]:
    """Return "loss", the sum of its parts: "many_score", "many_box", "one_score" and "one_box".

    Each part is divided by the sum of the IoUs of the points that stand for somebody, at least 1.
    """
    losses = assigned_losses(many, one, people, points)[0]
    return {"loss": torch.stack([*losses.values()]).sum(), **losses}


def assigned_losses(
    many: Said, one: Said, people: People, points: Points
) -> tuple[dict[str, Tensor], tuple[Assigned, Assigned]]:
    """Return the parts of `detection_loss`, and whom the points of both towers stand for."""
    people = trimmed(people)
    fit = fit_of(people, points)
    labels = many.logit_NPC.shape[2]
    inside_NPC = _by_label(fit.is_inside_NMP, people, labels)
    free_NPC = _by_label(_in_ignored(people, points), people, labels) & ~inside_NPC
    losses: dict[str, Tensor] = {}
    each_found: list[Assigned] = []
    for name, said, assign in (("many", many, assign_many), ("one", one, assign_one)):
        said = Said(said.logit_NPC.float(), said.box_NP4.float())
        iou_NMP = pairwise_iou(people.box_NM4, said.box_NP4.detach())
        found = assign(Said(*(each.detach() for each in said)), people, fit, iou_NMP)
        own_NPC = _hot(found, people, labels)
        is_free_NPC = free_NPC if name == "many" else free_NPC | _beside(own_NPC, points)
        score, box = _parts(said, found, people, own_NPC, ~is_free_NPC)
        losses |= {f"{name}_score": score, f"{name}_box": box}
        each_found.append(found)
    return losses, (each_found[0], each_found[1])


def trimmed(people: People) -> People:
    """Return the people without the columns that are padding in all images; one stays."""
    used_M = (people.is_person_NM | people.is_ignored_NM).any(dim=0)
    last = int(used_M.nonzero().max()) + 1 if used_M.any() else 1
    return People(*(None if each is None else each[:, :last] for each in people))  # type: ignore[arg-type]


def quality_focal_loss(logit: Tensor, quality: Tensor) -> Tensor:
    """Return |quality - score| ** 2 x the cross-entropy of each score."""
    entropy = functional.binary_cross_entropy_with_logits(logit, quality, reduction="none")
    return (quality - logit.sigmoid()).abs() ** BETA * entropy


def giou(box_K4: Tensor, other_K4: Tensor) -> Tensor:
    """Return the generalised IoU of pairs of boxes, (K,): -1 to 1."""
    side_K2 = torch.minimum(box_K4[:, 2:], other_K4[:, 2:]) - torch.maximum(
        box_K4[:, :2], other_K4[:, :2]
    )
    around_K2 = torch.maximum(box_K4[:, 2:], other_K4[:, 2:]) - torch.minimum(
        box_K4[:, :2], other_K4[:, :2]
    )
    shared_K = side_K2.clamp(min=0).prod(dim=1)
    area_K, area_other_K = (
        (each[:, 2:] - each[:, :2]).clamp(min=0).prod(dim=1) for each in (box_K4, other_K4)
    )
    either_K = (area_K + area_other_K - shared_K).clamp(min=_TINY)
    around_K = around_K2.clamp(min=0).prod(dim=1).clamp(min=_TINY)
    return shared_K / either_K - (around_K - either_K) / around_K


def _parts(
    said: Said, found: Assigned, people: People, own_NPC: Tensor, counts_NPC: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the losses of scores and boxes for one assignment."""
    total = found.iou_NP.sum().clamp(min=1.0)
    quality_NPC = found.iou_NP[..., None] * own_NPC
    score = (quality_focal_loss(said.logit_NPC, quality_NPC) * counts_NPC).sum() / total
    image_K, point_K = (found.person_NP >= 0).nonzero(as_tuple=True)
    wanted_K4 = people.box_NM4[image_K, found.person_NP[image_K, point_K]]
    lost_K = 1 - giou(said.box_NP4[image_K, point_K], wanted_K4)
    weight_K = found.iou_NP[image_K, point_K]
    return score, BOX_WEIGHT * (lost_K * weight_K).sum() / total


def _by_label(is_in_NMP: Tensor, people: People, labels: int) -> Tensor:
    """Return which points are in any of the people of each label, (N, P, C)."""
    if people.label_NM is None:
        return is_in_NMP.any(dim=1)[..., None]
    hot_NMC = functional.one_hot(people.label_NM, labels).float()
    return torch.einsum("nmp,nmc->npc", is_in_NMP.float(), hot_NMC) > 0


def _hot(found: Assigned, people: People, labels: int) -> Tensor:
    """Return the label of whom each point stands for, (N, P, C)."""
    is_own_NP = found.person_NP >= 0
    if people.label_NM is None:
        return is_own_NP[..., None]
    label_NP = people.label_NM.gather(1, found.person_NP.clamp(min=0))
    return functional.one_hot(label_NP, labels).bool() & is_own_NP[..., None]


def _beside(own_NPC: Tensor, points: Points) -> Tensor:
    """Return which points are neighbours, in their stride, of one that stands for somebody of a
    label, (N, P, C): no peaks beside it, so what they say does not matter.
    """
    rows = []
    counts = [height * width for height, width in points.sizes]
    for part_NPC, size in zip(torch.split(own_NPC, counts, 1), points.sizes, strict=True):
        map_NCHW = part_NPC.transpose(1, 2).float().reshape(*part_NPC.shape[::2], *size)
        near_NCHW = functional.max_pool2d(map_NCHW, 3, 1, 1)
        rows.append((near_NCHW > map_NCHW).flatten(2).transpose(1, 2))
    return torch.cat(rows, dim=1)


def _in_ignored(people: People, points: Points) -> Tensor:
    """Return which points lie in a region to ignore, (N, M, P)."""
    x_P, y_P = points.place_P2.unbind(dim=1)
    box_NM41 = people.box_NM4[..., None]
    is_in_NMP = (
        (x_P >= box_NM41[:, :, 0])
        & (x_P < box_NM41[:, :, 2])
        & (y_P >= box_NM41[:, :, 1])
        & (y_P < box_NM41[:, :, 3])
    )
    return is_in_NMP & people.is_ignored_NM[..., None]
