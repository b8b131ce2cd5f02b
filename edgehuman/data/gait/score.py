"""Score a gait network on walks: used in training and by `evaluate`, for checkpoints and artefacts.

    found = score_walks(walks, answer, frames=48, distance="cosine")
    found.scores.metrics["rank1"]

The protocol is chosen by the dataset's name; a set without its own protocol is scored by its
gallery and probes. Every result comes with a baseline that needs no network: nearest neighbours of
bone lengths in the image.

Axes: N walks, T frames, J joints, B bones, D dimensions.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.walks import SkeletonSet
from edgehuman.errors import UsageError
from edgehuman.geometry import LIMBS_18, OPENPOSE_18
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
from edgehuman.records import Float32, Float64

GENERIC = "gallery-probe"
# Without eyes and ears, as not all datasets have them; the nose comes first.
_BODY = [limb for limb in LIMBS_18 if not limb[1].endswith(("_eye", "_ear"))]
_BONES = sorted(_BODY, key=lambda limb: limb[1] != "nose")


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


def protocol_of(walks: SkeletonSet, asked: str | None = None) -> str:
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


def judged_walks(walks: SkeletonSet, protocol: str) -> SkeletonSet:
    """The walks that a protocol compares; the others need no vectors.

    Raises:
        DataError: no gallery, fewer than two people in it, or no probes.
    """
    empty_ND = np.zeros((len(walks), 1), np.float32)
    in_gallery_N, groups = parts_of(_vectors(walks, empty_ND), PROTOCOLS[protocol])
    return walks.subset(in_gallery_N | np.logical_or.reduce(list(groups.values())))


def score_walks(
    walks: SkeletonSet,
    answer: Answer,
    frames: int,
    distance: Distance = "cosine",
    protocol: str | None = None,
    batch: int = 32,
) -> WalkScores:
    """Compute the network's vector of every test walk, and compare them.

    Args:
        answer: skeletons (N, frames, 18, 3) -> vectors.

    Raises:
        DataError: fewer than two people in the gallery, no probes, or no walk as long as a window.
    """
    name = protocol_of(walks, protocol)
    chosen = judged_walks(walks, name)
    vector_ND, kept_N = embed_walks(
        (chosen.sequence(i) for i in range(len(chosen))), answer, frames, distance, batch
    )
    vectors = _vectors(chosen.subset(kept_N), vector_ND)
    row = PROTOCOLS[name]
    scores = gait_scores(vectors, row, distance)
    return WalkScores(
        scores, name, in_words(walks, row, scores), len(chosen) - len(kept_N), vectors
    )


def in_words(walks: SkeletonSet, protocol: Protocol, scores: GaitScores) -> str:
    """Describe what was scored."""
    said = (
        f"{walks.name}: {scores.probes} probes in a gallery of {scores.gallery} walks of "
        f"{scores.people} people, {protocol.counting} ({protocol.source})"
    )
    return f"{said}; {scores.skipped} probes without a match skipped" if scores.skipped else said


def bone_scores(walks: SkeletonSet, protocol: str, frames: int = 1) -> GaitScores:
    """Baseline for the same protocol: nearest neighbours of standardised bone lengths.

    Args:
        frames: walks shorter than this are left out, as for a network with such windows.

    Raises:
        DataError: as `score_walks`.
    """
    chosen = judged_walks(walks, protocol)
    chosen = chosen.subset(chosen.length_N >= frames)
    length_NB = np.stack([bone_lengths(chosen.sequence(i)) for i in range(len(chosen))])
    mean_B = length_NB.sum(axis=0) / np.maximum((length_NB > 0).sum(axis=0), 1)
    length_NB = np.where(length_NB > 0, length_NB, mean_B)
    in_gallery_N, _ = parts_of(_vectors(chosen, length_NB), PROTOCOLS[protocol])
    spread_B = length_NB[in_gallery_N].std(axis=0)
    scaled_NB = (length_NB - mean_B) / np.where(spread_B > 0, spread_B, 1.0)
    return gait_scores(_vectors(chosen, scaled_NB), PROTOCOLS[protocol], "euclidean")


def bone_lengths(skeleton_TJ3: Float32) -> Float64:
    """Mean length (B,) of each bone in the image, as a share of their sum; 0 if never seen."""
    ends = [(OPENPOSE_18.index(a), OPENPOSE_18.index(b)) for a, b in _BONES]
    first_TB3 = skeleton_TJ3[:, [a for a, _ in ends]].astype(np.float64)
    second_TB3 = skeleton_TJ3[:, [b for _, b in ends]].astype(np.float64)
    seen_TB = (first_TB3[..., 2] > 0) & (second_TB3[..., 2] > 0)
    length_TB = np.linalg.norm(first_TB3[..., :2] - second_TB3[..., :2], axis=2) * seen_TB
    mean_B = length_TB.sum(axis=0) / np.maximum(seen_TB.sum(axis=0), 1)
    return np.asarray(mean_B / max(float(mean_B.sum()), 1e-12))


def halved(walks: SkeletonSet) -> SkeletonSet:
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


def _vectors(walks: SkeletonSet, feature_NX: NDArray[np.floating]) -> GaitVectors:
    return GaitVectors(feature_NX, walks.person_N, walks.view_N, walks.condition_N, walks.role_N)
