"""Score a gait network on walks: used in training and by `evaluate`, for checkpoints and artefacts.

    found = score_walks(walks, answer, frames=48, distance="cosine")
    found.scores.metrics["rank1"]

The protocol is chosen by the dataset's name; a set without its own protocol is scored by its
gallery and probes.

Axes: N walks, D dimensions.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.walks import WalkSet, WalkSetT
from edgehuman.errors import UsageError
from edgehuman.metrics.gait.protocols import (
    GALLERY,
    PROBE,
    PROTOCOLS,
    GaitScores,
    GaitVectors,
    Protocol,
    gait_scores,
    has_condition,
    parts_of,
)
from edgehuman.metrics.gait.vectors import Answer, embed_walks
from edgehuman.metrics.retrieval import Distance

GENERIC = "gallery-probe"


@dataclass(frozen=True, slots=True)
class WalkScores:
    """Attributes:
    scores: metrics of the protocol.
    protocol: its name; said: a description.
    too_short: number of test walks left out because they are shorter than a window.
    vectors: vectors of the scored walks.
    """

    scores: GaitScores
    protocol: str
    said: str
    too_short: int
    vectors: GaitVectors


def protocol_of(walks: WalkSet, asked: str | None = None) -> str:
    """The protocol of a set: the requested one, the dataset's own, or gallery and probes.

    Raises:
        UsageError: no such protocol.
    """
    if asked is not None:
        if asked not in PROTOCOLS:
            raise UsageError(f"unknown protocol {asked!r}; valid: {', '.join(PROTOCOLS)}")
        return asked
    own = walks.name.lower().replace("_", "-").replace(" ", "-")
    row = PROTOCOLS.get(own)
    # A copy of a dataset without its walks' numbers still has roles.
    if row is None or not (row.gallery and has_condition(walks.condition_N, row.gallery).any()):
        return own if own in PROTOCOLS and not PROTOCOLS[own].gallery else GENERIC
    return own


def judged_walks(walks: WalkSetT, protocol: str) -> WalkSetT:
    """The walks that a protocol compares; the others need no vectors.

    Raises:
        DataError: no gallery, fewer than two people in it, or no probes.
    """
    empty_ND = np.zeros((len(walks), 1), np.float32)
    in_gallery_N, groups = parts_of(vectors_of(walks, empty_ND), PROTOCOLS[protocol])
    return walks.subset(in_gallery_N | np.logical_or.reduce(list(groups.values())))


def score_walks(
    walks: WalkSet,
    answer: Answer,
    frames: int,
    distance: Distance = "cosine",
    protocol: str | None = None,
    batch: int = 32,
) -> WalkScores:
    """Compute the network's vector of every test walk, and compare them.

    Args:
        answer: records (N, frames, ...) -> vectors.

    Raises:
        DataError: fewer than two people in the gallery, no probes, or no walk as long as a window.
    """
    name = protocol_of(walks, protocol)
    chosen = judged_walks(walks, name)
    sequences = (chosen.frame_S[chosen.rows(i)] for i in range(len(chosen)))
    vector_ND, kept_N = embed_walks(sequences, answer, frames, distance, batch)
    vectors = vectors_of(chosen.subset(kept_N), vector_ND)
    row = PROTOCOLS[name]
    scores = gait_scores(vectors, row, distance)
    return WalkScores(
        scores, name, in_words(walks, row, scores), len(chosen) - len(kept_N), vectors
    )


def in_words(walks: WalkSet, protocol: Protocol, scores: GaitScores) -> str:
    """Describe what was scored."""
    said = (
        f"{walks.name}: {scores.probes} probes in a gallery of {scores.gallery} walks of "
        f"{scores.people} people, {protocol.counting} ({protocol.source})"
    )
    return f"{said}; {scores.skipped} probes without a match skipped" if scores.skipped else said


def halved(walks: WalkSetT) -> WalkSetT:
    """Assign roles: the first half of each person's walks is the gallery, the rest are probes.

    People with a single walk get no role, as there is nothing to match.
    """
    role_N = np.full(len(walks), "", "<U7")
    for person in np.unique(walks.person_N).tolist():
        own = np.flatnonzero(walks.person_N == person)
        if len(own) > 1:
            half = -(-len(own) // 2)
            role_N[own[:half]], role_N[own[half:]] = GALLERY, PROBE
    return dataclasses.replace(walks, role_N=role_N)


def vectors_of(walks: WalkSet, feature_NX: NDArray[np.floating]) -> GaitVectors:
    """Features (N, ...) of the walks with their labels."""
    return GaitVectors(feature_NX, walks.person_N, walks.view_N, walks.condition_N, walks.role_N)
