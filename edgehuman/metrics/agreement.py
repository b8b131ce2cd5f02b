"""How far two models agree on the same samples: a student with its teacher, a graph with another.

Agreement needs no labels. Of embeddings, every sample is looked for among all the others, with both
models; in `shared_space` the student asks and the teacher's embeddings are the gallery.

Axes: N samples, K labels, D dimensions, P parts, h w rows and columns, J joints.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.metrics.retrieval import Distance, Sightings, distances
from edgehuman.records import Float32, Float64, Text

TOP = 50
"""Nearest neighbours of the teacher whose order is compared."""


def same_class(one_NK: Float32, other_NK: Float32) -> float:
    """Share of the samples, or pixels, with the same most likely class: (N, K) or (N, K, h, w)."""
    return float(np.mean(one_NK.argmax(axis=1) == other_NK.argmax(axis=1)))


def same_answers(one_NA: Float32, other_NA: Float32) -> float:
    """Share of the yes/no answers that are the same, of logits (N, A)."""
    return float(np.mean((one_NA > 0) == (other_NA > 0)))


def same_peaks(one_NJhw: Float32, other_NJhw: Float32) -> float:
    """Share of the heat maps (N, J, h, w) whose largest value is at the same place."""
    places = [maps.reshape(*maps.shape[:2], -1).argmax(axis=2) for maps in (one_NJhw, other_NJhw)]
    return float(np.mean(places[0] == places[1]))


def same_neighbours(
    teacher_NX: NDArray[np.floating],
    student_NX: NDArray[np.floating],
    distance: Distance,
    person_N: Text | None = None,
) -> dict[str, float]:
    """Compare the neighbours that both models find, each in its own space.

    Returns:
        "top1": share of the samples with the same nearest neighbour; "top1_person": whose nearest
        neighbours are the same person; "kendall_tau": rank correlation of both models' order of the
        teacher's fifty nearest, mean over the samples.
    """
    near_NN, own_NN = (_near(each, each, distance) for each in (teacher_NX, student_NX))
    return {**_first(near_NN, own_NN, person_N), "kendall_tau": _kendall(near_NN, own_NN)}


def shared_space(
    teacher_NX: NDArray[np.floating],
    student_NX: NDArray[np.floating],
    distance: Distance,
    person_N: Text | None = None,
) -> dict[str, float]:
    """Compare the neighbours that both models find among the teacher's embeddings; see
    `same_neighbours`.
    """
    near_NN = _near(teacher_NX, teacher_NX, distance)
    return _first(near_NN, _near(student_NX, teacher_NX, distance), person_N)


def _first(near_NN: Float64, own_NN: Float64, person_N: Text | None) -> dict[str, float]:
    first_N, own_N = near_NN.argmax(axis=1), own_NN.argmax(axis=1)
    found = {"top1": float(np.mean(first_N == own_N))}
    if person_N is not None:
        found["top1_person"] = float(np.mean(person_N[first_N] == person_N[own_N]))
    return found


def _kendall(near_NN: Float64, own_NN: Float64) -> float:
    from scipy.stats import kendalltau

    top = min(TOP, len(near_NN) - 1)
    best_NT = np.argsort(-near_NN, axis=1, kind="stable")[:, :top]
    taus = [
        kendalltau(near_N[best_T], own_N[best_T]).statistic
        for near_N, own_N, best_T in zip(near_NN, own_NN, best_NT, strict=True)
    ]
    return float(np.nanmean(taus))


def _near(
    query_NX: NDArray[np.floating], gallery_NX: NDArray[np.floating], distance: Distance
) -> Float64:
    """How near each query is to each other sample of the gallery (N, N); nobody is near oneself."""
    each_N = np.arange(len(query_NX))  # a person each: all count in a centre
    query, gallery = (Sightings(each, each_N) for each in (query_NX, gallery_NX))
    near_NN = -distances(query, gallery, distance)
    np.fill_diagonal(near_NN, -np.inf)
    return near_NN
