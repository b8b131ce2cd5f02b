"""Hold what a card says of its records against what models have, before an array is made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod

# Of a record with its dynamic axes at 1; an 8K picture has 100 million.
_MOST_VALUES, _MOST_AXES, _MOST_COUNT = 1 << 28, 8, 100_000
_MOST_RATE_HZ = 5000.0


def require_records(shape: Sequence[int], rate_hz: float, counts: Iterable[int]) -> None:
    """Check the shape of a record, its rate, and the numbers of labels, parts and the like.

    Raises:
        ValueError: axes, a rate or a number beyond reason.
    """
    plain = len(shape) <= _MOST_AXES and all(
        type(side) is int and 0 <= side <= _MOST_VALUES for side in shape
    )
    if not plain or prod(max(1, side) for side in shape) > _MOST_VALUES:
        raise ValueError(f"its input is {str(shape)[:100]}; at most {_MOST_VALUES:,} values")
    if not 0 <= rate_hz <= _MOST_RATE_HZ:
        raise ValueError(f"its rate is {rate_hz:g} Hz; it must be 0 to {_MOST_RATE_HZ:g}")
    for count in counts:
        if type(count) is not int or not 0 <= count <= _MOST_COUNT:
            raise ValueError(f"it counts {str(count)[:20]}; it must be 0 to {_MOST_COUNT:,}")
