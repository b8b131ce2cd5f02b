"""Progress bars: drawn in place on a terminal, and a line now and then in a pipe or a log."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import IO, Any

from tqdm import tqdm

_SECONDS_BETWEEN_LINES = 30.0


class _Lines(tqdm):  # type: ignore[misc]
    """A bar whose every state is a line of its own."""

    @staticmethod
    def status_printer(file: IO[str]) -> Callable[[str], None]:
        """Return what prints a state."""

        def print_line(state: str) -> None:
            if state.strip():
                file.write(state.strip() + "\n")
                file.flush()

        return print_line


def progress_bar(*given: Any, **named: Any) -> Any:
    """Return a `tqdm` on standard error; the arguments are tqdm's.

    Where standard error is no terminal, a state is printed at most every 30 seconds, as a line
    without control characters, and at the end; nothing for a bar with leave=False that ends sooner.
    """
    if sys.stderr.isatty():
        return tqdm(*given, file=sys.stderr, dynamic_ncols=True, **named)
    named |= {"file": sys.stderr, "mininterval": _SECONDS_BETWEEN_LINES, "maxinterval": 60.0}
    if not named.get("leave", True):
        named |= {"delay": _SECONDS_BETWEEN_LINES, "leave": True}
    return _Lines(*given, **named)


def tell(message: str) -> None:
    """Print a line on standard error above the bars."""
    if sys.stderr.isatty():
        tqdm.write(message, file=sys.stderr)
    else:
        print(message, file=sys.stderr, flush=True)
