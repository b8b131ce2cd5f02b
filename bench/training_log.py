"""What a training left about itself in its folder, read without torch: settings and metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgehuman.config import read_table
from edgehuman.errors import CheckpointError

METRICS, CONFIG = "metrics.jsonl", "config.toml"


def read_settings(folder: Path, method: str) -> dict[str, Any]:
    """The settings of a pretraining by `method`.

    Raises:
        CheckpointError: no pretraining there, or one by another method.
    """
    for name in (METRICS, CONFIG):
        if not (folder / name).is_file():
            raise CheckpointError(
                f"{folder}: no {name} in it; give a folder that `edgehuman pretrain --method "
                f"{method}` wrote (it writes at every checkpoint)"
            )
    settings = read_table(folder / CONFIG)
    if settings.get("method") != method:
        raise CheckpointError(
            f"{folder}: a training of another kind; give one of `edgehuman pretrain --method "
            f"{method}`"
        )
    return settings


def read_numbers(folder: Path, name: str) -> dict[int, float]:
    """One of the logged numbers by step; empty where it was never logged.

    Raises:
        CheckpointError: the log is damaged.
    """
    path = folder / METRICS
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return {int(r["step"]): float(r[name]) for r in records if name in r}
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path}: damaged ({type(error).__name__}: {error}); go on with the training by "
            "--resume, which writes it anew"
        ) from None
