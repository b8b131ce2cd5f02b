"""Score a silhouette network on whole walks: in training and by `evaluate`.

    found = score_silhouettes(walks, answer, distance="cosine", least=1)
    found.scores.metrics["rank1"]

A network sees each walk once, whole, up to its first 720 frames; nothing is averaged over windows.
Walks of equal length go together. Source: the test of OpenGait.

Axes: N walks, K of them that were embedded, T frames, P parts, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from edgehuman import catalogue
from edgehuman.data.gait.score import WalkScores, in_words, judged_walks, protocol_of, vectors_of
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.gait.protocols import PROTOCOLS, gait_scores
from edgehuman.metrics.retrieval import Distance
from edgehuman.records import Float32, Index, Uint8

LONGEST = 720
"""Frames of a walk that a network sees at most."""
AT_ONCE = 1440
"""Frames of all walks of one run, unless one walk has more."""
_LEAST_OF_FAMILY = {"gaitgl": 3}

Answer = Callable[[Uint8], Float32]
"""Silhouettes (N, T, 64, 64) -> embeddings (N, P, D)."""


def least_frames(arch: str) -> int:
    """Frames that a walk must have for a network: more than one where frames are grouped."""
    row = catalogue.NETWORKS.get(arch)
    return 1 if row is None else _LEAST_OF_FAMILY.get(row.family, 1)


def score_silhouettes(
    walks: SilhouetteSet,
    answer: Answer,
    distance: Distance = "cosine",
    protocol: str | None = None,
    batch: int = 16,
    least: int = 1,
) -> WalkScores:
    """Compute the network's embedding of every test walk, and compare them: the distance of two
    walks is the mean over their parts.

    Args:
        batch: walks of one run.
        least: frames that the network needs.

    Raises:
        DataError: fewer than two people in the gallery, no probes, or no walk long enough.
        ArtefactError: values that are not finite.
    """
    name = protocol_of(walks, protocol)
    chosen = judged_walks(walks, name)
    feature_KPD, kept_K = embed_whole(chosen, answer, batch, least)
    vectors = vectors_of(chosen.subset(kept_K), feature_KPD)
    scores = gait_scores(vectors, PROTOCOLS[name], distance)
    said = in_words(walks, PROTOCOLS[name], scores)
    return WalkScores(scores, name, said, len(chosen) - len(kept_K), vectors)


def embed_whole(
    walks: SilhouetteSet, answer: Answer, batch: int = 16, least: int = 1
) -> tuple[Float32, Index]:
    """Return the embeddings (K, P, D) of the walks with at least `least` frames, and their indices
    (K,), in the order of the set.

    Raises:
        DataError: no walk is long enough.
        ArtefactError: values that are not finite.
    """
    kept_K = long_enough(walks, least)
    count_K = np.minimum(walks.length_N[kept_K], LONGEST)
    whole: Float32 | None = None
    for places, length in _equal(count_K, batch):
        frames = [walks.sequence(int(kept_K[k]))[:length] for k in places]
        found = answer(np.stack(frames))
        if not np.isfinite(found).all():
            raise ArtefactError("the model's embeddings are not finite; export it again")
        if whole is None:
            whole = np.empty((len(kept_K), *found.shape[1:]), np.float32)
        whole[places] = found
    assert whole is not None
    return whole, kept_K


def long_enough(walks: SilhouetteSet, least: int) -> Index:
    """Return the indices of the walks with at least `least` frames.

    Raises:
        DataError: there are none.
    """
    kept_K = np.flatnonzero(walks.length_N >= least)
    if not len(kept_K):
        raise DataError(
            f"{walks.name}: none of {len(walks)} walks has the {least} frames that the network "
            f"needs; the longest has {int(walks.length_N.max())}. Give longer walks"
        )
    return kept_K


def _equal(count_K: Index, batch: int) -> Iterator[tuple[Index, int]]:
    """Yield places of walks of one length, and that length: at most `batch` at a time."""
    for length in np.unique(count_K).tolist():
        places = np.flatnonzero(count_K == length)
        size = min(batch, max(1, AT_ONCE // length))
        for start in range(0, len(places), size):
            yield places[start : start + size], length
