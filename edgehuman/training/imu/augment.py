"""Augmentations of wearable windows, on batches of tensors.

The kinds follow Um et al. 2017, in physical units. Each is off at 0. Accelerometer and gyroscope
share one rotation, as if the device were turned.

Axes: N samples, T time, C channel (ax ay az in g, gx gy gz in rad/s).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from edgehuman.nets import draws
from edgehuman.training.many.gather import any_together

# The frame of a window: to any orientation, in its wearer's upright frame and about the vertical by
# any angle, in that frame, or as it was worn.
TURNED, FACING, UPRIGHT, WORN = range(4)


@dataclass(frozen=True, slots=True)
class ImuAugment:
    """Augmentation strengths; 0 turns one off.

    Attributes:
        rotation_deg: largest angle of a rotation about a random axis, shared by both sensors.
        upright_share: share of the windows turned into their wearer's upright frame first.
        facing_share: share turned into it and about its vertical by any angle.
        turned_share: share turned to any orientation instead.
        scale: standard deviation of a gain around 1, one per sensor.
        jitter: standard deviation of white noise, in g and rad/s.
        gyro_bias: standard deviation of a constant gyroscope offset, rad/s.
        time_warp: standard deviation of the local speed around 1, one warp for all channels.
    """

    rotation_deg: float = 0.0
    scale: float = 0.0
    jitter: float = 0.0
    gyro_bias: float = 0.0
    time_warp: float = 0.0
    turned_share: float = 0.0
    upright_share: float = 0.0
    facing_share: float = 0.0

    def __call__(
        self,
        imu_NTC: Tensor,
        frame_N: Tensor | None = None,
        upright_N33: Tensor | None = None,
    ) -> Tensor:
        """Augment windows (N, T, 6).

        Args:
            frame_N: the frame of each window, see `frames`; None: drawn here.
            upright_N33: the rotation of each into its wearer's upright frame; None: none.
        """
        if self.time_warp:
            imu_NTC = warp_time(imu_NTC, self.time_warp)
        if self.rotation_deg or self.turned_share or upright_N33 is not None:
            frame_N = self.frames(imu_NTC.shape[0]) if frame_N is None else frame_N
            imu_NTC = rotate(imu_NTC, self._rotations(frame_N, upright_N33))
        if self.scale:
            gain = 1 + self.scale * draws.randn(imu_NTC.shape[0], 1, 2)
            imu_NTC = imu_NTC * gain.repeat_interleave(3, dim=2)
        if self.gyro_bias:
            bias = self.gyro_bias * draws.randn(imu_NTC.shape[0], 1, 3)
            imu_NTC = imu_NTC + torch.cat([torch.zeros_like(bias), bias], dim=2)
        if self.jitter:
            imu_NTC = imu_NTC + self.jitter * draws.randn(*imu_NTC.shape)
        return imu_NTC

    def frames(self, count: int) -> Tensor:
        """Draw the frame of `count` windows, int (N,): WORN, UPRIGHT, FACING or TURNED."""
        shares = torch.tensor([self.turned_share, self.facing_share, self.upright_share])
        if not shares.any():
            return torch.full((count,), WORN)
        return torch.bucketize(draws.rand(count), shares.cumsum(0), right=True)

    def _rotations(self, frame_N: Tensor, upright_N33: Tensor | None) -> Tensor:
        """Rotations (N, 3, 3) of windows in these frames."""
        count = len(frame_N)
        rotation_N33 = random_rotations(count, self.rotation_deg)
        if upright_N33 is not None:
            facing_N33 = any_heading(count) @ upright_N33
            for frame, first_N33 in ((UPRIGHT, upright_N33), (FACING, facing_N33)):
                chosen_N11 = (frame_N == frame)[:, None, None]
                rotation_N33 = torch.where(chosen_N11, rotation_N33 @ first_N33, rotation_N33)
        turned_N11 = (frame_N == TURNED)[:, None, None]
        # Asked of the whole batch, as all of it draws or nothing.
        if any_together(turned_N11):
            rotation_N33 = torch.where(turned_N11, any_orientation(count), rotation_N33)
        return rotation_N33


def any_orientation(count: int) -> Tensor:
    """Return rotation matrices (N, 3, 3), uniform over all orientations."""
    a, b, c, d = torch.nn.functional.normalize(draws.randn(count, 4), dim=1).unbind(1)
    rows = [
        [1 - 2 * (c * c + d * d), 2 * (b * c - a * d), 2 * (b * d + a * c)],
        [2 * (b * c + a * d), 1 - 2 * (b * b + d * d), 2 * (c * d - a * b)],
        [2 * (b * d - a * c), 2 * (c * d + a * b), 1 - 2 * (b * b + c * c)],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def any_heading(count: int) -> Tensor:
    """Return rotation matrices (N, 3, 3) about x, uniform over all angles."""
    angle_N = 2 * math.pi * draws.rand(count)
    sine, cosine = torch.sin(angle_N), torch.cos(angle_N)
    zero, one = torch.zeros(count), torch.ones(count)
    rows = [[one, zero, zero], [zero, cosine, -sine], [zero, sine, cosine]]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def random_rotations(count: int, largest_deg: float) -> Tensor:
    """Return rotation matrices (N, 3, 3) about random axes, angles uniform in +-`largest_deg`."""
    axis_N3 = torch.nn.functional.normalize(draws.randn(count, 3), dim=1)
    angle_N = (2 * draws.rand(count) - 1) * math.radians(largest_deg)
    x, y, z = axis_N3.unbind(1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=1).view(count, 3, 3)
    sine, cosine = torch.sin(angle_N)[:, None, None], torch.cos(angle_N)[:, None, None]
    return torch.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)


def rotate(imu_NTC: Tensor, rotation_N33: Tensor) -> Tensor:
    """Rotate both sensors of each window by that window's rotation."""
    sensors_NTSC = imu_NTC.view(*imu_NTC.shape[:2], 2, 3)
    return torch.einsum("nij,ntsj->ntsi", rotation_N33, sensors_NTSC).reshape(imu_NTC.shape)


