"""`edgehuman gallery list|show|forget|export`: who is in a gallery, whichever record it is of.

edgehuman gallery list known.gallery --key known.key
edgehuman gallery show known.gallery --name ANNA
edgehuman gallery forget known.gallery --name ANNA
edgehuman gallery export known.gallery --name ANNA --out anna.json
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.files import require_usable_file, write_whole
from edgehuman.metrics.gait.centring import compared_by
from edgehuman.outcome import Outcome, to_json
from edgehuman.runtime.gallery.files import (
    as_of_model,
    is_store,
    read_gallery,
    require_file,
    update_gallery,
)
from edgehuman.runtime.gallery.gallery import Gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.outliers import fit_of
from edgehuman.runtime.gallery.store.records import WalkRecord
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.names import known_names, one_name

_MODE = 0o600


@dataclass(frozen=True, slots=True)
class GalleryListConfig:
    """List the people of a gallery.

    Attributes:
        gallery: the file.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowConfig:
    """Show what a gallery holds of a person: walks, their quality, consent, when each is to be
    forgotten, and how each fits to the others.

    Attributes:
        gallery: the file.
        name: the person.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    name: str
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetConfig:
    """Remove a person, or one walk, from a gallery.

    Attributes:
        gallery: the file.
        name: the person to forget, with all their walks.
        walk: the one walk to forget.
        expired: forget what --keep-days has ended for, and nobody else.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    name: str | None = None
    walk: str | None = None
    expired: bool = False
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPersonConfig:
    """Write what a gallery holds of a person as JSON, for that person.

    Attributes:
        gallery: the file.
        name: the person.
        out: the file to write, readable for its owner alone.
        vectors: with the vectors, as the model gave them: whoever has the file can recognise the
            person by them.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    name: str
    out: Path
    vectors: bool = False
    key: Path | None = None


def list_gallery(config: GalleryListConfig) -> Outcome:
    """`edgehuman gallery list`: names, walks, and the model of the vectors.

    Raises:
        ArtefactError: no such file, it is damaged, encrypted, or of another key.
    """
    gallery, walks_G, expired = _opened(config.gallery, config.key)
    walks: dict[str, list[str]] = {}
    for person, walk in zip(gallery.person_G, gallery.walk_G, strict=True):
        walks.setdefault(person, []).append(walk)
    data: dict[str, Any] = {
        "gallery": str(config.gallery),
        "model": gallery.model,
        "weights_sha256": gallery.weights_sha256,
        "distance": gallery.distance,
        "dim": gallery.vector_GD.shape[-1],
        "parts": gallery.vector_GD.shape[1] if gallery.vector_GD.ndim == 3 else 0,
        "people": walks,
    }
    size = f"{data['parts']} parts of {data['dim']}" if data["parts"] else data["dim"]
    head = (
        f"{config.gallery}: {len(walks)} people, {len(gallery)} walks, vectors of {size} by "
        f"{gallery.model} (weights {gallery.weights_sha256[:12]}), compared by "
        f"{compared_by(gallery.distance)}"
    )
    lines = [f"  {person:<20} {', '.join(own)}" for person, own in walks.items()]
    if walks_G is not None:
        unrecorded = sum(walk.consent is None for walk in walks_G)
        threshold = gallery.threshold
        data |= {
            "encrypted": gallery.rotation is not None,
            "threshold": None if threshold is None else threshold.score,
            "without_consent_record": unrecorded,
            "expired": len(expired),
        }
        lines += [f"  {unrecorded} walks without a record of consent"] if unrecorded else []
        lines += [f"  {len(expired)} walks whose time is over: forgotten with the next change, or "
                  "now with `gallery forget --expired`"] if expired else []  # fmt: skip
    return Outcome(data, "\n".join([head, *lines]))


def show(config: ShowConfig) -> Outcome:
    """`edgehuman gallery show`.

    Raises:
        ArtefactError: as `list_gallery`.
        UsageError: no such person.
    """
    gallery, walks_G, _ = _opened(config.gallery, config.key)
    index_K = _walks_of(gallery, config.name)
    model = as_of_model(gallery)
    rows = []
    for g in index_K:
        walk = gallery.walk_G[g]
        fit = fit_of(model, config.name, model.vector_GD[g], walk)
        row: dict[str, Any] = {
            "walk": walk,
            "own": fit.own if len(index_K) > 1 else None,
            "other": fit.other if fit.whose else None,
            "nearest_other": fit.whose,
        }
        rows.append(row if walks_G is None else {**row, **_record(walks_G[g])})
    name = gallery.person_G[index_K[0]]
    data = {"gallery": str(config.gallery), "person": name, "walks": rows}
    if walks_G is not None:
        data["pseudonym"] = walks_G[index_K[0]].person
    return Outcome(data, "\n".join([f"{name}: {len(rows)} walks", *map(_line, rows)]))


def forget(config: ForgetConfig) -> Outcome:
    """`edgehuman gallery forget`: remove the vectors of a person or walk from the file.

    Raises:
        ArtefactError: no such file, or it is damaged.
        UsageError: neither or both given, no such name, or the file cannot be written.
    """
    if config.expired:
        return _forget_expired(config)
    before, after = update_gallery(
        config.gallery,
        lambda gallery: gallery.forget(config.name, config.walk),
        notify=say,
        key=config.key,
    )
    if is_store(config.gallery):
        say(
            f"{config.gallery}: copies made before, such as back-ups, still hold what was forgotten"
            + (
                ", under the same key: `edgehuman gallery rekey`, then destroy the old key"
                if after.rotation is not None
                else "; destroy them"
            )
        )
    data = {
        "gallery": str(config.gallery),
        "forgotten": len(before) - len(after),
        "people": after.people(),
    }
    said = config.name if config.walk is None else config.walk
    walks = f"{data['forgotten']} walks" if data["forgotten"] != 1 else "1 walk"
    return Outcome(
        data, f"{config.gallery}: {said} forgotten ({walks}); {len(after.people())} people remain"
    )


def export(config: ExportPersonConfig) -> Outcome:
    """`edgehuman gallery export`; the log of the gallery says so.

    Raises:
        ArtefactError: as `list_gallery`.
        UsageError: no such person, or a file that cannot be written.
    """
    require_usable_file(config.out, f"--out {config.out}")
    gallery, walks_G, _ = _opened(config.gallery, config.key)
    index_K = _walks_of(gallery, config.name)
    model = as_of_model(gallery)
    rows = []
    for g in index_K:
        row: dict[str, Any] = {"walk": gallery.walk_G[g]}
        row |= {} if walks_G is None else _record(walks_G[g])
        row |= {"vector": model.vector_GD[g].tolist()} if config.vectors else {}
        rows.append(row)
    data: dict[str, Any] = {
        "person": gallery.person_G[index_K[0]],
        "model": gallery.model,
        "weights_sha256": gallery.weights_sha256,
        "distance": gallery.distance,
        "walks": rows,
    }
    if walks_G is not None:
        pseudonym = walks_G[index_K[0]].person
        data |= {"pseudonym": pseudonym, "log": _log_of(config.gallery, config.key, pseudonym)}
    write_whole(config.out, to_json(data, indent=2).encode(), UsageError, _MODE)
    vectors = "with" if config.vectors else "without"
    text = f"{config.out}: {data['person']}, {len(rows)} walks, {vectors} their vectors"
    return Outcome({"out": str(config.out), "person": data["person"], "walks": len(rows)}, text)


def _forget_expired(config: ForgetConfig) -> Outcome:
    if config.name is not None or config.walk is not None:
        raise UsageError("give --expired alone: it forgets nobody whose time is not over")
    require_file(config.gallery)
    if not is_store(config.gallery):
        raise UsageError(f"{config.gallery} is an .npz gallery, in which nobody's time ends")
    _, _, expired = _opened(config.gallery, config.key)
    _, after = update_gallery(config.gallery, lambda old: old, notify=say, key=config.key)
    data = {
        "gallery": str(config.gallery),
        "forgotten": len(expired),
        "people": after.people(),
    }
    return Outcome(
        data,
        f"{config.gallery}: {len(expired)} walks forgotten whose time was over; "
        f"{len(after.people())} people remain",
    )


def _opened(
    path: Path, key: Path | None
) -> tuple[Gallery, Sequence[WalkRecord] | None, Sequence[WalkRecord]]:
    """The gallery, what is recorded of each walk (None of an .npz), and the walks that are over."""
    require_file(path)
    if not is_store(path):
        return read_gallery(path, key), None, ()
    from edgehuman.runtime.gallery.store.book import read_book

    book = read_book(path, read_key(key))
    return book.gallery, book.walks, book.expired


def _walks_of(gallery: Gallery, name: str) -> list[int]:
    """The indices of a person's walks.

    Raises:
        UsageError: no such person.
    """
    found = [g for g, person in enumerate(gallery.person_G) if person == one_name(name)]
    if not found:
        known = known_names(one_name(name), gallery.person_G, "people")
        raise UsageError(f"no person is called {name!r}; the gallery holds {known}")
    return found


def _record(walk: WalkRecord) -> dict[str, Any]:
    given = walk.consent
    consent = None if given is None else {"by": given.by, "day": given.day, "text": given.text}
    until = None if walk.expires_s is None else _day(walk.expires_s)
    about = {"enrolled": _day(walk.added_s), "keep_until": until, "consent": consent}
    return {**about, "quality": walk.quality}


def _day(time_s: int) -> str:
    return datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc).date().isoformat()


def _line(row: dict[str, Any]) -> str:
    words = [f"  {row['walk']:<24}"]
    if row["own"] is not None:
        words.append(f"own {row['own']:.3f}")
    if row["other"] is not None:
        words.append(f"nearest other {row['nearest_other']} {row['other']:.3f}")
    if row.get("quality") is not None:
        words.append(f"quality {row['quality']}")
    if "enrolled" in row:
        given = row["consent"]
        said = "not recorded"
        if given is not None:
            said = f"to {given['text']} by {given['by']} on {given['day']}"
        until = f", until {row['keep_until']}" if row["keep_until"] else ""
        words.append(f"enrolled {row['enrolled']}{until}; consent {said}")
    return "  ".join(words)


def _log_of(path: Path, key: Path | None, pseudonym: str) -> list[dict[str, Any]]:
    """The lines of the log about a person; that they were exported is one."""
    from contextlib import closing

    from edgehuman.runtime.gallery.store.change import note
    from edgehuman.runtime.gallery.store.database import Database
    from edgehuman.runtime.gallery.store.log import entries

    note(path, read_key(key), "export", pseudonym)
    with closing(Database(path, write=False)) as base, base.reading():
        return [
            {"n": each.number, **each.about}
            for each in entries(base)
            if each.about.get("subject") == pseudonym
        ]
