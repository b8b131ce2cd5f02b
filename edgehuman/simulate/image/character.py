"""A simulated person ready to be drawn: look, rig and movements, made once and cached."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from edgehuman.simulate.body.stance import Cycle, cycle
from edgehuman.simulate.image.clothes.look import Look, sample_look
from edgehuman.simulate.image.clothes.wardrobe import make_wardrobe
from edgehuman.simulate.image.figure.figure import figure
from edgehuman.simulate.image.figure.rig import Rig

# A rig holds about 0.3 MB of textures, a cycle 25 kB.
_KEPT = 512


@dataclass(frozen=True, slots=True)
class Character:
    """A look and its rig."""

    look: Look
    rig: Rig


@lru_cache(maxsize=_KEPT)
def character(look_seed: int) -> Character:
    """The person whose look is `sample_look(look_seed)`."""
    look = sample_look(look_seed)
    return Character(look, figure(look, make_wardrobe(look)))


@lru_cache(maxsize=2 * _KEPT)
def movement(look_seed: int, activity: str) -> Cycle:
    """Motion of that person in an activity."""
    look = character(look_seed).look
    return cycle(look.person, activity, look.right_hand, look.left_hand)
