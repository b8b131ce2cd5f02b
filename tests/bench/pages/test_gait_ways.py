"""Ways of comparing walks, on vectors that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.gait_ways import (
    AS_IS,
    CAMERA,
    GALLERY,
    PERSON,
    Walked,
    centred_by,
    cosine,
    distance,
    flat,
    hits,
    less_gallery,
    means,
    nearest_windows,
    persons_mean,
    said,
    summed,
    unit,
    ways,
)

# Two people, each once before two cameras.
TWICE = Walked(np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1]))


def test_hits_are_counted_in_both_directions_and_ties_are_none() -> None:
    found = hits(TWICE, cosine(unit(np.array([[1.0, 0], [0, 1], [1, 0.1], [0.1, 1]]))))
    np.testing.assert_array_equal(found, [[2, 2], [2, 2]])
    assert said(found)[0] == 1.0
    tied = hits(TWICE, cosine(unit(np.ones((4, 2)))))
    np.testing.assert_array_equal(tied, [[0, 2], [0, 2]])


def test_probes_may_be_of_later_conditions_alone() -> None:
    score = cosine(unit(np.array([[1.0, 0], [0, 1], [1, 0.1], [1, 0]])))
    # Before the second camera, person 1 walks as person 0 does before the first.
    np.testing.assert_array_equal(hits(TWICE, score), [[1, 2], [0, 2]])
    np.testing.assert_array_equal(hits(TWICE, score, first=1), [[1, 1], [0, 1]])


def test_whoever_is_not_in_the_gallery_is_not_counted() -> None:
    walked = Walked(np.array([0, 1, 0, 2]), np.array([0, 0, 1, 1]))
    found = hits(walked, cosine(unit(np.array([[1.0, 0], [0, 1], [1, 0.1], [0.1, 1]]))))
    np.testing.assert_array_equal(found, [[2, 2], [0, 0], [0, 0]])


def test_a_cameras_own_mean_is_taken_away() -> None:
    # The second camera moves everybody far along the first axis.
    feature_ND = np.array([[1.0, 1], [1, -1], [9, 1], [9, -1]])
    as_is = hits(TWICE, distance(feature_ND[:, ::-1] * np.array([0.01, 1.0])))
    np.testing.assert_array_equal(as_is[:, 0], [2, 2])
    centred = centred_by(TWICE, feature_ND)
    np.testing.assert_allclose(centred, [[0, 1], [0, -1], [0, 1], [0, -1]])
    np.testing.assert_array_equal(hits(TWICE, cosine(centred)), [[2, 2], [2, 2]])


def test_the_gallerys_own_mean_is_taken_from_both() -> None:
    # Three walks of one person and one of another: people count alike, so the mean is (1, 0).
    walked = Walked(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1]))
    feature_ND = np.array([[1.0, 1], [1, 1], [1, 1], [1, -1], [4, -3]])
    score_1G = less_gallery(walked, feature_ND)(np.array([4]), np.arange(4))
    np.testing.assert_allclose(score_1G, [[-(0.5**0.5)] * 3 + [0.5**0.5]])


def test_a_distance_ranks_as_euclids() -> None:
    feature_ND = np.random.default_rng(0).standard_normal((6, 3))
    score_QG = distance(feature_ND)(np.arange(2), np.arange(2, 6))
    apart_QG = np.linalg.norm(feature_ND[:2, None] - feature_ND[None, 2:], axis=2)
    np.testing.assert_array_equal(np.argsort(-score_QG, axis=1), np.argsort(apart_QG, axis=1))


def test_a_persons_mean_outweighs_one_walk_of_theirs() -> None:
    walked = Walked(np.array([0, 0, 1, 0]), np.array([0, 0, 0, 1]))
    feature_ND = unit(np.array([[1.0, 0], [0, 1], [0.9, 0.7], [0.2, 1]]))
    nearest = cosine(feature_ND)(np.array([3]), np.arange(3))
    assert nearest[0].argmax() == 1
    score_1G = persons_mean(walked, feature_ND)(np.array([3]), np.arange(3))
    assert score_1G[0, 0] == pytest.approx(score_1G[0, 1])
    assert score_1G[0, 0] == pytest.approx((0.2 + 1) / (2 * 1.04) ** 0.5)


def test_the_nearest_pair_of_windows_counts() -> None:
    window_WD, walk_W = np.array([[1.0, 0], [0, 1], [0, 1], [-1, 0]]), np.array([0, 0, 1, 2])
    score = nearest_windows(window_WD, walk_W)
    np.testing.assert_allclose(score(np.array([0]), np.array([1, 2])), [[1.0, 0.0]])
    np.testing.assert_allclose(means(window_WD, walk_W)[0], [0.5**0.5, 0.5**0.5], rtol=1e-6)


def test_scores_are_added_in_the_gallerys_own_deviations() -> None:
    walked = Walked(np.array([0, 1, 2, 0]), np.array([0, 0, 0, 1]))
    one = unit(np.array([[1.0, 0], [0, 1], [-1, 0], [1, 0.2]]))
    other = unit(np.array([[1.0, 0], [1, 1], [0, 1], [0, 1]]))
    # Cosines of different people in the gallery: 0, -1 and 0; and in the other model 0.7, 0, 0.7.
    spreads = np.std([0.0, -1.0, 0.0]), np.std([0.5**0.5, 0.0, 0.5**0.5])
    found_1G = summed(walked, [one, other], ["cosine"] * 2, (2.0, 1.0))(np.array([3]), np.arange(3))
    weights = 2 / spreads[0], 1 / spreads[1]
    expected_G = weights[0] * (one[3] @ one[:3].T) + weights[1] * (other[3] @ other[:3].T)
    np.testing.assert_allclose(found_1G[0], expected_G / sum(weights))


def test_the_sum_is_of_each_models_nearest_walk_of_a_person() -> None:
    walked = Walked(np.array([0, 0, 1, 0]), np.array([0, 0, 0, 1]))
    one = unit(np.array([[1.0, 0], [0, 1], [-1, 0], [1, 0]]))
    other = unit(np.array([[1.0, 0], [0, 1], [-1, 0], [0, 1]]))
    found_1G = summed(walked, [one, other], ["cosine"] * 2, (1.0, 1.0))(np.array([3]), np.arange(3))
    np.testing.assert_allclose(found_1G, [[1.0, 1.0, -0.5]])  # the first by one, then by the other


def test_parts_weigh_alike_and_vectors_of_any_length_are_compared_by_distance() -> None:
    made = flat(np.array([[[3.0, 0], [0, 0.1]]]))
    np.testing.assert_allclose(made, [[1, 0, 0, 1]])
    lengths = [way for way, _ in ways(TWICE, np.array([[1.0, 0], [0, 2], [1, 0], [0, 2]]))]
    assert lengths[:3] == [AS_IS, CAMERA, GALLERY]
    assert PERSON not in lengths
    assert PERSON in [way for way, _ in ways(TWICE, np.eye(4))]
