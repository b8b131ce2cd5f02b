"""Open-set recognition at a threshold: shares of known people and strangers accepted or rejected.

    threshold = stranger_threshold(vectors, "cosine")
    found = open_set_scores(vectors, PROTOCOLS["gallery-probe"], "cosine", threshold)

The score is that of a gallery on the device (`runtime.gallery`): the `similarity` to a person's
nearest walk; at or above the threshold, a probe is recognised as the nearest person. Without its
own person's walks in the gallery, a probe is a stranger, so the same walks measure both.

Axes: N sequences, Q probes, G gallery sequences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import GALLERY, PROBE, GaitVectors, Protocol, parts_of
from edgehuman.metrics.retrieval import Distance, Sightings, distance_blocks, similarity
from edgehuman.records import Bool, Float64

ACCEPTED_STRANGERS = 0.05


@dataclass(frozen=True, slots=True)
class OpenSetScores:
    """Open-set scores; shares are 0..1, and the three of known probes add up to 1.

    Attributes:
        threshold: below this score a probe is unknown.
        known_probes: number of probes of people in the gallery.
        accepted_right: share of them recognised correctly.
        accepted_wrong: share of them recognised as another person, or tied with one.
        refused: share of them rejected as unknown.
        stranger_probes: number of probes compared with a gallery without their own person.
        strangers_accepted: share of them recognised as somebody.
    """

    threshold: float
    known_probes: int
    accepted_right: float
    accepted_wrong: float
    refused: float
    stranger_probes: int
    strangers_accepted: float


def open_set_scores(
    vectors: GaitVectors, protocol: Protocol, distance: Distance, threshold: float
) -> OpenSetScores:
    """Return the open-set scores of a protocol's probes at a threshold, over all groups.

    Raises:
        DataError: see `parts_of`; or no probes of people in the gallery.
    """
    is_known_N, groups = parts_of(vectors, protocol)
    is_probe_N = np.logical_or.reduce(list(groups.values()))
    own_Q, other_Q = _best_scores(vectors, is_known_N, is_probe_N, distance)
    in_gallery_Q = np.isfinite(own_Q)
    if not in_gallery_Q.any():
        raise DataError(
            f"found {len(own_Q)} probes, none of a person in the gallery; enrol some of them"
        )
    own_K, other_K = own_Q[in_gallery_Q], other_Q[in_gallery_Q]
    accepted_K = np.maximum(own_K, other_K) >= threshold
    right_K = accepted_K & (own_K > other_K)
    return OpenSetScores(
        threshold=threshold,
        known_probes=len(own_K),
        accepted_right=float(right_K.mean()),
        accepted_wrong=float((accepted_K & ~right_K).mean()),
        refused=float((~accepted_K).mean()),
        stranger_probes=len(other_Q),
        strangers_accepted=float((other_Q >= threshold).mean()),
    )


def stranger_threshold(
    vectors: GaitVectors, distance: Distance, accepted: float = ACCEPTED_STRANGERS
) -> float:
    """Return the score below which a probe is unknown: a share `accepted` of the probes would be
    recognised as somebody else if their own person were not enrolled. Roles define gallery and
    probes.

    Raises:
        DataError: fewer than two people in the gallery, or no probes.
    """
    is_known_N, is_probe_N = vectors.role_N == GALLERY, vectors.role_N == PROBE
    _, other_Q = _best_scores(vectors, is_known_N, is_probe_N, distance)
    return float(np.quantile(other_Q, 1 - accepted))


def _best_scores(
    vectors: GaitVectors, is_known_N: Bool, is_probe_N: Bool, distance: Distance
) -> tuple[Float64, Float64]:
    """Return each probe's score with its own person (Q,), -inf if not in the gallery, and its best
    score with anybody else (Q,).

    Raises:
        DataError: fewer than two people in the gallery, or no probes.
    """
    person_G, person_Q = vectors.person_N[is_known_N], vectors.person_N[is_probe_N]
    if len(np.unique(person_G)) < 2 or not len(person_Q):
        raise DataError(
            f"found {len(np.unique(person_G))} people in the gallery and {len(person_Q)} probes; a "
            "threshold needs at least two people and a probe"
        )
    gallery = Sightings(vectors.feature_NX[is_known_N], np.zeros(len(person_G), np.int64))
    probe = Sightings(vectors.feature_NX[is_probe_N], np.zeros(len(person_Q), np.int64))
    own: list[Float64] = []
    other: list[Float64] = []
    start = 0
    for distance_QG in distance_blocks(probe, gallery, distance):
        score_QG = similarity(distance_QG, distance)
        same_QG = person_Q[start : start + len(score_QG), None] == person_G[None]
        own.append(np.where(same_QG, score_QG, -np.inf).max(axis=1))
        other.append(np.where(same_QG, -np.inf, score_QG).max(axis=1))
        start += len(score_QG)
    return np.concatenate(own), np.concatenate(other)
