"""`edgehuman data pack` for silhouettes: a dataset as one file that is mapped into memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.data.silhouette.layout import SilhouetteLayout, walks_of
from edgehuman.data.silhouette.load import find_layout, load_silhouettes
from edgehuman.data.silhouette.packed import PACKED, write
from edgehuman.data.silhouette.walks import LICENCE
from edgehuman.data.silhouette.write import MADE
from edgehuman.errors import DataError, UsageError
from edgehuman.files import cannot_write, require_usable_file
from edgehuman.outcome import Outcome

_LISTED = 20


@dataclass(frozen=True, slots=True)
class PackConfig:
    """Pack silhouettes, normalised to 64x64, into one file that every command takes.

    Attributes:
        source: a folder or file of silhouettes; or simulated, or simulated:200 for 200 people.
        out: the file to write, by custom NAME.silhouettes.
        kind: what to pack.
        dataset: expected dataset; recognised from the files if not given.
        seed: of simulated people.
    """

    source: Positional[str]
    out: Path
    kind: Literal["silhouettes"] = "silhouettes"
    dataset: str | None = None
    seed: int = 0


def pack(config: PackConfig) -> Outcome:
    """Write the file, whole or not at all.

    Raises:
        DataError: the source cannot be read, has no walks, or is packed; the file cannot be
            written.
    """
    require_usable_file(config.out, "--out")
    try:
        if config.source.partition(":")[0] == catalogue.SIMULATED:
            held = load_silhouettes(config.source, seed=config.seed)
            head, left_out = write(
                config.out, walks_of(held), held.name, licence=held.licence, simulated=True
            )
        else:
            layout, place = find_layout(config.source, config.dataset)
            if layout is PACKED:
                raise UsageError(f"{place} is packed already; copy it, or give its source")
            walks, rate_hz = layout.read.walks(place), layout.read.rate_hz
            head, left_out = write(
                config.out, walks, layout.dataset, rate_hz, *_terms(layout), config.source
            )
    except OSError as error:
        raise DataError(f"--out: {cannot_write(config.out, error)}") from None
    size = config.out.stat().st_size
    text = (
        f"{config.out}: {head.walks} walks of {head.name}, {head.frames} silhouettes, "
        f"{size / 1e6:.1f} MB"
    )
    text += "; the people are SIMULATED" if head.simulated else ""
    shown = [f"  left out: {walk.why}" for walk in left_out[:_LISTED]]
    if len(left_out) > _LISTED:
        shown.append(f"  and {len(left_out) - _LISTED} more; --json lists them all")
    data = {**asdict(head), "out": str(config.out), "bytes": size}
    data["left_out"] = [asdict(walk) for walk in left_out]
    return Outcome(data, "\n".join([text, *shown]))


def _terms(layout: SilhouetteLayout) -> tuple[str, str, bool]:
    """Licence, source, and whether the people are simulated."""
    if layout is MADE:
        return LICENCE, "", True
    row = catalogue.datasets_of("silhouette").get(layout.dataset)
    return ("", "", False) if row is None else (row.licence, row.url, False)
