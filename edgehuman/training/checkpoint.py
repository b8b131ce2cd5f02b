"""Write checkpoints, folders that are consistent at any time, and resume from them.

    model.safetensors   the weights (the moving average, if there is one); card in the metadata
    config.toml         the full resolved config
    state.pt            everything to resume from, weights too: one file, so it is consistent
    metrics.jsonl       one JSON object per line, written as they come

Each file is written whole (`edgehuman.files`). A crash between two files leaves the
`model.safetensors` of one save beside the `state.pt` of the next: both are intact, and resuming
reads only the latter. `edgehuman.nets.checkpoint` reads the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from edgehuman.card import CARD_KEY, CARD_SEAL_KEY, WEIGHTS, Card, card_seal
from edgehuman.config import read_table, to_table, write_toml
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.files import require_usable_folder, writing
from edgehuman.nets.checkpoint import sha256_of
from edgehuman.outcome import to_json
from edgehuman.training.settings import TrainingConfig

CONFIG, STATE, METRICS = "config.toml", "state.pt", "metrics.jsonl"


def save_weights(folder: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """Write `model.safetensors` with the card inside, which has the hash of these weights."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    text = card.replace(weights_sha256=sha256_of(tensors)).to_json()
    metadata = {CARD_KEY: text, CARD_SEAL_KEY: card_seal(text)}
    _write(folder / WEIGHTS, lambda path: save_file(tensors, path, metadata))


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state.pt`, which `load_state` reads."""
    _write(folder / STATE, lambda path: torch.save(dict(state), path))


def save_config(folder: Path, config: Any) -> None:
    """Write `config.toml`: the full resolved config."""
    _write(folder / CONFIG, lambda path: write_toml(config, path))


def save_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Write `metrics.jsonl`: all records of a training so far, one per line."""
    lines = "".join(to_json(record) + "\n" for record in records)
    _write(folder / METRICS, lambda path: path.write_text(lines))


def begin_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """Begin `metrics.jsonl`: empty, or with the records up to the state resumed from; lines that a
    killed run wrote after it are dropped, as their steps are taken again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_metrics(folder, records)


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Raise CheckpointError if the disk is full or the folder is read-only."""
    try:
        with writing(path) as partial:
            write(partial)
    # torch reports a full disk as a RuntimeError of its writer, safetensors as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"cannot write {path} ({error}); the earlier checkpoint is unchanged. "
            "Free some space, or choose another --out, then continue with --resume"
        ) from error


def require_out(folder: Path, resume: bool) -> None:
    """Check, before anything is read, that a training can write to --out.

    Raises:
        UsageError: it cannot be written to, or has a checkpoint that a new training would
            overwrite.
        CheckpointError: it has no checkpoint to resume from.
    """
    require_usable_folder(folder, f"--out {folder}")
    if resume:
        _require_state(folder)
        return
    held = [name for name in (WEIGHTS, STATE) if (folder / name).is_file()]
    if held:
        raise UsageError(
            f"--out {folder} already contains a checkpoint ({' and '.join(held)}); continue "
            "from it with --resume, or choose another --out to start again"
        )


def resumed_in_words(config: TrainingConfig, step: int) -> str:
    """The settings changed on resuming at this step, as text, or that the run is already finished;
    empty if neither.
    """
    changed = ", ".join(changed_words(config.out, config))
    if step >= config.steps:
        said = f"all {step} steps are done, so nothing is trained; raise --steps to continue"
        return f"{config.out}: {said}" + (f" (no effect: {changed})" if changed else "")
    return (
        f"{config.out}: resuming at step {step} with changed settings: {changed}" if changed else ""
    )


def changed_words(folder: Path, config: Any) -> list[str]:
    """The settings that differ from the folder's config: "--lr 0.001 -> 0.1"."""
    path = folder / CONFIG
    if not path.is_file():
        return []
    before, now = read_table(path), to_table(config)
    names = [name for name in dict.fromkeys([*now, *before]) if name not in ("out", "resume")]
    return [
        f"--{name.replace('_', '-')} {before.get(name, 'none')} -> {now.get(name, 'none')}"
        for name in names
        if before.get(name) != now.get(name)
    ]


def load_state(folder: Path) -> dict[str, Any]:
    """Read what `save_state` wrote; only tensors and plain values are unpickled.

    Raises:
        CheckpointError: missing or damaged.
    """
    _require_state(folder)
    path = folder / STATE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{path}: damaged ({error}); start again with another --out"
        ) from error
    return state


def _require_state(folder: Path) -> None:
    if not (folder / STATE).is_file():
        raise CheckpointError(
            f"{folder}: no {STATE} to resume from; remove --resume to start again"
        )
