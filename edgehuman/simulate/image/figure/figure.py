"""A dressed body: the rig of a look, and the painting order of its pieces.

The order is fixed by how clothes cover a body, and depends on the camera only for arms and bags in
front of or behind the trunk, and for the nearer leg over the farther one.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Intp
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import Wardrobe
from edgehuman.simulate.image.figure.accessories import accessories
from edgehuman.simulate.image.figure.limbs import forearm, leg, upper_arm
from edgehuman.simulate.image.figure.rig import Posed, Rig, make_rig
from edgehuman.simulate.image.figure.trunk import head, trunk
from edgehuman.simulate.image.figure.tube import View

_ARMS = ("l_upper_arm", "l_forearm", "r_upper_arm", "r_forearm")
# The trunk covers an arm or a bag that is this many metres behind it.
_ARM_BEHIND_M, _BAG_BEHIND_M = 0.07, 0.04


def figure(look: Look, wardrobe: Wardrobe) -> Rig:
    """Build the rig of a look."""
    worn, skirts = trunk(look, wardrobe)
    pieces = [
        *worn,
        head(look, wardrobe),
        *accessories(look, wardrobe),
    ]
    for name in ("l", "r"):
        pieces += leg(look, wardrobe, name)
        pieces += upper_arm(look, wardrobe, name)
        pieces += forearm(look, wardrobe, name)
    return make_rig(pieces, skirts)


def paint_order(posed: Posed, body: Body, view: View) -> Intp:
    """The pieces from the first painted to the last."""
    groups = posed.rig.groups
    torso = groups["torso"][0]
    middle_P3 = posed.ends_P23.mean(axis=1)
    depth_P = view.depth(middle_P3).tolist()
    trunk_m = depth_P[torso]
    far_arms = [name for name in _ARMS if depth_P[groups[name][0]] > trunk_m + _ARM_BEHIND_M]
    toward = view.position_3 - middle_P3[torso]
    from_behind = float(body.frame("trunk")[:, 0] @ toward) < 0.0
    head_behind = float(body.frame("head")[:, 0] @ toward) < 0.0
    knees_m = view.depth(np.stack([body.joint("l_knee"), body.joint("r_knee")]))
    bag_behind = "bag" in groups and depth_P[groups["bag"][0]] > trunk_m + _BAG_BEHIND_M
    names = [
        *far_arms,
        *(["bag"] if bag_behind else []),
        *([] if from_behind else ["pack"]),
        *([] if head_behind else ["hair"]),
        *(("l_leg", "r_leg") if knees_m[0] > knees_m[1] else ("r_leg", "l_leg")),
        "trunk",
        "torso",
        *(["pack"] if from_behind else []),
        "head",
        *(["hair"] if head_behind else []),
        "hat",
        *([] if bag_behind else ["bag"]),
        *(name for name in _ARMS if name not in far_arms),
    ]
    return np.array([i for name in names for i in groups.get(name, ())], np.intp)
