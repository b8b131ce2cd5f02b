"""A gallery's SQLite file, read: the vectors for a search, and on what terms each walk is there.

    book = read_book(path, key)

Axes: G walks, P parts, D dimensions.
"""

from __future__ import annotations

import dataclasses
import secrets
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.metrics.retrieval import Distance
from edgehuman.reading.parsers import fault_of, foreign, json_of
from edgehuman.records import Float32
from edgehuman.runtime.gallery.gallery import Calibrated, Fusion, Gallery
from edgehuman.runtime.gallery.key import KEY_VARIABLE, Key
from edgehuman.runtime.gallery.store.database import Database
from edgehuman.runtime.gallery.store.records import PersonRecord, WalkRecord, name_of, walk_of
from edgehuman.runtime.gallery.store.vault import Tampered, Vault

FORMAT = "edgehuman gallery"
MOST_VALUES = 1 << 32
"""Numbers in all vectors of a gallery: 16 GB, a million walks of 4,096."""
THRESHOLD, FUSION = "threshold", "fusion"


@dataclass(frozen=True, slots=True)
class Book:
    """A gallery, and what its file holds besides.

    Attributes:
        id: of the gallery, random, hexadecimal.
        vault: its keys.
        gallery: the people who are to be found.
        walks: of each walk of the gallery.
        people: by their id; also those whose walks have all expired.
        expired: walks whose time is over; the next change removes them.
    """

    id: str
    vault: Vault
    gallery: Gallery
    walks: tuple[WalkRecord, ...] = ()
    people: Mapping[str, PersonRecord] = field(default_factory=dict)
    expired: tuple[WalkRecord, ...] = ()


def new_book(empty: Gallery, key: Key | None) -> Book:
    """A gallery without anybody.

    Raises:
        MissingDependencyError: `cryptography` is not installed.
    """
    id = secrets.token_hex(16)
    vault = Vault(id, empty.weights_sha256, empty.distance, key)
    return Book(id, vault, dataclasses.replace(empty, rotation=vault.rotation))


def read_book(path: Path, key: Key | None) -> Book:
    """The gallery of a file.

    Raises:
        ArtefactError: damaged, of another key, or as `Database`.
        UsageError: another program goes on using it.
    """
    with closing(Database(path, write=False)) as base, base.reading():
        return read(base, key)


def open_vault(base: Database, key: Key | None) -> tuple[Mapping[str, Any], Vault]:
    """What a file says of itself, and its keys.

    Raises:
        ArtefactError: damaged, encrypted and no key, or a key of another gallery.
    """
    path = base.path
    rows = base.run("SELECT value FROM about WHERE name = 'gallery'")
    try:
        about = json_of(rows[0][0])
        id, space, distance = (str(about[name]) for name in ("id", "weights_sha256", "distance"))
        if about["format"] != FORMAT or distance not in get_args(Distance) or len(id) != 32:
            raise ValueError(f"format {about['format']!r}, distance {distance!r}")
        bytes.fromhex(id)
        key_id = str(about["key"])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path, error) from None
    if key_id and key is None:
        raise ArtefactError(
            f"{path} is encrypted: give its key with --key, or in {KEY_VARIABLE} (key id {key_id})"
        )
    if key is not None and not key_id:
        raise ArtefactError(
            f"{path} is not encrypted, but a key was given ({key.where}): leave it out, or encrypt "
            "the gallery with `edgehuman gallery rekey`"
        )
    vault = Vault(id, space, distance, key)
    if vault.key_id != key_id:
        raise ArtefactError(
            f"{path} was encrypted with another key than {key.where if key else ''} (key id "
            f"{key_id}, and this one's would be {vault.key_id}); give the key that it was made with"
        )
    return about, vault


