"""Yes/no attributes of a person that are visible in a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.figure.parts import PART
from edgehuman.simulate.image.figure.rig import Rig
from edgehuman.simulate.image.figure.tube import View
from edgehuman.simulate.image.scene.painting import Canvas

ATTRIBUTES = (
    "hat",
    "glasses",
    "backpack",
    "bag",
    "long_hair",
    "long_sleeves",
    "patterned_top",
    "dark_top",
    "light_top",
    "shorts",
    "skirt",
    "dark_bottom",
    "boots",
    "front_view",
    "side_view",
    "back_view",
)

_ALL_OVER = ("stripes", "checks", "dots", "blotches")
# Mean of red, green and blue under white light.
_DARK, _LIGHT = 75.0, 165.0
# Minimum fraction of the picture's pixels that must show an item.
_SEEN = 0.001


def attributes_of(look: Look, rig: Rig, canvas: Canvas, body: Body, view: View) -> NDArray[np.int8]:
    """(A,) 1 if an attribute is true and enough of it is visible in the picture."""
    part_P = np.bincount(canvas.part_HW.ravel(), minlength=len(PART))
    owner_T = np.bincount(canvas.owner_HW.ravel(), minlength=256)
    enough = max(4.0, _SEEN * canvas.part_HW.size)
    facing = _facing(body, "trunk", view)

    def shown(*parts: str) -> bool:
        return sum(int(part_P[PART[part]]) for part in parts) >= enough

    def drawn(name: str) -> bool:
        pixels = sum(int(owner_T[i + 1]) for i, own in enumerate(rig.names) if own == name)
        return pixels >= enough

    top, bottom = sum(look.top_cloth.ground) / 3, sum(look.bottom_cloth.ground) / 3
    sees_face = _facing(body, "head", view) > 0.35 and shown("face")
    sees_top, sees_bottom = shown("upper_clothes"), shown("trousers", "skirt")
    values = {
        "hat": shown("hat"),
        "glasses": look.glasses and sees_face,
        "backpack": look.bag == "backpack" and shown("bag"),
        "bag": look.bag in ("shoulder bag", "handbag") and shown("bag"),
        "long_hair": look.hair in ("long", "ponytail") and drawn("long hair"),
        "long_sleeves": look.sleeve > 1.5 and drawn("long sleeve"),
        "patterned_top": look.top_cloth.pattern in _ALL_OVER and sees_top,
        "dark_top": top < _DARK and sees_top,
        "light_top": top > _LIGHT and sees_top,
        "shorts": look.bottom == "shorts" and shown("trousers"),
        "skirt": shown("skirt"),
        "dark_bottom": bottom < _DARK and sees_bottom,
        "boots": drawn("boot"),
        "front_view": facing > 0.7071,
        "side_view": abs(facing) <= 0.7071,
        "back_view": facing < -0.7071,
    }
    return np.array([values[name] for name in ATTRIBUTES], np.int8)


def _facing(body: Body, segment: str, view: View) -> float:
    """Cosine of the angle between a segment's direction and the camera, seen from above."""
    ahead = body.frame(segment)[:2, 0]
    toward = view.position_3[:2]
    return float(ahead @ toward / np.sqrt((ahead @ ahead) * (toward @ toward)))
