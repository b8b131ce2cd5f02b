"""Checkpoints that every process writes its piece of, with torch.distributed.checkpoint (DCP).

    pieces-000000200/   .metadata, __0_0.distcp, __1_0.distcp   tensors, by process
                        progress.json                           step, records, best score

The folder is written beside as `.pieces-000000200.part` and renamed when complete; the one before
is removed after that. Reading needs neither the same number of processes nor the one that wrote it.

DCP's `.metadata` is a pickle. It is read from the training's own folder alone, by an unpickler that
knows the few classes of such an index and no other, and it may list tensors only: nothing of a
folder that somebody sent is run. torch promises no format: resume with the version that wrote it.
"""

from __future__ import annotations

import os
import pickle
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import Metadata, StorageMeta, TensorStorageMetadata
from torch.distributed.checkpoint.state_dict import (
    get_model_state_dict,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.checkpoint.state_dict_loader import load as load_pieces
from torch.distributed.checkpoint.state_dict_saver import save as save_pieces

from edgehuman.errors import CheckpointError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.training import checkpoint

PROGRESS, VERSION = "progress.json", 1
_NAME, _INDEX = "pieces-", ".metadata"
_PIECE = re.compile(r"__\d+_\d+\.distcp", re.ASCII)
_OURS = "torch.distributed.checkpoint."
_KNOWN = {
    *(
        (f"{_OURS}metadata", name)
        for name in (
            *("Metadata", "MetadataIndex", "StorageMeta", "TensorStorageMetadata"),
            *("TensorProperties", "ChunkStorageMetadata", "_MEM_FORMAT_ENCODING"),
        )
    ),
    (f"{_OURS}filesystem", "_StorageInfo"),
    ("torch.serialization", "_get_layout"),
    ("torch", "Size"),
    *(("torch", name) for name in ("float32", "float64", "bfloat16", "float16")),
    *(("torch", name) for name in ("int64", "int32", "int16", "int8", "uint8", "bool")),
    *(("pathlib", name) for name in ("PosixPath", "WindowsPath", "PurePosixPath")),
}


# What a damaged index or piece raises.
_DAMAGE = (OSError, RuntimeError, ValueError, KeyError, TypeError, AttributeError, EOFError,
           IndexError, pickle.UnpicklingError)  # fmt: skip


def save(
    folder: Path,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    progress: Mapping[str, Any],
    best: Mapping[str, Tensor] | None,
) -> None:
    """Write a checkpoint, all processes together; afterwards the one before is removed.

    Args:
        progress: "step", "records", and "best": score and step of the best weights, or None.
        best: those weights.

    Raises:
        CheckpointError: the disk is full, or the folder cannot be written to.
    """
    final = folder / f"{_NAME}{progress['step']:09d}"
    part = folder / f".{final.name}.part"
    if (final / _INDEX).is_file():  # of this very step
        return
    first = distributed.get_rank() == 0
    try:
        if first:
            for old in (part, final):
                shutil.rmtree(old, ignore_errors=True)
            part.mkdir(parents=True)
        distributed.barrier()
        save_pieces(_state(model, optimiser, best), storage_writer=FileSystemWriter(part))
        if first:
            said = {"version": VERSION, "torch": torch.__version__, **progress}
            (part / PROGRESS).write_text(to_json(said), encoding="utf-8")
            os.rename(part, final)
            for old in folder.glob(f"{_NAME}*"):
                if old != final:
                    shutil.rmtree(old, ignore_errors=True)
        distributed.barrier()
    except (OSError, CheckpointException) as error:
        raise CheckpointError(
            f"cannot write {final} ({error}); the earlier checkpoint is unchanged. Free some "
            "space, or choose another --out, then continue with --resume"
        ) from error


def load(
    folder: Path, model: nn.Module, optimiser: torch.optim.Optimizer, product: nn.Module
) -> dict[str, Any]:
    """Read the last checkpoint into a model and its optimiser, all processes together.

    Returns:
        "step", "records" and "best", the last with "weights", which are those of `product`; or
        None.

    Raises:
        CheckpointError: none there, damaged, or of another network.
    """
    path = checkpoint.pieces_in(folder)
    if path is None:
        raise CheckpointError(
            f"{folder}: no {_NAME}* of --shard fsdp to resume from; give --shard off if it was "
            "trained without, or remove --resume to start again"
        )
    progress = _progress(path)
    best = None
    if progress["best"] is not None:
        best = {name: value.detach().clone() for name, value in product.state_dict().items()}
    state = _state(model, optimiser, best)
    try:
        reader = _Reader(path)
        reader.read_metadata()  # by itself, as DCP tries other indices where one is refused
        load_pieces(state, storage_reader=reader)
    except (*_DAMAGE, CheckpointException) as error:
        said = str(error).strip().partition("\n")[0][:300]
        raise CheckpointError(
            f"{path}: cannot be resumed ({said}); it is damaged, of another network, or of another "
            f"torch than {torch.__version__}: start again with another --out"
        ) from None
    set_model_state_dict(model, state["model"])
    whole = get_optimizer_state_dict(model, optimiser)
    set_optimizer_state_dict(model, optimiser, {**whole, "state": state["optimiser"]})
    if best is not None:
        progress["best"]["weights"] = state["best"]
    return progress


def _state(
    model: nn.Module, optimiser: torch.optim.Optimizer, best: Mapping[str, Tensor] | None
) -> dict[str, Any]:
    """What a checkpoint holds: tensors alone. Rates and decays are those of the config."""
    state: dict[str, Any] = {
        "model": get_model_state_dict(model),
        "optimiser": get_optimizer_state_dict(model, optimiser)["state"],
    }
    return state if best is None else {**state, "best": dict(best)}


def _progress(path: Path) -> dict[str, Any]:
    """Read `progress.json`."""
    try:
        said = json_of(read_bounded(path / PROGRESS, MOST_NOTE, CheckpointError))
    except CheckpointError:
        raise
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path / PROGRESS}: cannot be read ({error})") from None
    return checkpoint.require_progress(said, path / PROGRESS)


class _Reader(FileSystemReader):
    """Reads tensors, and an index of nothing else."""

    def read_metadata(self, *args: Any, **named: Any) -> Metadata:
        with (Path(self.path) / _INDEX).open("rb") as file:
            found = _Index(file).load()
        if not isinstance(found, Metadata) or not all(
            isinstance(each, TensorStorageMetadata) for each in found.state_dict_metadata.values()
        ):
            raise ValueError(f"{_INDEX} lists something else than tensors")
        for each in found.storage_data.values():
            if not _PIECE.fullmatch(str(each.relative_path)):
                raise ValueError(f"{_INDEX} names {str(each.relative_path)[:80]!r}, no piece of it")
        found.storage_meta = found.storage_meta or StorageMeta()
        found.storage_meta.load_id = self.load_id
        return found


class _Index(pickle.Unpickler):
    """Knows the classes of an index, and no other."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise ValueError(f"{_INDEX} names {module}.{name}, which no checkpoint of ours does")
        return super().find_class(module, name)
