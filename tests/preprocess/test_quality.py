"""The quality of a walk: 0 to 100, and it rises with every part."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from edgehuman.preprocess.quality import Quality, Weights, agreement_part, steps_part

HALVES = Weights(steps=0.5, view=0.0, completeness=0.5, agreement=0.0)
ALL = Weights(steps=0.1, view=0.2, completeness=0.3, agreement=0.4)


def test_the_formula() -> None:
    """sqrt(0.36 x 0.25) = 0.3; a part that is not known is left out, its weight too."""
    assert Quality(HALVES, steps=0.36, completeness=0.25).score == 30
    assert Quality(ALL, 1.0, 1.0, 1.0, 1.0).score == 100
    # 0.5 ^ (0.3 / 0.4), as view and agreement are not known.
    assert Quality(ALL, steps=1.0, completeness=0.5).score == round(100 * 0.5**0.75)


@pytest.mark.parametrize("part", Weights._fields)
def test_it_rises_with_each_part_and_is_0_without_one(part: str) -> None:
    base = Quality(ALL, steps=0.5, completeness=0.5, view=0.5, agreement=0.5)
    scores = []
    for k in range(11):
        changed: dict[str, Any] = {part: k / 10}
        scores.append(dataclasses.replace(base, **changed).score)
    assert scores[0] == 0
    assert scores == sorted(scores)
    assert scores[1] < scores[5] == base.score < scores[10]


def test_steps_count_by_number_and_clearness() -> None:
    """1 - 1/e of three clear steps, half of it if half is clear."""
    assert steps_part(0.0, 1.0) == 0.0
    assert steps_part(3.0, 1.0) == pytest.approx(0.632, abs=1e-3)
    assert steps_part(3.0, 0.5) == pytest.approx(0.316, abs=1e-3)


def test_halves_that_differ_make_a_walk_doubtful_and_not_worthless() -> None:
    assert agreement_part(None) is None
    assert agreement_part(1.0) == 1.0
    assert agreement_part(0.75) == pytest.approx(0.5)
    assert agreement_part(-1.0) == agreement_part(0.2) == 0.01


def test_it_is_said_with_its_parts() -> None:
    quality = Quality(HALVES, steps=0.36, completeness=0.25, seen=2.04)
    assert quality.said() == "30 of 100 (steps 0.36, completeness 0.25)"
    assert quality.as_row() == {
        "score": 30,
        "parts": {"steps": 0.36, "completeness": 0.25},
        "steps_seen": 2.0,
    }
