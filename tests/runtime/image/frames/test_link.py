"""Tracks by overlap alone."""

from __future__ import annotations

import numpy as np

from edgehuman.runtime.image.frames.link import Links
from edgehuman.runtime.image.frames.results import Person


def at(*lefts: float) -> list[Person]:
    return [Person(np.array((x, 0, x + 10, 20), np.float32), 0.9) for x in lefts]


def test_people_keep_their_tracks_while_their_boxes_overlap() -> None:
    links = Links()
    assert [person.track for person in links.follow(at(0, 100), 0.0)] == ["1", "2"]
    assert [person.track for person in links.follow(at(103, 3, 200), 0.1)] == ["2", "1", "3"]
    assert links.follow([], 0.2) == ()
    assert [person.track for person in links.follow(at(4), 0.9)] == ["1"]
    assert [person.track for person in links.follow(at(4, 100), 2.5)] == ["4", "5"]


def test_two_boxes_on_one_are_two_people() -> None:
    links = Links()
    links.follow(at(0), 0.0)
    assert [person.track for person in links.follow(at(1, 0), 0.1)] == ["2", "1"]
