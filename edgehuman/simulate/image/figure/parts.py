"""The parts of a picture of a person, in the order of their numbers in masks."""

from __future__ import annotations

PARTS = (
    "background",
    "hat",
    "hair",
    "face",
    "torso_skin",
    "upper_clothes",
    "left_arm",
    "right_arm",
    "trousers",
    "skirt",
    "left_leg",
    "right_leg",
    "left_shoe",
    "right_shoe",
    "bag",
)

PART = {name: i for i, name in enumerate(PARTS)}
