"""Times of frames, of stamps, and of files that have them in part."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared
from edgehuman.preprocess.skeleton.formats.people import Person
from edgehuman.preprocess.skeleton.formats.times import timed
from edgehuman.preprocess.skeleton.reading import RawPose

NONE = math.nan


def person(
    position: int, frame: int = -1, t_s: float = NONE, clock: float = NONE, track: str | None = None
) -> Person:
    pose = RawPose(np.ones((17, 3)), t_s, frame, track, where=f"a.json: object {position}")
    return Person(pose, clock, position)


def seconds(people: list[Person], declared: Declared = UNDECLARED) -> list[float]:
    return [each.pose.t_s for each in timed(people, declared)[0]]


def test_frames_become_seconds_by_the_stated_rate() -> None:
    found, rate_hz, remarks = timed([person(0, 10), person(1, 12)], Declared(rate_hz=20.0))
    assert ([each.pose.t_s for each in found], rate_hz, remarks) == ([0.5, 0.6], 20.0, ())
    said = timed([person(0, 24)], UNDECLARED)[2]
    assert said == ("24 frames per second are assumed: the files do not state it; give --rate-hz",)


def test_seconds_count_before_stamps_and_these_before_frames() -> None:
    assert seconds([person(0, 5, 1.0, 9000.0), person(1, 6, 1.5, 9500.0)]) == [1.0, 1.5]
    assert seconds([person(0, 5, NONE, 9000.0), person(1, 6, 1.5, 9033.0)]) == [9.0, 9.033]
    assert seconds([person(0, 24, NONE, 9000.0), person(1, 48, 1.5)]) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ({"frame": 3}, "a.json: object 2: it has no frame number, which 3 of 4 poses have"),
        ({"t_s": 0.3}, "a.json: object 2: it has no t, which 3 of 4 poses have"),
        ({"clock": 33.0}, "a.json: object 2: it has no timestamp, which 3 of 4 poses have"),
    ],
)
def test_a_time_that_one_object_lacks_is_not_counted(lacking: dict[str, float], said: str) -> None:
    people = [person(k, **lacking) for k in (0, 1, 3)]  # type: ignore[arg-type]
    with pytest.raises(DataError, match=said):
        timed([*people[:2], person(2), people[2]], UNDECLARED)


def test_a_file_without_any_is_counted_by_object_or_by_person() -> None:
    assert seconds([person(0), person(1), person(2)]) == [0, 1 / 24, 2 / 24]
    several = [person(k, track=track) for k, track in enumerate("abab")]
    assert seconds(several) == [0, 0, 1 / 24, 1 / 24]
    assert timed([], UNDECLARED) == ([], 0.0, ())
