"""The cost of a SAIP step beside that of its networks, on a step small enough for a test."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman.bench.contestants import NotMeasured
from edgehuman.bench.targets.steps import saip
from edgehuman.bench.targets.targets import choose
from edgehuman.pretrain.saip.saip import Saip
from tests.pretrain.made_persons import tiny_config
from tests.pretrain.tiny_backbone import TinyBackbone


def test_both_sides_make_the_same_passes() -> None:
    config = tiny_config(Path("unused"), batch=8, scale_low=1.9, scale_high=2.0)
    model = Saip(TinyBackbone(), config).train()
    student, expert = model.student, model.expert
    assert isinstance(student, TinyBackbone)
    assert isinstance(expert, TinyBackbone)
    made = []
    for side in (saip.step_of(model, config), saip.networks_of(model, config)):
        side()
        made.append((sorted(student.calls), sorted(expert.calls)))
        student.calls.clear()
        expert.calls.clear()
    assert made[0] == made[1]


def test_a_step_changes_the_student_and_its_networks_alone_change_nothing() -> None:
    config = tiny_config(Path("unused"), batch=4)
    model = Saip(TinyBackbone(), config).train()
    weight = model.student.get_parameter("stem.0.weight")
    before = weight.detach().clone()
    saip.networks_of(model, config)()
    assert torch.equal(weight, before)
    assert weight.grad is not None
    saip.step_of(model, config)()
    assert not torch.equal(weight, before)


def test_it_is_a_target_and_says_so_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = choose(["saip-step"])
    assert target.goal == 1.25
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    with pytest.raises(NotMeasured, match="PyTorch is not installed"):
        saip.saip_step_over_networks("tinyvit_5m")
