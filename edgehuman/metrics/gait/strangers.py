"""Open-set recognition at a threshold: shares of known people and strangers accepted or rejected.

    threshold = stranger_threshold(vectors, "cosine")
    found = open_set_scores(vectors, PROTOCOLS["gallery-probe"], "cosine", threshold)

The score is that of a gallery on the device (`runtime.gallery`): the `similarity` to a person's
nearest walk; at or above the threshold, a probe is recognised as the nearest person. Without its
own person's walks in the gallery, a probe is a stranger, so the same walks measure both.

Axes: N sequences, Q probes, G gallery sequences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.gait.centring import people_centre
from edgehuman.metrics.gait.protocols import GALLERY, PROBE, GaitVectors, Protocol, parts_of
from edgehuman.metrics.retrieval import Distance, Sightings, distance_blocks, similarity
from edgehuman.records import Bool, Float64, Index

ACCEPTED_STRANGERS = 0.05
MOST_LEFT_OUT = 200
"""People of a gallery up to which each is really left out of its mean in turn."""


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
    own_Q, other_Q, stranger_Q = _best_scores(vectors, is_known_N, is_probe_N, distance)
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
        stranger_probes=len(stranger_Q),
        strangers_accepted=float((stranger_Q >= threshold).mean()),
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
    _, _, stranger_Q = _best_scores(vectors, is_known_N, is_probe_N, distance)
    return float(np.quantile(stranger_Q, 1 - accepted))


def _best_scores(
    vectors: GaitVectors, is_known_N: Bool, is_probe_N: Bool, distance: Distance
) -> tuple[Float64, Float64, Float64]:
    """Return each probe's score with its own person (Q,), -inf if not in the gallery, its best
    score with anybody else (Q,), and that of a gallery without its own person (Q,).

    Raises:
        DataError: fewer than two people in the gallery, or no probes.
    """
    person_G, person_Q = vectors.person_N[is_known_N], vectors.person_N[is_probe_N]
    if len(np.unique(person_G)) < 2 or not len(person_Q):
        raise DataError(
            f"found {len(np.unique(person_G))} people in the gallery and {len(person_Q)} probes; a "
            "threshold needs at least two people and a probe"
        )
    index_N = np.unique(vectors.person_N, return_inverse=True)[1].reshape(-1)
    gallery = Sightings(vectors.feature_NX[is_known_N], index_N[is_known_N])
    probe = Sightings(vectors.feature_NX[is_probe_N], index_N[is_probe_N])
    best_3Q = np.full((3, len(probe)), -np.inf)
    for index_Q, known_QG, stranger_QG in judged_scores(probe, gallery, distance):
        same_QG = probe.person_N[index_Q][:, None] == gallery.person_N
        each = ((known_QG, same_QG), (known_QG, ~same_QG), (stranger_QG, ~same_QG))
        for row, (score_QG, counts_QG) in enumerate(each):
            best_3Q[row, index_Q] = np.where(counts_QG, score_QG, -np.inf).max(axis=1)
    return best_3Q[0], best_3Q[1], best_3Q[2]


def judged_scores(
    probe: Sightings, gallery: Sightings, distance: Distance
) -> Iterator[tuple[Index, Float64, Float64]]:
    """Yield indices of probes (Q',), their scores (Q', G), and what their scores with everybody
    else would be if their own person were not in the gallery.

    The two differ for `centred` alone, as a stranger's walks are not in the gallery's mean. Of more
    than `MOST_LEFT_OUT` people one moves it too little to tell.

    Raises:
        DataError, UsageError: see `distance_blocks`.
    """
    start = 0
    people = np.unique(gallery.person_N)
    if distance != "centred" or len(people) > MOST_LEFT_OUT:
        for distance_QG in distance_blocks(probe, gallery, distance):
            score_QG = similarity(distance_QG, distance)
            yield np.arange(start, start + len(score_QG)), score_QG, score_QG
            start += len(score_QG)
        return
    whole = people_centre(gallery.feature_NX, gallery.person_N)
    for person in np.unique(probe.person_N).tolist():
        index_Q = np.flatnonzero(probe.person_N == person)
        mine = Sightings(probe.feature_NX[index_Q], probe.person_N[index_Q])
        without = people_centre(gallery.feature_NX, gallery.person_N, without=person)
        known_QG, stranger_QG = (
            similarity(np.concatenate([*distance_blocks(mine, gallery, distance, each)]), distance)
            for each in (whole, without)
        )
        yield index_Q, known_QG, stranger_QG
