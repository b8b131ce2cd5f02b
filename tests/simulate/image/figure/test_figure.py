"""A whole dressed body: which pieces it has, and what covers what from where."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.figure import figure, paint_order
from edgehuman.simulate.image.figure.rig import pose_rig
from tests.simulate.image.dressed import dressed, seen_from, standing


def painted(look: Look, azimuth_deg: float) -> list[str]:
    """Groups in the order in which they are painted, each once."""
    rig, body = figure(look, make_wardrobe(look)), standing(look)
    order = paint_order(pose_rig(rig, body), body, seen_from(azimuth_deg))
    assert sorted(order.tolist()) == list(range(len(rig.names)))  # every piece once
    group_of = {i: group for group, pieces in rig.groups.items() for i in pieces}
    return list(dict.fromkeys(group_of[i] for i in order.tolist()))


def test_the_pieces_of_a_person() -> None:
    look = dressed()
    rig = figure(look, make_wardrobe(look))
    assert set(rig.groups) == {
        "trunk", "torso", "head", "l_leg", "r_leg", "l_upper_arm", "l_forearm", "r_upper_arm",
        "r_forearm",
    }  # fmt: skip
    joints = frozenset().union(*rig.joints)
    assert {"nose", "l_wrist", "r_ankle", "l_shoulder", "r_hip"} <= joints
    assert rig.skirts == ()
    skirt = dressed(bottom="skirt", reach=0.8)
    assert len(figure(skirt, make_wardrobe(skirt)).skirts) == 1


@pytest.mark.parametrize("azimuth_deg", [0.0, 180.0])
def test_legs_first_then_trunk_then_head(azimuth_deg: float) -> None:
    order = painted(dressed(), azimuth_deg)
    ranks = [order.index(group) for group in ("l_leg", "trunk", "torso", "head")]
    assert ranks == sorted(ranks)


def test_the_nearer_leg_and_arm_cover_the_farther() -> None:
    from_left, from_right = painted(dressed(), 90.0), painted(dressed(), -90.0)
    assert from_left.index("r_leg") < from_left.index("l_leg")
    assert from_right.index("l_leg") < from_right.index("r_leg")
    arms = [from_left.index(group) for group in ("r_upper_arm", "torso", "l_upper_arm")]
    assert arms == sorted(arms)
    assert from_right.index("l_forearm") < from_right.index("torso")


@pytest.mark.parametrize(("azimuth_deg", "covers"), [(0.0, False), (180.0, True)])
def test_what_is_on_the_back_covers_it_from_behind(azimuth_deg: float, covers: bool) -> None:
    order = painted(dressed(bag="backpack", hair="long"), azimuth_deg)
    assert (order.index("pack") > order.index("torso")) == covers
    assert (order.index("hair") > order.index("head")) == covers


@pytest.mark.parametrize(("azimuth_deg", "covers"), [(-90.0, True), (90.0, False)])
def test_a_bag_at_the_far_side_is_behind_the_body(azimuth_deg: float, covers: bool) -> None:
    order = painted(dressed(bag="shoulder bag", bag_left=False), azimuth_deg)
    assert (order.index("bag") > order.index("trunk")) == covers


def test_a_hat_covers_hair_and_head() -> None:
    order = painted(dressed(hat="cap", hair="long"), 180.0)
    assert order.index("hat") > max(order.index("hair"), order.index("head"))


def test_a_look_is_drawn_the_same_every_time() -> None:
    look = dressed()
    one, other = (figure(look, make_wardrobe(look)) for _ in range(2))
    assert one.names == other.names
    assert np.array_equal(one.rgb_CN, other.rgb_CN)
    assert np.array_equal(one.size_P3K, other.size_P3K)
