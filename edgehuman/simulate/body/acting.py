"""Poses that no walk holds: people who sit, squat, bend down, reach and lean, drawn at random.

    body = acting(person, seed)

Which poses are likely is made up; that they can be held, with the feet on the ground, is the body's
own doing. The body is at the world's origin and faces x, as in `stance`.

Axes: P control, T time.
"""

from __future__ import annotations

import numpy as np

from edgehuman.records import Float64
from edgehuman.simulate.body.person import Person
from edgehuman.simulate.body.posture import ROW, posture
from edgehuman.simulate.body.seeding import generator
from edgehuman.simulate.body.stance import Body, cycle_of

ACTING = "acting"
"""Name of it among the activities of a shot."""
_SITS, _SQUATS, _BENDS, _MOVES_ARM = 0.4, 0.4, 0.5, 0.8


def acting(person: Person, seed: int) -> Body:
    """Draw a pose: the same one for the same seed."""
    rng = generator(seed, 0xAC7)
    kind = "sitting" if rng.random() < _SITS else "standing"
    base = posture(person, kind)
    if kind == "standing" and rng.random() < _SQUATS:
        down = float(rng.uniform(0.08, 0.45))
        base[ROW["drop"]] += down
        base[ROW["back"]] += float(rng.uniform(0.2, 0.7)) * down
        base[ROW["pitch"]] += float(rng.uniform(0.2, 1.2)) * down
    if rng.random() < _BENDS:
        base[ROW["trunk_pitch"]] += float(rng.uniform(0.1, 1.1))
    _turn(base, rng)
    for side in "rl":
        if rng.random() < _MOVES_ARM:
            _reach(base, side, rng)
    return cycle_of(person, base, kind, seed).body(0.0)


def _turn(base_P: Float64, rng: np.random.Generator) -> None:
    """Hips, trunk and head, somewhat off the straight."""
    for name, spread in (
        ("side", 0.03), ("roll", 0.06), ("yaw", 0.15), ("trunk_roll", 0.18), ("trunk_yaw", 0.3),
        ("head_pitch", 0.3), ("head_yaw", 0.45),
    ):  # fmt: skip
        base_P[ROW[name]] += float(np.clip(rng.normal(0.0, spread), -2 * spread, 2 * spread))


def _reach(base_P: Float64, side: str, rng: np.random.Generator) -> None:
    """An arm anywhere before, above or beside the body; radians."""
    base_P[ROW[f"flex_{side}"]] = float(rng.uniform(-0.5, 2.7))
    base_P[ROW[f"abduct_{side}"]] = float(rng.triangular(-0.1, 0.2, 1.5))
    base_P[ROW[f"elbow_{side}"]] = float(rng.uniform(0.0, 2.3))
    base_P[ROW[f"twist_{side}"]] = float(rng.uniform(-0.6, 1.0))
