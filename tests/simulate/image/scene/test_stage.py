"""A stage: who is drawn where they walk, and a walk is turned without being changed."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import SKELETON_26
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.schedule import Bout
from edgehuman.simulate.body.walker import Motion, walk
from edgehuman.simulate.image.scene.stage import passer, stage

PELVIS = SKELETON_26.index("pelvis")


@pytest.fixture(scope="module")
def motion() -> Motion:
    return walk(sample_person(3), [Bout("walking", 4.0)], 24.0, 3)


def test_a_walk_is_turned_and_moved_and_stays_the_same_walk(motion: Motion) -> None:
    left = passer(3, motion, 0.5, 3.5, 0.0, (1.0, 0.5))
    right = passer(3, motion, 0.5, 3.5, np.pi, (0.0, -1.0), at_s=10.0)
    for made in (left, right):
        bones = np.diff(made.joints_TJ3, axis=1)
        wanted = np.diff(motion.joints_TJ3[12:84], axis=1)
        assert np.linalg.norm(bones, axis=-1) == pytest.approx(np.linalg.norm(wanted, axis=-1))
    way_2 = left.joints_TJ3[-1, PELVIS, :2] - left.joints_TJ3[0, PELVIS, :2]
    assert way_2[0] > 1.0
    assert way_2[1] == pytest.approx(0.0, abs=1e-9)
    assert right.joints_TJ3[-1, PELVIS, 0] < right.joints_TJ3[0, PELVIS, 0]
    assert left.joints_TJ3[..., 2].min() == pytest.approx(0.0, abs=0.05)
    assert left.body(0.49) is not None  # the nearest frame
    assert (left.body(0.4), left.body(3.6)) == (None, None)
    assert right.body(10.0) is not None
    assert right.body(9.9) is None


def test_who_is_there_is_seen_in_their_box_and_nowhere_else(motion: Motion) -> None:
    where = stage(1, 180, 320)
    made = passer(3, motion, 0.5, 3.5, 0.0, (0.0, 0.0), at_s=0.0)
    empty_HWC, seen_HWC = (where.frame(each, 1.5).astype(int) for each in ([], [made]))
    assert empty_HWC.shape == (180, 320, 3)
    body = made.body(1.5)
    assert body is not None
    x0, y0, x1, y1 = where.box(body).round().astype(int).tolist()
    assert 0 < x0 < x1 < 320
    assert 50 < y1 - y0 < 150
    apart_HW = np.abs(seen_HWC - empty_HWC).max(axis=-1) > 40
    inside = np.zeros_like(apart_HW)
    inside[y0 - 4 : y1 + 6, x0 - 8 : x1 + 8] = True
    assert apart_HW[inside].mean() > 0.15
    # The shadow on the ground lies outside, and is weak.
    assert apart_HW[: y1 - 20][~inside[: y1 - 20]].mean() < 0.005


def test_the_nearer_hides_the_farther(motion: Motion) -> None:
    where = stage(1, 180, 320)
    near = passer(3, motion, 0.5, 3.5, 0.0, (0.0, 1.5), at_s=0.0)
    far = passer(4, motion, 0.5, 3.5, 0.0, (0.0, -1.5), at_s=0.0)
    body = near.body(1.5)
    assert body is not None
    x0, y0, x1, y1 = where.box(body).round().astype(int).tolist()
    trunk = (
        slice(y0 + (y1 - y0) // 4, y0 + (y1 - y0) // 2),
        slice((x0 + x1) // 2 - 2, (x0 + x1) // 2 + 2),
    )
    alone, both = where.frame([near], 1.5)[trunk], where.frame([far, near], 1.5)[trunk]
    assert np.abs(alone.astype(int) - both).max() < 40
