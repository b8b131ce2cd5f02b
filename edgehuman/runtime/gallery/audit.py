"""`edgehuman gallery audit`: the log of a gallery, and whether its chain holds.

edgehuman gallery audit known.gallery --key known.key
edgehuman gallery audit known.gallery --head 3f9a...        the head that was noted earlier
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome, to_json
from edgehuman.runtime.gallery.files import is_store, require_file
from edgehuman.runtime.gallery.key import read_key


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditConfig:
    """Show what was done to a gallery, and verify that no line was changed, added or removed.

    Attributes:
        gallery: the file.
        head: the head of the log as this command showed it earlier; it has to be in the chain
            still, which an older copy of the whole file does not have.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
    """

    gallery: Positional[Path]
    head: str | None = None
    key: Path | None = None


def audit(config: AuditConfig) -> Outcome:
    """`edgehuman gallery audit`: the exit code is 1 where the chain does not hold.

    Raises:
        ArtefactError: no such gallery, damaged, or another key.
        UsageError: a gallery without a log.
    """
    from edgehuman.runtime.gallery.store.book import open_vault
    from edgehuman.runtime.gallery.store.database import Database
    from edgehuman.runtime.gallery.store.log import entries, faults

    require_file(config.gallery)
    if not is_store(config.gallery):
        raise UsageError(
            f"{config.gallery} is an .npz gallery, which has no log: make one that has with "
            "`edgehuman gallery convert`"
        )
    with closing(Database(config.gallery, write=False)) as base, base.reading():
        _, vault = open_vault(base, read_key(config.key))
        wrong, lines = faults(base, vault), [*entries(base)]
    if config.head is not None and config.head not in {each.hash for each in lines}:
        wrong.append(f"--head {config.head[:16]} is not in the log: it is not the log of that day")
    head = lines[-1].hash if lines else ""
    data = {
        "gallery": str(config.gallery),
        "holds": not wrong,
        "faults": wrong,
        "head": head,
        "lines": [{"n": each.number, **each.about} for each in lines],
    }
    shown = [f"{each.number:>6}  {to_json(dict(each.about))}" for each in lines]
    said = f"{config.gallery}: {len(lines)} lines, and the chain holds; its head is {head}"
    if wrong:
        said = f"{config.gallery}: the log was changed: {'; '.join(wrong[:5])}"
    return Outcome(data, "\n".join([*shown, said]), exit_code=1 if wrong else 0)
