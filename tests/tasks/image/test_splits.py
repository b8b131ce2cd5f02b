"""Nobody is in two splits; images without an identity are split one by one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.tasks.image.splits import split_people
from tests.tasks.people import made_people


def test_people_are_held_out_whole() -> None:
    persons = made_people(people=8, each=6)
    splits = split_people(persons, 0.34, seed=0)
    sides = [set(persons.person_N[index_K].tolist()) for index_K in (splits.learn, splits.select)]
    assert [len(side) for side in sides] == [4, 2]
    assert not sides[0] & sides[1]
    assert set(persons.person_N[splits.test].tolist()) == {6, 7}
    assert len(splits.learn) + len(splits.select) + len(splits.test) == len(persons)
    assert not np.array_equal(splits.select, split_people(persons, 0.34, seed=1).select)


def test_images_without_identity_are_split_one_by_one() -> None:
    persons = made_people(people=6, each=4)
    unnamed = dataclasses.replace(persons, person_N=np.full(len(persons), -1))
    splits = split_people(unnamed, 0.25, seed=0)
    assert (len(splits.learn), len(splits.select)) == (12, 4)


@pytest.mark.parametrize("named", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("knows_people", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_nothing_of_one_video_is_in_two_splits(named: float, knows_people: bool, seed: int) -> None:
    """Nor of one person, where people are known: who is in two videos joins them."""
    persons = made_people(people=14, each=4)
    rng = np.random.default_rng(seed)
    # Two people a video; one picture joins two videos.
    source_N = np.array([f"video {person // 2}" for person in persons.person_N], object)
    source_N[rng.random(len(persons)) >= named] = ""
    person_N = persons.person_N if knows_people else np.full(len(persons), -1)
    if named == 1:
        source_N[0] = source_N[10]
    videos = dataclasses.replace(persons, source_N=source_N.astype(np.str_), person_N=person_N)
    splits = split_people(videos, 0.3, seed)
    assert len(splits.learn)
    assert len(splits.select)
    assert not set(splits.learn) & set(splits.select)
    for of_N in (videos.source_N, person_N):
        sides = [set(of_N[index_K].tolist()) for index_K in (splits.learn, splits.select)]
        assert not sides[0] & sides[1] - {"", -1}


def test_people_alone_count_for_retrieval() -> None:
    persons = made_people(people=8)
    videos = dataclasses.replace(persons, source_N=np.full(len(persons), "one video"))
    retrieval = split_people(videos, 0.3, seed=0, task="reid")
    assert np.array_equal(retrieval.select, split_people(persons, 0.3, seed=0, task="reid").select)
    with pytest.raises(DataError, match="1 training videos or photos that share nobody, too few"):
        split_people(videos, 0.3, seed=0, task="pose")


def test_nothing_held_out() -> None:
    assert len(split_people(made_people(), 0.0, seed=0).select) == 0


def test_retrieval_holds_at_least_two_people_out() -> None:
    persons = made_people(people=8)
    select = split_people(persons, 0.01, seed=0, task="reid").select
    assert len(np.unique(persons.person_N[select])) == 2


def test_too_few_to_split() -> None:
    persons = made_people(people=3)
    with pytest.raises(DataError, match="1 training people, too few to hold 1 out"):
        split_people(persons, 0.2, seed=0)
    without = dataclasses.replace(persons, role_N=np.full(len(persons), "test"))
    with pytest.raises(DataError, match="no training part for pose"):
        split_people(without, 0.2, seed=0, task="pose")
