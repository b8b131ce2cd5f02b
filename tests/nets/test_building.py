"""Networks are built from their row and a seed; counts match counting by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, count_flops, count_linear_flops, count_params


class Projected(nn.Module):
    """A layer from 4 to 3, and a training-only projection from 3 to 5."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.Linear(4, 3), nn.Linear(3, 5)

    def forward(self, x_N4: Tensor) -> Tensor:
        y_N3: Tensor = self.layer(x_N4)
        return y_N3 @ y_N3.T @ y_N3

    def project(self, x_N3: Tensor) -> Tensor:
        projected: Tensor = self.head(x_N3)
        return projected


def test_a_network_is_built_in_eval_mode_with_the_arguments_given() -> None:
    network = build("imuconv_288k", num_classes=3)
    assert not network.training
    assert network(torch.zeros(2, 128, 6)).shape == (2, 3)


# The smallest of each family.
FAMILIES = ("imuvit_512x5", "imuconv_288k", "vit_tiny", "starnet_s3", "tinyvit_5m")
OF_WALKS = ("gaitptv2_deep_1", "gaitptv2_wide_1", "gaitformer_1", "gaitbody_1")
# tests/nets/silhouette/test_network.py has a narrow one of each.
OF_SILHOUETTES = ("gaitset", "gaitpart", "gaitgl", "smplgait", "gaitbase", "deepgaitv2")


def test_these_are_all_families() -> None:
    families = {catalogue.NETWORKS[name].family for name in (*FAMILIES, *OF_WALKS, *OF_SILHOUETTES)}
    assert families == {row.family for row in catalogue.NETWORKS.values()}


@pytest.mark.parametrize("name", [*FAMILIES, *OF_WALKS])
def test_forward_features_is_the_embedding_of_raw_records(name: str) -> None:
    row = catalogue.network(name)
    shown = catalogue.step(row.input, "input")(row)
    torch.manual_seed(0)
    record_N = (100 * torch.rand(2, *shown.shape)).to(getattr(torch, shown.dtype))
    network = build(name)
    features_of: Any = network.forward_features
    with torch.inference_mode():
        found = features_of(record_N)
        torch.testing.assert_close(found, network(record_N))
        assert found.shape == (2, network.width)
        if name not in OF_WALKS:
            with_head = build(name, num_classes=3)
            features_of = with_head.forward_features
            assert features_of(record_N).shape == (2, network.width)
            assert with_head(record_N).shape == (2, 3)


def test_the_seed_decides_without_touching_the_global_generator() -> None:
    torch.manual_seed(7)
    before = torch.get_rng_state()
    one, same, other = build("imuconv_288k", 1), build("imuconv_288k", 1), build("imuconv_288k", 2)
    assert torch.equal(torch.get_rng_state(), before)
    weights = [next(network.parameters()) for network in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_an_unknown_network_gets_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="Did you mean 'imuconv_288k'"):
        build("imuconv288k")


def test_parameter_count_includes_frozen_excludes_buffers() -> None:
    network = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)).requires_grad_(False)
    assert count_params(network) == 4 * 3 + 3 + 3 + 3


def test_an_operation_count_is_two_per_multiply_add() -> None:
    assert count_flops(nn.Linear(4, 3), torch.zeros(5, 4)) == 2 * 5 * 4 * 3
    named = {"x": torch.zeros(5, 4)}
    assert count_flops(nn.Linear(4, 3), named) == 2 * 5 * 4 * 3


def test_linear_operations_include_the_projection_only() -> None:
    network, x_N4 = Projected(), torch.zeros(2, 4)
    assert count_linear_flops(network, x_N4) == 2 * 2 * (4 * 3 + 3 * 5)
    assert count_flops(network, x_N4) == 2 * 2 * 4 * 3 + 2 * (2 * 3 * 2) * 2
    # The counting leaves no hook behind.
    assert not any(layer._forward_hooks for layer in network.modules())
