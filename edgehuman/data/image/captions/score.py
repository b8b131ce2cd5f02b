"""Score text-to-image search: every caption of a part is a query, every picture of it the gallery.

    found = caption_scores(persons, index_K, see, speak, (256, 128))
    found.metrics["rank1"]

There is no rule about cameras, and a caption's own picture counts. Rank-k is the share of captions
with their person among the first k pictures, AP the mean of the precision at each match, INP the
matches over the rank of the last one; equal scores count as ranked before. Source: IRRA, arXiv
2303.12501, and its published code.

Axes: K pictures of the set, G of them in the gallery, Q captions, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from edgehuman.data.image.captions.sentences import require_searchable
from edgehuman.data.image.score import Answer, PersonScores, read_batches
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.retrieval import Sightings, retrieval_scores
from edgehuman.records import Float32, Index

Speak = Callable[[Sequence[str]], Float32]
"""Sentences -> their vectors (N, D)."""
_RANKS = (1, 5, 10)


def search_metrics(
    vector_QD: Float32, asked_Q: Index, vector_GD: Float32, person_G: Index
) -> dict[str, float]:
    """Rank-1, 5 and 10, mAP and mINP, 0..1.

    Args:
        vector_QD, asked_Q: of the captions, and whom each is about.
        vector_GD, person_G: of the pictures, and who is seen.

    Raises:
        DataError: no picture shows anybody asked for, or a vector is not finite or of length 0.
    """
    asked, seen = Sightings(vector_QD, asked_Q), Sightings(vector_GD, person_G)
    found = retrieval_scores(asked, seen, "cosine", max_rank=max(_RANKS))
    return {
        **{f"rank{k}": found.rank(k) for k in _RANKS},
        "mean_ap": found.mean_ap,
        "mean_inp": found.mean_inp,
    }


def caption_scores(
    persons: PersonSet,
    index_K: Index,
    see: Answer,
    speak: Speak,
    size: tuple[int, int],
    batch: int = 32,
) -> PersonScores:
    """Search these pictures by their captions.

    Args:
        persons: people with captions; index_K: which of their pictures.
        see: pictures (N, H, W, 3) -> their vectors (N, D). speak: the same of sentences.
        size: height and width of the network's input.

    Raises:
        DataError: no captions, people unknown, or no readable picture.
        ArtefactError: vectors that are not finite.
    """
    require_searchable(persons)
    unreadable: dict[int, str] = {}
    seen, vectors = [], []
    for index_N, _, image_NHWC in read_batches(persons, index_K, size, batch, unreadable):
        seen.append(index_N)
        vectors.append(_finite(see(image_NHWC)))
    if not seen:
        raise DataError(f"{persons.dataset}: no picture to score, or none is readable")
    index_G = np.concatenate(seen)
    captions = [caption for index in index_G.tolist() for caption in persons.captions[index]]
    counts_G = [len(persons.captions[index]) for index in index_G.tolist()]
    person_G = persons.person_N[index_G]
    spoken = [
        _finite(speak(captions[start : start + batch])) for start in range(0, len(captions), batch)
    ]
    asked_Q = np.repeat(person_G, counts_G)
    metrics = search_metrics(np.concatenate(spoken), asked_Q, np.concatenate(vectors), person_G)
    people = len(np.unique(person_G))
    said = f"{len(captions)} captions against {len(index_G)} pictures of {people} people"
    return PersonScores(metrics, len(index_G), said, unreadable=len(unreadable))


def _finite(vector_ND: Float32) -> Float32:
    if not np.isfinite(vector_ND).all():
        raise ArtefactError("the network's outputs are not finite; train or export it again")
    return vector_ND
