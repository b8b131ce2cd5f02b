"""Which frames of a source are looked at.

policy_of("latest", 1)       the newest; what comes meanwhile is passed over
policy_of("every-5", 1)      the frames 0, 5, 10, ... in order
policy_of(None, 1)           as the source is: all of a file, the newest of a camera
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgehuman.errors import UsageError

_EVERY = re.compile(r"every-([1-9]\d{0,5})")


@dataclass(frozen=True, slots=True)
class Policy:
    """Attributes:
    latest: whether only the newest frame counts; None: as the source is.
    every: of the frames 0, every, 2 every, ...
    """

    latest: bool | None = None
    every: int = 1


def policy_of(word: str | None, every: int = 1) -> Policy:
    """The policy of --policy and --every.

    Raises:
        UsageError: no policy, `every` under 1, or two different numbers.
    """
    if every < 1:
        raise UsageError(f"--every must be at least 1 (got {every}); 1 takes every frame")
    if word is None:
        return Policy(None, every)
    if word in ("latest", "all"):
        return Policy(word == "latest", every)
    found = _EVERY.fullmatch(word)
    if found is None:
        raise UsageError(
            f"--policy is {word!r}; give latest, all, or every-N such as every-5 for each fifth"
        )
    if every not in (1, int(found[1])):
        raise UsageError(f"--policy {word} and --every {every} differ; leave one of them out")
    return Policy(False, int(found[1]))
