"""Which way somebody faces and goes, whatever the sides are called."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.skeleton.screening import ALL_ROUND, mirrored, no_faces, swapped_sides
from edgehuman.preprocess.skeleton.motion.way import walks_backwards, way_of, ways_of
from edgehuman.records import Float32
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.idle import simulate_idle
from edgehuman.simulate.skeleton.walks import simulate_skeletons

# In front (0) and behind (180) no knee shows which way it bends.
OBLIQUE = Cameras(views_deg=(30, 60, 90, 120, 150, 210, 240, 270, 300, 330))


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(5, 10, seed=41, cameras=OBLIQUE).skeleton_NTJ3


def test_who_faces_where_they_go_walks_forwards(walks: Float32) -> None:
    """The way of a walk from 90 degrees is to the left of the picture, from 270 to the right."""
    side = simulate_skeletons(4, 2, seed=1, cameras=Cameras(views_deg=(90, 270)))
    for walk, view in zip(side.skeleton_NTJ3, side.view_deg_N.tolist(), strict=True):
        way = way_of(walk, 24.0)
        assert way is not None
        assert (way.faces, way.goes) == ((-1, -1) if view == 90 else (1, 1))
    for made in (walks, swapped_sides(walks), no_faces(walks), mirrored(walks)):
        assert not any(walks_backwards(walk, 24.0) for walk in made)


def test_time_reversed_is_backwards_whatever_the_sides_are_called(walks: Float32) -> None:
    for made in (walks, swapped_sides(walks), no_faces(walks)):
        assert all(walks_backwards(walk[::-1], 24.0) for walk in made)
    assert np.mean([walks_backwards(walk[:36][::-1], 24.0) for walk in walks]) > 0.95


def test_somebody_who_walks_backwards_is_told_from_oblique_views() -> None:
    back = simulate_idle("walks backwards", 12, 3, cameras=OBLIQUE)
    assert np.mean([walks_backwards(walk, 24.0) for walk in back]) > 0.9


def test_in_front_and_behind_nothing_is_said() -> None:
    front = simulate_skeletons(6, 2, seed=2, cameras=Cameras(views_deg=(0, 180), view_spread_deg=0))
    for walk in front.skeleton_NTJ3:
        assert not walks_backwards(walk[::-1], 24.0)
    way = way_of(front.skeleton_NTJ3[front.view_deg_N == 0][0], 24.0)
    assert way is not None
    assert way.grows > 0.1  # who is seen from the front comes closer
    assert way.faces == 0


def test_without_a_trunk_there_is_no_way(walks: Float32) -> None:
    assert way_of(np.zeros((48, 18, 3), np.float32), 24.0) is None
    assert ways_of(walks[0][:10], 24.0) == []
    assert not walks_backwards(walks[0][:10], 24.0)


def test_right_walks_of_all_views_are_forwards() -> None:
    made = simulate_skeletons(6, 12, seed=43, cameras=ALL_ROUND).skeleton_NTJ3
    assert not any(walks_backwards(walk, 24.0) for walk in made)
