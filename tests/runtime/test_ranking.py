"""People by the score of their best walk."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.runtime.gallery import Identity
from edgehuman.runtime.ranking import Nearest, People, Ranking


def ranking() -> Ranking:
    return People(("ANNA", "BOB", "ANNA", "CARL")).rank(np.array([0.1, 0.5, 0.7, 0.5]))


def test_a_persons_score_is_that_of_their_best_walk() -> None:
    assert ranking().first() == ("ANNA", 0.7)
    assert list(ranking()) == [("ANNA", 0.7), ("BOB", 0.5), ("CARL", 0.5)]


def test_rankings_of_the_same_names_and_scores_are_equal() -> None:
    assert ranking() == ranking() == (("ANNA", 0.7), ("BOB", 0.5), ("CARL", 0.5))
    assert hash(ranking()) == hash(tuple(ranking()))
    assert ranking().rest().rest().rest() == ()
    assert ranking() != ranking().rest()
    assert ranking() != [*ranking()]
    other = People(("ANNA", "BOB", "CARL")).rank(np.array([0.7, 0.5, 0.4]))
    assert ranking() != other
    answers = [Identity("ANNA", 1.0, "ANNA", each) for each in (ranking(), ranking(), other)]
    assert answers[0] == answers[1] != answers[2]
    assert len({*answers}) == 2


def test_the_rest_is_a_sequence() -> None:
    rest = ranking().rest()
    assert len(rest) == 2
    assert rest[:1] == (("BOB", 0.5),)
    assert rest[-1] == ("CARL", 0.5)
    assert [*rest] == [("BOB", 0.5), ("CARL", 0.5)]
    with pytest.raises(IndexError):
        rest[2]
    assert not len(rest.rest().rest())


def test_people_among_some_walks_keep_their_order() -> None:
    people = People(("ANNA", "BOB", "ANNA", "CARL"))
    near = people.among(np.array([1, 2, 3]), np.array([0.5, 0.7, 0.5]))
    assert list(near) == [("ANNA", 0.7), ("BOB", 0.5), ("CARL", 0.5)]
    assert list(people.among(np.array([3]), np.array([0.5]))) == [("CARL", 0.5)]
    assert len(people) == 3


def test_the_nearest_are_known_and_the_others_are_made_when_asked_for() -> None:
    asked: list[int] = []

    def whole() -> Ranking:
        asked.append(1)
        return ranking()

    near = Nearest([("ANNA", 0.7), ("BOB", 0.5)], 3, whole)
    assert (len(near), near.first(), near[:2]) == (3, ("ANNA", 0.7), ranking()[:2])
    assert (near[1], near[-3], near[3:], near[:0]) == (("BOB", 0.5), ("ANNA", 0.7), (), ())
    assert near.rest()[:1] == (("BOB", 0.5),)
    assert not asked
    assert near[2] == near[-1] == ("CARL", 0.5)
    assert near[::-1] == ranking()[::-1]
    assert (near == ranking(), hash(near)) == (True, hash(ranking()))
    assert near.rest()[1] == ("CARL", 0.5)
    assert asked == [1]
    with pytest.raises(IndexError):
        near[3]
