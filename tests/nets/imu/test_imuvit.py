"""The wearable encoder: the paper's sizes, raw units in."""

from __future__ import annotations

import pytest
import torch

from edgehuman import catalogue
from edgehuman.nets.building import build, count_flops, count_params
from edgehuman.nets.imu.imuvit import ImuVit

NAMES = [name for name, row in catalogue.NETWORKS.items() if row.family == "imuvit"]


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_operations_are_the_catalogued_ones(name: str) -> None:
    row = catalogue.NETWORKS[name]
    network = build(name)
    assert count_params(network) == row.params
    assert count_flops(network, torch.zeros(1, 128, 6)) == row.flops


def test_sizes_of_the_paper_reach_from_one_to_sixty_three_million() -> None:
    rows = [catalogue.NETWORKS[name] for name in NAMES]
    sizes = [row.params for row in rows if row.params_paper != "-"]
    assert len(sizes) == 9
    assert min(sizes) == 997_888
    assert max(sizes) == 63_073_792


def test_one_size_counted_by_hand() -> None:
    width, mlp = 128, 512
    block = 4 * width + (3 * width * width + 3 * width) + (width * width + width)
    block += (width * mlp + mlp) + (mlp * width + width)
    assert count_params(build("imuvit_512x5")) == (48 * width + width) + 5 * block + 2 * width


def test_patches_hold_four_samples_in_order_in_the_networks_units() -> None:
    network = ImuVit(16, 1, 64, heads=2)
    imu_NTC = torch.zeros(1, 128, 6)
    imu_NTC[0, 5] = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    patch_NSK = network.patches(imu_NTC)
    assert patch_NSK.shape == (1, 32, 48)
    # Sample 5 is the second of the second patch: half a g is one unit, one rad/s is one unit.
    assert patch_NSK[0, 1, 12:18].tolist() == [2.0, 4.0, 6.0, 4.0, 5.0, 6.0]


def test_the_head_maps_pooled_features_to_classes() -> None:
    network = build("imuvit_512x5", num_classes=6)
    imu_NTC = torch.randn(3, 128, 6)
    logits_NC = network(imu_NTC)
    assert isinstance(network, ImuVit)
    assert logits_NC.shape == (3, 6)
    torch.testing.assert_close(logits_NC, network.head(network.features(imu_NTC)))


def test_the_same_seed_builds_the_same_network() -> None:
    one, other, third = build("imuvit_512x5", 1), build("imuvit_512x5", 1), build("imuvit_512x5", 2)
    weights = [next(network.parameters()) for network in (one, other, third)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_heads_that_do_not_divide_the_width_are_refused() -> None:
    with pytest.raises(ValueError, match="width 10 must be a multiple of heads 8"):
        ImuVit(10, 1, 40)
