"""Score fusion: what two models say of the same people, as one score.

    share = share_of(stranger_deviation(joints, "cosine"), stranger_deviation(outlines, "cosine"))
    score_QP = fused(joints_QP, outlines_QP, share)

It is the sum of both scores, each in standard deviations of the scores between different people of
its gallery (z-scores and sum rule: Jain, Nandakumar and Ross, "Score normalization in multimodal
biometric systems", Pattern Recognition 38, 2005). Divided by the sum of both weights, and without
the means, which change no order, that is a weighted mean of both scores: 1 is the same walk in
both, as in each of them.

A person's score in a model is that of their nearest walk there, so the two models need not have
seen the same walks.

Axes: N walks, Q probes, G gallery walks, P people.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance, Sightings, distance_blocks, similarity
from edgehuman.records import Float64, Index

# Of more walks, so many are drawn: their deviation is known to one in a hundred.
_MOST_WALKS = 2000


def stranger_deviation(walks: Sightings, distance: Distance, seed: int = 0) -> float:
    """The standard deviation of the scores between walks of different people.

    Raises:
        DataError: fewer than two people, or all scores are the same.
    """
    if len(walks) > _MOST_WALKS:
        drawn = np.random.default_rng(seed).permutation(len(walks))[:_MOST_WALKS]
        walks = Sightings(walks.feature_NX[drawn], walks.person_N[drawn])
    is_other_NN = walks.person_N[:, None] != walks.person_N
    if not is_other_NN.any():
        raise DataError("found walks of one person; scores of strangers need two people or more")
    distance_NN = np.concatenate([*distance_blocks(walks, walks, distance)])
    found = float(similarity(distance_NN, distance)[is_other_NN].std())
    if not found > 0:
        raise DataError("all scores between different people are the same; give more walks")
    return found


def share_of(first: float, second: float) -> float:
    """The share of the first model's score in the mean, 0 to 1.

    Args:
        first, second: `stranger_deviation` of each model.
    """
    return second / (first + second)


def fused(first: Float64, second: Float64, share: float) -> Float64:
    """The weighted mean of two models' scores of the same people."""
    return np.asarray(share * first + (1 - share) * second)


def best_of_people(score_QG: Float64, person_G: NDArray[np.integer], people: int) -> Float64:
    """The best score of each person (Q, P); -inf of who has no walk.

    Args:
        person_G: whose each walk is, 0 to `people` - 1.
    """
    best_QP = np.full((len(score_QG), people), -np.inf)
    order_G: Index = np.argsort(person_G, kind="stable")
    there_P, begin_P = np.unique(person_G[order_G], return_index=True)
    if len(there_P):
        best_QP[:, there_P] = np.maximum.reduceat(score_QG[:, order_G], begin_P, axis=1)
    return best_QP
