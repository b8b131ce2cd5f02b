"""Names of people: which spellings are one name, and which are close to one that is not known."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable

# In a message: all names if there are so few, else the closest.
_MOST_LISTED, _CLOSEST = 8, 3
_SPACES = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000]+")


def one_name(name: str) -> str:
    """A name as it is stored: composed (Unicode NFC), with single spaces between its words.

    People type "ANNA "; the file names of a Mac hold "e" and its accent as two characters.
    """
    return _SPACES.sub(" ", unicodedata.normalize("NFC", name).strip())


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
