"""The trunk: seat, skirt, coat tails, torso, neck and head on a standing body."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.image.clothes.look import Look
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.rig import Piece, Skirt
from edgehuman.simulate.image.figure.trunk import chin_and_crown, head, trunk
from tests.simulate.image.dressed import dressed, ends, place, standing


def pieces(look: Look) -> tuple[dict[str, Piece], list[Skirt]]:
    made, skirts = trunk(look, make_wardrobe(look))
    return {piece.name: piece for piece in made}, skirts


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ["seat", "neck", "torso"]),
        ({"bottom": "skirt", "reach": 0.8}, ["seat", "skirt", "neck", "torso"]),
        ({"top": "coat"}, ["seat", "coat tails", "neck", "torso"]),
        (
            {"bottom": "skirt", "reach": 0.8, "top": "coat"},
            ["seat", "skirt", "coat tails", "neck", "torso"],
        ),
    ],
)
def test_what_is_on_a_trunk_in_the_order_of_painting(
    changes: dict[str, object], names: list[str]
) -> None:
    made, skirts = pieces(dressed(**changes))
    assert list(made) == names
    widened = [names[skirt.piece] for skirt in skirts]
    assert widened == [name for name in names if name in ("skirt", "coat tails")]


@pytest.mark.parametrize("reach", [0.5, 0.9, 1.4])
def test_a_skirt_hangs_between_the_legs_as_far_as_it_reaches(reach: float) -> None:
    look = dressed(bottom="skirt", reach=reach)
    body = standing(look)
    made, _ = pieces(look)
    waist, hem = ends(made["skirt"], body)
    down = [
        body.joint(f"{side}_{a}") + part * (body.joint(f"{side}_{b}") - body.joint(f"{side}_{a}"))
        for side in "lr"
        for a, b, part in (
            [("hip", "knee", reach)] if reach <= 1 else [("knee", "ankle", reach - 1)]
        )
    ]
    assert hem == pytest.approx(np.mean(down, axis=0))
    assert waist[2] > body.joint("pelvis")[2]
    assert ("l_knee" in made["skirt"].joints) == (reach > 0.95)


def test_a_coat_is_made_of_the_top_and_a_skirt_of_the_bottom() -> None:
    look = dressed(bottom="skirt", reach=0.8, top="coat")
    wardrobe = make_wardrobe(look)
    made = {piece.name: piece for piece in trunk(look, wardrobe)[0]}
    assert made["coat tails"].texture is wardrobe.top
    assert made["skirt"].texture is wardrobe.bottom
    assert made["coat tails"].part == "upper_clothes"
    assert made["seat"].part == "skirt"
    assert pieces(dressed())[0]["seat"].part == "trousers"


def test_a_thicker_top_makes_a_thicker_torso() -> None:
    thin, thick = (pieces(dressed(top=top))[0]["torso"].size_3K for top in ("t-shirt", "coat"))
    scale = dressed().person.height_m / 1.70
    assert thick - thin == pytest.approx((0.032 - 0.010) * scale)


def test_the_head_stands_on_the_neck_and_the_neck_on_the_torso() -> None:
    look = dressed()
    body = standing(look)
    made, _ = pieces(look)
    skull = head(look, make_wardrobe(look))
    chin, crown = ends(skull, body)
    top_m = look.person.bone_m["neck_to_top"]
    assert np.linalg.norm(crown - chin) == pytest.approx(0.65 * top_m)
    root, throat = ends(made["neck"], body)
    assert body.joint("neck")[2] - 0.05 < root[2] < body.joint("neck")[2]
    assert chin[2] < throat[2] < crown[2]
    bottom, collar = ends(made["torso"], body)
    assert bottom[2] < body.joint("pelvis")[2]
    assert body.joint("neck")[2] < collar[2] < chin[2] + 0.05


def test_chin_and_crown_are_along_the_head() -> None:
    look = dressed()
    body = standing(look)
    chin, crown = (place(anchor, body) for anchor in chin_and_crown(0.3))
    assert crown - chin == pytest.approx(0.3 * 0.65 * body.frame("head")[:, 2])
    assert chin - body.joint("neck") == pytest.approx(body.frame("head") @ [0.018, 0.0, 0.087])
