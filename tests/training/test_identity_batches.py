"""Batches of P people with K samples each."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.training.identity_batches import pictures_of, pk_indices

PERSON_N = np.array([7, 7, 7, 3, 3, 3, 9, 9, 9, 5, 5, 5])


def test_every_person_has_the_same_number_of_samples() -> None:
    people = pictures_of(PERSON_N)
    chosen = pk_indices(people, 6, 3, 0, 0, 0, 1)
    assert len(set(chosen.tolist())) == 6
    assert [len(set(PERSON_N[chosen[i : i + 3]])) for i in (0, 3)] == [1, 1]


def test_two_steps_of_two_people_show_all_four() -> None:
    people = pictures_of(PERSON_N)
    seen = np.concatenate([pk_indices(people, 6, 3, step, 0, 0, 1) for step in (0, 1)])
    assert sorted(seen.tolist()) == list(range(12))


@pytest.mark.parametrize(("people", "each_step"), [(5, 2), (7, 3), (11, 4), (4, 4)])
def test_nobody_comes_twice_in_a_step_where_a_shuffle_ends(people: int, each_step: int) -> None:
    person_N = np.repeat(np.arange(people), 2)
    pictures, count_P = pictures_of(person_N), np.zeros(people)
    for step in range(60):
        found = np.unique(person_N[pk_indices(pictures, 2 * each_step, 2, step, 0, 0, 1)])
        assert len(found) == each_step
        count_P[found] += 1
    assert count_P.min() > 0.7 * count_P.mean()


def test_more_places_than_people_show_everybody() -> None:
    person_N = np.repeat(np.arange(3), 2)
    pictures = pictures_of(person_N)
    for step in range(9):
        chosen = pk_indices(pictures, 10, 2, step, 0, 0, 1)
        assert set(person_N[chosen]) == {0, 1, 2}


def test_pk_batches_depend_on_seed_and_step_and_processes_share_them() -> None:
    people = pictures_of(PERSON_N)
    first = pk_indices(people, 8, 2, 4, 1, 0, 2)
    assert np.array_equal(first, pk_indices(people, 8, 2, 4, 1, 0, 2))
    assert not np.array_equal(first, pk_indices(people, 8, 2, 5, 1, 0, 2))
    second = pk_indices(people, 8, 2, 4, 1, 1, 2)
    assert [*first, *second] == pk_indices(people, 8, 2, 4, 1, 0, 1).tolist()


def test_a_person_with_one_sample_is_kept_and_reported(
    capsys: pytest.CaptureFixture[str],
) -> None:
    people = pictures_of(np.array([0, 0, 1]))
    assert "1 of 2 people have only one sample" in capsys.readouterr().err
    chosen = pk_indices(people, 4, 2, 0, 0, 0, 1)
    assert sorted(chosen.tolist()) == [0, 1, 2, 2]


@pytest.mark.parametrize("person", [[0, 0, 0], [0, 1, 2]])
def test_nothing_to_compare_is_an_error(person: list[int]) -> None:
    with pytest.raises(DataError, match=r"at least two people, .* several samples"):
        pictures_of(np.array(person))
