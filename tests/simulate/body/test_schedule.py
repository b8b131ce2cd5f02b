"""Schedules: joined, labelled, of the length that was asked for; impossible ones are refused."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edgehuman.errors import UsageError
from edgehuman.simulate.body.activities import ACTIVITIES, SIX, posture_after, posture_before
from edgehuman.simulate.body.schedule import Bout, check_schedule, random_schedule, with_transitions


def test_the_six_of_uci_har_keep_their_numbers() -> None:
    assert ACTIVITIES[:6] == SIX
    assert SIX == (
        "walking",
        "walking_upstairs",
        "walking_downstairs",
        "sitting",
        "standing",
        "laying",
    )


@pytest.mark.parametrize("minutes", [0.1, 1.0, 7.5, 60.0])
def test_a_random_day_is_joined_and_as_long_as_asked(minutes: float) -> None:
    for seed in range(5):
        day = random_schedule(seed, minutes)
        check_schedule(day)
        assert day[0].activity == "standing"
        assert sum(bout.duration_s for bout in day) == pytest.approx(60 * minutes)
        assert all(
            posture_after(a.activity) == posture_before(b.activity) for a, b in pairwise(day)
        )


def test_an_hour_holds_every_activity_and_transition() -> None:
    seen = {bout.activity for seed in range(3) for bout in random_schedule(seed, 60)}
    assert seen == set(ACTIVITIES)


def test_the_same_seed_gives_the_same_day() -> None:
    assert random_schedule(3, 5) == random_schedule(3, 5)
    assert random_schedule(3, 5) != random_schedule(4, 5)


def test_transitions_are_put_in_where_they_are_missing() -> None:
    made = with_transitions([Bout("walking", 5), Bout("laying", 5), Bout("sitting", 5)])
    assert [bout.activity for bout in made] == [
        "walking",
        "stand_to_lie",
        "laying",
        "lie_to_sit",
        "sitting",
    ]


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ([], "empty"),
        ([Bout("swimming", 5)], "'swimming'; valid: walking"),
        ([Bout("walking", 0.2)], "0.2 s.*at least 1.0"),
        ([Bout("walking", float("nan"))], "nan"),
        ([Bout("walking", 5), Bout("sitting", 5)], "with_transitions"),
    ],
)
def test_an_impossible_schedule_is_refused(schedule: list[Bout], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_schedule(schedule)


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_length_is_refused(minutes: float) -> None:
    with pytest.raises(UsageError, match="minutes is"):
        random_schedule(0, minutes)


def test_a_negative_seed_is_refused() -> None:
    with pytest.raises(UsageError, match="seed is -1"):
        random_schedule(-1, 1)
