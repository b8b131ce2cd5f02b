"""The device network: its two views of a window, its size, and its invariances."""

from __future__ import annotations

import math

import pytest
import torch

from edgehuman import catalogue
from edgehuman.nets.building import build, count_flops, count_params
from edgehuman.nets.imu.imuconv import ImuConv


def small(gravity: bool = False) -> ImuConv:
    torch.manual_seed(0)
    return ImuConv((8, 16), num_classes=3, gravity=gravity).eval()


@pytest.mark.parametrize("arch", ["imuconv_288k", "imuconv_292k"])
def test_size_and_operations_are_the_catalogued_ones(arch: str) -> None:
    row = catalogue.NETWORKS[arch]
    network = build(arch)
    assert count_params(network) == row.params
    assert count_flops(network, torch.zeros(1, 128, 6)) == row.flops


def test_channels_are_the_signal_and_its_fine_motion() -> None:
    imu_NTC = torch.zeros(1, 4, 6)
    imu_NTC[0, :, 0] = torch.tensor([1.02, 0.98, 1.02, 0.98])  # 1 g with a tremor of 0.02 g
    imu_NTC[0, :, 3] = torch.tensor([0.3, -0.3, 0.3, -0.3])  # rad/s
    view_NCT = small().channels(imu_NTC)
    assert view_NCT.shape == (1, 12, 4)
    assert view_NCT[0, 0].tolist() == pytest.approx([2.04, 1.96, 2.04, 1.96])
    accel, gyro = 0.5 * math.asinh(0.02 / 0.01), 0.5 * math.asinh(0.3 / 0.03)
    assert view_NCT[0, 6].tolist() == pytest.approx([accel, -accel, accel, -accel], abs=1e-4)
    assert view_NCT[0, 9].tolist() == pytest.approx([gyro, -gyro, gyro, -gyro], abs=1e-4)
    assert view_NCT[0, 7].tolist() == [0.0] * 4


def test_a_gyroscope_bias_does_not_change_the_fine_motion() -> None:
    imu_NTC = torch.randn(2, 128, 6)
    shifted_NTC = imu_NTC + torch.tensor([0, 0, 0, 0.2, -0.1, 0.3])
    network = small()
    before, after = network.channels(imu_NTC), network.channels(shifted_NTC)
    torch.testing.assert_close(before[:, 6:], after[:, 6:], atol=1e-4, rtol=0)
    assert not torch.allclose(before[:, 3:6], after[:, 3:6], atol=1e-2)


def test_features_are_mean_and_spread_over_time() -> None:
    network = small()
    feature_ND = network.features(torch.randn(3, 128, 6))
    assert feature_ND.shape == (3, 32)
    assert (feature_ND[:, 16:] > 0).all()
    assert network(torch.randn(3, 128, 6)).shape == (3, 3)


def test_every_weight_learns() -> None:
    network = small().train()
    network(torch.randn(4, 128, 6)).sum().backward()
    assert [name for name, p in network.named_parameters() if p.grad is None] == []


def test_the_gravity_view_stands_beside_the_raw_axes_in_its_own_units() -> None:
    imu_NTC = torch.zeros(1, 4, 6)
    imu_NTC[0, :, 2] = torch.tensor([1.02, 0.98, 1.02, 0.98])
    view_NCT = small(gravity=True).channels(imu_NTC)
    assert view_NCT.shape == (1, 24, 4)
    assert view_NCT[0, 6].tolist() == pytest.approx([2.04, 1.96, 2.04, 1.96], abs=1e-3)  # along
    fine = 0.5 * math.asinh(0.02 / 0.01)
    assert view_NCT[0, 18].tolist() == pytest.approx([fine, -fine, fine, -fine], abs=1e-3)
