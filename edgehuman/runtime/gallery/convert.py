"""`edgehuman gallery convert`: an .npz gallery as a store, encrypted if there is a key.

edgehuman gallery convert people.npz --out people.gallery --key people.key
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.files import require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.runtime.gallery.archive import SUFFIX
from edgehuman.runtime.gallery.files import is_store, read_gallery, require_file, write_gallery
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.loop.play import say


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertGalleryConfig:
    """Make a gallery in SQLite of one in .npz, which stays as it is.

    Attributes:
        gallery: the .npz file.
        out: the file to write, which may not exist, such as people.gallery.
        key: encrypt it with this key, of `gallery key` (default: EDGEHUMAN_GALLERY_KEY; without one
            the new gallery is not encrypted, which is said).
    """

    gallery: Positional[Path]
    out: Path
    key: Path | None = None


def convert(config: ConvertGalleryConfig) -> Outcome:
    """`edgehuman gallery convert`.

    Raises:
        ArtefactError: no such gallery, or it is damaged.
        UsageError: it is no .npz gallery, the new file is there already or cannot be written, or
            the key cannot be read.
        MissingDependencyError: a key, and `cryptography` is not installed.
    """
    require_file(config.gallery)
    if is_store(config.gallery):
        raise UsageError(
            f"{config.gallery} is a gallery in SQLite already; `gallery rekey` encrypts it"
        )
    if os.path.lexists(config.out):
        raise UsageError(f"--out {config.out} is there already; choose a new file")
    if config.out.suffix == SUFFIX:
        raise UsageError(f"--out {config.out} would be in .npz again; choose another suffix")
    require_usable_file(config.out, f"--out {config.out}")
    gallery = read_gallery(config.gallery)
    write_gallery(config.out, gallery, config.key, say)
    say(
        f"{config.out}: nothing says that these {len(gallery.people())} people agreed: the .npz "
        "gallery had no place for it. Enrol them again with --consent, or forget them"
    )
    encrypted = read_key(config.key) is not None
    data = {
        "gallery": str(config.out),
        "people": gallery.people(),
        "encrypted": encrypted,
    }
    text = (
        f"{config.out}: {len(gallery.people())} people, {len(gallery)} walks"
        f"{', encrypted' if encrypted else ''}. {config.gallery} is still there, not encrypted: "
        "delete it once the new one is in use"
    )
    return Outcome(data, text)
