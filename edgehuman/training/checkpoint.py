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

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from edgehuman.card import CARD_KEY, CARD_SEAL_KEY, WEIGHTS, Card, card_seal
from edgehuman.config import read_table, to_table, write_toml
from edgehuman.errors import CheckpointError, TrainingError, UsageError
from edgehuman.files import require_usable_folder, writing
from edgehuman.nets.checkpoint import require_finite, sha256_of
from edgehuman.nets.finite import not_finite
from edgehuman.outcome import to_json
from edgehuman.placing import sweep
from edgehuman.progress import tell
from edgehuman.reading.parsers import fault_of
from edgehuman.runtime.lock import locked
from edgehuman.training.settings import TrainingConfig

CONFIG, STATE, METRICS = "config.toml", "state.pt", "metrics.jsonl"
VERSION = 1
"""Of `state.pt`; one without a version is of the first, whose keys were the same."""
_KEYS = ("step", "model", "optimiser", "scaler", "average", "records", "best")
_VERSION = "version"


@contextlib.contextmanager
def writing_alone(folder: Path) -> Iterator[None]:
    """Keep other trainings out of a folder for the block; remove what killed ones left half
    written. Of many processes the first holds the lock, as it alone writes.

    Raises:
        UsageError: another training writes there, or the folder cannot be written to.
    """
    if int(os.environ.get("RANK", "0")):
        yield
        return
    shown = str(folder).replace("{", "{{").replace("}", "}}")
    refusal = (
        f"--out {shown}: {{holder}} is training there; choose another --out, or end that program "
        "and continue its training with --resume"
    )
    with locked(folder / STATE, tell, wait_s=0.0, refusal=refusal):
        for name in (WEIGHTS, CONFIG, METRICS):
            sweep(folder / name)
        yield


def require_finite_training(
    folder: Path, step: int, lr: float, weights: Mapping[str, Tensor]
) -> None:
    """Raise TrainingError before weights that hold NaN replace those of the last checkpoint."""
    if found := not_finite(weights):
        raise TrainingError(
            f"step {step}: the weights hold {found}; {folder} keeps the last good checkpoint. "
            f"Lower --lr (now {lr:g}), or check the data with `edgehuman data check`"
        )


def require_finite_scores(
    folder: Path, step: int, numbers: Mapping[str, float], select_by: str | None
) -> None:
    """Raise TrainingError for a loss, or the score that selects the checkpoint, that is not finite;
    another score may have nothing to be computed from.
    """
    for name, value in numbers.items():
        if (name == select_by or "loss" in name) and not math.isfinite(value):
            raise TrainingError(
                f"step {step}: {name} is {value}; {folder} keeps the last good checkpoint. Check "
                "the data of the people held out with `edgehuman data check`, or lower --lr"
            )


def save_weights(folder: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """Write `model.safetensors` with the card inside, which has the hash of these weights.

    Raises:
        CheckpointError: weights that are not finite, a full disk, a read-only folder; what was
            there is unchanged.
    """
    require_finite(weights, f"{folder / WEIGHTS} was not written")
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    text = card.replace(weights_sha256=sha256_of(tensors)).to_json()
    metadata = {CARD_KEY: text, CARD_SEAL_KEY: card_seal(text)}
    _write(folder / WEIGHTS, lambda path: save_file(tensors, path, metadata))


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Write `state.pt`, which `load_state` reads."""
    _write(folder / STATE, lambda path: torch.save({_VERSION: VERSION, **state}, path))


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
        CheckpointError: missing, damaged, of a newer version, or with weights that are not finite.
    """
    _require_state(folder)
    path = folder / STATE
    try:
        state: Any = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise CheckpointError(
            f"{path}: {fault_of(error)}; start again with another --out"
        ) from error
    version = state.get(_VERSION, VERSION) if isinstance(state, dict) else None
    if type(version) is int and version > VERSION:
        raise CheckpointError(
            f"{path}: version {version}; this edgehuman reads up to {VERSION}: resume with the "
            "edgehuman that wrote it, or a newer one"
        )
    if type(version) is not int or version < 1 or not _is_state(state):
        raise CheckpointError(
            f"{path}: not the state of a training, which has {', '.join(_KEYS)}; start again with "
            "another --out"
        )
    for weights in (state["model"], state["average"], (state["best"] or {}).get("weights")):
        require_finite(weights or {}, str(path))
    return dict(state)


def _is_state(state: dict[str, Any]) -> bool:
    if any(key not in state for key in _KEYS):
        return False
    optional = all(isinstance(state[key], dict | None) for key in ("average", "best"))
    return optional and isinstance(state["model"], dict) and type(state["step"]) is int


def _require_state(folder: Path) -> None:
    if not (folder / STATE).is_file():
        raise CheckpointError(
            f"{folder}: no {STATE} to resume from; remove --resume to start again"
        )
