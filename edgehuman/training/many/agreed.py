"""Whether all processes of a training are the same program with the same settings.

Each makes lines of `name = value` of its code, its settings and its first weights, and all compare
them with those of the first process before the first step.
"""

from __future__ import annotations

import dataclasses
import hashlib
import zlib
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, distributed

import edgehuman
from edgehuman.config import to_table
from edgehuman.errors import UsageError
from edgehuman.limits.sizes import read_regular
from edgehuman.training import checkpoint
from edgehuman.training.ledger import versions
from edgehuman.training.many import elastic
from edgehuman.training.many.gather import together
from edgehuman.training.processes import Place
from edgehuman.training.settings import TrainingConfig

# Of one process: they change no result.
_OWN = frozenset({"threads", "workers"})
_MOST_SOURCE = 1 << 22
_CODE, _WEIGHTS = "code of edgehuman", "first weights"


def require_agreed(
    config: TrainingConfig, weights: Mapping[str, Tensor], device: torch.device
) -> None:
    """Compare settings, code and first weights of all processes.

    Raises:
        UsageError: in every process, if one differs from the first; it names what differs.
    """
    if together()[1] == 1:
        return
    everybody = [_parsed(text) for text in _exchanged(_said(config, weights), device)]
    first = everybody[0]
    for number, own in enumerate(everybody):
        names = [name for name in dict.fromkeys([*first, *own]) if first.get(name) != own.get(name)]
        if names:
            raise UsageError(_refusal(names, number, own, first))


def begun(config: TrainingConfig, place: Place) -> TrainingConfig:
    """Look at --out again in the first process, as another training may have ended there since;
    return the config, which resumes if the job was started again.

    Raises:
        UsageError, CheckpointError: see `checkpoint.require_out`.
    """
    goes_on = False
    if place.is_first:
        goes_on = checkpoint.require_out(config.out, config.resume)
        elastic.mark(config.out)
    if together()[1] > 1:
        flag = torch.tensor(int(goes_on), device=place.device)
        distributed.broadcast(flag, 0)
        goes_on = bool(flag)
    return config if goes_on == config.resume else dataclasses.replace(config, resume=goes_on)


def _refusal(names: list[str], number: int, own: dict[str, str], first: dict[str, str]) -> str:
    pairs = [f"{n} {own.get(n, 'none')}, process 0 {first.get(n, 'none')}" for n in names[:3]]
    fix = "start all processes with the same command and the same recipe"
    if names == [_WEIGHTS]:
        fix = "give all the same --weights, or one --out that all of them see"
    if any(not name.startswith("--") and name != _WEIGHTS for name in names):
        fix = "install the same edgehuman and the same packages for all processes"
    return f"process {number} has {'; '.join(pairs)}: {fix}"


def _said(config: TrainingConfig, weights: Mapping[str, Tensor]) -> str:
    lines = {**versions(), _CODE: _code_hash()}
    lines |= {
        f"--{name.replace('_', '-')}": repr(value)
        for name, value in to_table(config).items()
        if name not in _OWN
    }
    lines[_WEIGHTS] = f"{_checksum(weights):08x}"
    return "\n".join(f"{name} = {value}" for name, value in lines.items())


def _parsed(text: str) -> dict[str, str]:
    parts = (line.partition(" = ") for line in text.splitlines())
    return {name: value for name, _, value in parts}


def _code_hash() -> str:
    """A hash of all source files of the package."""
    found = hashlib.sha256()
    root = Path(edgehuman.__file__).parent
    for path in sorted(root.glob("**/*.py")):
        found.update(f"{path.relative_to(root)}\0".encode())
        found.update(read_regular(path, _MOST_SOURCE, UsageError, "source file"))
    return found.hexdigest()[:12]


def _checksum(weights: Mapping[str, Tensor]) -> int:
    total = 0
    for name, tensor in weights.items():
        raw = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
        total = zlib.crc32(raw.numpy().data, zlib.crc32(name.encode(), total))
    return total


def _exchanged(text: str, device: torch.device) -> list[str]:
    """Return the texts of all processes, in their order."""
    world = together()[1]
    own = torch.frombuffer(bytearray(text.encode()), dtype=torch.uint8).to(device)
    length = torch.tensor([len(own)], device=device)
    lengths = [torch.empty_like(length) for _ in range(world)]
    distributed.all_gather(lengths, length)
    most = max(int(each) for each in lengths)
    padded = torch.zeros(most, dtype=torch.uint8, device=device)
    padded[: len(own)] = own
    parts = [torch.empty_like(padded) for _ in range(world)]
    distributed.all_gather(parts, padded)
    sized = zip(parts, lengths, strict=True)
    return [bytes(part[: int(n)].cpu().numpy()).decode() for part, n in sized]
