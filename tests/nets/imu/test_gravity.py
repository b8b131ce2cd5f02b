"""The view along and across gravity: by hand, and the same whichever way the device is turned."""

from __future__ import annotations

import pytest
import torch

from edgehuman.nets.imu.gravity import along_and_across
from edgehuman.training.imu.augment import random_rotations, rotate


def test_a_tilted_device_at_rest_reads_one_g_upwards_and_nothing_across() -> None:
    imu_NTC = torch.tensor([0.6, 0.0, 0.8, 0.0, 0.0, 0.0]).expand(1, 8, 6)
    view_NTC = along_and_across(imu_NTC)
    expected = [1.0, 0.0, 0.01, 0.01, 1.0, 0.01]
    assert view_NTC[0, 3].tolist() == pytest.approx(expected, abs=1e-3)


def test_parts_by_hand() -> None:
    imu_NTC = torch.tensor([[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]] * 8)[None]
    imu_NTC[0, ::2, 1], imu_NTC[0, 1::2, 1] = 0.3, -0.3  # sideways sway; the mean stays upwards
    imu_NTC[0, :, 3:] = torch.tensor([3.0, 4.0, -2.0])
    view_NTC = along_and_across(imu_NTC)
    expected = [1.0, -2.0, 0.3, 5.0, (1 + 0.09) ** 0.5, 29**0.5]
    assert view_NTC[0, 0].tolist() == pytest.approx(expected, abs=2e-3)


def test_no_mounting_changes_the_view() -> None:
    torch.manual_seed(0)
    imu_NTC = torch.randn(32, 128, 6) + torch.tensor([0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    turned_NTC = rotate(imu_NTC, random_rotations(32, 180.0))
    assert (turned_NTC - imu_NTC).abs().max() > 1
    torch.testing.assert_close(
        along_and_across(turned_NTC), along_and_across(imu_NTC), atol=1e-4, rtol=1e-4
    )


def test_a_window_without_gravity_gives_finite_values_and_gradients() -> None:
    imu_NTC = torch.zeros(1, 16, 6, requires_grad=True)
    view_NTC = along_and_across(imu_NTC)
    view_NTC.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(view_NTC).all()
    assert imu_NTC.grad is not None
    assert torch.isfinite(imu_NTC.grad).all()


def test_half_precision_agrees_within_its_resolution() -> None:
    torch.manual_seed(0)
    imu_NTC = torch.randn(4, 128, 6) * torch.tensor([4.0] * 3 + [15.0] * 3)
    half_NTC = along_and_across(imu_NTC.half()).float()
    torch.testing.assert_close(half_NTC, along_and_across(imu_NTC), atol=0.05, rtol=0.01)
