"""Operations of a step, counted by hand; and they change no result."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn

from edgehuman.training.loop import train_steps
from edgehuman.training.operations import counting
from tests.training.toy import line_config, line_job


def test_a_linear_layer_forward_and_backward() -> None:
    layer, x_N4 = nn.Linear(4, 3), torch.ones(5, 4)
    with counting(True) as found:
        layer(x_N4).sum().backward()
    assert found == [2 * (2 * 5 * 4 * 3)]  # the output, and the gradient of the weights alone
    with counting(False) as found:
        layer(x_N4)
    assert found == []


def test_a_training_says_its_operations_and_learns_the_same(tmp_path: Path) -> None:
    for flops in (False, True):
        train_steps(line_job(), line_config(tmp_path / str(flops), flops=flops))
    lines = (tmp_path / "True" / "metrics.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["step"] == 0
    assert first["flops_per_step"] > 0
    assert not any("flops" in line for line in lines[1:])
    assert len(lines) == 1 + len((tmp_path / "False" / "metrics.jsonl").read_text().splitlines())
    plain, other = (load_file(tmp_path / name / "model.safetensors") for name in ("False", "True"))
    assert all(torch.equal(plain[name], other[name]) for name in plain)