def read(base: Database, key: Key | None) -> Book:
    """The gallery of an open file, inside a transaction; errors as `read_book`."""
    about, vault = open_vault(base, key)
    base.require_bounded()
    try:
        people = {
            id: PersonRecord(id, name_of(cipher.open("person", id, content)), cipher)
            for id, wrapped, content in base.each("SELECT id, secret, content FROM person")
            for cipher in [vault.cipher(vault.secret(id, wrapped))]
        }
        shape = tuple(int(size) for size in about["shape"])
        walks, vector_GD = _walks(base, shape, people)
        now_s = time.time()
        kept = [g for g, each in enumerate(walks) if not _is_over(each, now_s)]
        gallery = Gallery(
            weights_sha256=str(about["weights_sha256"]),
            model=str(about["model"]),
            distance=cast(Distance, about["distance"]),
            vector_GD=vector_GD if len(kept) == len(walks) else vector_GD[kept],
            person_G=tuple(people[walks[g].person].name for g in kept),
            walk_G=tuple(walks[g].walk for g in kept),
            rotation=vault.rotation,
            threshold=_threshold(base, vault),
            fusion=_fusion(base, vault),
        )
    except Tampered as error:
        raise ArtefactError(
            f"{base.path}: {error} was changed or damaged since it was encrypted; restore a copy"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, ArtefactError | UsageError):
            raise
        raise _damaged(base.path, error) from None
    expired = tuple(each for each in walks if _is_over(each, now_s))
    return Book(about["id"], vault, gallery, tuple(walks[g] for g in kept), people, expired)


def _walks(
    base: Database, shape: tuple[int, ...], people: Mapping[str, PersonRecord]
) -> tuple[list[WalkRecord], Float32]:
    count = int(base.run("SELECT count(*) FROM walk")[0][0])
    numbers = int(np.prod(shape))
    if len(shape) not in (1, 2) or min(shape) < 0 or (count and not numbers):
        raise ValueError(f"vectors of {shape}")
    # A walk states its vector, so these fit into the file, whose size was looked at.
    smallest = base.run("SELECT coalesce(min(length(content)), 0) FROM walk")[0][0]
    if count * numbers > MOST_VALUES or (count and int(smallest) < 4 * numbers):
        raise ValueError(f"{count} walks of {numbers} numbers")
    with foreign():  # the memory may be too small
        vector_GD = np.empty((count, *shape), np.float32)
    walks = []
    rows = base.each("SELECT n, id, person, content FROM walk ORDER BY n")
    for vector_D, (row, id, person, content) in zip(vector_GD, rows, strict=True):
        opened = people[person].cipher.open("walk", f"{person} {id}", content)
        walks.append(walk_of(row, id, person, opened, vector_D))
    return walks, vector_GD


def _threshold(base: Database, vault: Vault) -> Calibrated | None:
    about = _sealed(base, vault, THRESHOLD)
    return None if about is None else _calibrated(about)


def _fusion(base: Database, vault: Vault) -> Fusion | None:
    about = _sealed(base, vault, FUSION)
    if about is None:
        return None
    share = float(about["share"])
    if not 0 < share < 1:
        raise ValueError(f"a share of {share}")
    return Fusion(share, _calibrated(about["threshold"]), str(about["other"]))


def _sealed(base: Database, vault: Vault, name: str) -> Any:
    """What is said of the gallery under a name; None: nothing."""
    rows = base.run("SELECT value FROM about WHERE name = ?", name)
    if not rows:
        return None
    return json_of(vault.own.open(name, "", bytes.fromhex(rows[0][0])).decode("utf-8"))


def _calibrated(about: Mapping[str, Any]) -> Calibrated:
    return Calibrated(float(about["score"]), int(about["people"]), str(about["day"]))


def _is_over(walk: WalkRecord, now_s: float) -> bool:
    return walk.expires_s is not None and walk.expires_s <= now_s


def _damaged(path: Path, error: Exception) -> ArtefactError:
    return ArtefactError(
        f"{path} is {fault_of(error)}; restore a copy, or enrol everybody into a new file"
    )
