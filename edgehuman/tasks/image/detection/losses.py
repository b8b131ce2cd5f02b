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
    inside_NP = fit.is_inside_NMP.any(dim=1)
    free_NP = _in_ignored(people, points) & ~inside_NP
    losses: dict[str, Tensor] = {}
    each_found: list[Assigned] = []
    for name, said, assign in (("many", many, assign_many), ("one", one, assign_one)):
        said = Said(said.logit_NP.float(), said.box_NP4.float())
        iou_NMP = pairwise_iou(people.box_NM4, said.box_NP4.detach())
        found = assign(Said(*(each.detach() for each in said)), people, fit, iou_NMP)
        is_free_NP = free_NP if name == "many" else free_NP | _beside(found, points)
        score, box = _parts(said, found, people, ~is_free_NP)
        losses |= {f"{name}_score": score, f"{name}_box": box}
        each_found.append(found)
    return losses, (each_found[0], each_found[1])


def trimmed(people: People) -> People:
    """Return the people without the columns that are padding in all images; one stays."""
    used_M = (people.is_person_NM | people.is_ignored_NM).any(dim=0)
    last = int(used_M.nonzero().max()) + 1 if used_M.any() else 1
    return People(*(each[:, :last] for each in people))


def quality_focal_loss(logit_NP: Tensor, quality_NP: Tensor) -> Tensor:
    """Return |quality - score| ** 2 x the cross-entropy of each point, (N, P)."""
    entropy_NP = functional.binary_cross_entropy_with_logits(logit_NP, quality_NP, reduction="none")
    return (quality_NP - logit_NP.sigmoid()).abs() ** BETA * entropy_NP


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


def _parts(said: Said, found: Assigned, people: People, counts_NP: Tensor) -> tuple[Tensor, Tensor]:
    """Return the losses of scores and boxes for one assignment."""
    total = found.iou_NP.sum().clamp(min=1.0)
    score = (quality_focal_loss(said.logit_NP, found.iou_NP) * counts_NP).sum() / total
    image_K, point_K = (found.person_NP >= 0).nonzero(as_tuple=True)
    wanted_K4 = people.box_NM4[image_K, found.person_NP[image_K, point_K]]
    lost_K = 1 - giou(said.box_NP4[image_K, point_K], wanted_K4)
    weight_K = found.iou_NP[image_K, point_K]
    return score, BOX_WEIGHT * (lost_K * weight_K).sum() / total


def _beside(found: Assigned, points: Points) -> Tensor:
    """Return which points are neighbours, in their stride, of one that stands for somebody, (N, P):
    no peaks beside it, so what they say does not matter.
    """
    rows = []
    counts = [height * width for height, width in points.sizes]
    for part_NP, size in zip(
        torch.split(found.person_NP >= 0, counts, 1), points.sizes, strict=True
    ):
        map_N1HW = part_NP.reshape(-1, 1, *size).float()
        rows.append(functional.max_pool2d(map_N1HW, 3, 1, 1).flatten(1) > map_N1HW.flatten(1))
    return torch.cat(rows, dim=1)


def _in_ignored(people: People, points: Points) -> Tensor:
    """Return which points lie in a region to ignore, (N, P)."""
    x_P, y_P = points.place_P2.unbind(dim=1)
    box_NM41 = people.box_NM4[..., None]
    is_in_NMP = (
        (x_P >= box_NM41[:, :, 0])
        & (x_P < box_NM41[:, :, 2])
        & (y_P >= box_NM41[:, :, 1])
        & (y_P < box_NM41[:, :, 3])
    )
    return (is_in_NMP & people.is_ignored_NM[..., None]).any(dim=1)
