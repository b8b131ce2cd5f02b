"""Which points of a detector stand for which person: several points each, or one.

Both look at what the network says now, as in Ge et al., "OTA" (CVPR 2021): a point that already
finds a person well is asked to. Nothing here has a gradient.

Axes: N images, M people of an image (padded), P points of all strides, T the best candidates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

MOST_POINTS = 13
"""Candidates of one person, of which as many count as their IoUs sum to."""
_IOU_COST, _CENTRE_BASE, _CENTRE_STRIDES = 3.0, 10.0, 3.0
# Beyond that a point is never chosen anyway, and 10 ** (d - 3) leaves float32.
_FARTHEST = 12.0
_SCORE_POWER, _IOU_POWER = 0.5, 6.0
# People whose best point another takes get the next best one, so often.
_ROUNDS = 4
_TINY = 1e-7
_NEVER = 1e8


class People(NamedTuple):
    """The people of a batch.

    Attributes:
        box_NM4: x1, y1, x2, y2 in pixels of the input.
        is_person_NM: False: padding, or a region to ignore.
        is_ignored_NM: a region that counts neither for nor against the network.
        label_NM: what each is; None: all are people.
    """

    box_NM4: Tensor
    is_person_NM: Tensor
    is_ignored_NM: Tensor
    label_NM: Tensor | None = None


class Points(NamedTuple):
    """The points of a detector: x and y in pixels, and stride; rows and columns of each stride."""

    place_P2: Tensor
    stride_P: Tensor
    sizes: Sequence[tuple[int, int]]


class Said(NamedTuple):
    """What a network says of each point: the logit of its score for each label, of which a detector
    of people has one, and its box in pixels.
    """

    logit_NPC: Tensor
    box_NP4: Tensor

    def logits_for(self, people: People) -> Tensor:
        """Return the logits of the labels of people, (N, M, P); (N, 1, P) if all are the same."""
        logit_NCP = self.logit_NPC.transpose(1, 2).float()
        if people.label_NM is None:
            return logit_NCP
        label_NMP = people.label_NM[..., None].expand(-1, -1, logit_NCP.shape[2])
        return logit_NCP.gather(1, label_NMP)


class Assigned(NamedTuple):
    """Attributes:
    person_NP: the person a point stands for; -1: none.
    iou_NP: of its box with that person; 0: none.
    """

    person_NP: Tensor
    iou_NP: Tensor


class Fit(NamedTuple):
    """How points and people lie: shared by both assignments.

    Attributes:
        is_inside_NMP: whether a point is in a person's box; False for padding.
        distance_NMP: of a point from the box's centre, strides.
    """

    is_inside_NMP: Tensor
    distance_NMP: Tensor


def fit_of(people: People, points: Points) -> Fit:
    """Return how points lie in the boxes. A box smaller than the finest stride counts as large as
    that, so that at least one point is inside.
    """
    finest = points.stride_P.min()
    centre_NM2 = (people.box_NM4[..., :2] + people.box_NM4[..., 2:]) / 2
    half_NM2 = (people.box_NM4[..., 2:] - people.box_NM4[..., :2]).clamp(min=finest) / 2
    x_NMP = points.place_P2[:, 0] - centre_NM2[..., :1]
    y_NMP = points.place_P2[:, 1] - centre_NM2[..., 1:]
    is_inside_NMP = (x_NMP.abs() <= half_NM2[..., :1]) & (y_NMP.abs() <= half_NM2[..., 1:])
    distance_NMP = (x_NMP.square_().add_(y_NMP.square_())).sqrt_().div_(points.stride_P)
    return Fit(is_inside_NMP & people.is_person_NM[..., None], distance_NMP)


def pairwise_iou(box_NM4: Tensor, other_NP4: Tensor) -> Tensor:
    """Return the IoU of each pair of boxes of an image, (N, M, P)."""
    wide_NMP = _overlap(box_NM4, other_NP4, 0)
    shared_NMP = wide_NMP.mul_(_overlap(box_NM4, other_NP4, 1))
    area_NM1, area_N1P = _area(box_NM4)[..., None], _area(other_NP4)[:, None]
    either_NMP = (area_NM1 + area_N1P).sub_(shared_NMP).clamp_(min=_TINY)
    return shared_NMP.div_(either_NMP)


@torch.no_grad()
def assign_many(said: Said, people: People, fit: Fit, iou_NMP: Tensor) -> Assigned:
    """Return several points for each person: those of least cost inside its box, as many as the
    IoUs of its best 13 sum to, at least one. A point that two people want goes to the cheaper.

    The cost is a soft cross-entropy of the score, with the IoU as its label, 3 x -log IoU, and
    10 ** (distance from the centre in strides - 3). Source: RTMDet, arXiv 2212.07784, section 3.2;
    there a point need not be inside.
    """
    logit_NMP = said.logits_for(people)
    iou_NMP = iou_NMP.clamp(min=_TINY)
    entropy_NMP = functional.softplus(logit_NMP) - logit_NMP * iou_NMP
    cost_NMP = entropy_NMP.mul_((iou_NMP - logit_NMP.sigmoid()).square_())
    cost_NMP = cost_NMP.sub_(iou_NMP.log(), alpha=_IOU_COST)
    cost_NMP += _CENTRE_BASE ** (fit.distance_NMP.clamp(max=_FARTHEST) - _CENTRE_STRIDES)
    cost_NMP = cost_NMP.masked_fill_(~fit.is_inside_NMP, _NEVER)
    most = min(MOST_POINTS, cost_NMP.shape[2])
    overlap_NMT = (iou_NMP * fit.is_inside_NMP).topk(most, dim=2).values
    wanted_NM = overlap_NMT.sum(dim=2).int().clamp(min=1)
    cost_NMT, place_NMT = cost_NMP.topk(most, dim=2, largest=False)
    is_chosen_NMT = torch.arange(most, device=cost_NMP.device) < wanted_NM[..., None]
    cost_NMT = torch.where(is_chosen_NMT, cost_NMT, _NEVER)
    cost_NMP = cost_NMP.fill_(_NEVER).scatter_(2, place_NMT, cost_NMT)
    least_NP, person_NP = cost_NMP.min(dim=1)
    return _assigned(person_NP.masked_fill(least_NP >= _NEVER, -1), iou_NMP)


@torch.no_grad()
def assign_one(said: Said, people: People, fit: Fit, iou_NMP: Tensor) -> Assigned:
    """Return one point for each person: inside its box, with the largest score ** 0.5 x IoU ** 6.
    Of two people that want the same point, the one with the larger product gets it and the other
    its next best. Source: YOLOv10, arXiv 2405.14458, section 3.1.
    """
    score_NMP = said.logits_for(people).sigmoid()
    fit_NMP = score_NMP**_SCORE_POWER * iou_NMP**_IOU_POWER
    fit_NMP = fit_NMP.masked_fill_(~fit.is_inside_NMP, -1.0)
    person_NP = torch.full_like(iou_NMP[:, 0], -1, dtype=torch.int64)
    is_open_NM = people.is_person_NM.clone()
    number_NM = torch.arange(fit_NMP.shape[1], device=fit_NMP.device).expand_as(is_open_NM)
    for _ in range(_ROUNDS):
        best_NM, place_NM = fit_NMP.max(dim=2)
        best_NM = torch.where(is_open_NM, best_NM, -1.0)
        claim_NP = torch.full_like(iou_NMP[:, 0], -1.0, dtype=best_NM.dtype)
        claim_NP = claim_NP.scatter_reduce(1, place_NM, best_NM, "amax")
        has_won_NM = (best_NM >= 0) & (best_NM >= claim_NP.gather(1, place_NM))
        given_NP = torch.full_like(person_NP, -1)
        # Not won: written as -1, which amax leaves.
        won_NM = torch.where(has_won_NM, number_NM, -1)
        given_NP = given_NP.scatter_reduce(1, place_NM, won_NM, "amax")
        person_NP = torch.where(given_NP >= 0, given_NP, person_NP)
        is_open_NM = is_open_NM & ~has_won_NM
        if not is_open_NM.any():
            break
        fit_NMP = fit_NMP.masked_fill_((person_NP >= 0)[:, None], -1.0)
    return _assigned(person_NP, iou_NMP)


def _assigned(person_NP: Tensor, iou_NMP: Tensor) -> Assigned:
    iou_NP = iou_NMP.gather(1, person_NP.clamp(min=0)[:, None])[:, 0]
    return Assigned(person_NP, iou_NP * (person_NP >= 0))


def _overlap(box_NM4: Tensor, other_NP4: Tensor, axis: int) -> Tensor:
    """Return the length of the overlap along x (0) or y (1), (N, M, P)."""
    last_NMP = torch.minimum(box_NM4[..., axis + 2, None], other_NP4[:, None, :, axis + 2])
    return last_NMP.sub_(
        torch.maximum(box_NM4[..., axis, None], other_NP4[:, None, :, axis])
    ).clamp_(min=0)


def _area(box_NM4: Tensor) -> Tensor:
    side_NM2 = (box_NM4[..., 2:] - box_NM4[..., :2]).clamp(min=0)
    return side_NM2[..., 0] * side_NM2[..., 1]
