"""What no person does: finite, of any direction, and faster or harder than a body moves."""

from __future__ import annotations

import torch

from edgehuman.training.imu.disturbances import disturbances


def test_gravity_points_anywhere_and_the_rest_moves() -> None:
    torch.manual_seed(0)
    imu_NTC = disturbances(600, 128)
    assert imu_NTC.shape == (600, 128, 6)
    assert torch.isfinite(imu_NTC).all()
    up_N3 = torch.nn.functional.normalize(imu_NTC[..., :3].mean(dim=1), dim=1)
    assert (up_N3.mean(dim=0).abs() < 0.15).all()
    assert (imu_NTC.std(dim=1).amax(dim=1) > 0.02).float().mean() > 0.99


def test_they_are_not_all_alike() -> None:
    torch.manual_seed(1)
    imu_NTC = disturbances(400, 128)
    power_NF = torch.fft.rfft(imu_NTC - imu_NTC.mean(dim=1, keepdim=True), dim=1).abs().sum(2)
    peak_N = power_NF.argmax(dim=1) * 50 / 128
    assert peak_N.min() < 6
    assert peak_N.max() > 20
    assert (peak_N >= 3).float().mean() > 0.8
