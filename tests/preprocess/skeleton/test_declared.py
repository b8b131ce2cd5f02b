"""What the user states of poses."""

from __future__ import annotations

import pytest

from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared, declare


def test_flags_are_numbers_and_a_known_layout() -> None:
    assert declare() == UNDECLARED
    assert declare(29.97, "1920x1080", "BODY_25") == Declared(29.97, 1920, 1080, "body25")
    assert declare(size=" 640 X 480 ").width_px == 640


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"rate_hz": 0.0}, "--rate-hz is 0; give 1 to 1000"),
        ({"rate_hz": float("nan")}, "--rate-hz is nan"),
        ({"size": "big"}, "--size is 'big'; give width and height in pixels, such as 1920x1080"),
        ({"size": "0x10"}, "--size is '0x10'"),
        ({"size": "1920"}, "--size is '1920'"),
        ({"layout": "mine"}, "--layout is 'mine'; give one of openpose18"),
    ],
)
def test_what_cannot_be_is_named(words: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        declare(**words)  # type: ignore[arg-type]
