"""The textures of one look, made once: clothes, the picture around the torso, the head, shoes.

Pictures are drawn as seen from outside, upright: left, back, right, front, left again from the
picture's left edge to its right edge. Tubes count columns the other way and rows from below.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from edgehuman.simulate.fabric import TILE, Floats, plain, texture, tile
from edgehuman.simulate.look import Cloth, Colour, Look, sample_look
from edgehuman.simulate.parts import PART
from edgehuman.simulate.seeding import generator
from edgehuman.simulate.tube import Texture

TORSO_HEIGHT, TORSO_WIDTH = TILE, 192
_BACK, _RIGHT, _FRONT = 48, 96, 144
_SHOE = 32

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Wardrobe:
    """A look's textures."""

    skin: Texture
    hair: Texture
    head: Texture
    torso: Texture
    top: Texture
    bottom: Texture
    shoe: Texture
    boot: Texture
    hat: Texture
    bag: Texture


@lru_cache(maxsize=16)
def look_and_wardrobe(seed: int) -> tuple[Look, Wardrobe]:
    """The look of a seed with its textures; the last few are kept."""
    look = sample_look(seed)
    return look, make_wardrobe(look)


def make_wardrobe(look: Look) -> Wardrobe:
    """Every texture of a look."""
    from edgehuman.simulate.face import head_picture

    top = tile(look.top_cloth)
    head, head_part = head_picture(look)
    torso, torso_part = _torso_picture(look, top)
    return Wardrobe(
        skin=plain(look.skin, 0.02),
        hair=plain(look.hair_colour, 0.12, 1),
        head=_wrapped(head, head_part),
        torso=_wrapped(torso, torso_part),
        top=texture(top),
        bottom=texture(tile(look.bottom_cloth)),
        shoe=_shoe(look),
        boot=plain(look.shoe_colour, 0.04, 2),
        hat=plain(look.hat_colour, 0.05, 3),
        bag=_bag(look.bag_colour),
    )


def _wrapped(picture_HWC: Floats, part_HW: Picture) -> Texture:
    return texture(picture_HWC[::-1, ::-1], np.ascontiguousarray(part_HW[::-1, ::-1]))


