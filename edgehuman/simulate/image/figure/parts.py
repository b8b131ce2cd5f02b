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

DETAILS = ("none", "neckline", "zip", "under", "print", "glasses")
"""What a texture shows besides cloth, skin and hair, in the order of their numbers: the opening at
the neck and its edge, a zip, the shirt under an open jacket, a print, glasses."""
DETAIL = {name: i for i, name in enumerate(DETAILS)}
PART = {name: i for i, name in enumerate(PARTS)}
