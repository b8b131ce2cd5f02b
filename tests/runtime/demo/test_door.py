"""At the demo's door the walker gets a name and a stranger does not, whatever the seed."""

from __future__ import annotations

import pytest

from edgehuman.runtime.demo.door import NAMES, PASSES, STRANGER, WALKER, Door, Pass, door
from edgehuman.runtime.loop.results import UNKNOWN


@pytest.mark.parametrize("seed", range(10))
def test_the_walker_is_named_and_the_stranger_refused(seed: int) -> None:
    passed = door(seed)
    assert passed.named >= 1
    assert passed.misnamed == 0
    assert [one.said for one in passed.passes if one.who == STRANGER] == [UNKNOWN] * PASSES
    assert {name for name, _ in passed.passes[0].scores} == set(NAMES)


def test_right_and_wrong_are_counted_by_hand() -> None:
    def one(who: str, said: str) -> Pass:
        return Pass(who, said, "Ben", 0.9, (("Ben", 0.9),))

    passed = Door(NAMES, 1, 0.8, (one(WALKER, WALKER), one(WALKER, "Ben"), one(STRANGER, UNKNOWN)))
    assert [row.right for row in passed.passes] == [True, False, True]
    assert (passed.named, passed.misnamed) == (1, 1)