def _shoe(look: Look) -> Texture:
    """Around a foot whose front is up: the sole below."""
    picture = np.full((_SHOE, _SHOE, 3), look.shoe_colour, np.float32)
    sole = slice(_SHOE * 3 // 4 - 6, _SHOE * 3 // 4 + 7)
    picture[:, sole] = look.sole_colour
    if look.shoes == "trainers":
        picture[14:24, 6:11] = 0.5 * picture[14:24, 6:11] + 0.5 * np.float32(look.sole_colour)
    return texture(picture)


def _bag(colour: Colour) -> Texture:
    picture = np.full((48, 64, 3), colour, np.float32)
    dark = 0.6 * np.float32(colour)
    picture[26:28] = dark
    picture[4:20, 10:12] = picture[4:20, 20:22] = picture[19:21, 10:22] = dark
    return texture(picture)


def _torso_picture(look: Look, top: Floats) -> tuple[Floats, Picture]:
    """What is seen around the torso (TORSO_HEIGHT, TORSO_WIDTH, 3), and what part it is."""
    across = -(-TORSO_WIDTH // TILE)
    picture = np.tile(top, (1, across, 1))[:, :TORSO_WIDTH].copy()
    part = np.full((TORSO_HEIGHT, TORSO_WIDTH), PART["upper_clothes"], np.uint8)
    _draw_blocks(picture, look.top_cloth)
    if look.top_cloth.pattern == "print":
        _draw_print(picture, look.top_cloth)
    _draw_opening(picture, look)
    _draw_neckline(picture, part, look)
    _draw_straps(picture, part, look)
    return picture, part


def _draw_blocks(picture: Floats, cloth: Cloth) -> None:
    """A yoke, a chest band or two halves of another colour."""
    if cloth.pattern == "blocks":
        rows = ((0, 52), (34, 62), (66, TORSO_HEIGHT))[cloth.seed % 3]
        picture[slice(*rows)] = cloth.figure


def _draw_print(picture: Floats, cloth: Cloth) -> None:
    """A graphic on the chest, on some also on the back."""
    rng = generator(cloth.seed, 0x9417)
    for middle in (_FRONT, _BACK)[: 1 + int(rng.random() < 0.4)]:
        row, size = int(rng.integers(42, 60)), int(rng.integers(9, 20))
        kind = int(rng.integers(4))
        if kind == 0:
            cv2.circle(picture, (middle, row), size, cloth.figure, -1)
            cv2.circle(picture, (middle, row), size // 2, cloth.ground, -1)
        elif kind == 1:
            cv2.rectangle(
                picture,
                (middle - size, row - size // 2),
                (middle + size, row + size),
                cloth.figure,
                -1,
            )
        elif kind == 2:
            word = "".join(chr(65 + int(i)) for i in rng.integers(0, 26, 3))
            place = (middle - 22, row + 8)
            cv2.putText(picture, word, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, cloth.figure, 3)
        else:
            corners = (middle, row) + rng.integers(-size, size + 1, (5, 2))
            cv2.fillPoly(picture, [cv2.convexHull(corners.astype(np.int32))], cloth.figure)


def _draw_opening(picture: Floats, look: Look) -> None:
    """What runs down the front: buttons, a zip, or the shirt under an open jacket."""
    line = _apart(look.top_cloth.ground)
    if look.top == "open jacket":
        rng = generator(look.seed, 0x09E)
        low, high = int(rng.integers(8, 26)), int(rng.integers(8, 18))
        corners = np.array(
            [
                [_FRONT - high, 0],
                [_FRONT + high, 0],
                [_FRONT + low, TORSO_HEIGHT],
                [_FRONT - low, TORSO_HEIGHT],
            ],
            np.int32,
        )
        under = np.tile(tile(look.under_cloth), (1, 2, 1))[:, :TORSO_WIDTH]
        shape = np.zeros(picture.shape[:2], np.uint8)
        cv2.fillConvexPoly(shape, corners, 1)
        np.copyto(picture, 0.9 * under, where=shape[..., None] > 0)
        cv2.polylines(picture, [corners[[0, 3]], corners[[1, 2]]], False, line, 2)
    elif look.top in ("zipped jacket", "coat"):
        cv2.line(picture, (_FRONT, 0), (_FRONT, TORSO_HEIGHT), line, 2)
        cv2.line(picture, (_FRONT - 30, 92), (_FRONT - 16, 86), line, 2)
        cv2.line(picture, (_FRONT + 30, 92), (_FRONT + 16, 86), line, 2)
    elif look.top == "shirt":
        cv2.line(picture, (_FRONT, 0), (_FRONT, TORSO_HEIGHT), line, 1)
    if look.top in ("jumper", "zipped jacket"):
        picture[-9:] *= 0.8


def _apart(colour: Colour) -> Colour:
    """Darker than a light colour, lighter than a dark one."""
    factor, more = (0.55, 0.0) if sum(colour) > 240.0 else (1.5, 30.0)
    return (factor * colour[0] + more, factor * colour[1] + more, factor * colour[2] + more)


def _draw_neckline(picture: Floats, part: Picture, look: Look) -> None:
    """Bare skin at the neck, round or a V, and the collar around it."""
    deep = int(12 + 26 * look.neckline)
    wide = int(13 + 8 * look.neckline)
    if look.top_cloth.seed % 2:
        shape = np.array([[_FRONT - wide, -1], [_FRONT + wide, -1], [_FRONT, deep]], np.int32)
        outline = shape
    else:
        outline = cv2.ellipse2Poly((_FRONT, -1), (wide, int(0.8 * deep)), 0, 0, 180, 10)
    inside = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(inside, [outline], 1)
    cv2.polylines(picture, [outline], True, _apart(look.top_cloth.ground), 3)
    picture[inside > 0] = look.skin
    part[inside > 0] = PART["torso_skin"]


def _draw_straps(picture: Floats, part: Picture, look: Look) -> None:
    """The straps of a bag, over everything else."""
    shape = np.zeros(part.shape, np.uint8)
    if look.bag == "backpack":
        for side in (-1, 1):
            x = _FRONT + side * 21
            cv2.line(shape, (x, 0), (x + side * 6, 70), 1, 7)
            cv2.line(shape, (x + side * 6, 70), (x + side * 26, 90), 1, 4)
    elif look.bag == "shoulder bag":
        side = 1 if look.bag_left else -1
        cv2.line(shape, (_FRONT - side * 24, 0), (_FRONT + side * 42, TORSO_HEIGHT), 1, 5)
        cv2.line(shape, (_BACK + side * 24, 0), (_BACK - side * 42, TORSO_HEIGHT), 1, 5)
    picture[shape > 0] = 0.85 * np.float32(look.bag_colour)
    part[shape > 0] = PART["bag"]
