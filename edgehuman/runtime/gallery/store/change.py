"""A gallery in one SQLite file: changed by what differs, all or nothing.

    before, after = update_book(path, key, change)

A change is a transaction: what was answered is on the disk, and a kill leaves the state before or
after. Writers wait for each other, readers wait for nobody. A person who loses a walk and keeps
others gets a new key, so that what is left of that walk cannot be read either.

Axes: G walks, K of them, N new ones, D dimensions.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.files import cannot_write
from edgehuman.outcome import to_json
from edgehuman.placing import partial_of, placed
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion, Gallery
from edgehuman.runtime.gallery.key import Key
from edgehuman.runtime.gallery.store import log
from edgehuman.runtime.gallery.store.book import FORMAT, FUSION, THRESHOLD, Book, open_vault, read
from edgehuman.runtime.gallery.store.database import Database, create
from edgehuman.runtime.gallery.store.records import (
    PersonRecord,
    WalkRecord,
    person_content,
    walk_content,
)
from edgehuman.runtime.gallery.store.vault import Vault
from edgehuman.runtime.gallery.terms import DAY_S, Terms

_MODE = 0o600

Change = Callable[[Gallery], Gallery]


def create_book(path: Path, book: Book, after: Gallery, terms: Terms) -> None:
    """Write the file of a new gallery, whole or not at all.

    Raises:
        UsageError: it cannot be written.
    """
    partial = partial_of(path)
    try:
        with placed({partial: path}):
            os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _MODE))
            create(partial)
            with closing(Database(partial, write=True, new=True)) as base, base.writing():
                base.path = path  # in its messages
                _begin(base, book)
                _write(base, book, after, terms)
        with closing(Database(path, write=True)):
            pass  # from now on it has a log beside it while it is written
    except OSError as reason:
        raise UsageError(cannot_write(path, reason)) from None


def update_book(
    path: Path,
    key: Key | None,
    change: Change,
    terms: Terms | None = None,
    notify: Callable[[str], object] = lambda said: None,
) -> tuple[Gallery, Gallery]:
    """Change the gallery of a file, or leave it as it is.

    Returns:
        The galleries before and after.

    Raises:
        ArtefactError, UsageError: as `read_book`; or the disk is full.
    """
    with closing(Database(path, write=True)) as base:
        with base.writing():
            book = read(base, key)
            after = change(book.gallery)
            removed = _write(base, book, after, terms or Terms())
        if removed and (said := base.wipe(book.vault.is_encrypted)):
            notify(f"what was forgotten may remain on the disk: {said}")
        return book.gallery, after


def rekey_book(path: Path, old: Key | None, new: Key, notify: Callable[[str], object]) -> Book:
    """Encrypt everything anew, in one transaction: another key, another rotation, other nonces.

    Raises:
        ArtefactError, UsageError: as `update_book`.
    """
    with closing(Database(path, write=True)) as base:
        with base.writing():
            book = read(base, old)
            id = secrets.token_hex(16)
            vault = Vault(id, book.gallery.weights_sha256, book.gallery.distance, new)
            fresh = dataclasses.replace(book, id=id, vault=vault)
            _rewrite(base, book, fresh)
            try:
                log.rechain(base, book.vault, vault)
            except ValueError as error:
                raise ArtefactError(f"{path}: {error}; nothing was changed") from None
            left = Counter(walk.person for walk in book.walks)
            _log_removed(base, fresh, list(book.expired), left)
            log.append(base, vault, "rekey")
        if said := base.wipe(old is not None):
            notify(f"what was under the old key may remain on the disk: {said}")
        return fresh


def note(path: Path, key: Key | None, action: str, subject: str = "", **more: Any) -> None:
    """Add a line to the log of a gallery that is not changed otherwise."""
    with closing(Database(path, write=True)) as base, base.writing():
        log.append(base, open_vault(base, key)[1], action, subject, **more)


# Writing -----------------------------------------------------------------------------------------


def _begin(base: Database, book: Book) -> None:
    _write_about(base, book, book.gallery)
    log.append(base, book.vault, "create", gallery=book.id, model=book.gallery.weights_sha256[:12])


def _write_about(base: Database, book: Book, after: Gallery) -> None:
    about: dict[str, Any] = {"format": FORMAT, "id": book.id, "model": after.model}
    about |= {"weights_sha256": after.weights_sha256, "distance": after.distance}
    about |= {"shape": list(after.vector_GD.shape[1:]), "key": book.vault.key_id}
    base.run("INSERT OR REPLACE INTO about VALUES ('gallery', ?)", to_json(about))


def _write(base: Database, book: Book, after: Gallery, terms: Terms) -> bool:
    """Write what differs between a book and a gallery; whether something was removed."""
    before = book.gallery
    if (after.weights_sha256, after.distance) != (before.weights_sha256, before.distance):
        raise ArtefactError(
            f"{base.path} holds vectors of {before.model}, and these are of {after.model}; choose "
            "another file"
        )
    kept = _kept(before, after)
    old = {*kept.values()}
    gone = [walk for g, walk in enumerate(book.walks) if g not in old]
    gone += book.expired
    base.many("DELETE FROM walk WHERE n = ?", [(walk.row,) for walk in gone])
    remaining = Counter(book.walks[g].person for g in old)
    people = {book.people[id].name: book.people[id] for id in remaining}
    for id in {*book.people} - {*remaining}:
        base.run("DELETE FROM person WHERE id = ?", id)
    for id in {walk.person for walk in gone} & {*remaining}:
        people[book.people[id].name] = _renewed(base, book, id, old)
    _log_removed(base, book, gone, remaining)
    _add(base, book, after, [g for g in range(len(after)) if g not in kept], people, terms)
    if after.vector_GD.shape[1:] != before.vector_GD.shape[1:]:
        _write_about(base, book, after)
    _write_calibrated(base, book.vault, before, after)
    log.prune(base, book.vault)
    return bool(gone)


def _kept(before: Gallery, after: Gallery) -> dict[int, int]:
    """Index of each walk of `after` that stands in `before` as it is -> its index there."""
    if after is before:
        return {g: g for g in range(len(before))}
    place = {walk: g for g, walk in enumerate(before.walk_G)}
    pairs = [(g, place[walk]) for g, walk in enumerate(after.walk_G) if walk in place]
    pairs = [(g, old) for g, old in pairs if after.person_G[g] == before.person_G[old]]
    if not pairs or after.vector_GD.shape[1:] != before.vector_GD.shape[1:]:
        return {}
    new_K, old_K = np.array(pairs).T
    same_K = (after.vector_GD[new_K] == before.vector_GD[old_K]).reshape(len(pairs), -1).all(axis=1)
    return {g: old for (g, old), same in zip(pairs, same_K.tolist(), strict=True) if same}


def _renewed(base: Database, book: Book, id: str, kept: Collection[int]) -> PersonRecord:
    """Give a person a new key, and encrypt with it what is kept of them."""
    secret, wrapped = book.vault.new_secret(id)
    person = dataclasses.replace(book.people[id], cipher=book.vault.cipher(secret))
    _write_person(base, person, wrapped)
    for g in kept:
        walk = book.walks[g]
        if walk.person == id:
            content = walk_content(walk, book.gallery.vector_GD[g])
            sealed = person.cipher.seal("walk", f"{id} {walk.id}", content)
            base.run("UPDATE walk SET content = ? WHERE n = ?", sealed, walk.row)
    return person


def _write_person(base: Database, person: PersonRecord, wrapped: bytes) -> None:
    content = person.cipher.seal("person", person.id, person_content(person.name))
    base.run("INSERT OR REPLACE INTO person VALUES (?, ?, ?)", person.id, wrapped, content)


def _log_removed(
    base: Database, book: Book, gone: list[WalkRecord], remaining: Mapping[str, int]
) -> None:
    over = {walk.id for walk in book.expired}
    for action, walks in (
        ("forget", [walk for walk in gone if walk.id not in over]),
        ("expire", list(book.expired)),
    ):
        for id, count in Counter(walk.person for walk in walks).items():
            left = remaining.get(id, 0)
            log.append(base, book.vault, action, id, walks=count, left=left)


def _add(
    base: Database,
    book: Book,
    after: Gallery,
    new_N: list[int],
    people: dict[str, PersonRecord],
    terms: Terms,
) -> None:
    """Add walks of a gallery, and the people who are new."""
    now_s = int(time.time())
    expires_s = None if terms.keep_days is None else now_s + terms.keep_days * DAY_S
    for g in new_N:
        name = after.person_G[g]
        if name not in people:
            id = f"p-{secrets.token_hex(8)}"
            secret, wrapped = book.vault.new_secret(id)
            people[name] = PersonRecord(id, name, book.vault.cipher(secret))
            _write_person(base, people[name], wrapped)
        person, id = people[name], secrets.token_hex(8)
        called = after.walk_G[g]
        quality = terms.quality.get(called)
        walk = WalkRecord(0, id, person.id, called, now_s, expires_s, terms.consent, quality)
        content = walk_content(walk, after.vector_GD[g])
        sealed = person.cipher.seal("walk", f"{person.id} {id}", content)
        base.run("INSERT INTO walk (id, person, content) VALUES (?, ?, ?)", id, person.id, sealed)
    consent = "not recorded" if terms.consent is None else terms.consent.text
    for name, count in Counter(after.person_G[g] for g in new_N).items():
        more = {} if terms.keep_days is None else {"keep_days": terms.keep_days}
        subject = people[name].id
        log.append(base, book.vault, "enrol", subject, walks=count, consent=consent, **more)


def _write_calibrated(base: Database, vault: Vault, before: Gallery, after: Gallery) -> None:
    """Write the thresholds that changed, and say so in the log."""
    if after.threshold != before.threshold:
        _seal(base, vault, THRESHOLD, after.threshold)
        log.append(base, vault, THRESHOLD, score=_score_of(after.threshold))
    if after.fusion != before.fusion:
        _seal(base, vault, FUSION, after.fusion)
        score = _score_of(None if after.fusion is None else after.fusion.threshold)
        log.append(base, vault, FUSION, score=score)


def _score_of(threshold: Calibrated | None) -> float | None:
    return None if threshold is None else round(threshold.score, 6)


def _seal(base: Database, vault: Vault, name: str, said: Calibrated | Fusion | None) -> None:
    """Say something of the gallery under a name; None: nothing any more."""
    base.run("DELETE FROM about WHERE name = ?", name)
    if said is not None:
        sealed = vault.own.seal(name, "", to_json(dataclasses.asdict(said)).encode()).hex()
        base.run("INSERT INTO about VALUES (?, ?)", name, sealed)


def _rewrite(base: Database, book: Book, fresh: Book) -> None:
    """Write every person and walk of a book under the keys of another, in its rotation."""
    old, new = book.vault.rotation, fresh.vault.rotation
    vector_GD = book.gallery.vector_GD
    if old is not None and len(vector_GD):
        vector_GD = old.undone(vector_GD)
    if new is not None and len(vector_GD):
        vector_GD = new(vector_GD)
    base.many("DELETE FROM walk WHERE n = ?", [(walk.row,) for walk in book.expired])
    for id in {*book.people} - {walk.person for walk in book.walks}:
        base.run("DELETE FROM person WHERE id = ?", id)
    people: dict[str, PersonRecord] = {}
    for walk, vector_D in zip(book.walks, vector_GD, strict=True):
        id = walk.person
        if id not in people:
            secret, wrapped = fresh.vault.new_secret(id)
            cipher = fresh.vault.cipher(secret)
            people[id] = dataclasses.replace(book.people[id], cipher=cipher)
            _write_person(base, people[id], wrapped)
        sealed = people[id].cipher.seal("walk", f"{id} {walk.id}", walk_content(walk, vector_D))
        base.run("UPDATE walk SET content = ? WHERE n = ?", sealed, walk.row)
    _write_about(base, fresh, book.gallery)
    _seal(base, fresh.vault, THRESHOLD, book.gallery.threshold)
    _seal(base, fresh.vault, FUSION, book.gallery.fusion)
