"""`edgehuman gallery rekey`: everything encrypted anew under another key, in one transaction.

edgehuman gallery key --out new.key
edgehuman gallery rekey known.gallery --key old.key --new-key new.key

Once the old key is destroyed, no earlier copy of the gallery can be read: not the people who were
forgotten since, and nobody else's either.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.gallery.archive import MODE
from edgehuman.runtime.gallery.files import is_store, require_file
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.lock import locked
from edgehuman.runtime.loop.play import say


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyConfig:
    """Encrypt a gallery under another key, or one that is not encrypted yet.

    Attributes:
        gallery: the file.
        new_key: the key to encrypt it with, of `gallery key`.
        key: the key that it has (default: EDGEHUMAN_GALLERY_KEY; none if it is not encrypted).
    """

    gallery: Positional[Path]
    new_key: Path
    key: Path | None = None


def rekey(config: RekeyConfig) -> Outcome:
    """`edgehuman gallery rekey`; a failure leaves the gallery under the old key.

    Raises:
        ArtefactError: no such gallery, damaged, or not of the old key.
        UsageError: an .npz gallery, or a key that cannot be read.
        MissingDependencyError: `cryptography` is not installed.
    """
    from edgehuman.runtime.gallery.store.change import rekey_book

    require_file(config.gallery)
    if not is_store(config.gallery):
        raise UsageError(
            f"{config.gallery} is an .npz gallery; encrypt it with `edgehuman gallery convert`"
        )
    old, new = read_key(config.key), read_key(config.new_key)
    if new is None or (old is not None and old.secret == new.secret):
        raise UsageError(
            f"--new-key {config.new_key} is the key that the gallery has; make another"
        )
    with locked(config.gallery, say, mode=MODE):
        book = rekey_book(config.gallery, old, new, say)
    data = {"gallery": str(config.gallery), "key_id": book.vault.key_id}
    after = "Destroy the old key, and no earlier copy can be read" if old else "Delete plain copies"
    text = f"{config.gallery}: encrypted anew with {config.new_key}. {after}"
    return Outcome(data, text)
