"""The mean person of a gallery, by hand and as what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait import centring
from edgehuman.metrics.gait.centring import PRIOR_PEOPLE, centred, compared_by, people_centre, unit
from edgehuman.metrics.gait.protocols import GALLERY, PROBE, GaitVectors
from edgehuman.metrics.gait.strangers import judged_scores, stranger_threshold
from edgehuman.metrics.retrieval import Distance, Scorer, Sightings, distances
from edgehuman.records import Float32, Index
from edgehuman.runtime.gallery import Gallery


def moved(people: int, walks: int, shift: float, seed: int = 0) -> tuple[Float32, Index]:
    """Walks of people in 3 parts of 16 numbers, all moved the same way; and their people."""
    rng = np.random.default_rng(seed)
    own = np.repeat(rng.normal(size=(people, 3, 16)), walks, axis=0)
    way = np.random.default_rng(99).normal(size=(3, 16))
    made = unit(own + 0.5 * rng.normal(size=own.shape) + shift * way)
    return made.astype(np.float32), np.repeat(np.arange(people), walks)


def test_people_count_alike_however_often_they_walk() -> None:
    # Ann along x three times, of any length; bob along y once.
    feature_GD = np.array([[1, 0], [2, 0], [9, 0], [0, 0.5]])
    person_G = np.array([4, 4, 4, 7])
    weight = 1 / (2 + PRIOR_PEOPLE)
    np.testing.assert_allclose(people_centre(feature_GD, person_G), [[weight, weight]])
    np.testing.assert_allclose(
        people_centre(feature_GD, person_G, without=4), [[0, 1 / (1 + PRIOR_PEOPLE)]]
    )
    np.testing.assert_allclose(people_centre(feature_GD, person_G, prior=2), [[0.25, 0.25]])
    np.testing.assert_array_equal(people_centre(feature_GD[:1], person_G[:1], without=4), [[0, 0]])


def test_a_large_gallery_is_read_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    feature_NPD, person_N = moved(5, 4, 1.0)
    whole = people_centre(feature_NPD, person_N)
    monkeypatch.setattr(centring, "_BLOCK", 3)
    np.testing.assert_allclose(people_centre(feature_NPD, person_N), whole, atol=1e-12)


def test_no_vector_vanishes_and_one_of_no_length_is_told() -> None:
    feature_GD = np.array([[1.0, 0]])
    centre = people_centre(feature_GD, np.array([0]))
    np.testing.assert_allclose(centred(feature_GD[:, None], centre), [[[1, 0]]])
    with pytest.raises(DataError, match="1 features of length 0"):
        people_centre(np.zeros((1, 2)), np.array([0]))


@pytest.mark.parametrize("people", [1, 2, 5, 40])
def test_the_same_walk_has_the_score_1_and_all_ways_of_scoring_agree(people: int) -> None:
    feature_NPD, person_N = moved(people, 2, 2.0)
    held = Sightings(feature_NPD, person_N)
    distance_NN = distances(held, held, "centred")
    np.testing.assert_allclose(np.diag(distance_NN), 0, atol=1e-9)
    scorer = Scorer(held, "centred")
    np.testing.assert_allclose(scorer.scores(feature_NPD[0]), 1 - distance_NN[0], atol=1e-12)
    names = tuple(f"P{p}" for p in person_N)
    walks = tuple(f"w{n}" for n in range(len(names)))
    gallery = Gallery("a" * 64, "m", "centred", feature_NPD, names, walks)
    np.testing.assert_allclose(gallery.scores(feature_NPD[0]), 1 - distance_NN[0], atol=1e-12)


def test_by_hand() -> None:
    held = Sightings(np.array([[1.0, 0], [0, 1]]), np.array([0, 1]))
    asked = Sightings(np.array([[3.0, 0]]), np.array([0]))
    # The centre is (0.2, 0.2): (0.8, -0.2) with itself and with (-0.2, 0.8).
    expected = [1.0, (2 * 0.8 * -0.2) / (0.8**2 + 0.2**2)]
    np.testing.assert_allclose(1 - distances(asked, held, "centred")[0], expected, atol=1e-9)


def test_what_a_camera_does_to_everybody_lets_no_more_strangers_pass() -> None:
    """The threshold of one place at another, where all vectors are moved the same way."""
    feature_NPD, person_N = moved(60, 2, 0.0)
    role_N = np.tile([GALLERY, PROBE], 60)
    blank_N = np.full(120, "")
    here = GaitVectors(feature_NPD, person_N.astype(str), blank_N, blank_N, role_N)
    for people in (3, 10, 60):
        there_NPD, person_N = moved(people, 1, 1.0, seed=people)
        held = Sightings(there_NPD, person_N)
        stranger_NPD, _ = moved(400, 1, 1.0, seed=1000)
        asked = Sightings(stranger_NPD, np.arange(400))
        passed: dict[Distance, float] = {}
        ways: tuple[Distance, ...] = ("cosine", "centred")
        for way in ways:
            threshold = stranger_threshold(here, way)
            best_Q = 1 - distances(asked, held, way).min(axis=1)
            passed[way] = float((best_Q >= threshold).mean())
        assert passed["cosine"] > 0.7
        assert passed["centred"] < 0.15


def test_a_stranger_is_not_in_the_mean_of_the_gallery() -> None:
    feature_NPD, person_N = moved(6, 2, 1.0)
    held = Sightings(feature_NPD[::2], person_N[::2])
    asked = Sightings(feature_NPD[1::2], person_N[1::2])
    seen = []
    for index_Q, known_QG, stranger_QG in judged_scores(asked, held, "centred"):
        for q, known_G, stranger_G in zip(index_Q.tolist(), known_QG, stranger_QG, strict=True):
            seen.append(q)
            others = asked.person_N[q] != held.person_N
            rest = Sightings(held.feature_NX[others], held.person_N[others])
            one = Sightings(asked.feature_NX[q : q + 1], asked.person_N[q : q + 1])
            np.testing.assert_allclose(
                stranger_G[others], 1 - distances(one, rest, "centred")[0], atol=1e-9
            )
            np.testing.assert_allclose(known_G, 1 - distances(one, held, "centred")[0], atol=1e-9)
            assert not np.allclose(stranger_G[others], known_G[others], atol=1e-3)
    assert sorted(seen) == list(range(6))


def test_of_many_people_one_moves_the_mean_too_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.metrics.gait.strangers.MOST_LEFT_OUT", 5)
    feature_NPD, person_N = moved(6, 2, 1.0)
    held = Sightings(feature_NPD, person_N)
    ((index_Q, known_QG, stranger_QG),) = judged_scores(held, held, "centred")
    assert index_Q.tolist() == list(range(12))
    assert stranger_QG is known_QG


def test_ways_of_comparing_in_words() -> None:
    assert compared_by("cosine") == "cosine"
    assert compared_by("centred") == "cosine, less the gallery's mean person"
