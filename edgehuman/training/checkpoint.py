"""Checkpoints: a folder that is whole at every moment.

    model.safetensors   the weights (the moving average, if there is one); card in the metadata
    config.toml         the full resolved config
    state.pt            all that resuming needs, weights too: one file, so it agrees with itself
    metrics.jsonl       one JSON object a line

Each file is written whole (`edgehuman.files`). A crash between two of them leaves the
`model.safetensors` of one save beside the `state.pt` of the next: each is whole, and resuming reads
only the latter. The weights are read again by `edgehuman.nets.checkpoint`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from edgehuman.card import CARD_KEY, WEIGHTS, Card
from edgehuman.config import read_table, to_table, write_toml
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.files import require_usable_folder, writing
from edgehuman.training.settings import TrainingConfig

CONFIG, STATE, METRICS = "config.toml", "state.pt", "metrics.jsonl"


def save_weights(folder: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """`model.safetensors` with the card inside."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    metadata = {CARD_KEY: card.to_json()}
    _write(folder / WEIGHTS, lambda path: save_file(tensors, path, metadata))


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """`state.pt`: what `load_state` gives back."""
    _write(folder / STATE, lambda path: torch.save(dict(state), path))


def save_config(folder: Path, config: Any) -> None:
    """`config.toml`: the full resolved config."""
    _write(folder / CONFIG, lambda path: write_toml(config, path))


def save_metrics(folder: Path, records: Sequence[Mapping[str, Any]]) -> None:
    """`metrics.jsonl`: all of a training's records so far, a line each."""
    lines = "".join(json.dumps(record) + "\n" for record in records)
    _write(folder / METRICS, lambda path: path.write_text(lines))


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Raises CheckpointError where the disk is full or the folder cannot be written."""
    try:
        with writing(path) as partial:
            write(partial)
    # torch reports a full disk as a RuntimeError of its writer, safetensors as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"{path}: could not be written ({error}); the earlier checkpoint still stands. "
            "Free some space, or choose another --out, then go on with --resume"
        ) from error


def require_out(folder: Path, resume: bool) -> None:
    """Refuse an --out that a training could not end in; called before anything is read.

    Raises:
        UsageError: it cannot be written into, or holds a checkpoint that a training which starts
            anew would overwrite.
        CheckpointError: it holds none to resume from.
    """
    require_usable_folder(folder, f"--out {folder}")
    if resume:
        _require_state(folder)
        return
    held = [name for name in (WEIGHTS, STATE) if (folder / name).is_file()]
    if held:
        raise UsageError(
            f"--out {folder} holds a checkpoint already ({' and '.join(held)}); go on from it with "
            "--resume, or name another --out to start anew"
        )


def resumed_in_words(config: TrainingConfig, step: int) -> str:
    """What is asked for otherwise than before a resume at this step, and that a finished run trains
    nothing; empty where there is nothing to say.
    """
    changed = ", ".join(changed_words(config.out, config))
    if step >= config.steps:
        said = f"all {step} steps are done, so nothing is trained; raise --steps to go on"
        return f"{config.out}: {said}" + (f" (without effect: {changed})" if changed else "")
    return f"{config.out}: from step {step} on other than before: {changed}" if changed else ""


def changed_words(folder: Path, config: Any) -> list[str]:
    """What a config asks for otherwise than the folder's own: "--lr 0.001 -> 0.1"."""
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
    """What `save_state` wrote; only tensors and plain values are unpickled.

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    _require_state(folder)
    path = folder / STATE
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(f"{path}: damaged ({error}); start anew in another --out") from error
    return state


def _require_state(folder: Path) -> None:
    if not (folder / STATE).is_file():
        raise CheckpointError(
            f"{folder}: no {STATE} to resume from; leave out --resume to start anew"
        )
