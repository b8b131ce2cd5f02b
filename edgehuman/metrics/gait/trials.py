"""Two models of one walk, and both: every probe looked for in its gallery by each.

    trials = trials_of(pairs, person_N, (joints_ND, outlines_NPD), ("cosine", "cosine"))
    (trials.rank_WQ[2] == 1).mean()            rank-1 by both

A person's score in a model is that of their nearest walk; both are fused by the deviations of the
gallery (`fusion`). Without its own person, a probe is a stranger.

Axes: N walks, Q probes, G gallery walks, P people of a gallery, W ways: joints, outlines, both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.gait.fusion import best_of_people, fused, share_of, stranger_deviation
from edgehuman.metrics.gait.strangers import judged_scores
from edgehuman.metrics.retrieval import Distance, Sightings
from edgehuman.records import Bool, Float32, Float64, Index

JOINTS, OUTLINES, BOTH = "joints", "outlines", "both"
WAYS = (JOINTS, OUTLINES, BOTH)


@dataclass(frozen=True, slots=True)
class Trials:
    """Every probe of a known person, by each way.

    Attributes:
        person_Q: who it is.
        own_WQ, other_WQ: the score (3, Q) of the probe's own person, and the best of the others.
        stranger_WQ: the best (3, Q) of the others in a gallery without the own person.
        rank_WQ: place of the own person among all, from 1; a tie with somebody else counts as
            behind.
        shares: of joints, in each gallery.
    """

    person_Q: Index
    own_WQ: Float64
    other_WQ: Float64
    stranger_WQ: Float64
    rank_WQ: Index
    shares: tuple[float, ...]


def trials_of(
    pairs: Sequence[tuple[Bool, Bool]],
    person_N: Index,
    features: tuple[Float32, Float32],
    distances: Sequence[Distance],
) -> Trials:
    """Look for every probe in its gallery, by joints, by outlines and by both.

    Raises:
        DataError: fewer than two people in a gallery, or no probe of theirs.
    """
    found: list[tuple[Index, Float64, Float64, Float64, Index]] = []
    shares = []
    for gallery_N, probe_N in pairs:
        probe_N = probe_N & np.isin(person_N, person_N[gallery_N])
        if not probe_N.any():
            continue
        people_P, person_G = np.unique(person_N[gallery_N], return_inverse=True)
        own_Q = np.searchsorted(people_P, person_N[probe_N])
        scores, strangers, deviations = [], [], []
        for feature_NX, distance in zip(features, distances, strict=True):
            held = Sightings(feature_NX[gallery_N], person_G.reshape(-1))
            asked = Sightings(feature_NX[probe_N], own_Q)
            deviations.append(stranger_deviation(held, distance))
            known_QP, stranger_QP = _of_people(asked, held, distance, len(people_P))
            scores.append(known_QP)
            strangers.append(stranger_QP)
        shares.append(share_of(*deviations))
        scores.append(fused(scores[0], scores[1], shares[-1]))
        strangers.append(fused(strangers[0], strangers[1], shares[-1]))
        own, other, rank = zip(*(_ranked(each_QP, own_Q) for each_QP in scores), strict=True)
        as_stranger = [_ranked(each_QP, own_Q)[1] for each_QP in strangers]
        by_way = np.stack(own), np.stack(other), np.stack(as_stranger)
        found.append((person_N[probe_N], *by_way, np.stack(rank)))
    if not found:
        raise DataError("none of the probes' people is in the gallery; give walks of the same")
    person, own, other, stranger, rank = (
        np.concatenate(part, axis=-1) for part in zip(*found, strict=True)
    )
    return Trials(person, own, other, stranger, rank, tuple(shares))


def _of_people(
    asked: Sightings, held: Sightings, distance: Distance, people: int
) -> tuple[Float64, Float64]:
    """The best scores of each person (Q, P), and those without the probe's own in the gallery."""
    known_QP, stranger_QP = np.empty((2, len(asked), people))
    for index_Q, known_QG, stranger_QG in judged_scores(asked, held, distance):
        known_QP[index_Q] = best_of_people(known_QG, held.person_N, people)
        stranger_QP[index_Q] = best_of_people(stranger_QG, held.person_N, people)
    return known_QP, stranger_QP


def _ranked(score_QP: Float64, own_Q: Index) -> tuple[Float64, Float64, Index]:
    """The score of the own person, the best of the others, and the own person's place."""
    row_Q = np.arange(len(score_QP))
    own = score_QP[row_Q, own_Q]
    others_QP = score_QP.copy()
    others_QP[row_Q, own_Q] = -np.inf
    return own, others_QP.max(axis=1), 1 + (others_QP >= own[:, None]).sum(axis=1)


def at_threshold(trials: Trials, way: int, threshold: float) -> dict[str, float]:
    """What becomes of known people and of strangers, as shares of the probes.

    Args:
        way: number of one of `WAYS`.
    """
    own_Q, other_Q = trials.own_WQ[way], trials.other_WQ[way]
    accepted_Q = np.maximum(own_Q, other_Q) >= threshold
    right_Q = accepted_Q & (own_Q > other_Q)
    return {
        "threshold": threshold,
        "accepted_right": float(right_Q.mean()),
        "accepted_wrong": float((accepted_Q & ~right_Q).mean()),
        "refused": float((~accepted_Q).mean()),
        "strangers_accepted": float((trials.stranger_WQ[way] >= threshold).mean()),
    }
