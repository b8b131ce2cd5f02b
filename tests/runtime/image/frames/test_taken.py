"""One frame of a source."""

from __future__ import annotations

import time

import numpy as np

from edgehuman.runtime.image.frames.taken import TakenFrame, array_frame, too_small


def test_the_age_of_a_frame_grows_from_where_it_left_its_source() -> None:
    taken = TakenFrame("0", 0, grabbed_ns=time.monotonic_ns() - 5_000_000)
    assert 5 <= taken.age_ms < 5000
    assert TakenFrame("0", 0).age_ms == 0
    assert array_frame(np.zeros((8, 8, 3), np.uint8), 0).age_ms > 0


def test_the_least_side() -> None:
    assert too_small(8, 8) == ""
    assert too_small(7, 800) == "frames of 800x7 pixels; each side must be at least 8"
