"""Seeds: one number in, independent generators out."""

from __future__ import annotations

import numpy as np

from edgehuman.errors import UsageError


def generator(*path: int) -> np.random.Generator:
    """The generator of a seed and of what it is for; other paths give independent numbers."""
    return np.random.default_rng(_checked(path))


def child_seed(*path: int) -> int:
    """A seed made of a seed and a path."""
    return int(np.random.SeedSequence(_checked(path)).generate_state(1)[0])


def _checked(path: tuple[int, ...]) -> list[int]:
    for number in path:
        if number < 0:
            raise UsageError(f"found seed {number}; a seed is a whole number of at least 0")
    return [int(number) for number in path]
