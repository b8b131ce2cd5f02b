"""The page on wearers: counting, intervals and the fit."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.bench.pages.together.wearers import (
    Judged,
    WearersConfig,
    fit,
    judge,
    pieces,
    render,
    totals,
)
from edgehuman.errors import UsageError
from edgehuman.runtime.together.steps import Likeness
from edgehuman.runtime.together.wearers import evidence
from edgehuman.simulate.gait.worn import Conditions, simulate_worn


def test_shares_are_of_all_seconds() -> None:
    one = Judged(6, 1, 3, 2, 8, (5.0, 9.0), 2)
    other = Judged(0, 0, 10, 0, 10, (), 1)
    row = totals([one, other])
    assert row["right"][0] == pytest.approx(0.3)
    assert row["wrong"][0] == pytest.approx(0.05)
    assert row["unsure"][0] == pytest.approx(0.65)
    assert row["named_away"][0] == pytest.approx(0.1)
    assert row["until_s"] == [7.0, pytest.approx(8.6)]
    low, high = row["right"][1:]
    assert (low, high) == (0.0, pytest.approx(0.6))
    text = render({"2 people": row}, WearersConfig())
    assert "| 2 people | 30.0 % (0.0 to 60.0) | 5.0 %" in text
    assert "Simulated: 20 scenes" in text


def test_every_second_of_every_sensor_is_judged_once() -> None:
    scene = simulate_worn(2, 2, 12.0, 0, Conditions(absent=1))
    found = judge(scene, WearersConfig(seconds=12.0))
    total = found.right + found.wrong + found.unsure + found.named + found.silent
    assert total == 3 * 12
    assert found.silent >= 12 - found.named  # the absent one's sensor, if nothing else


def test_pieces_are_of_one_track_and_in_order() -> None:
    scene = simulate_worn(3, 0, 20.0, 1)
    for person, t_s_T, joint_TJ3 in pieces(scene, 0):
        assert 0 <= person < 3
        assert len(t_s_T) == len(joint_TJ3)
        assert np.all(np.diff(t_s_T) > 0)
        assert t_s_T[-1] - t_s_T[0] <= 30


def test_a_fit_tells_pairs_apart_that_are_apart() -> None:
    rng = np.random.default_rng(0)
    same = [
        (True, Likeness(r, 0.0, 8.0, s)) for r, s in rng.uniform((0.8, 4), (0.96, 30), (300, 2))
    ]
    two = [
        (False, Likeness(r, 0.0, 8.0, s)) for r, s in rng.uniform((0.1, 4), (0.85, 30), (900, 2))
    ]
    fitted = fit(iter([*same, *two]))
    assert evidence(Likeness(0.93, 0.0, 8.0, 15.0), fitted) > 2
    assert evidence(Likeness(0.5, 0.0, 8.0, 15.0), fitted) < -2


def test_too_few_scenes_are_named() -> None:
    with pytest.raises(UsageError, match="--scenes is 1; it must be at least 2"):
        WearersConfig(scenes=1)
