"""Lines of a terminal that are redrawn in place, whatever its size: for the view of any record.

The size is asked at every draw, so the view follows a window that is resized. Names come from files
and networks: control characters in them never reach the terminal.
"""

from __future__ import annotations

import os
import re
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Generic, Protocol

from edgehuman.errors import printable
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.loop.results import LiveT

_BETWEEN_DRAWS_S = 0.1
_HIDE, _SHOW, _CLEAR = "\x1b[?25l", "\x1b[?25h", "\x1b[2J\x1b[H"
_RESET = "\x1b[0m"
_ESCAPE = re.compile(r"(\x1b\[[0-9;]*m)")


def can_redraw(stream: IO[str]) -> bool:
    """Whether lines can be redrawn: a terminal, and not a dumb one."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def wants_colour() -> bool:
    """Whether colours are wanted. Source: no-color.org; NO_COLOR set to anything turns them off."""
    return not os.environ.get("NO_COLOR")


class Lines(Generic[LiveT]):
    """A sink of one line per result, for pipes and logs, under one line of column heads.

    Args:
        stream: stays open.
        heads: of the columns.
        line: a result in words.
    """

    name = "screen"
    may_skip = False

    def __init__(self, stream: IO[str], heads: str, line: Callable[[LiveT], str]) -> None:
        self._stream = stream
        self._heads = [heads]
        self._line = line

    def write(self, results: Sequence[LiveT]) -> None:
        said = [*self._heads, *map(self._line, results)]
        self._heads = []
        self._stream.write("".join(f"{printable(line)}\n" for line in said))
        self._stream.flush()

    def close(self) -> None:
        """Standard output stays open."""


class Noting(Protocol):
    """A view that has room for messages."""

    def note(self, message: str) -> None:
        """Show it with the next draw."""


class Notes:
    """Prints messages where they do not disturb the view: inside it, or on standard error."""

    def __init__(self) -> None:
        self.view: Noting | None = None

    def __call__(self, message: str) -> None:
        (say if self.view is None else self.view.note)(message)


class Screen:
    """Lines that are drawn over the lines before, at most ten times a second.

    Args:
        stream: a terminal that can redraw.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._size = (0, 0)
        self._lines_drawn = 0
        self._drawn_s = 0.0

    @staticmethod
    def size() -> tuple[int, int]:
        """Columns and rows that can be used now; one of each stays free, for the cursor."""
        columns, rows = shutil.get_terminal_size()
        return max(columns - 1, 1), max(rows - 1, 1)

    def is_due(self) -> bool:
        """Whether the last draw was long enough ago."""
        return time.monotonic() - self._drawn_s >= _BETWEEN_DRAWS_S

    def draw(self, lines: Sequence[str]) -> None:
        """Replace the lines drawn before; what does not fit is cut off on the right and below."""
        self._drawn_s = time.monotonic()
        columns, rows = self.size()
        kept = [clip(line, columns) for line in lines[:rows]]
        self._stream.write(self._back(columns, rows))
        self._stream.write("".join(f"\x1b[2K{line}\n" for line in kept) + "\x1b[J")
        self._stream.flush()
        self._lines_drawn, self._size = len(kept), (columns, rows)

    def close(self) -> None:
        """Give the cursor back."""
        if self._lines_drawn:
            self._stream.write(_SHOW)
            self._stream.flush()

    def _back(self, columns: int, rows: int) -> str:
        """To the first line. A resized terminal has wrapped the lines anew: it is cleared."""
        if not self._lines_drawn:
            return _HIDE
        if self._size != (columns, rows):
            return _CLEAR
        return f"\x1b[{self._lines_drawn}F"


def cells(text: str) -> int:
    """Columns that a text takes: two for a wide character, none for a combining one."""
    return sum(map(_cells_of, text))


def fit(text: str, width: int) -> str:
    """The text padded with spaces, or cut with an ellipsis, to exactly this many columns."""
    if cells(text) > width:
        text = _first_cells(text, max(width - 1, 0)) + ("…" if width else "")
    return text + " " * (width - cells(text))


def clip(line: str, width: int) -> str:
    """The first columns of a line that may have colours."""
    kept, left, is_painted = [], width, False
    for part in _ESCAPE.split(line):
        if _ESCAPE.fullmatch(part):
            kept.append(part)
            is_painted = part != _RESET
            continue
        head = _first_cells(part, left)
        kept.append(head)
        left -= cells(head)
        if head != part:
            return "".join(kept) + (_RESET if is_painted else "")
    return "".join(kept)


def flow(phrases: Iterable[str], width: int) -> Iterator[str]:
    """Phrases side by side, as many a line as fit, each line one column in."""
    line = ""
    for phrase in phrases:
        joined = f"{line}   {phrase}" if line else f" {phrase}"
        if line and cells(_ESCAPE.sub("", joined)) > width:
            yield line
            joined = f" {phrase}"
        line = joined
    if line:
        yield line


def latency_figures(what: str, p50_ms: float, p95_ms: float, width: int) -> Iterator[str]:
    """The latency as one phrase, or as two where one line of the width does not hold it."""
    name, figures = f"capture to {what}", f"p50 {p50_ms:.1f} p95 {p95_ms:.1f} ms"
    whole = f"{name} {figures}"
    yield from (whole,) if cells(whole) < width else (f"{name}:", figures)


def _first_cells(text: str, width: int) -> str:
    used = 0
    for place, character in enumerate(text):
        used += _cells_of(character)
        if used > width:
            return text[:place]
    return text


def _cells_of(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
