"""Sizes and operations from a training's folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehuman.bench.scale.counts import counts_of
from edgehuman.errors import CheckpointError


def test_what_embeds_is_counted_apart(tmp_path: Path) -> None:
    shapes = {
        "embed.weight": [3, 5],
        "stage.patch_embed.bias": [7],
        "position_SD": [2, 2],
        "cls_token": [4],
        "blocks.0.weight": [10, 10],
        "embedding_head.weight": [6],
    }
    header = {n: {"dtype": "F32", "shape": s, "data_offsets": [0, 0]} for n, s in shapes.items()}
    head = json.dumps({"__metadata__": {}, **header}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(head).to_bytes(8, "little") + head)
    (tmp_path / "metrics.jsonl").write_text('{"step": 0, "flops_per_step": 5}\n{"step": 1}\n')
    found = counts_of(tmp_path, 10)
    assert found == {"params": 100, "params_all": 15 + 7 + 4 + 4 + 100 + 6, "flops": 50.0}
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n')
    assert counts_of(tmp_path, 10)["flops"] is None


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        counts_of(tmp_path, 10)
