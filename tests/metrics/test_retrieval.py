"""CMC, mAP and mINP on rankings checked by hand, and against published code."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics import retrieval
from edgehuman.metrics.retrieval import (
    NO_MATCH,
    Distance,
    Scorer,
    Sightings,
    distances,
    first_match_places,
    nearest,
    places_of_matches,
    retrieval_scores,
    scores_of_places,
    similarity,
)


def line(places: list[float], persons: list[int], cameras: list[int] | None = None) -> Sightings:
    """People on a line: their distance is the gap between them."""
    feature_ND = np.array(places, np.float32)[:, None]
    camera_N = None if cameras is None else np.array(cameras)
    return Sightings(feature_ND, np.array(persons), camera_N)


# Seen from 0: person 1 again by the same camera (does not count), 2, 1, 3, 1.
QUERY = line([0], [1], [0])
GALLERY = line([1, 2, 3, 4, 5], [1, 2, 1, 3, 1], [0, 1, 1, 1, 2])


def test_the_same_person_and_camera_is_ignored() -> None:
    scores = retrieval_scores(QUERY, GALLERY, max_rank=4)
    # What is left: 2, 1, 3, 1, so matches have ranks 2 and 4.
    assert scores.cmc_K.tolist() == [0, 1, 1, 1]
    assert scores.mean_ap == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert scores.mean_inp == pytest.approx(2 / 4)
    assert (scores.queries, scores.skipped) == (1, 0)


def test_without_cameras_everything_counts() -> None:
    scores = retrieval_scores(line([0], [1]), line([1, 2, 3, 4, 5], [1, 2, 1, 3, 1]), max_rank=4)
    assert scores.cmc_K.tolist() == [1, 1, 1, 1]
    assert scores.mean_ap == pytest.approx((1 / 1 + 2 / 3 + 3 / 5) / 3)
    assert scores.mean_inp == pytest.approx(3 / 5)


def test_a_query_without_a_match_is_skipped_and_counted() -> None:
    scores = retrieval_scores(line([0, 0], [1, 9], [0, 0]), GALLERY)
    assert (scores.queries, scores.skipped) == (1, 1)
    assert scores.rank(2) == 1.0


def test_scores_are_means_over_the_queries() -> None:
    scores = scores_of_places([np.array([1, 2]), np.array([3])], max_rank=3)
    assert scores.cmc_K.tolist() == [0.5, 0.5, 1.0]
    assert scores.mean_ap == pytest.approx((1 + 1 / 3) / 2)
    assert scores.mean_inp == pytest.approx((1 + 1 / 3) / 2)


def test_ties_are_ranked_before_a_match() -> None:
    distance_G = np.array([0.5, 0.5, 0.1, 0.5, 0.9])
    is_match_G = np.array([True, False, False, True, True])
    assert places_of_matches(distance_G, is_match_G).tolist() == [3, 4, 5]


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_one_vector_for_everybody_puts_the_matches_last(distance: Distance) -> None:
    vector = np.random.default_rng(0).normal(size=64).astype(np.float32)
    everybody = Sightings(np.tile(vector, (50, 1)), np.arange(50) // 2)
    query = Sightings(vector[None], np.array([0]))
    scores = retrieval_scores(query, everybody, distance)
    assert scores.mean_ap == pytest.approx((1 / 49 + 2 / 50) / 2)


def test_distances_by_hand() -> None:
    one = Sightings(np.array([[1.0, 0.0]]), np.array([0]))
    others = Sightings(np.array([[0.0, 1.0], [3.0, 0.0], [-1.0, 0.0]]), np.array([0, 1, 2]))
    assert distances(one, others)[0] == pytest.approx([2**0.5, 2, 2])
    assert distances(one, others, "cosine")[0] == pytest.approx([1, 0, 2])


def test_similarity_is_one_for_the_same_vector() -> None:
    near_far = np.array([0.0, 1.0, 3.0])
    assert similarity(near_far, "euclidean").tolist() == [1.0, 0.5, 0.25]
    assert similarity(near_far[:2], "cosine").tolist() == [1.0, 0.0]
    # The cosine itself: opposite vectors are 2 apart.
    assert similarity(np.array([2.0]), "cosine").tolist() == [-1.0]


def test_the_distance_of_parts_is_the_mean_over_them() -> None:
    one = Sightings(np.array([[[0.0, 0.0], [1.0, 0.0]]]), np.array([0]))
    other = Sightings(np.array([[[3.0, 4.0], [0.0, 1.0]]]), np.array([0]))
    assert distances(one, other)[0, 0] == pytest.approx((5 + 2**0.5) / 2)
    upright = Sightings(np.array([[[1.0, 0.0], [1.0, 0.0]]]), np.array([0]))
    assert distances(upright, other, "cosine")[0, 0] == pytest.approx(1 - (3 / 5 + 0) / 2)


def random_sightings(count: int, seed: int) -> Sightings:
    rng = np.random.default_rng(seed)
    persons, cameras = rng.integers(0, 6, count), rng.integers(0, 3, count)
    return Sightings(rng.normal(size=(count, 8)).astype(np.float32), persons, cameras)


def sorted_average_precision(query: Sightings, gallery: Sightings, index: int) -> float | None:
    """The protocol, done naively: sort, drop, walk down the list."""
    assert query.camera_N is not None
    assert gallery.camera_N is not None
    gap_G = np.linalg.norm(gallery.feature_NX - query.feature_NX[index], axis=1)
    precisions: list[float] = []
    place = 0
    for item in np.argsort(gap_G):
        same = gallery.person_N[item] == query.person_N[index]
        if same and gallery.camera_N[item] == query.camera_N[index]:
            continue
        place += 1
        if same:
            precisions.append((len(precisions) + 1) / place)
    return float(np.mean(precisions)) if precisions else None


def test_scores_agree_with_a_naive_implementation() -> None:
    query, gallery = random_sightings(20, seed=0), random_sightings(70, seed=1)
    walked = [sorted_average_precision(query, gallery, index) for index in range(20)]
    expected = np.mean([each for each in walked if each is not None])
    assert retrieval_scores(query, gallery).mean_ap == pytest.approx(expected)


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_blocks_do_not_change_the_result(
    distance: Distance, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, gallery = random_sightings(9, seed=0), random_sightings(31, seed=1)
    whole = distances(query, gallery, distance)
    monkeypatch.setattr(retrieval, "BLOCK_PAIRS", 64)
    monkeypatch.setattr(retrieval, "TILE", 12)
    assert len(list(retrieval.distance_blocks(query, gallery, distance))) == 5
    assert distances(query, gallery, distance) == pytest.approx(whole, abs=1e-9)


def changed(**fields: Any) -> Sightings:
    whole = {"feature_NX": np.ones((3, 2)), "person_N": np.arange(3), "camera_N": np.arange(3)}
    return Sightings(**{**whole, **fields})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"feature_NX": np.ones((0, 2))}, r"shape \(0, 2\)"),
        ({"feature_NX": np.ones(3)}, r"give non-empty \(N, D\) or \(N, P, D\)"),
        ({"person_N": np.arange(2)}, r"found \(2,\) identities for 3 features"),
        ({"camera_N": np.arange(4)}, r"found \(4,\) cameras"),
        ({"feature_NX": np.array([[1.0], [np.nan], [np.inf]])}, "2 features .* at index 1"),
        ({"person_N": np.array([1, -1, 2])}, "identity -1"),
    ],
)
def test_wrong_sightings_are_an_error(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        changed(**fields)


def test_mismatched_query_and_gallery_are_an_error() -> None:
    with pytest.raises(DataError, match="the same network"):
        retrieval_scores(QUERY, changed())
    with pytest.raises(DataError, match="only one of query and gallery"):
        retrieval_scores(QUERY, line([1], [1]))
    with pytest.raises(DataError, match="no match in the gallery for any of 1 queries"):
        retrieval_scores(line([0], [7], [0]), GALLERY)
    with pytest.raises(DataError, match="1 features of length 0"):
        retrieval_scores(QUERY, GALLERY, "cosine")
    with pytest.raises(UsageError, match="'manhattan'"):
        retrieval_scores(QUERY, GALLERY, "manhattan")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="rank 51"):
        retrieval_scores(QUERY, GALLERY).rank(51)


def test_published_reid_code_gives_the_same(reference_vectors: Path) -> None:
    with np.load(reference_vectors / "vision_metric_refs.npz") as file:
        query, gallery = (
            Sightings(file[f"reid/{side}_feat"], file[f"reid/{side}_pid"], file[f"reid/{side}_cam"])
            for side in ("q", "g")
        )
        scores = retrieval_scores(query, gallery, "cosine")
        # Their squared Euclidean distance of unit vectors is twice the cosine distance.
        assert 2 * distances(query, gallery, "cosine") == pytest.approx(file["reid/dist"], abs=1e-6)
        assert scores.cmc_K == pytest.approx(file["reid/cmc"], abs=1e-6)
        assert scores.mean_ap == pytest.approx(float(file["reid/mAP"]), abs=1e-12)
        text = Sightings(file["t2i/text_feat"], file["t2i/text_pid"])
        of_text = retrieval_scores(text, Sightings(gallery.feature_NX, gallery.person_N), "cosine")
        assert 100 * of_text.cmc_K[:10] == pytest.approx(file["t2i/cmc"], abs=1e-4)
        assert 100 * of_text.mean_ap == pytest.approx(float(file["t2i/mAP"]), abs=1e-4)
        assert 100 * of_text.mean_inp == pytest.approx(float(file["t2i/mINP"]), abs=1e-4)


@pytest.mark.parametrize(("distance", "key"), [("euclidean", "euc"), ("cosine", "cos")])
def test_published_gait_code_gives_the_same(
    distance: Distance, key: str, reference_vectors: Path
) -> None:
    with np.load(reference_vectors / "opengait_losses_metrics.npz") as file:
        # Stored as (N, D, P).
        query, gallery = (
            Sightings(file[side].transpose(0, 2, 1), file[f"{side}_y"])
            for side in ("probe", "gallery")
        )
        scores = retrieval_scores(query, gallery, distance)
        assert distances(query, gallery, distance) == pytest.approx(file[f"dist_{key}"], abs=1e-5)
        assert scores.cmc_K == pytest.approx(file[f"cmc_{key}"], abs=1e-6)
        assert scores.mean_ap == pytest.approx(file[f"AP_{key}"].mean())
        assert scores.mean_inp == pytest.approx(file[f"INP_{key}"].mean())


def test_first_match_places_agree_with_sorting() -> None:
    query, gallery = random_sightings(20, seed=0), random_sightings(70, seed=1)
    query, gallery = (Sightings(each.feature_NX, each.person_N) for each in (query, gallery))
    place_Q = first_match_places(query, gallery)
    scores = retrieval_scores(query, gallery, max_rank=70)
    assert [(place_Q <= k).mean() for k in (1, 5, 20)] == [scores.rank(k) for k in (1, 5, 20)]


def test_ties_are_before_the_first_match_and_no_match_is_last() -> None:
    found = first_match_places(line([0, 0], [1, 9]), line([1, -1, 1, 2], [2, 1, 3, 1]))
    assert found.tolist() == [3, NO_MATCH]


def test_the_nearest_come_in_order_with_their_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "BLOCK_PAIRS", 5)  # a query at a time
    query, gallery = line([0, 10], [0, 0]), line([3, 1, 9, -1, 2], [0, 0, 0, 0, 0])
    index_QK, distance_QK = nearest(query, gallery, 3)
    assert index_QK.tolist() == [[1, 3, 4], [2, 0, 4]]
    assert distance_QK == pytest.approx(np.array([[1, 1, 2], [1, 7, 8]]))
    assert nearest(query, gallery, 99)[0].shape == (2, 5)
    with pytest.raises(UsageError, match="at least 1"):
        nearest(query, gallery, 0)


def test_a_million_in_the_gallery_fit_in_four_gigabytes() -> None:
    """Memory besides the features does not grow with queries or gallery."""
    gallery, width = 1_000_000, 256
    rows = retrieval.BLOCK_PAIRS // gallery
    columns = retrieval.TILE // max(rows, width)
    features = gallery * width * 4
    block = rows * gallery * 8
    # A converted tile of the gallery and four temporaries of a tile of distances.
    tile = columns * width * 8 * 2 + rows * columns * 8 * 4
    # The search for first matches copies a block and holds two masks of it.
    assert features + 2 * block + 2 * rows * gallery + tile < 2 * 2**30


@pytest.mark.slow
def test_memory_stays_bounded_as_queries_and_gallery_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrieval, "BLOCK_PAIRS", 20_000)
    monkeypatch.setattr(retrieval, "TILE", 10_000)

    def peak(queries: int, size: int) -> int:
        query = Sightings(np.ones((queries, 32), np.float32), np.zeros(queries, np.int64))
        gallery = Sightings(np.ones((size, 32), np.float32), np.arange(size))
        tracemalloc.start()
        first_match_places(query, gallery)
        retrieval_scores(query, gallery)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    whole = 100 * 10_000 * 8
    assert peak(100, 10_000) < whole / 8
    assert peak(100, 10_000) < 1.5 * peak(10, 10_000)


@pytest.mark.parametrize("distance", ["cosine", "euclidean"])
@pytest.mark.parametrize("shape", [(300, 8), (300, 3, 8)])
def test_a_scorer_gives_the_similarities_of_the_distances(
    shape: tuple[int, ...], distance: Distance, monkeypatch: pytest.MonkeyPatch
) -> None:
    feature_NX = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    gallery = Sightings(feature_NX, np.zeros(len(feature_NX), np.int64))
    probe = Sightings(feature_NX[5:6], np.zeros(1, np.int64))
    right_G = similarity(distances(probe, gallery, distance)[0], distance)
    ready = Scorer(gallery, distance)
    monkeypatch.setattr("edgehuman.metrics.retrieval.READY_VALUES", 10)
    for scorer in (ready, Scorer(gallery, distance)):
        score_G = scorer.scores(feature_NX[5])
        np.testing.assert_allclose(score_G, right_G, rtol=0, atol=1e-9)
        assert score_G[5] == right_G[5]
        with pytest.raises(DataError, match="must come from the same network"):
            scorer.scores(feature_NX[5][..., :4])
