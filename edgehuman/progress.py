"""Progress bars: drawn in place on a terminal, and a line now and then in a pipe or a log."""

from __future__ import annotations

import sys
from typing import IO, Any

from edgehuman.errors import printable, safe_name

_SECONDS_BETWEEN_LINES = 30.0


class _Lines:
    """A stream that takes what tqdm draws over itself as lines."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, drawn: str) -> None:
        """Print a state without what moves the cursor; nothing if that is all there is."""
        if drawn.strip():
            self._stream.write(drawn.strip() + "\n")

    def flush(self) -> None:
        """Give the lines to their reader."""
        self._stream.flush()


def progress_bar(*given: Any, **named: Any) -> Any:
    """Return a `tqdm` on standard error; the arguments are tqdm's.

    Where standard error is no terminal, a state is printed at most every 30 seconds, as a line
    without control characters, and at the end; nothing for a bar with leave=False that ends sooner.
    What stands before the bar may come from a file or an address (`shown`).
    """
    from tqdm import tqdm  # help and errors do without it

    if len(given) > 1:
        given = (given[0], safe_name(given[1]), *given[2:])
    if "desc" in named:
        named["desc"] = safe_name(named["desc"])
    if sys.stderr.isatty():
        return tqdm(*given, file=sys.stderr, dynamic_ncols=True, **named)
    named |= {"mininterval": _SECONDS_BETWEEN_LINES, "maxinterval": 2 * _SECONDS_BETWEEN_LINES}
    if not named.get("leave", True):
        named |= {"delay": _SECONDS_BETWEEN_LINES, "leave": True}
    return tqdm(*given, file=_Lines(sys.stderr), **named)


def tell(message: str) -> None:
    """Print a line on standard error above the bars, whatever stands in it (`printable`)."""
    if sys.stderr.isatty():
        from tqdm import tqdm

        tqdm.write(printable(message), file=sys.stderr)
    else:
        print(printable(message), file=sys.stderr, flush=True)
