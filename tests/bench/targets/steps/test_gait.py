"""The step of a skeleton network beside a plain transformer of equal operations."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from edgehuman import catalogue
from edgehuman.bench.contestants import NotMeasured
from edgehuman.bench.targets.steps import gait
from edgehuman.bench.targets.targets import choose
from edgehuman.nets.building import count_params


def test_the_plain_transformer_has_equal_operations_and_as_many_layers() -> None:
    encoder, token_NSD = gait.plain_encoder("gaitptv2_deep_3", 2)
    assert isinstance(encoder, nn.TransformerEncoder)
    assert len(encoder.layers) == 34
    assert token_NSD.shape == (2, 174, 64)
    weights = sum(p.numel() for p in encoder.parameters() if p.ndim == 2)
    assert weights == 34 * 12 * 64**2
    flops = 2 * weights * token_NSD.shape[1]
    assert flops == pytest.approx(catalogue.NETWORKS["gaitptv2_deep_3"].flops, rel=0.005)
    assert encoder(token_NSD).shape == token_NSD.shape
    assert count_params(encoder) > weights


def test_a_step_changes_every_weight() -> None:
    network = nn.Linear(3, 2)
    before = [p.detach().clone() for p in network.parameters()]
    gait.step_of(network, lambda: network(torch.ones(4, 3)))()
    assert not any(torch.equal(p, old) for p, old in zip(network.parameters(), before, strict=True))


def test_the_ratio_is_of_two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"network": 3, "encoder": 2}
    monkeypatch.setattr(gait, "in_turns", lambda sides, rounds, clock: said)
    monkeypatch.setattr("edgehuman.nets.building.build", lambda arch: nn.Linear(3, 3))
    assert gait.gait_step_over_encoder("gaitptv2_wide_1") == 1.5


def test_it_is_a_target_and_says_so_without_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    [target] = choose(["gait-step"])
    assert (target.sense, target.goal) == ("at most", 1.6)
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    with pytest.raises(NotMeasured, match="PyTorch is not installed"):
        gait.gait_step_over_encoder("gaitptv2_deep_3")
