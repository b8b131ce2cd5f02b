"""The report of `edgehuman data check`, for every record."""

from __future__ import annotations

from collections.abc import Sequence

_LINES_SHOWN = 20


def verdict(problems: Sequence[str]) -> list[str]:
    """Lines of the verdict, with the first problems below it."""
    if not problems:
        return ["nothing missing, nothing wrong"]
    hidden = len(problems) - _LINES_SHOWN
    more = [f"  and {hidden} more; --json lists them all"] if hidden > 0 else []
    return ["missing or wrong:", *(f"  {line}" for line in problems[:_LINES_SHOWN]), *more]
