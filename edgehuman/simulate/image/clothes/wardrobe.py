"""The textures of one look, made once: clothes, torso, head, shoes.

Pictures are drawn as seen from outside, upright: left, back, right, front, left again from the
picture's left edge to its right edge. Tubes count columns the other way and rows from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from edgehuman.records import Uint8
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.image.clothes.fabric import TILE, plain, texture, tile
from edgehuman.simulate.image.clothes.look import Cloth, Colour, Look
from edgehuman.simulate.image.figure.face import head_picture
from edgehuman.simulate.image.figure.parts import DETAIL, PART
from edgehuman.simulate.image.figure.rig import Texture

TORSO_HEIGHT, TORSO_WIDTH = TILE, 192
_BACK, _FRONT = 48, 144
_SHOE = 32


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


def make_wardrobe(look: Look) -> Wardrobe:
    """Make all textures of a look."""
    top = tile(look.top_cloth)
    return Wardrobe(
        skin=plain(look.skin, 0.02),
        hair=plain(look.hair_colour, 0.12),
        head=_wrapped(*head_picture(look)),
        torso=_wrapped(*_torso_picture(look, top)),
        top=texture(top),
        bottom=texture(tile(look.bottom_cloth)),
        shoe=_shoe(look),
        boot=plain(look.shoe_colour, 0.04),
        hat=plain(look.hat_colour, 0.05),
        bag=_bag(look.bag_colour),
    )


def _wrapped(picture_HWC: Uint8, part_HW: Uint8, detail_HW: Uint8) -> Texture:
    each = (np.ascontiguousarray(map_HW[::-1, ::-1]) for map_HW in (part_HW, detail_HW))
    return texture(np.ascontiguousarray(picture_HWC[::-1, ::-1]), *each)


def _shoe(look: Look) -> Texture:
    """Texture around a foot, whose front is up: the sole is below."""
    picture = np.full((_SHOE, _SHOE, 3), look.shoe_colour, np.float32)
    sole = slice(_SHOE * 3 // 4 - 6, _SHOE * 3 // 4 + 7)
    picture[:, sole] = look.sole_colour
    if look.shoes == "trainers":
        laces = picture[14:24, 6:11]
        laces += 0.5 * (np.array(look.sole_colour, np.float32) - laces)
    return texture(picture.astype(np.uint8))


def _bag(colour: Colour) -> Texture:
    picture = np.full((48, 64, 3), colour, np.uint8)
    dark = 0.6 * np.array(colour, np.float32)
    picture[26:28] = dark
    picture[4:20, 10:12] = picture[4:20, 20:22] = picture[19:21, 10:22] = dark
    return texture(picture)


def _torso_picture(look: Look, top: Uint8) -> tuple[Uint8, Uint8, Uint8]:
    """Texture of the torso (TORSO_HEIGHT, TORSO_WIDTH, 3), and part and detail of each texel."""
    picture = np.concatenate([top, top[:, : TORSO_WIDTH - TILE]], axis=1)
    part = np.full((TORSO_HEIGHT, TORSO_WIDTH), PART["upper_clothes"], np.uint8)
    detail = np.zeros_like(part)
    if look.top_cloth.pattern == "blocks":
        rows = ((0, 52), (34, 62), (66, TORSO_HEIGHT))[look.top_cloth.seed % 3]
        picture[slice(*rows)] = look.top_cloth.figure
    elif look.top_cloth.pattern == "print":
        plain_HWC = picture.copy()
        _draw_print(picture, look.top_cloth)
        detail[(picture != plain_HWC).any(axis=2)] = DETAIL["print"]
    _draw_opening(picture, detail, look)
    _draw_neckline(picture, part, detail, look)
    _draw_straps(picture, part, look)
    detail[part == PART["bag"]] = 0
    return picture, part, detail


def _draw_print(picture: Uint8, cloth: Cloth) -> None:
    """Draw a print on the chest, sometimes also on the back."""
    rng = generator(cloth.seed, 0x9417)
    kind, row, size = (int(rng.integers(*span)) for span in ((0, 4), (42, 60), (9, 20)))
    both = rng.random() < 0.4
    corners = rng.integers(-size, size + 1, (9, 2))
    for middle in (_FRONT, _BACK) if both else (_FRONT,):
        if kind == 0:
            cv2.circle(picture, (middle, row), size, cloth.figure, -1)
            cv2.circle(picture, (middle, row), size // 2, cloth.ground, -1)
        elif kind == 1:
            low, high = (middle - size, row - size // 2), (middle + size, row + size)
            cv2.rectangle(picture, low, high, cloth.figure, -1)
        elif kind == 2:
            for letter in range(3):
                strokes = corners[3 * letter : 3 * letter + 3] // 2
                strokes = np.add(strokes, (middle - 20 + 18 * letter, row)).astype(np.int32)
                cv2.polylines(picture, [strokes], True, cloth.figure, 3)
        else:
            shape = cv2.convexHull(np.add(corners[:5], (middle, row)).astype(np.int32))
            cv2.fillConvexPoly(picture, shape, cloth.figure)


def _draw_opening(picture: Uint8, detail: Uint8, look: Look) -> None:
    """Draw the front closure: buttons, a zip, or the shirt under an open jacket."""
    line = _apart(look.top_cloth.ground)
    if look.top == "open jacket":
        _open_front(picture, detail, look, line)
    elif look.top in ("zipped jacket", "coat"):
        cv2.line(picture, (_FRONT, 0), (_FRONT, TORSO_HEIGHT), line, 2)
        cv2.line(detail, (_FRONT, 0), (_FRONT, TORSO_HEIGHT), (DETAIL["zip"],), 2)
        cv2.line(picture, (_FRONT - 30, 92), (_FRONT - 16, 86), line, 2)
        cv2.line(picture, (_FRONT + 30, 92), (_FRONT + 16, 86), line, 2)
    elif look.top == "shirt":
        cv2.line(picture, (_FRONT, 0), (_FRONT, TORSO_HEIGHT), line, 1)
    if look.top in ("jumper", "zipped jacket"):
        picture[-9:] = 0.8 * picture[-9:]


def _open_front(picture: Uint8, detail: Uint8, look: Look, line: Colour) -> None:
    """The shirt between the two halves of a jacket."""
    low, high = 8 + look.seed % 18, 8 + look.seed // 18 % 10
    columns = slice(_FRONT - 26, _FRONT + 27)
    sides = np.array(
        [[26 - low, TORSO_HEIGHT], [26 - high, 0], [26 + high, 0], [26 + low, TORSO_HEIGHT]]
    )
    shape = np.zeros((TORSO_HEIGHT, 53), np.uint8)
    cv2.fillConvexPoly(shape, sides.astype(np.int32), 1)
    under = tile(look.under_cloth)[:, :53]
    np.copyto(picture[:, columns], under, where=shape[..., None] > 0)
    detail[:, columns][shape > 0] = DETAIL["under"]
    for ends in (sides[:2], sides[2:]):
        cv2.polylines(picture, [np.add(ends, (_FRONT - 26, 0)).astype(np.int32)], False, line, 2)


def _apart(colour: Colour) -> Colour:
    """Darker than a light colour, lighter than a dark one."""
    factor, more = (0.55, 0.0) if sum(colour) > 240.0 else (1.5, 30.0)
    return (factor * colour[0] + more, factor * colour[1] + more, factor * colour[2] + more)


def _draw_neckline(picture: Uint8, part: Uint8, detail: Uint8, look: Look) -> None:
    """Bare skin at the neck, round or a V, and the collar around it."""
    deep, wide = int(12 + 26 * look.neckline), int(13 + 8 * look.neckline)
    if look.top_cloth.seed % 2:
        corners = [[_FRONT - wide, -1], [_FRONT + wide, -1], [_FRONT, deep]]
        outline = np.array(corners, np.int32)
    else:
        outline = np.asarray(
            cv2.ellipse2Poly((_FRONT, -1), (wide, int(0.8 * deep)), 0, 0, 180, 15), np.int32
        )
    cv2.polylines(picture, [outline], True, _apart(look.top_cloth.ground), 3)
    cv2.fillPoly(picture, [outline], look.skin)
    cv2.fillPoly(part, [outline], PART["torso_skin"])
    cv2.polylines(detail, [outline], True, DETAIL["neckline"], 3)
    cv2.fillPoly(detail, [outline], DETAIL["neckline"])


def _draw_straps(picture: Uint8, part: Uint8, look: Look) -> None:
    """The straps of a bag, over everything else."""
    red, green, blue = (0.85 * c for c in look.bag_colour)
    for image, colour in ((picture, (red, green, blue)), (part, (PART["bag"],))):
        if look.bag == "backpack":
            for side in (-1, 1):
                x = _FRONT + side * 21
                cv2.line(image, (x, 0), (x + side * 6, 70), colour, 7)
                cv2.line(image, (x + side * 6, 70), (x + side * 26, 90), colour, 4)
        elif look.bag == "shoulder bag":
            side = 1 if look.bag_left else -1
            front, back = _FRONT - side * 24, _BACK + side * 24
            cv2.line(image, (front, 0), (front + side * 66, TORSO_HEIGHT), colour, 5)
            cv2.line(image, (back, 0), (back - side * 66, TORSO_HEIGHT), colour, 5)
