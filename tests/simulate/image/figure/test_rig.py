"""Pieces between anchors: where a body holds them, and how a hem goes around both legs."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import SEGMENTS, SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.body.stance import Body
from edgehuman.simulate.image.figure.parts import PART
from edgehuman.simulate.image.figure.rig import KNOTS, Piece, Skirt, Texture, at, make_rig, pose_rig

GREY = Texture(np.full((2, 3), 90, np.uint8), 2, 1)


def body(**joints: tuple[float, float, float]) -> Body:
    """Joints at the origin but for those named; the trunk leans forward by a quarter turn."""
    placed = np.zeros((len(SKELETON_26), 3))
    for name, place in joints.items():
        placed[SKELETON_26.index(name)] = place
    rotation = np.tile(np.eye(3), (len(SEGMENTS), 1, 1))
    # Columns: forward is down, left stays, up is forward.
    rotation[SEGMENTS.index("trunk")] = [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]
    return Body(placed, rotation)


def piece(**changes: object) -> Piece:
    size = np.full((3, KNOTS), 0.1)
    usual: dict[str, object] = {
        "group": "torso", "name": "tube", "part": "skirt", "start": at("pelvis"),
        "end": at("neck"), "segment": "pelvis", "size_3K": size, "texture": GREY,
    }  # fmt: skip
    return Piece(**{**usual, **changes})  # type: ignore[arg-type]


def ends(anchor_piece: Piece, held: Body) -> Float64:
    made: Float64 = pose_rig(make_rig([anchor_piece]), held).ends_P23[0]
    return made


def test_an_anchor_is_moved_along_its_segment_s_axes() -> None:
    held = body(pelvis=(1.0, 2.0, 3.0), neck=(0.0, 0.0, 5.0))
    level = at("pelvis").moved("pelvis", 0.1, 0.2, 0.3)
    leaning = at("neck").moved("trunk", 0.1, 0.2, 0.3)
    made = ends(piece(start=level, end=leaning), held)
    assert made[0] == pytest.approx([1.1, 2.2, 3.3])
    assert made[1] == pytest.approx([0.3, 0.2, 4.9])


def test_an_anchor_part_of_the_way_to_another() -> None:
    held = body(l_hip=(0.0, 0.0, 1.0), l_knee=(0.0, 0.0, 0.5))
    first = at("l_hip").moved("pelvis", 0.4, 0.0, 0.0)
    between = first.towards(at("l_knee"), 0.25)
    assert dict(between.joints) == {"l_hip": 0.75, "l_knee": 0.25}
    assert ends(piece(start=between), held)[0] == pytest.approx([0.3, 0.0, 0.875])


def test_a_piece_faces_as_its_segment_does_or_upwards_where_it_lies() -> None:
    rig = make_rig([piece(segment="trunk"), piece(), piece(lying=True)])
    posed = pose_rig(rig, body())
    assert posed.front_P3.tolist() == [[0, 0, -1], [1, 0, 0], [0, 0, 1]]
    assert posed.left_P3.tolist() == [[0, 1, 0]] * 3


def test_pieces_of_a_group_are_numbered_together() -> None:
    rig = make_rig([piece(group="leg"), piece(group="torso"), piece(group="leg", joints=("nose",))])
    assert rig.groups == {"leg": (0, 2), "torso": (1,)}
    assert rig.joints == (frozenset(), frozenset(), frozenset({"nose"}))
    assert rig.part_P.tolist() == [PART["skirt"]] * 3


def test_a_texture_is_kept_once_and_says_its_parts() -> None:
    parts = Texture(np.arange(12, dtype=np.uint8).reshape(4, 3), 2, 2, np.full(4, 7, np.uint8))
    rig = make_rig([piece(), piece(texture=parts), piece(texels=(30.0, 40.0))])
    assert rig.rgb_CN.shape == (3, 2 + 4)
    assert rig.rgb_CN[:, 2:].tolist() == [[0, 3, 6, 9], [1, 4, 7, 10], [2, 5, 8, 11]]
    assert rig.part_N.tolist() == [0, 0, 7, 7, 7, 7]
    assert rig.own_part_P.tolist() == [False, True, False]
    # First texel, height, width; rows and columns that are used.
    assert rig.texture_P5.tolist() == [[0, 2, 1, 2, 1], [2, 2, 2, 2, 2], [0, 2, 1, 30, 40]]


def test_a_hem_goes_around_both_legs() -> None:
    skirt = Skirt(0, np.array([0.2, 0.12, 0.13]), 0.09)
    rig = make_rig([piece()], [skirt])
    together = pose_rig(rig, body()).size_P3K[0]
    assert together[:, -1] == pytest.approx([0.2, 0.12, 0.13])
    assert together[:, :3] == pytest.approx(0.1)
    # Knees half a metre apart to the front: the hem reaches 0.25 and a leg's width there.
    apart = pose_rig(rig, body(l_knee=(0.5, 0.0, 0.0))).size_P3K[0]
    assert apart[:, -1] == pytest.approx([0.2, 0.34, 0.34])
    assert apart[1, 5] == pytest.approx(0.1 + (0.34 - 0.1) * 0.5)
    assert rig.size_P3K[0] == pytest.approx(0.1)  # the rig itself is left as it is
