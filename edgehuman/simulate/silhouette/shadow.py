"""A shadow on the ground, attached to the feet, as background subtraction often keeps.

Axes: N walk, T frame, J joint, F frame of any walk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgehuman.geometry import SKELETON_26
from edgehuman.records import Float64
from edgehuman.simulate.silhouette.figure import SIDES, Solid
from edgehuman.simulate.silhouette.solids import Blob


def shadow_of(
    rngs: Sequence[np.random.Generator], joints_J3NT: Float64, share: float
) -> list[Solid]:
    """Shadows of the feet of every walk that has one: flat on the ground, a step long at most.

    Args:
        rngs: of the walks; each gives three numbers, whatever they are used for.
        share: of the walks that have a shadow.
    """
    frames = joints_J3NT.shape[3]
    chosen_N, turn_N, length_N = np.array([rng.random(3) for rng in rngs]).T
    there_N = chosen_N < share
    if not there_N.any():
        return []
    angle_F = np.repeat(2.0 * np.pi * turn_N, frames)
    away_3F = np.repeat(0.1 + 0.5 * length_N, frames) * np.stack(
        [np.cos(angle_F), np.sin(angle_F), np.zeros_like(angle_F)]
    )
    flat = (np.array([[0.05], [0.0], [0.0]]), np.array([[0.0], [0.05], [0.0]]))
    made = []
    for side in SIDES:
        ankle = joints_J3NT[SKELETON_26.index(f"{side}_ankle")].reshape(3, -1).copy()
        ankle[2] = 0.0
        none = np.zeros_like(angle_F)
        ends = tuple(Blob(centre, none, flat) for centre in (ankle, ankle + away_3F))
        made.append(Solid(ends, "", np.repeat(there_N, frames)))
    return made
