"""Weights, gradients and optimiser states shared out among processes: `--shard fsdp`.

For networks that do not fit one GPU together with AdamW's moments. Every block, and what is left,
is a unit of FSDP2 (`fully_shard`): a process holds its part of each tensor and gathers a unit only
while it computes with it. Every process writes its part of a checkpoint (`pieces.py`), which
another number of processes can read; the result is one `model.safetensors` as always.

For an evaluation the whole weights are gathered, so all processes take part in it; what the first
finds counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from edgehuman.training import checkpoint
from edgehuman.training.many import pieces
from edgehuman.training.run import Run

# Lists of modules that compute one after another, by the names that networks give them.
_LISTS = ("blocks", "layers", "stages")


def shard(model: nn.Module, device: torch.device) -> None:
    """Share out the parameters of a model, in place; they become DTensors of the same names."""
    for parameter in model.parameters():  # such as those of channels_last
        parameter.data = parameter.data.contiguous()
    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    for name, module in model.named_modules():
        if isinstance(module, nn.ModuleList) and name.rpartition(".")[2] in _LISTS:
            for each in module:
                if any(True for _ in each.parameters()):
                    fully_shard(each, mesh=mesh)
    fully_shard(model, mesh=mesh)


def whole_weights(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return weights gathered from all processes, which all must ask for; gathered on the CPU."""
    return {
        name: value.full_tensor().cpu() if isinstance(value, DTensor) else value
        for name, value in weights.items()
    }


class ShardedRun(Run):
    """A run whose weights are shared out."""

    evaluates_together = True

    def share_out(self) -> None:
        """Leave each process its part of the weights."""
        shard(self.model, self.place.device)

    def clipped(self) -> float:
        """Clip the gradients; return their norm, that of all parts, before that."""
        limit = self.config.clip_norm or math.inf
        norm = nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        return float(norm.full_tensor() if isinstance(norm, DTensor) else norm)

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Every process has the whole weights inside: a judge may call any part of the model."""
        units = [each for each in self.model.modules() if isinstance(each, FSDPModule)]
        for unit in units:
            unit.unshard()
        try:
            with torch.no_grad():
                yield
        finally:
            for unit in units:
                unit.reshard()

    def save(self) -> None:
        """Write every process's piece of the checkpoint, and the whole weights in the first."""
        done, folder = self.progress, self.config.out
        weights = whole_weights(self.result_weights())
        if self.place.is_first:
            checkpoint.require_finite_training(folder, done.step, self.config.lr, weights)
        best = None if done.best is None else {n: done.best[n] for n in ("score", "step")}
        said = {"step": done.step, "records": done.records, "best": best}
        held = None if done.best is None else done.best["weights"]
        pieces.save(folder, self.model, self.optimiser, said, held)
        if self.place.is_first:
            checkpoint.save_config(folder, self.config)
            checkpoint.save_weights(folder, self.job.saved(weights), self.job.card)
            checkpoint.save_metrics(folder, done.records)

    def resume(self, start: Path) -> None:
        """Resume from the last complete pieces, of whatever number of processes.

        Raises:
            CheckpointError: see `pieces.load`.
        """
        state = pieces.load(start.parent, self.model, self.optimiser, self.job.product)
        self.progress.step, self.progress.records = state["step"], state["records"]
        self.progress.best = state["best"]
        self.buffers.keep()
