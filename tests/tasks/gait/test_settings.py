"""What the configs of both records of gait refuse, before anything is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.tasks.gait.settings import WalkConfig

GOOD: dict[str, Any] = {"batch": 8, "each": 2, "weights": Path("runs/a")}


def test_the_walks_of_a_person_stay_together() -> None:
    assert WalkConfig(**GOOD).kept_together() == 2


@pytest.mark.parametrize("whiten", [None, 0, 0.1, 1])
def test_a_share_to_whiten_by(whiten: float | None) -> None:
    assert WalkConfig(**GOOD, whiten=whiten).whiten == whiten


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"each": 1}, "each is 1; it must be at least 2"),
        ({"batch": 6, "each": 4}, "batch is 6; it must be a multiple of --each 4"),
        ({"people": 1}, "people is 1"),
        ({"walks": 1}, "walks is 1"),
        ({"test_people": 1}, "test-people is 1"),
        ({"margin": -1.0}, "margin is -1.0; it must be 0 or more"),
        ({"whiten": -0.1}, "whiten is -0.1; it must be a share from 0 to 1"),
        ({"whiten": float("nan")}, "whiten is nan; it must be a share from 0 to 1"),
        ({"whiten": 0.1, "weights": None}, "it must be given with --weights"),
        ({"dim": 0}, "dim is 0; it must be at least 1"),
    ],
)
def test_words_that_are_wrong(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace(".", r"\.")):
        WalkConfig(**{**GOOD, **changes})
