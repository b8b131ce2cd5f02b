"""A walk's vector is the mean over its windows."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import ArtefactError, DataError
from edgehuman.metrics.gait.vectors import (
    embed_walks,
    halves_alike,
    least_agreement,
    mean_vector,
    window_starts,
)
from edgehuman.records import Float32


@pytest.mark.parametrize(
    ("length", "starts"),
    [(3, []), (4, [0]), (5, [0, 1]), (6, [0, 2]), (9, [0, 2, 4, 5])],
)
def test_windows_overlap_by_half_and_end_with_the_walk(length: int, starts: list[int]) -> None:
    assert window_starts(length, 4) == starts


def test_with_cosine_all_windows_have_equal_weight() -> None:
    vector_ND = np.array([[3.0, 0.0], [0.0, 0.5]], np.float32)
    assert mean_vector(vector_ND) == pytest.approx(np.full(2, 0.5**0.5))
    assert mean_vector(vector_ND, "euclidean") == pytest.approx([1.5, 0.25])


def test_windows_of_two_people_disagree_wherever_the_change_is() -> None:
    one, other = [2.0, 0.0], [0.0, 1.0]
    for vectors in ([one, other], [one, one, one, other, other], [one, one, one, other]):
        assert least_agreement(np.array(vectors, np.float32)) == pytest.approx(0.0, abs=1e-6)
    assert least_agreement(np.array([one] * 5, np.float32)) == pytest.approx(1.0)
    assert least_agreement(np.array([one], np.float32)) == 1.0
    # A single odd window of eight is averaged with the next.
    odd = least_agreement(np.array([one] * 7 + [other], np.float32))
    assert odd == pytest.approx(0.5**0.5)


def walk(value: float, length: int) -> Float32:
    return np.full((length, 18, 3), value, np.float32)


def first_and_one(window_NTJ3: Float32) -> Float32:
    return np.stack([window_NTJ3[:, 0, 0, 0], np.ones(len(window_NTJ3), np.float32)], axis=1)


@pytest.mark.parametrize("batch", [1, 2, 32])
def test_walks_are_averaged_separately_for_any_batch_size(batch: int) -> None:
    ramp = walk(0, 6)
    ramp[2:, 0, 0] = 4.0
    walks = [walk(1, 4), walk(9, 3), ramp]
    vector_KD, kept_K = embed_walks(walks, first_and_one, 4, "euclidean", batch)
    assert kept_K.tolist() == [0, 2]
    assert vector_KD.tolist() == [[1.0, 1.0], [2.0, 1.0]]


def test_walks_without_a_vector_are_an_error() -> None:
    with pytest.raises(DataError, match="none of 2 walks has the 4 frames"):
        embed_walks([walk(1, 3), walk(1, 2)], first_and_one, 4)
    with pytest.raises(ArtefactError, match="not finite"):
        mean_vector(np.full((1, 2), np.nan, np.float32))
    with pytest.raises(ArtefactError, match="length 0"):
        mean_vector(np.zeros((1, 2), np.float32))
    with pytest.raises(DataError, match="no window"):
        mean_vector(np.zeros((0, 2), np.float32))


def test_halves_of_a_walk() -> None:
    """Three windows of which neighbours overlap: the first against the last."""
    first, last = np.array([1.0, 0.0]), np.array([0.6, 0.8])
    assert halves_alike(np.stack([first, first, 5 * last]).astype(np.float32)) == pytest.approx(0.6)
    four = np.stack([first, last, first, last]).astype(np.float32)
    assert halves_alike(four, overlap=0) == pytest.approx(1.0)
    assert halves_alike(four[:2]) is None
    assert halves_alike(four[:1], overlap=0) is None
