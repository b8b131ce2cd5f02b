"""The file of a gallery, in either form: a store in SQLite, or the earlier archive in .npz.

    before, after = update_gallery(path, lambda old: old.enrol("ANNA", "walk-1", vector_D), card)
    gallery = read_gallery(path, key)

A file that is there says its form by its first bytes. A new one is a store, unless its name ends
in .npz. Several programs may change one file: `update_gallery` holds a lock from reading to
writing. A new file is its owner's alone (mode 600).
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, UsageError
from edgehuman.placing import followed
from edgehuman.runtime.gallery.archive import MODE, SUFFIX, read_archive, write_archive
from edgehuman.runtime.gallery.gallery import Gallery, empty_gallery, require_same_model
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.lock import locked

if TYPE_CHECKING:
    from edgehuman.runtime.gallery.terms import Terms

_log = logging.getLogger(__name__)
_PLAIN = "{path} is new and not encrypted: it holds people's names and how they walk, for whoever \
can read it; keep it on an encrypted disk{or_else}"
_OR_CONVERT = ", or make an encrypted gallery of it with `edgehuman gallery convert`"
_OR_KEY = ", or encrypt it: `edgehuman gallery key`, then `edgehuman gallery rekey`"

Notify = Callable[[str], object]


def read_gallery(path: Path, key: Path | None = None) -> Gallery:
    """The gallery of a file.

    Args:
        key: of an encrypted gallery; None: that of the environment, see `key.read_key`.

    Raises:
        ArtefactError: no such file, no permission, damaged, foreign, of a newer version, encrypted
            and no key, or another key.
        UsageError: the key cannot be read, or another program goes on using the file.
    """
    require_file(path)
    if is_store(path):
        from edgehuman.runtime.gallery.store.book import read_book

        return read_book(path, read_key(key)).gallery
    _require_no_key(path, key)
    return read_archive(path)


def gallery_for(path: Path, card: Card, key: Path | None = None) -> Gallery:
    """The gallery of a file to enrol in; an empty one if there is no file yet.

    Raises:
        ArtefactError: see `read_gallery` and `require_same_model`.
    """
    gallery = read_gallery(path, key) if path.exists() else empty_gallery(card)
    require_same_model(gallery, card)
    return gallery


def update_gallery(
    path: Path,
    change: Callable[[Gallery], Gallery],
    card: Card | None = None,
    notify: Notify = _log.warning,
    key: Path | None = None,
    terms: Terms | None = None,
) -> tuple[Gallery, Gallery]:
    """Read a gallery, change it and write it, while no other program writes it.

    Args:
        change: from the gallery of the file to the one to write; an error of it changes nothing.
        card: of the model to begin a gallery with if there is no file; None: there must be one.
        notify: called with one line if another program keeps this one waiting.
        key: of an encrypted gallery, as `read_gallery`; a new one is encrypted with it.
        terms: on which new walks are enrolled; None: without consent, until they are forgotten.

    Returns:
        The galleries before and after.

    Raises:
        ArtefactError, UsageError: as `gallery_for`, `read_gallery` and `write_gallery`.
    """
    if card is None:
        require_file(path)  # a wrong path is told of before a lock is written beside it
    begin = None if card is None else empty_gallery(card)

    def of_this_model(gallery: Gallery) -> Gallery:
        if card is not None:
            require_same_model(gallery, card)
        return change(gallery)

    return _changed(path, of_this_model, begin, notify, key, terms)


def write_gallery(
    path: Path,
    gallery: Gallery,
    key: Path | None = None,
    notify: Notify = lambda said: None,
) -> None:
    """Make a file hold this gallery.

    What other programs wrote since the gallery was read is lost; `update_gallery` keeps it.

    Args:
        key: as `update_gallery`.
        notify: called with one line if a new store is not encrypted.

    Raises:
        UsageError: the path cannot be written to, or another program goes on writing it.
        ArtefactError: a store of another model, of another key, or damaged.
    """
    if not is_store(path):
        _require_no_key(path, key)
        with locked(path, _log.warning, mode=MODE):
            write_archive(path, as_of_model(gallery))
        return
    empty = dataclasses.replace(
        gallery, vector_GD=gallery.vector_GD[:0], person_G=(), walk_G=(), rotation=None
    )
    _changed(path, lambda old: _turned_as(old, gallery), empty, notify, key, None)


def is_store(path: Path) -> bool:
    """Whether a path is a store in SQLite, or would be one if it were made now."""
    if not path.exists():
        return path.suffix != SUFFIX
    from edgehuman.runtime.gallery.store.database import is_database

    return is_database(path)


def require_file(path: Path) -> None:
    """Raises ArtefactError for a path that no gallery can be read from."""
    if path.is_dir():
        raise ArtefactError(
            f"{path} is a folder; a gallery is one file, such as {path}/known{SUFFIX}"
        )
    if not path.exists():
        raise ArtefactError(f"{path}: no such gallery; create it with `edgehuman gallery enroll`")
    if not path.is_file():
        raise ArtefactError(
            f"{path} is a device or a pipe; a gallery is a file, such as known{SUFFIX}"
        )


def as_of_model(gallery: Gallery) -> Gallery:
    """The gallery in the coordinates of its model."""
    if gallery.rotation is None:
        return gallery
    vector_GD = gallery.rotation.undone(gallery.vector_GD) if len(gallery) else gallery.vector_GD
    return dataclasses.replace(gallery, vector_GD=vector_GD, rotation=None)


def _changed(
    path: Path,
    change: Callable[[Gallery], Gallery],
    begin: Gallery | None,
    notify: Notify,
    key: Path | None,
    terms: Terms | None,
) -> tuple[Gallery, Gallery]:
    """Change a file, or begin it."""
    with locked(path, notify, mode=MODE):
        is_new = not path.exists()
        if is_new and begin is None:
            require_file(path)
        if is_store(path):
            before, after, is_plain = _change_store(path, change, begin, notify, key, terms)
            or_else = _OR_KEY
        else:
            _require_no_key(path, key)
            before = begin if is_new and begin is not None else read_archive(path)
            after = change(before)
            write_archive(path, after)
            is_plain, or_else = True, _OR_CONVERT
    if is_new and is_plain:
        notify(_PLAIN.format(path=path, or_else=or_else))
    return before, after


def _change_store(
    path: Path,
    change: Callable[[Gallery], Gallery],
    begin: Gallery | None,
    notify: Notify,
    key: Path | None,
    terms: Terms | None,
) -> tuple[Gallery, Gallery, bool]:
    """The galleries before and after, and whether the file is not encrypted."""
    from edgehuman.runtime.gallery.store.book import new_book
    from edgehuman.runtime.gallery.store.change import create_book, update_book
    from edgehuman.runtime.gallery.terms import Terms

    found = read_key(key)
    if path.exists() or begin is None:
        return *update_book(path, found, change, terms, notify), found is None
    book = new_book(begin, found)
    after = change(book.gallery)
    create_book(followed(path), book, after, terms or Terms())
    return book.gallery, after, found is None


def _turned_as(old: Gallery, gallery: Gallery) -> Gallery:
    """A gallery in the coordinates of another, with its thresholds where it has none."""
    if gallery.rotation is not old.rotation:
        gallery = as_of_model(gallery)
        vector_GD = gallery.vector_GD
        if old.rotation is not None and len(gallery):
            vector_GD = old.rotation(vector_GD)
        gallery = dataclasses.replace(gallery, vector_GD=vector_GD, rotation=old.rotation)
    kept = gallery.threshold or old.threshold, gallery.fusion or old.fusion
    return dataclasses.replace(gallery, threshold=kept[0], fusion=kept[1])


def _require_no_key(path: Path, key: Path | None) -> None:
    if key is not None:
        raise UsageError(
            f"--key {key}: {path} is an .npz gallery, which is never encrypted; make one that is "
            "with `edgehuman gallery convert`"
        )
