"""Which frames are looked at."""

from __future__ import annotations

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.image.camera.policy import Policy, policy_of


@pytest.mark.parametrize(
    ("word", "every", "found"),
    [
        (None, 1, Policy(None, 1)),
        (None, 5, Policy(None, 5)),
        ("latest", 1, Policy(True, 1)),
        ("latest", 2, Policy(True, 2)),
        ("all", 1, Policy(False, 1)),
        ("every-5", 1, Policy(False, 5)),
        ("every-5", 5, Policy(False, 5)),
    ],
)
def test_policies(word: str | None, every: int, found: Policy) -> None:
    assert policy_of(word, every) == found


@pytest.mark.parametrize("word", ["", "newest", "every-0", "every-n", "every--1", "every-1.5"])
def test_no_policy(word: str) -> None:
    with pytest.raises(UsageError, match="give latest, all, or every-N"):
        policy_of(word)


def test_two_numbers_differ() -> None:
    with pytest.raises(UsageError, match="--policy every-5 and --every 2 differ"):
        policy_of("every-5", 2)
    with pytest.raises(UsageError, match="--every must be at least 1"):
        policy_of("latest", 0)
