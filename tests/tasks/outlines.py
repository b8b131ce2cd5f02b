"""A training on made silhouettes that takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehuman.tasks.silhouette.settings import GaitConfig

TINY: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "tiny_set": ("gaitset", {"channels": (2, 4, 4), "width": 4, "bins": (2, 1)}),
    "tiny_base": ("gaitbase", {"channels": (2, 4, 4, 4), "width": 4, "bins": (2,)}),
}
"""Networks that the folder's conftest adds to the catalogue: whose like, and their arguments."""


def quick(out: Path, **changes: Any) -> GaitConfig:
    """Return a config of a few steps."""
    fields = {
        "arch": "tiny_set", "steps": 4, "batch": 8, "each": 2, "save_every": 2, "log_every": 1,
        "warmup": 0.0, "lr": 1e-2, "threads": 1, "device": "cpu", "select_share": 0.4,
    }  # fmt: skip
    return GaitConfig(out=out, **{**fields, **changes})
