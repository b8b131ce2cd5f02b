"""Walks that calibrate and judge: stretches of the card's length, at its rate."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.card import Card, OutputSpec, skeleton_input
from edgehuman.data.skeleton import samples as samples_module
from edgehuman.data.skeleton.samples import read_samples
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.errors import DataError


@pytest.fixture
def gait_card() -> Card:
    output = OutputSpec("embedding", distance="cosine", dim=8)
    return Card("toy", "gait-embedding", "toy", 1, 1, skeleton_input(32), output)


def test_simulated_walks_are_cut_one_stretch_after_the_other(gait_card: Card) -> None:
    samples = read_samples(gait_card, "simulated")
    assert samples.array.shape[1:] == (32, 18, 3)
    assert samples.array.dtype == np.float32
    people, count_P = np.unique(samples.person_N, return_counts=True)
    assert len(people) == 64
    # Four walks of 96 frames each.
    assert set(count_P.tolist()) == {12}
    assert samples.source == "simulated walks"
    few = read_samples(gait_card, "simulated", most=2)
    assert np.array_equal(few.array, samples.array[[0, -1]])


def test_walks_come_at_the_rate_of_the_card_and_those_to_be_tested_stay_out(
    gait_card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(people=2, each=2, seed=0, frames=50)
    role_N = np.array(["train", "probe", "train", "probe"])
    # As if the cameras had taken 12 frames a second: twice as many at 24.
    made = dataclasses.replace(walks, role_N=role_N, rate_hz_N=np.full(4, 12.0))
    monkeypatch.setattr(samples_module, "load_skeletons", lambda data, **few: made)
    samples = read_samples(gait_card, "made")
    assert len(samples) == 2 * 3
    first_J3 = made.sequence(0)[0]
    assert samples.array[0, 0] == pytest.approx(first_J3, abs=1e-3)
    assert samples.source == "walks of simulated"


def test_walks_that_are_all_too_short_are_refused(
    gait_card: Card, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks = simulated_set(people=1, each=2, seed=0, frames=30)
    monkeypatch.setattr(samples_module, "load_skeletons", lambda data, **few: walks)
    with pytest.raises(DataError, match="none of its 2 walks has the 32 frames at 24 Hz"):
        read_samples(gait_card, "made")
