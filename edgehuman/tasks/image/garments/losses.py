"""The loss of attributes: of points that stand for something, at most 64 an image.

    loss = weight x mean cross-entropy of the attributes that its label can have

As in KE-RCNN (Wang et al., arXiv 2206.10146), whose weight is 5. The box that says where the middle
is, and the scores of people, are those of the tower that answers.

Axes: N images, M things, P points, K chosen points of an image, A attributes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.nets.image.garments.network import Describe
from edgehuman.tasks.image.crowds.losses import chosen
from edgehuman.tasks.image.detection.assignment import Assigned, Said


def attribute_loss(
    describe: Describe,
    feature_NPC: Tensor,
    one: Said,
    found: tuple[Assigned, Assigned],
    label_NM: Tensor,
    attribute_NMA: Tensor,
) -> Tensor:
    """Return the mean cross-entropy; 0 if nothing has attributes.

    Args:
        one: what the tower that answers says of each point.
        found: what the points of both towers stand for.
    """
    many, single = found
    score_NP = one.logit_NPC[..., 0].detach().float().sigmoid()
    box_NP4 = one.box_NP4.detach()
    total, count = feature_NPC.new_zeros(()), feature_NPC.new_zeros(())
    for n in range(len(label_NM)):
        place_K, thing_K = chosen(many.iou_NP[n], many.person_NP[n], single.person_NP[n])
        if not len(place_K):
            continue
        label_K = label_NM[n, thing_K]
        person_K = score_NP[n, place_K] * (label_K == 0)
        logit_KA = describe(
            feature_NPC[n : n + 1],
            feature_NPC[n : n + 1, place_K],
            box_NP4[n : n + 1, place_K],
            person_K[None],
            label_K[None],
        )[0]
        counts_KA = describe.together_LA[label_K]
        wanted_KA = attribute_NMA[n, thing_K].float()
        entropy_KA = functional.binary_cross_entropy_with_logits(
            logit_KA.float(), wanted_KA, reduction="none"
        )
        total = total + (entropy_KA * counts_KA).sum()
        count = count + counts_KA.sum()
    return total / torch.clamp(count, min=1)
