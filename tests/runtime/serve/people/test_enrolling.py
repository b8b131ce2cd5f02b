"""Who walks before a run of several sources: whose track is asked for, and who hears of changes."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.serve.people.enrolling import LEAST_WINDOWS, Enrolling
from edgehuman.runtime.serve.people.keeper import Taken


class Source:
    """Tracks with so many windows each; some leave between two questions."""

    def __init__(self, **windows: int) -> None:
        self.there, self.leaves = windows, False
        self.galleries: list[Gallery] = []

    def windows(self) -> dict[str, int]:
        return self.there

    def taken(self, track: str) -> Taken | None:
        return None if self.leaves else Taken(np.ones(2, np.float32), self.there[track], track)

    def use(self, gallery: Gallery) -> None:
        self.galleries.append(gallery)


def gallery(*names: str) -> Gallery:
    return Gallery("a", "m", "cosine", np.ones((len(names), 2), np.float32), names, names)


def test_a_track_is_taken_from_the_source_that_has_it() -> None:
    enrolling = Enrolling()
    for source in (Source(a=4, b=1), Source(c=9)):
        enrolling.add(source)
    assert enrolling.now() == [
        {"track": track, "windows": count, "needed": LEAST_WINDOWS}
        for track, count in (("a", 4), ("b", 1), ("c", 9))
    ]
    assert enrolling.taken("c").began == "c"
    with pytest.raises(DataError, match="track b was seen for too short a time: 1 windows, and 4"):
        enrolling.taken("b")
    with pytest.raises(DataError, match="track d has left"):
        enrolling.taken("d")


def test_a_track_that_leaves_while_it_is_asked_for_is_nobody() -> None:
    enrolling, source = Enrolling(), Source(a=4)
    enrolling.add(source)
    source.leaves = True
    with pytest.raises(DataError, match="Nobody was enrolled"):
        enrolling.taken("a")


def test_every_source_knows_the_newest_gallery_also_one_that_comes_later() -> None:
    enrolling, first, later = Enrolling(), Source(), Source()
    enrolling.add(first)
    assert enrolling.knows("ANNA")
    enrolling.use(gallery("BOB"))
    enrolling.add(later)
    assert [each.person_G for each in (*first.galleries, *later.galleries)] == [("BOB",), ("BOB",)]
    assert (enrolling.knows("ANNA"), enrolling.knows("BOB")) == (False, True)
