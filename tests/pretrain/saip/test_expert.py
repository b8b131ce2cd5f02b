"""The expert: its schedule over the whole run, and its moving average."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from edgehuman.card import IMU_INPUT, Card, OutputSpec
from edgehuman.errors import UsageError
from edgehuman.nets.building import build
from edgehuman.nets.drop_path import DropPath
from edgehuman.pretrain.saip.expert import (
    averaged,
    expert_momentum,
    follow,
    load_expert,
    starting_momentum,
    with_expert,
)
from edgehuman.training.checkpoint import save_weights


def test_the_momentum_rises_along_half_a_cosine_over_the_whole_run() -> None:
    at = [expert_momentum(step, 1000, 0.996) for step in (0, 250, 500, 1000)]
    assert at == pytest.approx([0.996, 1 - 0.004 * 0.8535534, 0.998, 1.0], abs=1e-9)


def test_small_batches_and_short_runs_have_another_momentum() -> None:
    assert starting_momentum(2048, 100_000) == 0.996
    assert starting_momentum(256, 100_000) == 0.9995
    # A twentieth of 1000 steps are 50.
    assert starting_momentum(32, 4000) == pytest.approx(1 - 1 / 200)
    assert starting_momentum(32, 10) == 0.99


def test_the_expert_follows_and_is_never_trained() -> None:
    student = nn.Sequential(nn.Linear(1, 1), DropPath(0.3))
    expert = averaged(student)
    assert not any(each.requires_grad for each in expert.parameters())
    assert [each.rate for each in expert.modules() if isinstance(each, DropPath)] == [0.0]
    with torch.no_grad():
        for network, value in ((expert, 0.0), (student, 1.0)):
            for parameter in network.parameters():
                parameter.fill_(value)
    follow(expert, student, 0.9)
    follow(expert, student, 0.9)
    assert [p.item() for p in expert.parameters()] == pytest.approx([0.19, 0.19])


def test_the_expert_is_the_backbone_of_a_network_with_a_head() -> None:
    expert = load_expert(Path("zoo:person-silhouette"))
    assert not any(each.requires_grad for each in expert.parameters())
    token_ND = expert.backbone(torch.zeros(1, 3, 64, 32))[0]  # type: ignore[operator]
    assert token_ND.shape == (1, expert.width)


def test_the_card_names_the_expert_and_what_taught_it() -> None:
    card = Card("x", "embedding", "vit_tiny", 1, 1, IMU_INPUT, OutputSpec("embedding", dim=4))
    found = with_expert(card, Path("zoo:person-silhouette"))
    assert {row.role for row in found.data} == {"teacher"}
    assert "ccp" in {row.dataset for row in found.data}
    assert [each.name for each in found.teachers] == ["zoo:person-silhouette"]


def test_a_teacher_of_another_kind_is_refused(tmp_path: Path) -> None:
    network = build("imuconv_288k")
    card = Card("x", "embedding", "imuconv_288k", 1, 1, IMU_INPUT, OutputSpec("embedding", dim=4))
    save_weights(tmp_path, network.state_dict(), card)
    with pytest.raises(UsageError, match="holds imuconv_288k, which reads ImuWindow; give the"):
        load_expert(tmp_path)
