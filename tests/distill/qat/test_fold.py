from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from edgehuman.distill.qat.fold import fold, freeze, pairs
from tests.distill.qat.nets import made


class Small(nn.Module):
    """Two layers with a norm each, the second with a bias; a norm that follows neither; a layer
    whose output is used beside its norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.first_norm = nn.Conv1d(2, 3, 3, bias=False), nn.BatchNorm1d(3)
        self.second, self.second_norm = nn.Conv1d(3, 3, 1), nn.BatchNorm1d(3)
        self.last_norm = nn.BatchNorm1d(3, affine=False)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.first_norm(self.first(x)))
        return self.last_norm(torch.relu(self.second_norm(self.second(x))))  # type: ignore[no-any-return]


@pytest.fixture
def small() -> Small:
    torch.manual_seed(0)
    network = Small()
    for _ in range(5):
        network(torch.randn(8, 2, 16) * 3 + 1)
    with torch.no_grad():
        for norm in (network.first_norm, network.second_norm):
            norm.weight.uniform_(0.5, 2)
            norm.bias.normal_()
    return network.eval()


def test_folding_keeps_the_answers_and_leaves_the_norms_as_identities(small: Small) -> None:
    records = torch.randn(4, 2, 16)
    before = small(records)
    found = pairs(small, records)
    assert found == {"first_norm": "first", "second_norm": "second"}
    fold(small, found)
    torch.testing.assert_close(small(records), before, rtol=1e-5, atol=1e-6)
    x = torch.randn(4, 3, 5)
    assert torch.equal(small.second_norm(x), x)
    assert torch.equal(small.first_norm(x), x + small.first_norm.bias[:, None])
    trained = {name for name, each in small.named_parameters() if each.requires_grad}
    assert trained == {"first.weight", "first_norm.bias", "second.weight", "second.bias"}


def test_a_layer_that_runs_twice_keeps_its_norm(small: Small) -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.part = small

        def forward(self, x: Tensor) -> Tensor:
            return self.part(x) + self.part(2 * x)  # type: ignore[no-any-return]

    assert pairs(Twice(), torch.randn(4, 2, 16)) == {}


@pytest.mark.parametrize("family", ["imuconv", "gaitset", "starnet"])
def test_folding_networks_keeps_their_answers(family: str) -> None:
    network, _, array = made(family)
    records, folded = torch.from_numpy(array), copy.deepcopy(network)
    fold(folded, pairs(folded, records))
    with torch.no_grad():
        before, after = network(records), folded(records)
        untouched = copy.deepcopy(network)(records)
    assert torch.equal(before, untouched)
    scale = float(before.abs().max())
    assert float((after - before).abs().max()) < 1e-4 * scale


def test_frozen_norms_keep_their_statistics(small: Small) -> None:
    small.train()
    freeze(small)
    before = {name: value.clone() for name, value in small.state_dict().items()}
    small(torch.randn(8, 2, 16) + 9)
    assert all(torch.equal(before[name], value) for name, value in small.state_dict().items())
