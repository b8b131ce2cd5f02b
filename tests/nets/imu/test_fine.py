"""The fine view: a tremor and a step are both resolved, and gravity leaves no trace in it."""

from __future__ import annotations

import torch

from edgehuman.nets.imu.fine import ACCEL_TREMOR_G, GYRO_TREMOR_RAD_S, both_views, units


def test_it_is_half_the_asinh_of_the_deviation_in_tremors() -> None:
    torch.manual_seed(0)
    imu_NTC = torch.randn(3, 128, 6) * torch.logspace(-4, 1, 128)[:, None] + 1
    views_NTC = both_views(imu_NTC, *units())
    tremor_C = torch.tensor([ACCEL_TREMOR_G] * 3 + [GYRO_TREMOR_RAD_S] * 3)
    moved_NTC = (imu_NTC - imu_NTC.mean(dim=1, keepdim=True)) / tremor_C
    torch.testing.assert_close(views_NTC[..., 6:], 0.5 * torch.asinh(moved_NTC))
    torch.testing.assert_close(views_NTC[..., :3], imu_NTC[..., :3] * 2)
    torch.testing.assert_close(views_NTC[..., 3:6], imu_NTC[..., 3:])


def test_gravity_and_a_constant_offset_leave_no_trace() -> None:
    imu_NTC = 0.01 * torch.randn(2, 128, 6, dtype=torch.float64)
    units_C = [unit_C.double() for unit_C in units()]
    still = both_views(imu_NTC, *units_C)[..., 6:]
    turned = both_views(imu_NTC + torch.tensor([1.0, -2, 0, 3, 0, 0]), *units_C)[..., 6:]
    torch.testing.assert_close(still, turned)


def test_what_a_pair_of_sensors_adds() -> None:
    unit_C, tremor_C = units(3)
    assert len(unit_C) == len(tremor_C) == 12
    assert unit_C[6:].tolist() == [2.0, 1.0] * 3
