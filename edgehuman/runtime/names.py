"""Names of people: which spellings are one name, and which are close to one that is not known."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

from edgehuman.errors import DataError

# In a message: all names if there are so few, else the closest.
_MOST_LISTED, _CLOSEST = 8, 3
_SPACES = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+")
_LONGEST = 200
# What nobody sees and pages and keyboards bring along: zero-width spaces, marks of direction.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
# Joiners belong to names in Persian and to emoji, and to nothing else.
_JOINERS = "\u200c\u200d"
_LOOSE_JOINER = re.compile(f"(?<![^\\x00-\u02ff])[{_JOINERS}]+|[{_JOINERS}]+(?![^\\x00-\u02ff])")


def one_name(name: str) -> str:
    """A name as it is stored: composed (Unicode NFC), with single spaces between its words.

    People type "ANNA "; the file names of a Mac hold "e" and its accent as two characters; what is
    copied from a page may hold characters that nobody sees.
    """
    seen = _LOOSE_JOINER.sub("", _UNSEEN.sub("", unicodedata.normalize("NFC", name)))
    return _SPACES.sub(" ", seen).strip()


def require_name(name: str) -> None:
    """Raises DataError for a name that is empty, too long, or holds what cannot be printed."""
    shown = name.translate(dict.fromkeys(map(ord, _JOINERS)))  # joiners are part of a letter
    if not name.strip() or len(name) > _LONGEST or not shown.isprintable():
        raise DataError(f"found the name {name[:40]!r}; give 1 to {_LONGEST} printable characters")


def known_names(name: str, known: Iterable[str], what: str) -> str:
    """What names there are, for the message about one that there is not.

    Args:
        name: the one that was asked for.
        known: the others, also repeated.
        what: what they name, in the plural.
    """
    names = [*dict.fromkeys(known)]
    if len(names) <= _MOST_LISTED:
        return ", ".join(names) or "nobody"
    close = difflib.get_close_matches(name, names, _CLOSEST, cutoff=0)
    return f"{len(names)} {what}, and the closest names are {', '.join(close)}"
