"""One vector for a walk of any length: the mean over windows of the network's training length.

A walk is cut into windows that overlap by half, the last one ending with the walk. Their vectors
are averaged; for the cosine each is first scaled to length 1, so that all windows have
equal weight. Training, `evaluate`, enrolment and the live stream all average this way.

Axes: T frames, J joints, N windows, K walks, D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from edgehuman.errors import ArtefactError, DataError
from edgehuman.records import Float32, Index

Answer = Callable[[Float32], Float32]
"""Skeletons (N, T, J, 3) -> vectors (N, D)."""


def window_starts(length: int, frames: int) -> list[int]:
    """Return the first frames of a walk's windows; none if the walk is shorter than a window."""
    if length < frames:
        return []
    starts = list(range(0, length - frames + 1, max(1, frames // 2)))
    return starts if starts[-1] == length - frames else [*starts, length - frames]


def mean_vector(vector_NX: Float32, distance: str = "cosine") -> Float32:
    """Return the mean of one walk's windows: of vectors (N, D) or of those of parts (N, P, D).

    Raises:
        DataError: no window.
        ArtefactError: a vector that is not finite, or of length 0 with the cosine distance.
    """
    if not len(vector_NX):
        raise DataError("found no window to average; give a longer walk")
    if not np.isfinite(vector_NX).all():
        raise ArtefactError("the model's vectors are not finite; export it again")
    if distance == "euclidean":
        return np.asarray(vector_NX.mean(axis=0), np.float32)
    length_NX = np.linalg.norm(vector_NX, axis=-1, keepdims=True)
    if not length_NX.all():
        raise ArtefactError("the model returns a vector of length 0; export it again")
    mean_X = (vector_NX / length_NX).mean(axis=0)
    length_X = np.linalg.norm(mean_X, axis=-1, keepdims=True)
    return np.asarray(mean_X / np.maximum(length_X, 1e-12), np.float32)


def least_agreement(vector_ND: Float32) -> float:
    """Return the least cosine similarity between the means of the earlier and the later windows of
    one walk, -1..1, over all places to cut it; 1 for one window.

    It is low if one person follows another. Either part holds at least a quarter of the windows, as
    single windows vary.
    """
    count = len(vector_ND)
    length_N1 = np.linalg.norm(vector_ND, axis=-1, keepdims=True)
    total_ND = np.cumsum(vector_ND / np.maximum(length_N1, 1e-12), axis=0)
    least = max(1, count // 4)
    cuts = np.arange(least - 1, count - least)
    if not len(cuts):
        return 1.0
    before_KD, after_KD = total_ND[cuts], total_ND[-1] - total_ND[cuts]
    scale_K = np.linalg.norm(before_KD, axis=1) * np.linalg.norm(after_KD, axis=1)
    return float(((before_KD * after_KD).sum(axis=1) / np.maximum(scale_K, 1e-12)).min())


def halves_alike(vector_ND: Float32, overlap: int = 1) -> float | None:
    """Return the cosine similarity of the means of the first and of the last windows of a walk,
    -1..1; None if there are no two halves.

    Args:
        vector_ND: of each window, in order.
        overlap: after a window, so many share frames with it: they are in neither half.
    """
    half = (len(vector_ND) - overlap) // 2
    if half < 1:
        return None
    length_N1 = np.linalg.norm(vector_ND, axis=-1, keepdims=True)
    unit_ND = vector_ND / np.maximum(length_N1, 1e-12)
    first_D, last_D = unit_ND[:half].mean(axis=0), unit_ND[-half:].mean(axis=0)
    scale = float(np.linalg.norm(first_D) * np.linalg.norm(last_D))
    return float(first_D @ last_D) / max(scale, 1e-12)


def embed_walks(
    walks: Iterable[Float32],
    answer: Answer,
    frames: int,
    distance: str = "cosine",
    batch: int = 32,
) -> tuple[Float32, Index]:
    """Return the vectors (K, D) of the walks at least a window long, and their indices (K,).

    Args:
        walks: (T, J, 3) each, of any length T.
        answer: the network.
        frames: length of a window.
        batch: windows at a time; walks are read one by one.

    Raises:
        DataError: no walk is as long as a window.
    """
    vectors: list[Float32] = []
    parts: dict[int, list[Float32]] = {}
    wanted: dict[int, int] = {}
    kept: list[int] = []
    for index_N, window_NTJ3 in _batches(_windows(walks, frames, wanted), batch):
        for index, vector_D in zip(index_N, answer(window_NTJ3), strict=True):
            parts.setdefault(index, []).append(vector_D)
        for index in [index for index in parts if len(parts[index]) == wanted[index]]:
            vectors.append(mean_vector(np.stack(parts.pop(index)), distance))
            kept.append(index)
    if not vectors:
        raise DataError(
            f"none of {len(wanted)} walks has the {frames} frames of a window; give longer walks"
        )
    return np.stack(vectors), np.array(kept, np.int64)


def _windows(
    walks: Iterable[Float32], frames: int, wanted: dict[int, int]
) -> Iterator[tuple[int, Float32]]:
    """Yield each window with the index of its walk; store the windows per walk in `wanted`."""
    for index, walk_TJ3 in enumerate(walks):
        starts = window_starts(len(walk_TJ3), frames)
        wanted[index] = len(starts)
        for start in starts:
            yield index, walk_TJ3[start : start + frames]


def _batches(
    windows: Iterator[tuple[int, Float32]], batch: int
) -> Iterator[tuple[list[int], Float32]]:
    held: list[tuple[int, Float32]] = []
    for item in windows:
        held.append(item)
        if len(held) == batch:
            yield [index for index, _ in held], np.stack([window for _, window in held])
            held = []
    if held:
        yield [index for index, _ in held], np.stack([window for _, window in held])
