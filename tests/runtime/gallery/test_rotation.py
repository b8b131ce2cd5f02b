"""A gallery's rotation: nothing changes but the coordinates."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.metrics.retrieval import Distance, Sightings, distances
from edgehuman.records import Float32
from edgehuman.runtime.gallery.rotation import Rotation

ONE, TWO = Rotation(b"one"), Rotation(b"two")


def vectors(*shape: int) -> Float32:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def sightings(vector_NX: Float32) -> Sightings:
    return Sightings(vector_NX, np.zeros(len(vector_NX), np.int64))


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("shape", [(30, 64), (30, 3, 16), (10, 700), (5, 1)])
def test_distances_and_ranks_stay(shape: tuple[int, ...], distance: Distance) -> None:
    vector_NX = vectors(*shape)
    before = distances(sightings(vector_NX), sightings(vector_NX), distance)
    after = distances(sightings(ONE(vector_NX)), sightings(ONE(vector_NX)), distance)
    # The root of a Euclidean distance of 0 magnifies its rounding.
    assert np.allclose(before, after, atol=1e-5 if distance == "cosine" else 2e-2, rtol=1e-5)
    apart = ~np.eye(len(before), dtype=bool)
    assert np.allclose(before[apart], after[apart], atol=1e-5)
    if shape[-1] > 1:
        assert np.array_equal(before.argsort(axis=1), after.argsort(axis=1))


def test_it_is_undone_and_the_same_again() -> None:
    for shape in ((64,), (20, 64), (2, 3, 600)):
        vector_X = vectors(*shape)
        assert np.allclose(ONE.undone(ONE(vector_X)), vector_X, atol=1e-5)
        assert np.array_equal(Rotation(b"one")(vector_X), ONE(vector_X))
        assert ONE(vector_X).dtype == np.float32


@pytest.mark.parametrize("dim", [64, 700])
def test_vectors_of_two_galleries_have_nothing_in_common(dim: int) -> None:
    vector_ND = vectors(200, dim)
    one, two = ONE(vector_ND), TWO(vector_ND)
    for other in (two, vector_ND):
        cosine_N = (one * other).sum(axis=1)
        cosine_N /= np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
        # The mean is the rotation's trace over D, and traces are normal (Diaconis, Shahshahani).
        assert abs(cosine_N.mean()) < 4 / dim + 4 / np.sqrt(200 * dim)
        assert cosine_N.std() < 1.5 / np.sqrt(dim)


def test_the_rotation_of_a_secret_is_this_one() -> None:
    """Of the definition: it has to be the same in every version, or no gallery can be read."""
    assert np.allclose(Rotation(b"edgehuman")(np.eye(2, dtype=np.float32)), EXPECTED, atol=1e-6)


EXPECTED = [[-0.2895118594, 0.9571744204], [-0.9571744204, -0.2895118594]]
