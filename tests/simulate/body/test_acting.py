"""Poses that no walk holds: the body keeps its bones and its feet, whatever it does."""

from __future__ import annotations

import numpy as np

from edgehuman.geometry import BONES_26
from edgehuman.simulate.body.acting import acting
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.stance import Body

BODIES = [acting(sample_person(seed % 7), seed) for seed in range(60)]


def bend_deg(body: Body, first: str, middle: str, last: str) -> float:
    """How far a joint is from straight."""
    up, down = (body.joint(name) - body.joint(middle) for name in (first, last))
    return 180.0 - float(np.degrees(np.arccos(up @ down / np.sqrt((up @ up) * (down @ down)))))


def test_bones_keep_their_length_and_feet_the_ground() -> None:
    person = sample_person(3)
    one, other = (acting(person, seed) for seed in (1, 2))
    for first, second in BONES_26:
        lengths = [np.linalg.norm(b.joint(first) - b.joint(second)) for b in (one, other)]
        assert np.isclose(lengths[0], lengths[1], atol=0.02), (first, second)
    for body in BODIES:
        lowest = min(body.joint(f"{side}_{part}")[2] for side in "lr" for part in ("heel", "toe"))
        assert -0.05 < lowest < 0.12
        assert np.isfinite(body.joints_J3).all()


def test_people_sit_squat_bend_and_reach() -> None:
    knees = np.array([bend_deg(body, "l_hip", "l_knee", "l_ankle") for body in BODIES])
    assert 0.15 < np.mean(knees > 70) < 0.9  # a walker's are hardly ever
    up = [body.joint("l_wrist")[2] > body.joint("l_shoulder")[2] for body in BODIES]
    assert 0.1 < np.mean(up) < 0.8
    trunk = [body.joint("neck") - body.joint("pelvis") for body in BODIES]
    leant = [float(np.degrees(np.arctan2(np.hypot(*each[:2]), each[2]))) for each in trunk]
    assert 0.1 < np.mean(np.array(leant) > 30) < 0.9


def test_a_seed_is_a_pose() -> None:
    person = sample_person(1)
    assert np.array_equal(acting(person, 5).joints_J3, acting(person, 5).joints_J3)
    assert not np.allclose(acting(person, 5).joints_J3, acting(person, 6).joints_J3)
