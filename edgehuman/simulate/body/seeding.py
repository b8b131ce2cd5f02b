"""Seeds: one number in, independent generators out."""

from __future__ import annotations

import numpy as np

from edgehuman.errors import UsageError


def generator(*path: int) -> np.random.Generator:
    """The generator for a seed and a purpose; different paths give independent numbers."""
    return np.random.default_rng(_checked(path))


def child_seed(*path: int) -> int:
    """Derive a seed from a seed and a path."""
    return int(np.random.SeedSequence(_checked(path)).generate_state(1)[0])


def _checked(path: tuple[int, ...]) -> list[int]:
    for number in path:
        if number < 0:
            raise UsageError(f"seed is {number}; it must be an integer of at least 0")
    return [int(number) for number in path]
