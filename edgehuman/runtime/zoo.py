"""Models that are too large for the wheel: which, and where their copies are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that `edgehuman zoo get` fetches.

    Attributes:
        size: bytes.
        sha256: of the whole file.
    """

    size: int
    sha256: str


# The wheel leaves them out (pyproject.toml); a clone has them, and a test compares it with these.
FETCHED: Mapping[str, Fetched] = {
    "person-garments": Fetched(
        21141646, "e6a7930d53997a2fc3703110cddb7f59368eac522c08075be3f96e3073479edf"
    ),
    "person-garments-fp16": Fetched(
        10669913, "849bd3b8fbe245b4925792539752c0ec8dd78cf96d5814f5c43d14d7fd4e9fa0"
    ),
}


def cached(name: str) -> Path:
    """Where the copy of a fetched model is kept; another version of the file has another path."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "edgehuman" / "zoo" / f"{name}-{FETCHED[name].sha256[:12]}.onnx"


def how_to_get(name: str) -> str:
    """What to tell somebody who asks for a model that is not fetched yet."""
    size_mb = FETCHED[name].size / 1e6
    return (
        f"zoo:{name} ({size_mb:.0f} MB) is not in this installation; run: edgehuman zoo get {name}"
    )
