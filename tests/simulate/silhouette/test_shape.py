"""Shapes of bodies: kept by the person, dressed by the day."""

from __future__ import annotations

import numpy as np

from edgehuman.simulate.gait.strollers import CARRIED
from edgehuman.simulate.silhouette.shape import dress, sample_shape

DAY = np.array([[0.5, 0.6, 0.2, 1.0]])


def test_a_shape_belongs_to_the_person() -> None:
    one = dict(sample_shape(3, 7))
    sample_shape.cache_clear()
    assert dict(sample_shape(3, 7)) == one
    assert sample_shape(3, 8)["thigh"] != one["thigh"]
    assert sample_shape(4, 7)["thigh"] != one["thigh"]


def test_people_differ_as_people_do() -> None:
    shapes = [sample_shape(0, person) for person in range(300)]
    waist, thigh, chest = (
        np.array([one[name] for one in shapes]) for name in ("waist_side", "thigh", "chest_side")
    )
    assert 0.06 < waist.std() / waist.mean() < 0.25
    # Who has a wide waist has thick thighs.
    assert 0.3 < np.corrcoef(waist, thigh)[0, 1] < 0.95
    assert 0.08 < chest.mean() < 0.1
    for name, low, high in (
        ("long_hair", 0.2, 0.36),
        ("tied_hair", 0.07, 0.18),
        ("cap", 0.04, 0.13),
    ):
        assert low < np.mean([one[name] for one in shapes]) < high
    assert 0.06 < np.mean([one["skirt"] > 0 for one in shapes]) < 0.2


def test_coats_and_bags_come_with_their_conditions() -> None:
    normal, bag, coat = (dress(0, [5], [2], np.array([k]), DAY) for k in range(3))
    assert (normal["coat"][0], normal["coat_hem"][0], normal["bag"][0]) == (0.0, 0.0, -1.0)
    assert coat["coat"][0] > 0.005
    assert 0.4 <= coat["coat_hem"][0] <= 1.1
    assert coat["bag"][0] == -1.0
    # 0.6 of four kinds is the third, on the left, at its largest.
    assert CARRIED[int(bag["bag"][0])] == "in the hand"
    assert (bag["bag_left"][0], bag["bag_size"][0], bag["coat"][0]) == (1.0, 1.4, 0.0)
    for name in ("thigh", "waist_fore", "head_up", "long_hair", "skirt"):
        assert normal[name] == bag[name] == coat[name] == sample_shape(0, 5)[name]


def test_clothes_sit_a_little_otherwise_each_day() -> None:
    one, other = (dress(0, [5], [walk], np.array([0]), DAY)["trousers"][0] for walk in (0, 1))
    assert one != other
    assert 0.6 < one / other < 1.6
