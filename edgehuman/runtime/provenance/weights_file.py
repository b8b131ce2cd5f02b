"""The weights of a checkpoint as bytes: its card, its two seals, and the file with them.

    file = read_weights_file(Path("runs/activity/model.safetensors"))       one read, no torch
    file.require_seal()
    content = file.sealed()

The card's seal covers the card, which has the hash of the weights: of the name, shape, type and
bytes of each tensor, sorted by name (`edgehuman.nets.checkpoint.sha256_of` of the same tensors).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.card import (
    CARD_KEY,
    CARD_SEAL_KEY,
    Card,
    from_json,
    of_metadata,
    sealed_metadata,
    sha256_of_bytes,
)
from edgehuman.errors import CheckpointError
from edgehuman.limits.sizes import MOST_MODEL, read_regular
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of

_ABOUT = "__metadata__"
_LENGTH, _ALIGNED = 8, 8
# Of safetensors -> as torch names it, and its bytes.
_TYPES: Mapping[str, tuple[str, int]] = {
    "F64": ("float64", 8),
    "F32": ("float32", 4),
    "F16": ("float16", 2),
    "BF16": ("bfloat16", 2),
    "I64": ("int64", 8),
    "I32": ("int32", 4),
    "I16": ("int16", 2),
    "I8": ("int8", 1),
    "U8": ("uint8", 1),
    "BOOL": ("bool", 1),
}


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """Attributes:
    path: where it was read.
    content: all its bytes.
    header: what it says of itself and of each tensor.
    begin: of the tensors' bytes.
    """

    path: Path
    content: bytes
    header: Mapping[str, Any]
    begin: int

    @property
    def sha256(self) -> str:
        """Of the file."""
        return sha256_of_bytes(self.content)

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts in the header."""
        return dict(self.header.get(_ABOUT) or {})

    @property
    def is_ours(self) -> bool:
        """Whether it has a card; weights of others have none."""
        return CARD_KEY in self.metadata

    def require_seal(self) -> Card:
        """Check both seals; the card.

        Raises:
            CheckpointError: no seal, or one that does not hold.
        """
        card = of_metadata(self.metadata, self.path)
        require_weights(card, self.weights_sha256(), self.path)
        return card

    def sealed(self) -> bytes:
        """The file with its seals; of one that has them already, the same bytes.

        Raises:
            CheckpointError: no card, or a seal that does not hold: it is not renewed.
        """
        if CARD_SEAL_KEY in self.metadata or set(self.metadata) - {CARD_KEY}:
            self.require_seal()
            return self.content
        card = from_json(self.metadata[CARD_KEY], str(self.path)) if self.is_ours else None
        if card is None:
            raise CheckpointError(f"{self.path}: has no edgehuman card, so it has no seal")
        about = sealed_metadata(card.replace(weights_sha256=self.weights_sha256()))
        text = to_json({**self.header, _ABOUT: about}).encode()
        text += b" " * (-len(text) % _ALIGNED)
        return len(text).to_bytes(_LENGTH, "little") + text + self.content[self.begin :]

    def weights_sha256(self) -> str:
        """The hash of the weights, as cards state it.

        Raises:
            CheckpointError: a header that does not describe the bytes after it.
        """
        digest = hashlib.sha256()
        try:
            for name, shape, kind, data in sorted(map(self._tensor, self._names())):
                digest.update(f"{name} {shape} torch.{kind}\n".encode())
                digest.update(data)
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path, error) from None
        return digest.hexdigest()

    def _names(self) -> list[str]:
        return [name for name in self.header if name != _ABOUT]

    def _tensor(self, name: str) -> tuple[str, tuple[int, ...], str, bytes]:
        row = self.header[name]
        kind, size = _TYPES[row["dtype"]]
        shape, (first, end) = tuple(row["shape"]), row["data_offsets"]
        if not all(type(number) is int and number >= 0 for number in (*shape, first, end)):
            raise ValueError(f"{name}: sizes that are no numbers")
        data = self.content[self.begin + first : self.begin + end]
        if len(data) != end - first or len(data) != math.prod(shape) * size:
            raise ValueError(f"{name}: {len(data)} bytes for {shape} of {kind}")
        return name, shape, kind, data


def read_weights_file(path: Path) -> WeightsFile:
    """Read a safetensors file, once.

    Raises:
        CheckpointError: no such file, too large, or damaged.
    """
    try:
        content = read_regular(path, MOST_MODEL, CheckpointError, "checkpoint")
        begin = _LENGTH + int.from_bytes(content[:_LENGTH], "little")
        if len(content) < _LENGTH or begin > len(content):
            raise ValueError("its header is cut off")
        header = json_of(content[_LENGTH:begin], unique=True)
        if not isinstance(header, dict) or not isinstance(header.get(_ABOUT) or {}, dict):
            raise ValueError("its header is no table")
    except (OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise _damaged(path, error) from None
    return WeightsFile(path, content, header, begin)


def require_weights(card: Card, found: str, path: Path) -> None:
    """Raise CheckpointError for weights of another hash than their card has."""
    if found != card.weights_sha256:
        raise CheckpointError(
            f"{path}: its weights have sha256 {found[:12]}…, but its card has "
            f"{card.weights_sha256[:12]}…: they were changed after the training, or damaged. "
            "Restore a copy"
        )


def _damaged(path: Path, error: Exception) -> CheckpointError:
    return CheckpointError(f"{path}: damaged ({error}); train again or restore a copy")
