"""The wearable encoder: sizes as the paper counts them, raw units in, attention by hand."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman import catalogue
from edgehuman.nets.building import build, count_flops, count_params
from edgehuman.nets.imu.imuvit import Attention, ImuVit, sine_positions

NAMES = [name for name, row in catalogue.NETWORKS.items() if row.family == "imuvit"]


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_operations_are_the_catalogued_ones(name: str) -> None:
    row = catalogue.NETWORKS[name]
    network = build(name)
    assert count_params(network) == row.params
    assert count_flops(network, torch.zeros(1, 128, 6)) == row.flops


def test_sizes_reach_from_one_to_sixty_three_million() -> None:
    sizes = [catalogue.NETWORKS[name].params for name in NAMES]
    assert min(sizes) == 994_816
    assert max(sizes) == 63_061_504


def test_one_size_counted_by_hand() -> None:
    width, mlp = 128, 512
    block = 4 * width + (3 * width * width + 3 * width) + (width * width + width)
    block += (width * mlp + mlp) + (mlp * width + width)
    assert count_params(build("imuvit_512x5")) == (24 * width + width) + 5 * block + 2 * width


def test_patches_hold_four_samples_in_order_in_the_networks_units() -> None:
    network = ImuVit(16, 1, 64, heads=2)
    imu_NTC = torch.zeros(1, 128, 6)
    imu_NTC[0, 5] = torch.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    patch_NSK = network.patches(imu_NTC)
    assert patch_NSK.shape == (1, 32, 24)
    # Sample 5 is the second of the second patch: half a g is one unit, one rad/s is one unit.
    assert patch_NSK[0, 1, 6:12].tolist() == [2.0, 4.0, 6.0, 4.0, 5.0, 6.0]


def test_attention_is_softmax_of_scaled_products() -> None:
    torch.manual_seed(0)
    attention = Attention(8, heads=2, dropout=0.0).eval()
    x_NSD = torch.randn(1, 3, 8)
    q, k, v = attention.qkv(x_NSD)[0].split(8, dim=-1)
    heads = []
    for h in range(2):
        part = slice(4 * h, 4 * h + 4)
        weight = torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(4), dim=-1)
        heads.append(weight @ v[:, part])
    expected = attention.project(torch.cat(heads, dim=-1))
    torch.testing.assert_close(attention(x_NSD)[0], expected)


def test_positions_start_with_sine_and_cosine_of_the_index() -> None:
    code_SD = sine_positions(4, 6)
    assert code_SD[2, 0].item() == pytest.approx(math.sin(2.0))
    assert code_SD[2, 1].item() == pytest.approx(math.cos(2.0))


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
