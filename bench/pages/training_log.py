"""Read settings, metrics and card from a training's folder, without torch."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edgehuman.card import WEIGHTS, Card, of_weights
from edgehuman.config import read_table
from edgehuman.errors import CheckpointError, UsageError

METRICS, CONFIG = "metrics.jsonl", "config.toml"


def names_of(folders: Sequence[Path]) -> list[str]:
    """A label for each folder: the last part of its path, or as many parts as tell all apart.

    Raises:
        UsageError: a folder is named twice.
    """
    seen: dict[Path, Path] = {}
    for folder in folders:
        place = folder.resolve()
        if place in seen:
            raise UsageError(f"--run names {folder} twice ({seen[place]}); give each folder once")
        seen[place] = folder
    parts = [Path(os.path.abspath(folder)).parts for folder in folders]
    count = 1
    while len({each[-count:] for each in parts}) < len(parts):
        count += 1
    return [str(Path(*each[-count:])) for each in parts]


def read_card(folder: Path) -> Card | None:
    """The card in the header of a training's weights; None if it has saved none yet.

    Raises:
        CheckpointError: the file is damaged, or holds no edgehuman card. ArtefactError: the card is
            of another version.
    """
    path = folder / WEIGHTS
    return of_weights(path) if path.is_file() else None


def read_settings(folder: Path, method: str, needed: Sequence[str]) -> dict[str, Any]:
    """Read the settings of a pretraining by `method`.

    Args:
        needed: settings that must be present.

    Raises:
        CheckpointError: no pretraining there, one by another method, or a setting is missing.
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
    missing = [name for name in needed if name not in settings]
    if missing:
        raise CheckpointError(
            f"{folder / CONFIG}: holds no {' and no '.join(missing)}; restore the file "
            "as the pretraining wrote it"
        )
    return settings


def read_numbers(folder: Path, name: str) -> dict[int, float]:
    """One of the logged numbers by step; empty if it was never logged.

    Raises:
        CheckpointError: the log is damaged; a number that is not finite counts as damage.
    """
    path = folder / METRICS
    try:
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = {int(r["step"]): float(r[name]) for r in records if name in r}
        wrong = next((step for step, value in found.items() if not math.isfinite(value)), None)
        if wrong is not None:
            raise ValueError(f"{name} is {found[wrong]} at step {wrong}")
        return found
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise CheckpointError(
            f"{path}: damaged ({type(error).__name__}: {error}); continue the training with "
            "--resume, which writes it again"
        ) from None
