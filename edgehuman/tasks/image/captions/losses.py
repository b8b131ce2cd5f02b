"""Losses of pictures and sentences in one space: SDM or ITC, identities and hidden words.

Source: Jiang and Ye, "Cross-Modal Implicit Relation Reasoning and Aligning for Text-to-Image Person
Retrieval" (IRRA), CVPR 2023, arXiv 2303.12501, equations 4 to 10.

Axes: N pairs of a picture and a sentence, I identities, S tokens, V vocabulary.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.preprocess.image.bpe import PAD

SCALE = 50.0
"""Of cosines before the softmax of SDM: a temperature of 0.02."""
ITC_SCALE = 14.0
"""The same of ITC: where CLIP's learnt temperature of 0.07 begins (arXiv 2103.00020)."""
_LEAST = 1e-8


def sdm_loss(cosine_NN: Tensor, person_N: Tensor, scale: float = SCALE) -> Tensor:
    """Return the similarity distribution matching: how far the softmax over a row of scaled cosines
    is from even shares of the pairs of the same person, as KL(softmax, shares); the mean over rows,
    of pictures over sentences plus of sentences over pictures.

    Args:
        cosine_NN: of picture i and sentence j.
        person_N: who is in pair i.
    """
    same_NN = (person_N[:, None] == person_N).float()
    wanted_NN = torch.log(same_NN / same_NN.sum(dim=1, keepdim=True) + _LEAST)
    total = cosine_NN.new_zeros((), dtype=torch.float32)
    for logits_NN in (scale * cosine_NN.float(), scale * cosine_NN.float().T):
        said_NN = functional.log_softmax(logits_NN, dim=1)
        total = total + (said_NN.exp() * (said_NN - wanted_NN)).sum(dim=1).mean()
    return total


def itc_loss(cosine_NN: Tensor, person_N: Tensor, scale: float = ITC_SCALE) -> Tensor:
    """Return the image-text contrastive loss: the cross-entropy of the softmax over a row of scaled
    cosines against even shares of the pairs of the same person; the mean over rows, and of pictures
    over sentences and sentences over pictures.

    From random weights it learns where SDM, which has the divergence the other way round, lets the
    vectors of all sentences become one (docs/search.md). Source: CLIP, arXiv 2103.00020; several
    right answers as in ALBEF, arXiv 2107.07651.

    Args:
        cosine_NN: of picture i and sentence j.
        person_N: who is in pair i.
    """
    same_NN = (person_N[:, None] == person_N).float()
    share_NN = same_NN / same_NN.sum(dim=1, keepdim=True)
    total = cosine_NN.new_zeros((), dtype=torch.float32)
    for logits_NN in (scale * cosine_NN.float(), scale * cosine_NN.float().T):
        total = total - (share_NN * functional.log_softmax(logits_NN, dim=1)).sum(dim=1).mean()
    return total / 2


def identity_loss(image_NI: Tensor, text_NI: Tensor, person_N: Tensor) -> Tensor:
    """Return the mean of the cross-entropies of both logits, for identities 0..I-1."""
    of_image = functional.cross_entropy(image_NI.float(), person_N)
    return (of_image + functional.cross_entropy(text_NI.float(), person_N)) / 2


def masked_loss(logits_NSV: Tensor, target_NS: Tensor) -> Tensor:
    """Return the cross-entropy of the hidden tokens; `PAD` where none is hidden."""
    return functional.cross_entropy(
        logits_NSV.float().flatten(0, 1), target_NS.flatten().long(), ignore_index=PAD
    )
