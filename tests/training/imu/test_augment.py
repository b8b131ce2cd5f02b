"""Wearable augmentations have the promised invariants."""

from __future__ import annotations

import pytest
import torch

from edgehuman.training.imu.augment import (
    FACING,
    TURNED,
    UPRIGHT,
    WORN,
    ImuAugment,
    any_orientation,
    random_rotations,
    rotate,
    slow_down,
    warp_time,
)


def test_rotations_are_rotations_and_stay_within_the_angle() -> None:
    torch.manual_seed(0)
    rotation_N33 = random_rotations(64, 30.0)
    identity = torch.eye(3).expand(64, 3, 3)
    torch.testing.assert_close(rotation_N33 @ rotation_N33.mT, identity, atol=1e-5, rtol=0)
    cosine_N = (rotation_N33.diagonal(dim1=1, dim2=2).sum(1) - 1) / 2
    assert torch.rad2deg(torch.arccos(cosine_N.clamp(-1, 1))).max() <= 30.1


def test_both_sensors_share_a_rotation() -> None:
    quarter = torch.tensor([[[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]])
    imu_NTC = torch.tensor([[[1.0, 0.0, 5.0, 2.0, 0.0, 7.0]]])
    assert rotate(imu_NTC, quarter)[0, 0].tolist() == [0.0, 1.0, 5.0, 0.0, 2.0, 7.0]


def test_time_warp_keeps_ends_and_order_of_a_ramp() -> None:
    torch.manual_seed(0)
    ramp_NTC = torch.arange(128.0)[None, :, None].repeat(3, 1, 6)
    warped_NTC = warp_time(ramp_NTC, 0.2)
    torch.testing.assert_close(warped_NTC[:, 0], ramp_NTC[:, 0])
    torch.testing.assert_close(warped_NTC[:, -1], ramp_NTC[:, -1], atol=1e-3, rtol=0)
    assert (warped_NTC.diff(dim=1) > 0).all()
    assert not torch.allclose(warped_NTC, ramp_NTC, atol=0.5)
    torch.testing.assert_close(warped_NTC[..., 0], warped_NTC[..., 5])


def test_gyro_bias_does_not_change_the_accelerometer() -> None:
    torch.manual_seed(0)
    biased_NTC = ImuAugment(gyro_bias=0.1)(torch.zeros(4, 8, 6))
    assert biased_NTC[..., :3].abs().max() == 0
    assert (biased_NTC[..., 3:].std(dim=1) == 0).all()
    assert biased_NTC[..., 3:].abs().max() > 0


def test_all_off_changes_nothing() -> None:
    imu_NTC = torch.randn(2, 8, 6)
    assert torch.equal(ImuAugment()(imu_NTC), imu_NTC)


def test_scale_is_one_gain_per_sensor() -> None:
    torch.manual_seed(1)
    scaled_NTC = ImuAugment(scale=0.1)(torch.ones(2, 4, 6))
    assert (scaled_NTC[:, :, :3] == scaled_NTC[:, :1, :1]).all()
    assert (scaled_NTC[:, :, 3:] == scaled_NTC[:, :1, 3:4]).all()
    assert not torch.equal(scaled_NTC[:, 0, 0], scaled_NTC[:, 0, 3])


def test_any_orientation_is_a_rotation_and_favours_none() -> None:
    torch.manual_seed(0)
    rotation_N33 = any_orientation(4000)
    eye_N33 = rotation_N33 @ rotation_N33.transpose(1, 2)
    torch.testing.assert_close(eye_N33, torch.eye(3).expand(4000, 3, 3), atol=1e-5, rtol=0)
    torch.testing.assert_close(torch.linalg.det(rotation_N33), torch.ones(4000))
    assert rotation_N33.mean(dim=0).abs().max() < 0.05
    assert (rotation_N33.square().mean(dim=0) - 1 / 3).abs().max() < 0.05


def test_each_window_is_turned_into_its_frame() -> None:
    augment = ImuAugment(turned_share=0.5)
    imu_NTC = torch.randn(8, 16, 6)
    frame_N = torch.tensor([TURNED, WORN, UPRIGHT, FACING] * 2)
    quarter_33 = torch.tensor([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    turned_NTC = augment(imu_NTC, frame_N, quarter_33.expand(8, 3, 3))
    moved_N = (turned_NTC - imu_NTC).abs().amax((1, 2)) > 1e-3
    assert moved_N.tolist() == [True, False, True, True] * 2
    upright_NTC = rotate(imu_NTC, quarter_33.expand(8, 3, 3))
    torch.testing.assert_close(turned_NTC[2::4], upright_NTC[2::4])
    # Facing another way leaves the vertical, x, of the upright frame.
    torch.testing.assert_close(turned_NTC[3::4, :, ::3], upright_NTC[3::4, :, ::3])
    assert not torch.allclose(turned_NTC[3::4], upright_NTC[3::4], atol=1e-3)


def test_frames_are_drawn_in_their_shares() -> None:
    torch.manual_seed(0)
    augment = ImuAugment(turned_share=0.1, facing_share=0.2, upright_share=0.3)
    share_F = torch.bincount(augment.frames(20_000), minlength=4) / 20_000
    assert share_F.tolist() == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.02)
    assert ImuAugment().frames(3).tolist() == [WORN] * 3


def test_slow_motion_takes_longer_and_pulls_less() -> None:
    t_T = torch.arange(128) / 50
    wave_T = torch.sin(2 * torch.pi * 4 / 2.56 * t_T)  # four periods, two when slowed
    imu_NTC = torch.zeros(3, 128, 6)
    imu_NTC[..., 0] = 1 + 0.4 * wave_T
    imu_NTC[..., 5] = wave_T
    slow = slow_down(imu_NTC, torch.tensor([1.0, 1.25, 2.0]))
    torch.testing.assert_close(slow[0], imu_NTC[0])
    assert slow[2, :, 0].mean() == pytest.approx(1, abs=0.02)
    assert slow[2, :, 0].std() == pytest.approx(float(imu_NTC[0, :, 0].std()) / 4, rel=0.05)
    assert slow[2, :, 5].std() == pytest.approx(float(wave_T.std()) / 2, rel=0.05)
    spectrum = torch.fft.rfft(slow[2, :, 5]).abs()
    assert int(spectrum.argmax()) == 2
