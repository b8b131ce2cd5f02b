"""Whose names leave this machine (`--sink-names`): nobody's, those of people who agreed, or all.

    sent = Sent("consented", path, key)
    sent.row({"label": "ANNA", ...})

A person has agreed if every walk of theirs in the gallery has a record of consent. It is read when
the run begins, and again whenever the gallery is changed on its page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias

from edgehuman.errors import UsageError
from edgehuman.runtime.gallery.files import is_store, read_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.states import KNOWN

NamesSent: TypeAlias = Literal["none", "consented", "all"]
_NEVER = ("embedding",)


class Sent:
    """Args:
    which: whose names are sent.
    path, key: of the gallery; None: there is none, and nobody has a name.
    other: a second gallery of the same people, under the same key; who is in both agreed in both.

    Raises:
        ArtefactError, UsageError: the gallery cannot be read.
    """

    def __init__(
        self, which: NamesSent, path: Path | None, key: Path | None, other: Path | None = None
    ) -> None:
        self._which, self._key = which, key
        self._paths = [each for each in (path, other) if each is not None]
        self._names: frozenset[str] = frozenset()
        self.refresh()

    def refresh(self) -> None:
        """Read anew who has agreed."""
        if self._which == "consented":
            self._names = consenting(self._paths, self._key)

    def __contains__(self, name: object) -> bool:
        return self._which == "all" or name in self._names

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A result as JSON lines have it, without vectors, and without names that are not sent."""
        kept = {key: value for key, value in row.items() if key not in _NEVER}
        label, nearest = kept.get("label"), kept.get("raw_label")
        if label not in (None, "", UNKNOWN) and label not in self:
            kept["label"] = KNOWN  # somebody whose name is not sent
        if nearest not in (None, "", UNKNOWN) and nearest not in self:
            del kept["raw_label"]
        if "others" in kept:
            kept["others"] = [each for each in kept["others"] if each["label"] in self]
            if not kept["others"]:
                del kept["others"]
        return kept

    def name(self, label: str) -> str:
        """A label that is a name and is sent; else ""."""
        return label if label not in ("", UNKNOWN) and label in self else ""


def require_receiver(which: NamesSent, sink: str | None, webhook: str | None) -> None:
    """Raises UsageError for names that are to be sent to nowhere."""
    if which != "none" and sink is None and webhook is None:
        raise UsageError(
            f"--sink-names {which} is for what leaves this machine; add --sink or --webhook, or "
            "leave --sink-names out. Standard output and --save have the names anyway"
        )


def consenting(paths: Sequence[Path], key: Path | None) -> frozenset[str]:
    """The people of galleries of whom every walk has a record of consent; nobody of an .npz.

    Raises:
        ArtefactError, UsageError: one cannot be read.
    """
    recorded: dict[str, list[bool]] = defaultdict(list)
    for path in paths:
        if not path.exists():
            continue
        if not is_store(path):
            for name in read_gallery(path).person_G:
                recorded[name].append(False)
            continue
        from edgehuman.runtime.gallery.store.book import read_book

        book = read_book(path, read_key(key))
        for name, walk in zip(book.gallery.person_G, book.walks, strict=True):
            recorded[name].append(walk.consent is not None)
    return frozenset(name for name, walks in recorded.items() if all(walks))
