"""A standing figure as solids, seen from in front and from the side: breadths and parts by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.silhouette.figure import LOSABLE, Solid, body_of, solids_of
from edgehuman.simulate.silhouette.shape import dress
from edgehuman.simulate.silhouette.solids import Sight, outline

_PLACES = {
    "pelvis": (0, 0, 0.90), "neck": (0, 0, 1.39), "head_top": (0, 0, 1.70), "hip": (0, 0.09, 0.90),
    "knee": (0, 0.09, 0.48), "ankle": (0, 0.09, 0.07), "heel": (-0.06, 0.09, 0),
    "toe": (0.2, 0.09, 0),
    "shoulder": (0, 0.18, 1.39), "elbow": (0, 0.22, 1.10), "wrist": (0, 0.23, 0.83),
    "hand": (0, 0.23, 0.74),
}  # fmt: skip


def standing() -> Float64:
    """(26, 3, 1): 1.70 m, facing x."""
    made = np.zeros((26, 3, 1))
    for j, name in enumerate(SKELETON_26):
        side, _, part = name.rpartition("_") if name[:2] in ("r_", "l_") else ("", "", name)
        if part in _PLACES or name in _PLACES:
            x, y, z = _PLACES[name if name in _PLACES else part]
            made[j, :, 0] = (x, -y if side == "r" else y, z)
    return made


def sight(azimuth_deg: float) -> Sight:
    """Level, from 1000 m away: 1 pixel is 1 mm; the middle is at half height."""
    a = np.radians(azimuth_deg)
    ahead = -np.array([[np.cos(a)], [np.sin(a)], [0.0]])
    right = np.array([[-np.sin(a)], [np.cos(a)], [0.0]])
    place = -1000.0 * ahead + np.array([[0.0], [0.0], [0.85]])
    down = np.array([[0.0], [0.0], [-1.0]])
    return Sight(place, right, down, ahead, np.zeros((2, 1)), np.array([1e6]), (0.0, 0.0))


def figure(
    condition: int = 0, day: tuple[float, ...] = (0.5, 0.1, 0.9, 0.5), **more: float
) -> list[Solid]:
    shape = dress(0, [1], [0], np.array([condition]), np.array([day]))
    shape.update(skirt=np.zeros(1), cap=np.zeros(1), long_hair=np.zeros(1), tied_hair=np.zeros(1))
    shape.update({name: np.array([value]) for name, value in more.items()})
    body = body_of(standing(), np.array([[1.0], [0.0], [0.0]]), np.array([1.70]), shape)
    return [one for one in solids_of(body) if one.there_F is None or one.there_F.all()]


def extent(solids: list[Solid], azimuth_deg: float) -> list[float]:
    """Left, top, right, bottom, millimetres from the middle."""
    points = np.concatenate([outline(sight(azimuth_deg), one.blobs)[0] for one in solids])
    return [*points.min(axis=0).tolist(), *points.max(axis=0).tolist()]


def test_the_figure_is_as_tall_as_the_person_and_stands_on_the_ground() -> None:
    for azimuth_deg in (0.0, 60.0, 90.0):
        _, top, _, bottom = extent(figure(hair=0.0), azimuth_deg)
        assert top == pytest.approx(-850, abs=15)
        assert bottom == pytest.approx(850, abs=15)


def test_it_is_wide_from_in_front_and_narrow_from_the_side_but_for_the_feet() -> None:
    trunk = figure()[:3]
    left, _, right, _ = extent(trunk, 0.0)
    behind, _, ahead, _ = extent(trunk, 90.0)
    assert 380 < right - left < 520
    assert 200 < ahead - behind < 340
    feet = [one for one in figure() if one.part.endswith("foot")]
    assert extent(feet, 90.0)[2] - extent(feet, 90.0)[0] == pytest.approx(320, abs=60)
    # The same from both sides, mirrored.
    assert extent(figure(), 90.0)[2] == pytest.approx(-extent(figure(), -90.0)[0], abs=1e-6)


def test_a_person_is_the_same_on_the_left_and_on_the_right() -> None:
    left, _, right, _ = extent(figure(), 0.0)
    assert left == pytest.approx(-right, abs=1e-6)


@pytest.mark.parametrize(
    ("kind", "azimuth_deg", "edge"), [(0, 90.0, 2), (1, 0.0, 0), (2, 0.0, 3), (3, 0.0, 0)]
)
def test_a_bag_shows_where_it_is_carried(kind: int, azimuth_deg: float, edge: int) -> None:
    """On the back from the side; over the right shoulder or arm, at the right side; a hand's bag
    below the hand.
    """
    plain = figure()
    carrying = figure(1, (0.5, 0.25 * kind + 0.1, 0.9, 1.0))
    assert len(carrying) == len(plain) + 1
    bag = [carrying[-1]]
    seen = extent(bag, azimuth_deg)
    if kind == 0:
        # From the left, the person walks to the picture's left, and the back is on the right.
        assert seen[2] > extent(plain[:3], 90.0)[2] + 50
        assert -600 < seen[1] < seen[3] < 100
    elif kind == 2:
        assert 850 - 740 + 50 < seen[3] < 500
    else:
        # The person's right is on the left of a picture from in front.
        assert seen[0] < extent(plain[:3], 0.0)[0] + 100


def test_a_coat_hides_the_upper_legs_and_widens_the_trunk() -> None:
    plain, coat = figure(), figure(2)
    hem = coat[-1]
    _, top, _, bottom = extent([hem], 0.0)
    # From the hips to below the middle of the thigh: 0.9 m and 0.7 m above the ground.
    assert top < 850 - 900
    assert bottom > 850 - 750
    assert extent(coat[:3], 0.0)[2] > extent(plain[:3], 0.0)[2] + 10


def test_what_can_be_lost_is_there_to_be_lost() -> None:
    assert {one.part for one in figure()} == {"", *LOSABLE}
