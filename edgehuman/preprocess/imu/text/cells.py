"""Cells of a row as numbers, and what is said of one that is none."""

from __future__ import annotations

import math
from typing import Any

from edgehuman.preprocess.imu.text.clock import WANTED

TIME_ADVICE = (
    f": give {WANTED}, date and time in one column; or count the rows instead: give `run` "
    "--rate-hz, the rows per second"
)


def is_number(text: str) -> bool:
    """Whether a cell is a number, in Python's own notation."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def number(value: Any, name: str, what: str = "a number") -> float:
    """A cell as a number; JSON's null becomes NaN.

    Args:
        name: of its column, for the message.
        what: what it should be, for the message.

    Raises:
        ValueError: it is none.
    """
    if value is None:
        return math.nan
    if isinstance(value, (bool, list, dict)):
        raise ValueError(f"{str(value)[:40]} in column {name} is not {what}")
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{str(value)[:40]!r} in column {name} is not {what}") from None
