"""Bodies at an instant: they stand on the ground, face forward, and keep their bones."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.geometry import BONES_26
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.stance import FRAMES, GESTURES, STANCES, Body, cycle


def bend_deg(body: Body, side: str) -> float:
    """How far a knee is from straight."""
    knee = body.joint(f"{side}_knee")
    up, down = body.joint(f"{side}_hip") - knee, body.joint(f"{side}_ankle") - knee
    cosine = up @ down / np.sqrt((up @ up) * (down @ down))
    return 180.0 - float(np.degrees(np.arccos(cosine)))


@pytest.mark.parametrize("activity", STANCES)
def test_a_body_faces_forward_over_the_origin_and_stands_on_the_ground(activity: str) -> None:
    person = sample_person(3)
    moves = cycle(person, activity)
    assert moves.joints_TJ3.shape == (FRAMES, 26, 3)
    for phase in (0.0, 0.3, 0.6):
        body = moves.body(phase)
        assert np.allclose(body.joint("pelvis")[:2], 0.0)
        assert body.frame("pelvis")[0, 0] > 0.9
        assert body.joint("l_hip")[1] > body.joint("r_hip")[1]
        lowest = min(body.joint(f"{s}_{p}")[2] for s in "lr" for p in ("heel", "toe"))
        assert -0.02 < lowest < (0.12 if activity == "jogging" else 0.06)


def test_bones_keep_their_length_over_the_stride() -> None:
    moves = cycle(sample_person(4), "walking", right="phone")
    for first, second in BONES_26:
        places = [moves.body(t / FRAMES) for t in range(FRAMES)]
        length = [np.linalg.norm(b.joint(first) - b.joint(second)) for b in places]
        assert np.ptp(length) < 1e-6, (first, second)


def test_a_stride_closes_and_half_of_it_is_the_other_leg() -> None:
    moves = cycle(sample_person(5), "walking")
    ahead = {
        side: np.array([moves.body(t / FRAMES).joint(f"{side}_ankle")[0] for t in range(FRAMES)])
        for side in ("l", "r")
    }
    assert np.corrcoef(np.roll(ahead["l"], FRAMES // 2), ahead["r"])[0, 1] > 0.98
    step = np.abs(np.diff(np.r_[ahead["l"], ahead["l"][:1]]))
    assert step[-1] < 1.5 * step[:-1].max()


def test_legs_are_straighter_than_the_sensors_walker_s() -> None:
    bends = []
    for seed in range(6):
        moves = cycle(sample_person(seed), "walking")
        bends.append([bend_deg(moves.body(t / FRAMES), "l") for t in range(FRAMES)])
    assert np.median(bends) < 32.0
    assert np.max(bends) < 75.0


def test_a_gesture_moves_its_own_arm_only() -> None:
    person = sample_person(6)
    hanging, busy = cycle(person, "standing"), cycle(person, "standing", right="phone")
    for name, moved in (("l_wrist", False), ("r_wrist", True)):
        rise = busy.body(0.0).joint(name)[2] - hanging.body(0.0).joint(name)[2]
        assert (rise > 0.25) == moved
    assert set(GESTURES) >= {"hang", "phone", "carry"}


def test_what_nobody_does() -> None:
    with pytest.raises(UsageError, match="'laying'; valid: walking"):
        cycle(sample_person(0), "laying")
    with pytest.raises(UsageError, match="'wave'; valid: hang"):
        cycle(sample_person(0), "standing", left="wave")
