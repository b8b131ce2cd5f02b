"""Checkpoints: a folder that is whole at every moment.

    model.safetensors   the weights (the moving average, if there is one); card in the metadata
    config.toml         the full resolved config
    state.pt            all that resuming needs, weights too: one file, so it agrees with itself
    metrics.jsonl       one JSON object a line

Each file is written under a temporary name, synced, and renamed. A crash between two renames leaves
the `model.safetensors` of one save beside the `state.pt` of the next: each is whole, and resuming
reads only the latter.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import CARD_KEY, Card, from_json
from edgehuman.config import read_table, to_table, write_toml
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.files import require_usable_folder
from edgehuman.nets.image.heads import ENCODER
from edgehuman.nets.weights import fit
from edgehuman.training.settings import TrainingConfig

WEIGHTS, CONFIG, STATE, METRICS = "model.safetensors", "config.toml", "state.pt", "metrics.jsonl"


def write_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file under a temporary name, sync it, and rename it into place.

    Raises:
        CheckpointError: disk full, or the folder cannot be written; the old file still stands.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(partial)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, path)
    # torch reports a full disk as a RuntimeError of its writer, safetensors as its own error.
    except (OSError, RuntimeError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise CheckpointError(
            f"{path}: could not be written ({error}); the earlier checkpoint still stands. "
            "Free some space, or choose another --out, then go on with --resume"
        ) from error


def save_weights(folder: Path, weights: Mapping[str, Tensor], card: Card) -> None:
    """`model.safetensors` with the card inside."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    metadata = {CARD_KEY: card.to_json()}
    write_atomic(folder / WEIGHTS, lambda path: save_file(tensors, path, metadata))


def save_state(folder: Path, state: Mapping[str, Any]) -> None:
    """`state.pt`: what `load_state` gives back."""
    write_atomic(folder / STATE, lambda path: torch.save(dict(state), path))


def save_config(folder: Path, config: Any) -> None:
    """`config.toml`: the full resolved config."""
    write_atomic(folder / CONFIG, lambda path: write_toml(config, path))


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


def read_weights(folder: Path) -> tuple[dict[str, Tensor], Card]:
    """The weights of a checkpoint folder and their card.

    Raises:
        CheckpointError: no such folder, no weights in it, damaged, or not written by edgehuman.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        if folder.is_file():
            raise CheckpointError(
                f"{folder}: a file, and a checkpoint is a folder; `edgehuman import` makes one of "
                "published weights"
            )
        found = "no such folder" if not folder.is_dir() else f"no {WEIGHTS} in it"
        raise CheckpointError(f"{folder}: {found}; a checkpoint is a folder that a training wrote")
    try:
        with safe_open(path, framework="pt") as stream:
            metadata = stream.metadata() or {}
        weights = load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(
            f"{path}: damaged ({error}); train again or restore a copy"
        ) from error
    if CARD_KEY not in metadata:
        raise CheckpointError(
            f"{path}: holds no edgehuman card; use a folder that a training wrote"
        )
    return weights, from_json(metadata[CARD_KEY], str(path))


def load_network(folder: Path) -> tuple[nn.Module, Card]:
    """The trained network of a checkpoint folder, in eval mode, and its card.

    Raises:
        CheckpointError: as `read_weights`; or the weights do not fit the card's network.
    """
    weights, card = read_weights(folder)
    network: nn.Module = catalogue.step(card.input.record, "build")(card, weights)
    load_into(network, weights, str(folder))
    return network, card


def load_into(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Load weights that must fit exactly.

    Raises:
        CheckpointError: names and shapes differ; the message shows the first differences.
    """
    own = network.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in weights]
    wrong += [f"{name} is unknown" for name in weights if name not in own]
    wrong += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(own[name].shape)}"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    if wrong:
        raise CheckpointError(
            f"{where}: holds another network ({'; '.join(wrong[:3])}; {len(wrong)} differences); "
            "give the --arch that it was trained with"
        )
    network.load_state_dict(dict(weights))


def require_arch(card: Card, folder: Path, arch: str) -> None:
    """Raises CheckpointError where a checkpoint holds another architecture."""
    if card.arch != arch:
        raise CheckpointError(
            f"{folder}: holds {card.arch}, and --arch is {arch}; "
            f"give --arch {card.arch} or other weights"
        )


def load_encoder(network: nn.Module, folder: Path, arch: str) -> Card:
    """Load a pretrained encoder into a network that may have another head, and may take images of
    another size.

    Raises:
        CheckpointError: the checkpoint holds another architecture.
    """
    weights, card = read_weights(folder)
    require_arch(card, folder, arch)
    if any(name.startswith(ENCODER) for name in weights):
        weights = {
            name.removeprefix(ENCODER): t for name, t in weights.items() if name.startswith(ENCODER)
        }
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}
    head = {name: t for name, t in network.state_dict().items() if name.startswith("head.")}
    fitted = fit(network, kept, card.input.shape[:2])
    load_into(network, {**fitted, **head}, str(folder))
    return card
