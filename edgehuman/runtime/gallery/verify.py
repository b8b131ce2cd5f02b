"""`edgehuman gallery verify`: whether a gallery is whole, and as private as it should be.

edgehuman gallery verify known.gallery --key known.key
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import ArtefactError
from edgehuman.outcome import Outcome
from edgehuman.runtime.gallery.files import is_store, read_gallery, require_file
from edgehuman.runtime.gallery.key import read_key


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyGalleryConfig:
    """Check a gallery: every page, every record, the log, and who may read the file.

    Attributes:
        gallery: the file.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Attributes:
    what: was looked at.
    wrong: what is wrong; empty if nothing.
    """

    what: str
    wrong: str = ""


def verify(config: VerifyGalleryConfig) -> Outcome:
    """`edgehuman gallery verify`: the exit code is 1 if something is wrong.

    Raises:
        ArtefactError: no such gallery, encrypted and no key, or another key.
        UsageError: the key cannot be read.
    """
    require_file(config.gallery)
    key = read_key(config.key) if is_store(config.gallery) else None
    checks = [*_privacy(config.gallery, "the file")]
    for side in ("-wal", "-shm"):
        checks += _privacy(Path(f"{config.gallery}{side}"), f"its {side}")
    if config.key is not None:
        checks += _privacy(config.key, "the key")
    if not is_store(config.gallery):
        gallery = read_gallery(config.gallery, config.key)
        checks.append(Check(f"the records: {len(gallery)} walks"))
    else:
        from edgehuman.runtime.gallery.store.book import open_vault, read
        from edgehuman.runtime.gallery.store.database import Database
        from edgehuman.runtime.gallery.store.log import faults, walks_left

        with closing(Database(config.gallery, write=False)) as base, base.reading():
            checks.append(Check("the pages", "; ".join(base.faults())))
            _, vault = open_vault(base, key)
            try:
                book = read(base, key)
                checks.append(Check(f"the records: {len(book.gallery)} walks"))
                over = f"{len(book.expired)} walks are over and not forgotten yet"
                checks.append(Check("retention", over if book.expired else ""))
                held = Counter(walk.person for walk in (*book.walks, *book.expired))
                changed = walks_left(base) not in (None, held)
                said = "walks were added or taken out without a line in the log" if changed else ""
                checks.append(Check("the walks, by the log", said))
            except ArtefactError as error:
                checks.append(Check("the records", str(error)))
            checks.append(Check("the log", "; ".join(faults(base, vault)[:3])))
    wrong = [check for check in checks if check.wrong]
    data = {
        "gallery": str(config.gallery),
        "ok": not wrong,
        "checks": [{"what": each.what, "wrong": each.wrong} for each in checks],
    }
    lines = [f"  {'WRONG' if each.wrong else 'ok':<6} {each.what}"
             f"{': ' if each.wrong else ''}{each.wrong}" for each in checks]  # fmt: skip
    head = f"{config.gallery}: {f'{len(wrong)} things are wrong' if wrong else 'whole'}"
    return Outcome(data, "\n".join([head, *lines]), exit_code=1 if wrong else 0)


def _privacy(path: Path, what: str) -> Iterator[Check]:
    """Whether others may read a file; nothing of one that is not there."""
    if os.name != "posix" or not path.exists():
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    said = f"{path} is readable for others (mode {mode:o}): chmod 600" if mode & 0o077 else ""
    yield Check(f"who may read {what}", said)
