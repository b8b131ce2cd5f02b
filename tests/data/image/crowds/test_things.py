"""Things hide what is behind them, and are painted where they hide."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.crowds.plan import Thing
from edgehuman.data.image.crowds.things import cover, paint_thing, pieces

SHAPES = ("pole", "box", "bench", "bush", "sign", "bin")
BOX = (40.0, 20.0, 60.0, 80.0)


def test_a_box_hides_its_rectangle() -> None:
    taken_HW = np.zeros((60, 50), bool)
    cover(taken_HW, Thing("box", BOX, (100.0, 100.0, 100.0), 1), shrink=2)
    assert taken_HW[10:40, 20:30].all()
    assert np.count_nonzero(taken_HW) <= 31 * 11


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_painted_is_what_hides(shape: str) -> None:
    thing = Thing(shape, BOX, (250.0, 250.0, 250.0), 5)
    assert pieces(thing) == pieces(thing)
    scene_HWC = np.zeros((120, 100, 3), np.float32)
    paint_thing(scene_HWC, thing, np.zeros((120, 100), np.float32))
    taken_HW = np.zeros((120, 100), bool)
    cover(taken_HW, thing, shrink=1)
    np.testing.assert_array_equal(scene_HWC.sum(axis=2) > 0, taken_HW)


def test_outside_the_frame_nothing_is_painted() -> None:
    scene_HWC = np.zeros((10, 10, 3), np.float32)
    paint_thing(scene_HWC, Thing("box", BOX, (250.0,) * 3, 5), np.zeros((10, 10), np.float32))
    assert not scene_HWC.any()
