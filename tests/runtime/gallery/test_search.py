"""The first pass in int8 excludes nobody whom scoring every walk would find."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.retrieval import Distance
from edgehuman.records import Float32, Float64, Index
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.gallery import search as search_module
from edgehuman.runtime.gallery.search import Search, is_searchable, product_with


def made(
    people: int, dim: int, distance: Distance = "cosine", alike: float = 0.0, parts: int = 0
) -> Gallery:
    rng = np.random.default_rng(0)
    shape = (parts, dim) if parts else (dim,)
    centre_PX = rng.normal(size=(people, *shape)) + alike * rng.normal(size=shape)
    vector_GX = np.repeat(centre_PX, 3, axis=0)
    noisy_GX = vector_GX + 0.3 * rng.normal(size=vector_GX.shape)
    names = tuple(f"P{g // 3}" for g in range(len(vector_GX)))
    walks = tuple(f"w{g}" for g in range(len(vector_GX)))
    return Gallery("a" * 64, "m", distance, noisy_GX.astype(np.float32), names, walks)


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first pass for small galleries too, block by block."""
    monkeypatch.setattr(search_module, "LEAST_VALUES", 0)
    monkeypatch.setattr(search_module, "_BLOCK", 1000)


def probes(gallery: Gallery) -> list[Float32]:
    """Walks of the gallery, walks near to some, strangers, and what is like nobody."""
    rng = np.random.default_rng(1)
    shape = gallery.vector_GD.shape[1:]
    near = [
        (gallery.vector_GD[g] + 0.3 * rng.normal(size=shape)).astype(np.float32)
        for g in rng.integers(len(gallery), size=12)
    ]
    strange = [rng.normal(size=shape).astype(np.float32) for _ in range(3)]
    return [*gallery.vector_GD[:3], *near, *strange, -1000 * gallery.vector_GD[0]]


@pytest.mark.parametrize(
    ("distance", "dim", "alike", "parts"),
    [
        ("cosine", 64, 0.0, 0),
        ("cosine", 64, 8.0, 0),
        ("cosine", 16, 1.0, 4),
        ("euclidean", 64, 0.0, 0),
        ("euclidean", 64, 8.0, 0),
        ("euclidean", 16, 0.0, 1),
        ("centred", 64, 8.0, 0),
        ("centred", 16, 1.0, 4),
        ("cosine", 2, 0.0, 0),
    ],
)
def test_the_nearest_and_the_three_behind_are_those_of_scoring_every_walk(
    distance: Distance, dim: int, alike: float, parts: int, always: None
) -> None:
    gallery = made(900, dim, distance, alike, parts)
    assert gallery._search is not None
    for probe_X in probes(gallery):
        found = gallery.identify(probe_X, 0.5)
        wanted = gallery._people.rank(gallery._scores(probe_X))
        shown = [(found.nearest, found.score), *found.others[:3]]
        assert [name for name, _ in shown] == [name for name, _ in wanted[:4]]
        scores = [score for _, score in wanted[:4]]
        assert [score for _, score in shown] == pytest.approx(scores, abs=1e-13)
        assert len(found.others) == 899
    assert [name for name, _ in found.others] == [name for name, _ in wanted.rest()]
    assert found.others[500] == wanted.rest()[500]


def test_the_bound_holds_and_few_are_scored(always: None) -> None:
    gallery = made(3000, 64)
    search = Search(gallery.vector_GD, "cosine")
    for probe_D in probes(gallery)[:15]:
        probe_X = search._flat(probe_D[None])[0] - search._mean_X
        about_G, error_G = search._first_pass(probe_X, float(np.linalg.norm(probe_X)))
        rest_GX = search._flat(gallery.vector_GD) - search._mean_X
        exact_G = rest_GX @ probe_X - (rest_GX**2).sum(axis=1) / 2
        assert (np.abs(about_G - exact_G) <= error_G).all()
        found = search.near(probe_D, lambda index_K, score_K: float(np.sort(score_K)[-3]))
        assert found is not None
        assert len(found[0]) < 100


def test_equal_scores_stay_in_their_order(always: None) -> None:
    vector_GD = np.tile(np.eye(4, dtype=np.float32), (300, 1))
    names = tuple(f"P{g}" for g in range(1200))
    gallery = Gallery("a" * 64, "m", "cosine", vector_GD, names, names)
    found = gallery.identify(np.array([0, 1, 0, 0], np.float32), 0.5)
    assert (found.nearest, [name for name, _ in found.others[:3]]) == ("P1", ["P5", "P9", "P13"])


def test_a_probe_of_another_shape_or_without_direction_is_told(always: None) -> None:
    gallery = made(50, 8)
    for probe, said in (
        (np.ones(9, np.float32), r"found a vector of \(9,\); the gallery's are \(8,\)"),
        (np.zeros(8, np.float32), "length 0"),
        (np.full(8, np.nan, np.float32), "not finite"),
    ):
        with pytest.raises(DataError, match=said):
            gallery.identify(probe, 0.5)


def test_walks_that_are_all_the_same_are_found(always: None) -> None:
    gallery = Gallery(
        "a" * 64, "m", "cosine", np.ones((200, 8), np.float32),
        tuple(f"P{g}" for g in range(200)), tuple(f"w{g}" for g in range(200)),
    )  # fmt: skip
    assert gallery.identify(np.ones(8, np.float32), 0.5).score == 1


def test_which_galleries_are_large_enough() -> None:
    def of(*shape: int) -> Float32:
        return np.broadcast_to(np.float32(1), shape)

    assert is_searchable(of(100_000, 64), "euclidean")
    assert not is_searchable(of(10_000, 64), "cosine")
    assert is_searchable(of(2000, 62, 96), "cosine")
    # The mean of the parts' distances is bounded by no distance of the whole.
    assert not is_searchable(of(2000, 62, 96), "euclidean")
    assert not is_searchable(of(1000, 200_000), "cosine")  # its products need more than 32 bits


def test_without_onnxruntime_every_walk_is_scored(
    always: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    gallery = made(50, 8)
    gallery.prepare()
    assert gallery.identify(gallery.vector_GD[4], 0.5).nearest == "P1"


def test_products_of_integers_are_exact_at_their_limits() -> None:
    """Pairs of products may be summed in 16 bits, where 2 x 255 x 63 still fits."""
    for dim in (3, 64, 301):
        copy_XB = np.full((dim, 40), 63, np.int8)
        copy_XB[:, ::2] = -63
        product = product_with(copy_XB)
        for value in (255, 1, 128):
            asked_1X = np.full((1, dim), value, np.uint8)
            wanted_B = (asked_1X.astype(np.int64) - 128) @ copy_XB.astype(np.int64)
            assert np.array_equal(product(asked_1X), wanted_B[0])


def test_the_floor_decides_how_many_are_scored(always: None) -> None:
    gallery = made(600, 32)
    search = Search(gallery.vector_GD, "cosine")
    seen: list[int] = []

    def nobody(index_K: Index, score_K: Float64) -> float:
        seen.append(len(index_K))
        return -np.inf

    assert search.near(gallery.vector_GD[0], nobody) is None
    assert seen == [64]
