"""Several poses of one track at one time."""

from __future__ import annotations

import numpy as np

from edgehuman.preprocess.skeleton.formats.doubles import are_few, without_doubles
from edgehuman.preprocess.skeleton.line import PoseLine
from tests.preprocess.skeleton.formats.written import walk

WALK = walk()


def line(frame: int, right_px: float = 0.0) -> PoseLine:
    return PoseLine(frame / 30, "7", WALK[frame] + np.array([right_px, 0, 0], np.float32))


def test_the_nearest_to_the_line_before_is_kept() -> None:
    away = line(1, 400)
    kept, doubled, apart = without_doubles([line(0), away, line(1), line(2)])
    assert (doubled, apart) == (1, 1)
    for frame, each in enumerate(kept):
        np.testing.assert_array_equal(each.joints_J3, WALK[frame])


def test_a_line_that_was_written_twice_is_one() -> None:
    kept, doubled, apart = without_doubles([line(0), line(0), line(1), line(1)])
    assert (len(kept), doubled, apart) == (2, 0, 0)


def test_a_body_in_one_place_is_not_two_people() -> None:
    kept, doubled, apart = without_doubles([line(0), line(0, 3)])
    assert (len(kept), doubled, apart) == (1, 1, 0)


def test_a_tenth_of_the_frames_are_few() -> None:
    assert are_few(6, 60)
    assert not are_few(7, 60)
    assert are_few(0, 0)
