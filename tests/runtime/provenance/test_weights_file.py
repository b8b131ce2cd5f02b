"""A checkpoint's file without torch: the same hash as torch computes, and nothing unsealed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from edgehuman.card import CARD_KEY, WEIGHTS, sealed_metadata
from edgehuman.errors import CheckpointError
from edgehuman.nets.checkpoint import sha256_of
from edgehuman.runtime.provenance.weights_file import read_weights_file
from tests.runtime.conftest import tiny_card

KINDS = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32)
WEIGHTS_OF = {
    **{f"w{n}": torch.arange(6).reshape(2, 3).to(kind) for n, kind in enumerate(KINDS)},
    "mask": torch.tensor([True, False]),
    "small": torch.tensor([1, 2], dtype=torch.uint8),
    "short": torch.tensor([1], dtype=torch.int8),
    "middle": torch.tensor([1], dtype=torch.int16),
    "number": torch.tensor(3.0),
    "none": torch.zeros(0, 2),
}


def written(folder: Path, metadata: dict[str, str]) -> Path:
    save_file(WEIGHTS_OF, folder / WEIGHTS, metadata)
    return folder / WEIGHTS


def test_the_hash_is_that_of_torch(tmp_path: Path) -> None:
    card = tiny_card().replace(weights_sha256=sha256_of(WEIGHTS_OF))
    file = read_weights_file(written(tmp_path, sealed_metadata(card)))
    assert file.require_seal() == card
    assert file.sealed() == file.content


def test_an_earlier_file_gets_the_seal_that_a_training_writes(tmp_path: Path) -> None:
    path = written(tmp_path, {CARD_KEY: tiny_card().to_json()})
    with pytest.raises(CheckpointError, match="no seal"):
        read_weights_file(path).require_seal()
    path.write_bytes(read_weights_file(path).sealed())
    assert read_weights_file(path).require_seal().weights_sha256 == sha256_of(WEIGHTS_OF)


def test_what_has_a_broken_seal_or_no_card_gets_none(tmp_path: Path) -> None:
    card = tiny_card().replace(weights_sha256=sha256_of(WEIGHTS_OF))
    path = written(tmp_path, sealed_metadata(card))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="its weights have sha256"):
        read_weights_file(path).sealed()
    with pytest.raises(CheckpointError, match="card was changed"):
        read_weights_file(written(tmp_path, {CARD_KEY: card.to_json(), "x": "y"})).sealed()
    with pytest.raises(CheckpointError, match="has no edgehuman card"):
        read_weights_file(written(tmp_path, {"format": "pt"})).sealed()


@pytest.mark.parametrize(
    "row",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [-1], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [-8, 0]},
        {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]},
        {"dtype": "F99", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": [], "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": 2, "data_offsets": 8},
        {},
        3,
    ],
)
def test_a_header_that_lies_is_damage(row: object, tmp_path: Path) -> None:
    header = {"__metadata__": {CARD_KEY: tiny_card().to_json()}, "w": row}
    text = json.dumps(header).encode()
    (tmp_path / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    with pytest.raises(CheckpointError, match="damaged"):
        read_weights_file(tmp_path / WEIGHTS).sealed()


@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 8, b"\2" + bytes(7) + b"[]", b"\7" + bytes(7) + b'{"a":1']
)
def test_what_is_no_such_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / WEIGHTS).write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        read_weights_file(tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match="No such file"):
        read_weights_file(tmp_path / "absent")