def warp_time(imu_NTC: Tensor, spread: float, knots: int = 4) -> Tensor:
    """Resample each window at a varying speed, by linear interpolation; its ends stay in place."""
    count, length, _ = imu_NTC.shape
    pace_NK = (1 + spread * draws.randn(count, 1, knots + 2)).clamp_min(0.2)
    pace_NT = torch.nn.functional.interpolate(
        pace_NK, length - 1, mode="linear", align_corners=True
    )
    path_NT = torch.cat([torch.zeros(count, 1), pace_NT[:, 0].cumsum(1)], dim=1)
    return _resampled(imu_NTC, path_NT / path_NT[:, -1:] * (length - 1))


def slow_down(imu_NTC: Tensor, factor_N: Tensor) -> Tensor:
    """Return windows (N, T, 6) in which all motion takes `factor_N` times as long; 1: unchanged.

    Rotation slows by the factor, acceleration besides the window's mean by its square, as for a
    body that goes the same way. What does not fit into the window is cut off.
    """
    slow_NTC = _resampled(imu_NTC, torch.arange(imu_NTC.shape[1]) / factor_N[:, None])
    mean_N1C = slow_NTC.mean(dim=1, keepdim=True)
    mean_N1C = torch.cat([mean_N1C[..., :3], torch.zeros_like(mean_N1C[..., 3:])], dim=2)
    factor_N11 = factor_N[:, None, None]
    power_N1C = torch.cat([(factor_N11**2).expand(-1, 1, 3), factor_N11.expand(-1, 1, 3)], dim=2)
    return mean_N1C + (slow_NTC - mean_N1C) / power_N1C


def _resampled(imu_NTC: Tensor, path_NT: Tensor) -> Tensor:
    """The windows at the places (N, T) of their time axis, by linear interpolation."""
    below_NT = path_NT.floor().clamp_max(imu_NTC.shape[1] - 2)
    share_NT1 = (path_NT - below_NT)[..., None]
    index_NTC = below_NT.long()[..., None].expand_as(imu_NTC)
    early, late = imu_NTC.gather(1, index_NTC), imu_NTC.gather(1, index_NTC + 1)
    return early + share_NT1 * (late - early)
