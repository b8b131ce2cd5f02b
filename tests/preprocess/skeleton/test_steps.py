"""Steps are counted, wrong frame rates are told, and people who stand are no walkers."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.preprocess.skeleton.steps import rate_mistake, rate_remark, step_rate
from edgehuman.records import Float32, Float64
from edgehuman.simulate.skeleton.walks import simulate_skeletons


@pytest.fixture(scope="module")
def walks() -> Float32:
    return simulate_skeletons(15, 4, seed=4).skeleton_NTJ3


def steps(walks: Float32, rate_hz: float) -> Float64:
    return np.array([step_rate(walk, rate_hz) for walk in walks])


def test_steps_are_counted() -> None:
    """Ankles that pass each other 0.9 times a second to and fro: 1.8 steps per second."""
    walk = np.ones((96, 18, 3), np.float32)
    walk[:, OPENPOSE_18.index("neck"), 1] = -50.0
    swing = 30 * np.sin(2 * np.pi * 0.9 * np.arange(96) / 24)
    walk[:, OPENPOSE_18.index("l_ankle"), 0] = swing
    walk[:, OPENPOSE_18.index("r_ankle"), 0] = -swing
    assert step_rate(walk, 24.0) == pytest.approx(1.8, abs=0.07)
    assert np.isnan(step_rate(walk[:20], 24.0))
    assert np.isnan(step_rate(np.zeros_like(walk), 24.0))


@pytest.mark.parametrize(("said_hz", "wrong"), [(24, False), (30, False), (60, True), (8, True)])
def test_a_wrong_frame_rate_is_recognised(walks: Float32, said_hz: float, wrong: bool) -> None:
    said = rate_mistake(steps(walks, said_hz), said_hz)
    assert (said is not None) == wrong
    if said is not None:
        assert f"at {said_hz} Hz people take" in said
        assert said.endswith(", or nobody walks there")
        nearer = float(said.partition("nearer ")[2].partition(",")[0])
        assert 21 <= nearer <= 28


@pytest.mark.parametrize(("rate_hz", "frames"), [(60, 48), (50, 40), (30, 26), (24, 24)])
def test_right_walks_of_under_a_stride_tell_no_rate(rate_hz: int, frames: int) -> None:
    """The strongest line of their spectrum is the first that is looked at, whatever it is."""
    short = simulate_skeletons(12, 3, seed=5, frames=frames, rate_hz=rate_hz).skeleton_NTJ3
    found = steps(short, rate_hz)
    assert np.isnan(found).mean() > 0.6
    assert rate_mistake(found, rate_hz) is None


def test_people_who_stand_take_no_steps(walks: Float32) -> None:
    """They sway by 2 pixels, slowly, and their trunks are about 160 pixels long."""
    drawn = np.random.default_rng(0).normal(size=(len(walks), 96, 18, 2))
    sway = np.zeros_like(drawn)
    for i in range(1, 96):
        sway[:, i] = 0.9 * sway[:, i - 1] + drawn[:, i]
    standing = np.repeat(walks[:, 40:41], 96, axis=1)
    standing[..., :2] += sway
    assert np.isnan(steps(standing, 24.0)).all()


def test_no_walk_takes_steps_as_fast_as_its_frames(walks: Float32) -> None:
    """A detector that confuses the legs, and two people in turn, give no rate at all."""
    legs = [OPENPOSE_18.index(f"{side}_{part}") for side in "rl" for part in ("knee", "ankle")]
    confused = walks.copy()
    drawn = np.random.default_rng(2).random(walks.shape[:2]) < 0.3
    swapped = walks[:, :, flip_indices("openpose18")]
    confused[:, :, legs] = np.where(drawn[..., None, None], swapped, walks)[:, :, legs]
    found = steps(confused, 24.0)
    assert np.nanmax(found) < 3.0
    turns = walks.copy()
    turns[:, ::2] = np.roll(walks, 1, axis=0)[:, ::2]
    found = steps(turns, 24.0)
    assert not (found > 4.0).any()


@pytest.mark.parametrize(("real_hz", "said_hz"), [(60.0, 30.0), (12.0, 30.0), (50.0, 25.0)])
def test_a_remark_names_the_rate_of_frames_that_are_stamped_wrongly(
    real_hz: float, said_hz: float
) -> None:
    made = simulate_skeletons(4, 3, seed=8, frames=round(4 * real_hz), rate_hz=real_hz)
    for walk in made.skeleton_NTJ3:
        found = step_rate(walk, said_hz)
        if np.isfinite(found):
            said = rate_remark(found, said_hz)
            assert said is not None
            likely_hz = float(said.partition("at about ")[2].partition(" Hz")[0])
            assert 0.75 < likely_hz / real_hz < 1.34
            assert rate_remark(step_rate(walk, real_hz), real_hz) is None


def test_slow_and_fast_walkers_get_no_remark() -> None:
    assert rate_remark(1.2, 30.0) is None
    assert rate_remark(2.9, 30.0) is None
    assert rate_remark(float("nan"), 30.0) is None


def test_a_rate_is_not_judged_by_the_few_walks_that_show_steps() -> None:
    few = np.array([5.0, 5.0, 5.0, np.nan, np.nan, np.nan])
    assert rate_mistake(few, 24.0) is None
    assert rate_mistake(few[:4], 24.0) is not None


@pytest.mark.parametrize("rate_hz", [0.0, 0.02, 1.0])
def test_times_in_another_unit_are_no_frame_rate(rate_hz: float) -> None:
    assert rate_remark(0.001, rate_hz) is None
