"""Answers with the quality of their walks, by hand and in small."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from edgehuman.bench.pages.skeleton.answers import (
    FNMR,
    RANK1,
    Answers,
    fitted,
    real_answers,
    simulated_answers,
)
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.preprocess.quality import Quality, Weights
from edgehuman.runtime.model import load

EVEN = Weights(0.25, 0.25, 0.25, 0.25)


def made(completeness: list[float], own: list[float], other: list[float]) -> Answers:
    quality = tuple(Quality(EVEN, steps=0.5, completeness=each) for each in completeness)
    people = np.array([str(k % 2) for k in range(len(own))])
    impostor_M = np.arange(101, dtype=np.float64) / 200.0
    return Answers(quality, people, np.array(own), np.array(other), impostor_M)


def test_the_two_errors() -> None:
    """1 % of the comparisons of two people are above 0.495."""
    answers = made([0.2, 0.4, 0.8], own=[0.4, 0.6, 0.9], other=[0.5, 0.7, 0.1])
    assert answers.wrong[RANK1].tolist() == [1.0, 1.0, 0.0]
    assert answers.wrong[FNMR].tolist() == [1.0, 0.0, 0.0]
    assert answers.orders()["completeness"].tolist() == [0.2, 0.4, 0.8]
    assert "agreement" not in answers.orders()
    assert answers.chosen(np.array([True, False, True])).own_N.tolist() == [0.4, 0.9]


def test_the_fit_finds_the_part_that_tells() -> None:
    """Steps are the same everywhere, and wrong answers are of few joints."""
    random = np.random.default_rng(0)
    share = random.uniform(0.1, 1.0, 400)
    steps = random.uniform(0.1, 1.0, 400)
    right = random.random(400) < share
    answers = made(share.tolist(), right.astype(float).tolist(), [0.5] * 400)
    quality = tuple(
        dataclasses.replace(each, steps=float(own))
        for each, own in zip(answers.quality, steps, strict=True)
    )
    weights = fitted(dataclasses.replace(answers, quality=quality))
    assert sum(weights) == pytest.approx(1.0, abs=0.02)
    assert min(weights) >= 0.05
    assert weights.completeness > 4 * weights.steps


def test_simulated_and_other_sets_give_answers() -> None:
    model = load("zoo:gait-skeleton")
    answers = simulated_answers(model, 4, 3)
    # Four later walks of each, two pieces of each.
    assert len(answers.own_N) == len(answers.quality) == 32
    assert len(np.unique(answers.person_N)) == 4
    walks = simulated_set(3, 4, 5, frames=24)
    found = real_answers(model, walks)
    # Each condition is looked for in the other: 3 x 1 with a bag, 3 x 3 without.
    assert len(found.own_N) == 12
    assert np.isfinite(found.own_N).all()
