"""What was found, drawn on the picture: boxes with scores, joints and their limbs, masks, parts.

Axes: H height, W width, C red, green, blue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from edgehuman.geometry import LIMBS_18
from edgehuman.metrics.garments.answers import Item
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.frames.results import Person
from edgehuman.runtime.image.garments.words import words_of
from edgehuman.runtime.view.palette import Rgb, colours

_SURE = 0.3
_COLOURS = tuple(colours(tuple("01234567")).values())[:7]
# COCO's joints have no neck: shoulders and hips are joined instead.
_LIMBS = (
    *(limb for limb in LIMBS_18 if "neck" not in limb),
    *(("l_shoulder", "r_shoulder"), ("l_hip", "r_hip")),
    *(("l_shoulder", "l_hip"), ("r_shoulder", "r_hip")),
)


def drawn(
    image_HWC: Uint8,
    people: Sequence[Person],
    scale: tuple[float, float],
    names: Mapping[str, str] | None = None,
) -> Uint8:
    """A copy of the picture with its people.

    Args:
        scale: pixels of the picture per pixel of the frame, along x and y: the picture of a large
            photo is smaller.
        names: of tracks; who has one has it instead of the score.
    """
    canvas_HWC = image_HWC.copy()
    for place, person in enumerate(people):
        number = int(person.track) if person.track.isdecimal() else place
        colour = _COLOURS[number % len(_COLOURS)]
        _tint(canvas_HWC, person, colour)
        _joints(canvas_HWC, person, scale, colour)
        _worn(canvas_HWC, person, scale)
        _frame(canvas_HWC, person.box_4, scale, colour, _said(person, names or {}))
    return canvas_HWC


def _tint(canvas_HWC: Uint8, person: Person, colour: Rgb) -> None:
    """A mask lies in pixels of the picture already."""
    if person.mask_HW is None or person.cut is None:
        return
    x0, y0, x1, y1 = person.cut
    part_HWC = canvas_HWC[y0:y1, x0:x1]
    if person.part_HW is not None:
        own_HW = person.part_HW > 0
        tint_KC = _of_parts(person.parts)[person.part_HW[own_HW]]
        part_HWC[own_HW] = part_HWC[own_HW] // 2 + tint_KC // 2
        return
    part_HWC[person.mask_HW] = (part_HWC[person.mask_HW] // 2) + np.array(colour, np.uint8) // 2


def _worn(canvas_HWC: Uint8, person: Person, scale: tuple[float, float]) -> None:
    """What a person wears: masks tinted by category, the small ones over the large, then boxes with
    names and attributes.
    """
    by_size = sorted(person.worn, key=lambda item: -_area(item))
    tints = {item.label: _tint_of(item.label) for item in by_size}
    for item in by_size:
        if item.mask_HW is not None:
            x0, y0, x1, y1 = item.cut
            part_HWC = canvas_HWC[y0:y1, x0:x1]
            tint_3 = np.array(tints[item.label], np.uint8)
            part_HWC[item.mask_HW] = part_HWC[item.mask_HW] // 2 + tint_3 // 2
    for item in by_size:
        _frame(canvas_HWC, item.box_4, scale, tints[item.label], words_of(item), 0.3, below=True)


def _area(item: Item) -> float:
    return 0.0 if item.mask_HW is None else float(item.mask_HW.size)


def _tint_of(label: str) -> Rgb:
    """A colour that is a category's alone, in every frame."""
    number = sum(label.encode()) % len(_COLOURS)
    return _COLOURS[number]


@lru_cache(maxsize=8)
def _of_parts(parts: tuple[str, ...]) -> Uint8:
    """A colour for each part, (256, 3)."""
    table = np.zeros((256, 3), np.uint8)
    of = colours(parts[1:])
    table[1 : len(parts)] = [of[name] for name in parts[1:]]
    return table


def _joints(canvas_HWC: Uint8, person: Person, scale: tuple[float, float], colour: Rgb) -> None:
    import cv2

    if person.joint_J3 is None:
        return
    places: Mapping[str, tuple[int, int]] = {
        name: (int(x * scale[0]), int(y * scale[1]))
        for name, (x, y, score) in zip(person.joints, person.joint_J3, strict=True)
        if score >= _SURE and abs(x) < 1e6 and abs(y) < 1e6
    }
    width = _width(canvas_HWC)
    for begin, end in _LIMBS:
        if begin in places and end in places:
            cv2.line(canvas_HWC, places[begin], places[end], colour, width)
    for place in places.values():
        cv2.circle(canvas_HWC, place, width + 1, (255, 255, 255), -1)


def _said(person: Person, names: Mapping[str, str]) -> str:
    if not person.track:
        return f"{person.score:.2f}"
    return f"{person.track}: {names.get(person.track) or f'{person.score:.2f}'}"


def _frame(
    canvas_HWC: Uint8,
    box_4: Float32,
    scale: tuple[float, float],
    colour: Rgb,
    text: str,
    size: float = 0.4,
    below: bool = False,
) -> None:
    """A box with a text above it, or below its upper edge."""
    import cv2

    x0, y0, x1, y1 = (
        round(float(value) * factor) for value, factor in zip(box_4, (*scale, *scale), strict=True)
    )
    width = _width(canvas_HWC)
    cv2.rectangle(canvas_HWC, (x0, y0), (x1 - 1, y1 - 1), colour, width)
    size = size * width
    above = not below and y0 > 14 * width
    place = (x0, y0 - 3 * width if above else y0 + 12 * width)
    cv2.putText(canvas_HWC, text, place, cv2.FONT_HERSHEY_SIMPLEX, size, colour, width)


def _width(canvas_HWC: Uint8) -> int:
    return max(1, round(max(canvas_HWC.shape[:2]) / 700))
