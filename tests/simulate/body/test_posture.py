"""Control vectors: what each posture sets, by the person's own measures."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.simulate.body.activities import LOCOMOTION, POSTURES
from edgehuman.simulate.body.person import sample_person
from edgehuman.simulate.body.posture import (
    BED_M,
    CONTROLS,
    NUM_CONTROLS,
    ROW,
    SWAY,
    posture,
    variation,
    variations,
)

PERSON = sample_person(3)


def value(name: str, control: str) -> float:
    return float(posture(PERSON, name)[ROW[control]])


def test_every_control_has_a_row_of_its_own() -> None:
    assert [ROW[name] for name in CONTROLS] == list(range(NUM_CONTROLS))
    assert set(SWAY) <= set(CONTROLS)


def test_standing_is_upright_with_hanging_arms() -> None:
    flex, abduct, elbow = PERSON.arms_rad
    standing = posture(PERSON, "standing")
    arms = [
        standing[ROW[f"{name}_{side}"]] for name in ("flex", "abduct", "elbow") for side in "rl"
    ]
    assert arms == [flex, flex, abduct, abduct, elbow, elbow]
    set_rows = {CONTROLS[i] for i in np.flatnonzero(standing)}
    assert {name.rstrip("rl").rstrip("_") for name in set_rows} == {
        "duty", "flex", "abduct", "elbow",
    }  # fmt: skip


@pytest.mark.parametrize("name", LOCOMOTION)
def test_a_gait_is_the_person_s_own_and_one_weight_is_on(name: str) -> None:
    gait = PERSON.gaits[name]
    assert value(name, "cadence") == gait.stride_hz
    assert value(name, "stride") == gait.stride_m
    assert value(name, "drop") == gait.drop_m
    assert [value(name, other) for other in LOCOMOTION] == [float(o == name) for o in LOCOMOTION]


def test_sitting_puts_the_hips_on_the_chair_behind_the_feet() -> None:
    assert PERSON.stand_m - value("sitting", "drop") == pytest.approx(PERSON.seat_m)
    assert value("sitting", "back") == pytest.approx(0.93 * PERSON.bone_m["thigh"])
    assert value("sitting", "lie") == 0.0


def test_lying_puts_the_hips_on_the_bed_face_up() -> None:
    assert PERSON.stand_m - value("laying", "drop") == pytest.approx(BED_M + 0.10)
    assert value("laying", "pitch") == pytest.approx(-np.pi / 2)
    assert value("laying", "lie") == 1.0


@pytest.mark.parametrize("name", POSTURES)
def test_nobody_takes_a_posture_twice_the_same(name: str) -> None:
    one, other = (variation(np.random.default_rng(seed), name) for seed in (0, 1))
    moved = set(np.flatnonzero(one).tolist())
    assert moved
    assert moved == set(np.flatnonzero(other).tolist())
    assert (one != other)[list(moved)].all()
    assert not variation(np.random.default_rng(0), "walking").any()


def test_many_variations_have_the_spread_of_one() -> None:
    many = variations(np.random.default_rng(0), "standing", 20_000)
    assert many.shape == (NUM_CONTROLS, 20_000)
    assert many[ROW["elbow_r"]].std() == pytest.approx(0.25, rel=0.03)
    assert many[ROW["side"]].mean() == pytest.approx(0.0, abs=1e-3)
    assert not many[ROW["lie"]].any()
