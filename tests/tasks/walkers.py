"""A gait training that takes seconds: a tiny network on a few simulated walkers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgehuman.tasks.skeleton.settings import GaitConfig

FRAMES = 12
TINY = {"widths": (4, 4, 8, 8), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "output": 8}


def quick(out: Path, **changes: Any) -> GaitConfig:
    """Return a config of `tiny_gait`, which the folder's conftest adds to the catalogue."""
    fields = {
        "arch": "tiny_gait", "people": 6, "walks": 4, "test_people": 3, "steps": 4, "batch": 8,
        "each": 2, "save_every": 2, "log_every": 1, "warmup": 0.0, "lr": 3e-3, "threads": 1,
        "device": "cpu", "select_share": 0.4,
    }  # fmt: skip
    return GaitConfig(out=out, **{**fields, **changes})
