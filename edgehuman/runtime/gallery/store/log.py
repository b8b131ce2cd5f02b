"""What was done to a gallery, line by line, each chained to the one before.

A line is JSON: when, who, what, whom by the pseudonym, and how many walks; never a name, never a
vector. Its hash is that of the line and the hash before, so a line that is changed, put in or taken
out breaks the chain. With a key the hash is an HMAC: whoever lacks the key cannot make a chain that
holds, nor cut off its end, as its head is sealed. A whole older copy of the file holds in itself;
to tell it, keep the head somewhere else (`gallery audit --head`).
"""

from __future__ import annotations

import datetime
import getpass
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.gallery.store.database import Database
from edgehuman.runtime.gallery.store.vault import Vault

KEEP_DAYS = 365
"""Lines are kept for so long; the chain goes on from the hash of the last that was removed."""
_FIRST = "0" * 64
_MOST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Entry:
    """Attributes:
    number: of the line, from 1.
    about: what it says.
    hash: of the chain up to it.
    """

    number: int
    about: Mapping[str, Any]
    hash: str


def append(base: Database, vault: Vault, action: str, subject: str = "", **more: Any) -> None:
    """Add a line to the log, inside a transaction.

    Args:
        subject: the pseudonym of a person.
        more: plain values.
    """
    number, before = _head(base)
    about = {"at": _now().isoformat(timespec="seconds"), "actor": actor(), "action": action}
    about |= {"subject": subject} if subject else {}
    line = to_json({**about, **more})
    found = vault.mac(f"{before}\n{number + 1}\n{line}")
    base.run("INSERT INTO log VALUES (?, ?, ?)", number + 1, line, found)
    _seal(base, vault, number + 1, found)


def prune(base: Database, vault: Vault) -> None:
    """Remove lines older than `KEEP_DAYS`, which a line says."""
    oldest = (_now() - datetime.timedelta(days=KEEP_DAYS)).isoformat(timespec="seconds")
    last: Entry | None = None
    for entry in entries(base):
        if str(entry.about.get("at", "")) >= oldest:
            break
        last = entry
    if last is not None:
        base.run("DELETE FROM log WHERE n <= ?", last.number)
        anchor = to_json({"n": last.number, "hash": last.hash})
        base.run("INSERT OR REPLACE INTO about VALUES ('log begin', ?)", anchor)
        append(base, vault, "prune log", upto=last.number)


def entries(base: Database) -> Iterator[Entry]:
    """The lines, oldest first; what is no line of ours says nothing."""
    for number, line, found in base.each("SELECT n, line, hash FROM log ORDER BY n"):
        about: Any = {}
        if isinstance(line, str) and len(line) <= _MOST_LINE:
            try:
                about = json_of(line)
            except ValueError:
                about = {}
        yield Entry(number, about if isinstance(about, Mapping) else {}, str(found))


def faults(base: Database, vault: Vault) -> list[str]:
    """Where the chain does not hold; empty if it does."""
    number, before = _begin(base)
    wrong: list[str] = []
    for found, line, stated in base.each("SELECT n, line, hash FROM log ORDER BY n"):
        number += 1
        if found != number:
            wrong.append(f"line {number} of the log is missing")
            number = int(found)
        if vault.mac(f"{before}\n{number}\n{line}") != stated:
            wrong.append(f"line {number} of the log was changed, or the one before was taken out")
        before = str(stated)
    sealed = _about(base, "log head")
    if sealed.get("n") != number or sealed.get("seal") != _seal_of(vault, number, before):
        wrong.append(f"the log ends at line {number}, and its head says otherwise")
    return wrong


def walks_left(base: Database) -> Counter[str] | None:
    """Walks that each person should have by the log; None if its first lines were pruned."""
    if _about(base, "log begin"):
        return None
    left: Counter[str] = Counter()
    for entry in entries(base):
        walks, subject = entry.about.get("walks"), str(entry.about.get("subject", ""))
        if isinstance(walks, int):
            left[subject] += walks if entry.about.get("action") == "enrol" else -walks
    return +left


def rechain(base: Database, before: Vault, after: Vault) -> None:
    """Chain every line anew under another key.

    Raises:
        ValueError: the chain does not hold under the old one.
    """
    if wrong := faults(base, before):
        raise ValueError(wrong[0])
    number, last = _begin(base)
    rows = base.run("SELECT n, line FROM log ORDER BY n")
    for number, line in rows:
        last = after.mac(f"{last}\n{number}\n{line}")
        base.run("UPDATE log SET hash = ? WHERE n = ?", last, number)
    _seal(base, after, number, last)


def actor() -> str:
    """Who runs this: the name of the system's user, or its number."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no name in this container
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _head(base: Database) -> tuple[int, str]:
    """Number and hash of the last line."""
    rows = base.run("SELECT n, hash FROM log ORDER BY n DESC LIMIT 1")
    return (int(rows[0][0]), str(rows[0][1])) if rows else _begin(base)


def _begin(base: Database) -> tuple[int, str]:
    """Number and hash before the first line that is kept."""
    about = _about(base, "log begin")
    number, found = about.get("n", 0), about.get("hash", _FIRST)
    return (number if isinstance(number, int) else 0), str(found)


def _about(base: Database, name: str) -> Mapping[str, Any]:
    rows = base.run("SELECT value FROM about WHERE name = ?", name)
    try:
        found = json_of(rows[0][0]) if rows else {}
    except (ValueError, TypeError):
        found = {}
    return found if isinstance(found, Mapping) else {}


def _seal(base: Database, vault: Vault, number: int, found: str) -> None:
    about = to_json({"n": number, "hash": found, "seal": _seal_of(vault, number, found)})
    base.run("INSERT OR REPLACE INTO about VALUES ('log head', ?)", about)


def _seal_of(vault: Vault, number: int, found: str) -> str:
    return vault.mac(f"head\n{number}\n{found}")
