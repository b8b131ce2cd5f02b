"""An argument of the wrong kind is named with its value and the kinds that are right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.arguments import require_kinds


class Apple:
    """A kind of its own."""


def taking(
    place: str | Path,
    *,
    rate: float = 1.0,
    count: int | None = None,
    loud: bool = False,
    how: Literal["up", "down"] = "up",
    fruit: Apple | str | None = None,
    told: Callable[[str], object] = print,
    words: Sequence[str] = (),
    free: Any = None,
) -> None:
    """Takes one of every kind of annotation that is used."""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("place", 3, "place is 3; give text or a path"),
        ("rate", "a", "rate is 'a'; give a number, or leave it out"),
        ("rate", True, "rate is True; give a number, or leave it out"),
        ("rate", None, "rate is None; give a number, or leave it out"),
        ("count", 2.5, "count is 2.5; give a whole number, or leave it out"),
        ("loud", 1, "loud is 1; give True or False, or leave it out"),
        ("how", "left", "how is 'left'; give 'up' or 'down', or leave it out"),
        ("how", [], "how is []; give 'up' or 'down', or leave it out"),
        ("fruit", 3, "fruit is 3; give an Apple or text, or leave it out"),
        ("told", "print", "told is 'print'; give a Callable, or leave it out"),
        ("words", 5, "words is 5; give a Sequence, or leave it out"),
    ],
)
def test_a_wrong_kind_is_named(name: str, value: object, said: str) -> None:
    with pytest.raises(UsageError) as error:
        require_kinds(taking, {name: value})
    assert str(error.value) == said


@pytest.mark.parametrize(
    "given",
    [
        {"place": "a", "rate": 2, "count": np.int64(3), "loud": True, "how": "down"},
        {"place": Path("a"), "rate": np.float32(2), "count": None, "fruit": None, "told": len},
        {"fruit": Apple(), "words": ["a"], "free": 3},
    ],
)
def test_right_kinds_pass(given: dict[str, object]) -> None:
    require_kinds(taking, given)


def test_a_long_value_is_cut() -> None:
    with pytest.raises(UsageError, match=r"rate is \[0, 0, [0, ]{1,60}… \(list\); give a n"):
        require_kinds(taking, {"rate": [0] * 1000})
