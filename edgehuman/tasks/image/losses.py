"""Losses of the person tasks: identities, attributes, joints and parts.

Everything is computed in float32, whatever the network's precision. Label ranges are checked when
labels are read, not in every step.

Axes: N persons, D dimensions, I identities, A attributes, J joints, C parts, H and W of a map.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.errors import DataError

IGNORE = 255


def triplet_loss(feature_ND: Tensor, person_N: Tensor, margin: float | None = None) -> Tensor:
    """Return the batch-hard triplet loss: each image, its farthest positive, its nearest negative.

    Source: Hermans et al., "In Defense of the Triplet Loss", arXiv 1703.07737, section 2. Distances
    are Euclidean, between features that are not normalised. An image that is the only one of its
    person in the batch is no anchor, only a negative.

    Args:
        margin: by which the negative must be farther away; None: softplus instead of a hinge.

    Raises:
        DataError: no anchor: only one person, or no person twice.
    """
    distance_NN = torch.cdist(
        feature_ND.float(), feature_ND.float(), compute_mode="donot_use_mm_for_euclid_dist"
    )
    same_NN = person_N[:, None] == person_N
    other_NN = ~torch.eye(len(person_N), dtype=torch.bool, device=person_N.device)
    is_anchor_N = (same_NN & other_NN).any(dim=1) & (~same_NN).any(dim=1)
    if not is_anchor_N.any():
        raise DataError(
            f"found {len(person_N)} images without a triplet; a batch needs two people, "
            "at least one of them twice: draw several images of each person"
        )
    farthest_N = torch.where(same_NN, distance_NN, -torch.inf).amax(dim=1)
    nearest_N = torch.where(same_NN, torch.inf, distance_NN).amin(dim=1)
    gap_N = (farthest_N - nearest_N)[is_anchor_N]
    return (functional.softplus(gap_N) if margin is None else (gap_N + margin).relu()).mean()


def reid_loss(
    feature_ND: Tensor,
    logits_NI: Tensor,
    person_N: Tensor,
    margin: float | None = None,
    smoothing: float = 0.0,
) -> dict[str, Tensor]:
    """Return the triplet loss of the features plus the cross-entropy of the identities.

    Source: Luo et al., "Bag of Tricks for Person Re-identification", arXiv 1903.07071: the triplet
    loss uses the feature before the batch normalisation, the classifier the one after it.

    Args:
        person_N: 0..I-1, renumbered training identities.

    Returns:
        "loss", and its parts "triplet" and "identity".
    """
    triplet = triplet_loss(feature_ND, person_N, margin)
    identity = functional.cross_entropy(logits_NI.float(), person_N, label_smoothing=smoothing)
    return {"loss": triplet + identity, "triplet": triplet, "identity": identity}


def attribute_loss(logits_NA: Tensor, label_NA: Tensor, positive_share_A: Tensor) -> Tensor:
    """Return the weighted binary cross-entropy, summed over attributes, averaged over persons.

    A positive weighs exp(1 - r) and a negative exp(r), where r is the attribute's share of
    positives in the training set, so the rarer answer counts more. Source: Jia et al., "Rethinking
    of Pedestrian Attribute Recognition", arXiv 2005.11909, section 4.2.

    Args:
        label_NA: 0 or 1.
    """
    yes_NA = label_NA.float()
    weight_NA = torch.exp(yes_NA * (1 - positive_share_A) + (1 - yes_NA) * positive_share_A)
    loss_NA = functional.binary_cross_entropy_with_logits(
        logits_NA.float(), yes_NA, weight_NA, reduction="none"
    )
    return loss_NA.sum(dim=1).mean()


def heatmap_loss(heat_NJHW: Tensor, target_NJHW: Tensor, weight_NJ: Tensor) -> Tensor:
    """Return the mean squared error of the maps, weighted per joint.

    The mean is over all cells, including those of weight 0, as in published pose networks.

    Raises:
        DataError: the shapes do not match.
    """
    if heat_NJHW.shape != target_NJHW.shape or weight_NJ.shape != heat_NJHW.shape[:2]:
        raise DataError(
            f"found maps {tuple(heat_NJHW.shape)}, targets {tuple(target_NJHW.shape)} and weights "
            f"{tuple(weight_NJ.shape)}; give (N, J, H, W) twice and (N, J)"
        )
    square_NJHW = (heat_NJHW.float() - target_NJHW.float()) ** 2
    return (weight_NJ.float()[..., None, None] * square_NJHW).mean()


def parsing_loss(
    logits_NCHW: Tensor, label_NHW: Tensor, lovasz_weight: float = 1.0, ignore: int = IGNORE
) -> dict[str, Tensor]:
    """Return the pixel cross-entropy plus the Lovász-softmax, a surrogate of the IoU.

    Args:
        logits_NCHW: of the label's size: upsample the logits, do not downsample the label.
        label_NHW: 0..C-1, or `ignore`. If all pixels of a batch are ignored, the loss is 0.

    Returns:
        "loss", and its parts "cross_entropy" and "lovasz".

    Raises:
        DataError: the sizes differ.
    """
    if (len(logits_NCHW), *logits_NCHW.shape[2:]) != tuple(label_NHW.shape):
        raise DataError(
            f"found logits {tuple(logits_NCHW.shape)} and labels {tuple(label_NHW.shape)}; "
            "give (N, C, H, W) and (N, H, W)"
        )
    counts_NHW = label_NHW != ignore
    total = functional.cross_entropy(
        logits_NCHW.float(), label_NHW.long(), ignore_index=ignore, reduction="sum"
    )
    cross_entropy = total / counts_NHW.sum().clamp(min=1)
    prob_PC = logits_NCHW.float().softmax(dim=1).permute(0, 2, 3, 1).flatten(0, 2)
    lovasz = lovasz_softmax(prob_PC, label_NHW.flatten(), ignore)
    return {
        "loss": cross_entropy + lovasz_weight * lovasz,
        "cross_entropy": cross_entropy,
        "lovasz": lovasz,
    }


def lovasz_softmax(prob_PC: Tensor, label_P: Tensor, ignore: int = IGNORE) -> Tensor:
    """Return the Lovász extension of 1 - IoU, averaged over the classes present in the labels.

    Source: Berman et al., "The Lovász-Softmax loss", arXiv 1705.08790, equations 9 to 11, over the
    pixels P of the whole batch; 0 if all are ignored.
    """
    counts_P = label_P != ignore
    losses = []
    for index, prob_P in enumerate(prob_PC.unbind(dim=1)):
        is_class_P = (label_P == index).float()
        if not is_class_P.any():
            continue
        # An ignored pixel has no error: it sorts to the end and adds nothing.
        error_P = (is_class_P - prob_P).abs() * counts_P
        error_P, order_P = error_P.sort(descending=True)
        losses.append((error_P * _jaccard_steps(is_class_P[order_P])).sum())
    return torch.stack(losses).mean() if losses else prob_PC.sum() * 0.0


def _jaccard_steps(is_class_P: Tensor) -> Tensor:
    """Return the increase of the Jaccard loss with each further wrong pixel, (P,)."""
    count = is_class_P.sum()
    kept_P = count - is_class_P.cumsum(0)
    either_P = count + (1 - is_class_P).cumsum(0)
    loss_P = 1 - kept_P / either_P
    return torch.diff(loss_P, prepend=loss_P.new_zeros(1))
