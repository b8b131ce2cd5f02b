"""The outline of a body: girths, hair and clothes, which a skeleton lacks.

Girths are fractions of the body height, after the usual breadths and depths of adults (Winter,
Biomechanics and Motor Control of Human Movement; ANSUR II), with individual variation. A person
keeps shape, hair and everyday clothes; how clothes sit, a coat and a bag belong to the day.

Axes: N walk.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from edgehuman.records import Float64, Index
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.gait.strollers import CONDITIONS, bags_of

# Half breadths (side), half depths (fore) and radii: fraction of the height, standard deviation of
# the logarithm, and the power of the common girth.
_GIRTHS: Mapping[str, tuple[float, float, float]] = {
    "head_side": (0.045, 0.04, 0.1),
    "head_fore": (0.056, 0.04, 0.1),
    "head_up": (0.066, 0.03, 0.0),
    "neck": (0.034, 0.08, 0.7),
    "chest_side": (0.089, 0.05, 0.8),
    "chest_fore": (0.064, 0.08, 1.0),
    "waist_side": (0.080, 0.07, 1.3),
    "waist_fore": (0.060, 0.11, 1.7),
    "hip_side": (0.094, 0.05, 0.9),
    "hip_fore": (0.064, 0.07, 1.0),
    "seat": (0.018, 0.30, 0.8),
    "shoulder": (0.029, 0.06, 0.7),
    "upper_arm": (0.029, 0.08, 1.0),
    "forearm": (0.025, 0.08, 0.7),
    "wrist": (0.017, 0.06, 0.4),
    "hand": (0.019, 0.08, 0.2),
    "thigh": (0.052, 0.08, 1.0),
    "knee": (0.032, 0.07, 0.7),
    "calf": (0.031, 0.08, 0.8),
    "ankle": (0.021, 0.07, 0.4),
    "foot": (0.016, 0.08, 0.2),
    # What clothes add: tops, sleeves, trousers above and at the hem, and soles.
    "top": (0.008, 0.50, 0.0),
    "sleeve": (0.005, 0.60, 0.0),
    "trousers": (0.005, 0.50, 0.0),
    "hem": (0.006, 0.60, 0.0),
    "sole": (0.008, 0.40, 0.0),
    "hair": (0.007, 0.60, 0.0),
}
_GIRTH = 0.10
# Shares of the people.
_LONG_HAIR, _TIED_HAIR, _CAP = 0.28, 0.12, 0.08
_SKIRT, _LONG_TOP = 0.12, 0.30
# How clothes sit on one day or another (logarithm).
_DAY = 0.08
_CLOTHES = ("top", "sleeve", "trousers", "hem")


@lru_cache(maxsize=4096)
def sample_shape(seed: int, person: int) -> Mapping[str, float]:
    """Sample the outline of the person with this number: fractions of the height.

    Beyond `_GIRTHS`: `long_hair`, `tied_hair`, `cap` (0 or 1), `skirt` (its length in thighs and
    shanks, 0: trousers), `top_hem` (how far a top hangs down the thigh, in thighs).
    """
    rng = generator(seed, 0x51A, person)
    girth = float(np.exp(_GIRTH * rng.standard_normal()))
    own = rng.standard_normal(len(_GIRTHS)).tolist()
    made = {
        name: part * girth**power * float(np.exp(spread * each))
        for (name, (part, spread, power)), each in zip(_GIRTHS.items(), own, strict=True)
    }
    hair, legs, top = rng.random(3).tolist()
    length = rng.random(2).tolist()
    made["long_hair"] = float(hair < _LONG_HAIR)
    made["tied_hair"] = float(_LONG_HAIR <= hair < _LONG_HAIR + _TIED_HAIR)
    made["cap"] = float(hair > 1.0 - _CAP)
    made["skirt"] = (0.6 + 0.8 * length[0]) * (legs < _SKIRT)
    made["top_hem"] = 0.05 + 0.15 * length[1] + 0.25 * (top < _LONG_TOP)
    return made


def dress(
    seed: int, person_N: Sequence[int], walk_N: Sequence[int], condition_N: Index, day_NU: Float64
) -> dict[str, Float64]:
    """The outline of every walk: the person's, as the day has it, with the coat and the bag.

    Args:
        condition_N: index into `strollers.CONDITIONS`.
        day_NU: uniform numbers of the day, which chose the bag.

    Returns:
        Per name of `sample_shape` (N,), and of the coat `coat` (what it adds to the radii),
        `coat_hem` (its length in thighs and shanks, 0: none), `coat_flare`, `hood`; of the bag
        `bag` (index into `strollers.CARRIED`, -1: none), `bag_left`, `bag_size`, `bag_high`.
    """
    shapes = [sample_shape(seed, person) for person in person_N]
    made = {name: np.array([one[name] for one in shapes]) for name in shapes[0]}
    normal_NZ, uniform_NU = np.empty((len(shapes), len(_CLOTHES))), np.empty((len(shapes), 5))
    for row, key in enumerate(zip(person_N, walk_N, strict=True)):
        rng = generator(seed, 0xC0A7, *key)
        normal_NZ[row], uniform_NU[row] = rng.standard_normal(len(_CLOTHES)), rng.random(5)
    for column, name in enumerate(_CLOTHES):
        made[name] *= np.exp(_DAY * normal_NZ[:, column])
    coat_N = (condition_N == CONDITIONS.index("cl")).astype(np.float64)
    made["coat"] = coat_N * (0.009 + 0.012 * uniform_NU[:, 0])
    made["coat_hem"] = coat_N * (0.40 + 0.70 * uniform_NU[:, 1])
    made["coat_flare"] = coat_N * 0.02 * uniform_NU[:, 2]
    made["hood"] = coat_N * (uniform_NU[:, 3] < 0.4)
    kind_N, left_N, size_N = bags_of(day_NU)
    bag_N = condition_N == CONDITIONS.index("bg")
    made["bag"] = np.where(bag_N, kind_N, -1).astype(np.float64)
    made["bag_left"], made["bag_size"] = left_N.astype(np.float64), size_N
    made["bag_high"] = uniform_NU[:, 4]
    return made
