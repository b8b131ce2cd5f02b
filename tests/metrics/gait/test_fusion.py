"""Two scores as one: by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.metrics.gait.fusion import best_of_people, fused, share_of, stranger_deviation
from edgehuman.metrics.retrieval import Sightings


def walks(*degrees: float, people: tuple[int, ...]) -> Sightings:
    turn_N = np.radians(degrees)
    return Sightings(np.stack([np.cos(turn_N), np.sin(turn_N)], axis=1), np.array(people))


def test_the_deviation_is_that_of_scores_between_different_people() -> None:
    """Two people at 0 and 60 degrees, and one at 90: cosines 0.5, 0 and cos 30."""
    scores = (0.5, 0.0, math.cos(math.radians(30)))
    found = stranger_deviation(walks(0, 60, 90, people=(0, 1, 2)), "cosine")
    assert found == pytest.approx(np.std(scores))
    # One more walk of the first is compared with the others alone: 0.5 and 0 twice, cos 30 once.
    again = stranger_deviation(walks(0, 60, 90, 0, people=(0, 1, 2, 0)), "cosine")
    assert again == pytest.approx(np.std((0.5, 0.5, 0.0, 0.0, scores[2])))


def test_scores_of_one_person_and_scores_that_do_not_differ_are_refused() -> None:
    with pytest.raises(DataError, match="two people"):
        stranger_deviation(walks(0, 10, people=(4, 4)), "cosine")
    with pytest.raises(DataError, match="the same"):
        stranger_deviation(walks(0, 90, people=(0, 1)), "cosine")


def test_the_mean_ranks_as_the_sum_of_scores_in_deviations() -> None:
    rng = np.random.default_rng(0)
    first_P, second_P = rng.normal(0.9, 0.02, 50), rng.normal(0.4, 0.1, 50)
    share = share_of(0.02, 0.1)
    assert share == pytest.approx(5 / 6)
    summed_P = (first_P - 0.9) / 0.02 + (second_P - 0.4) / 0.1
    mean_P = fused(first_P, second_P, share)
    assert np.argsort(mean_P).tolist() == np.argsort(summed_P).tolist()
    assert float(fused(np.array(1.0), np.array(1.0), share)) == pytest.approx(1.0)


def test_a_person_has_the_score_of_their_nearest_walk() -> None:
    score_QG = np.array([[0.1, 0.9, 0.5], [0.7, 0.2, 0.3]])
    found = best_of_people(score_QG, np.array([2, 0, 2]), 3)
    assert found.tolist() == [[0.9, -np.inf, 0.5], [0.2, -np.inf, 0.7]]
