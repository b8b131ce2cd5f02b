"""Small convolutional network for accelerometer and gyroscope windows, shipped in the zoo.

Our own design. Each channel is input twice: unchanged, and as its fine view (`fine.py`). With
`gravity` the parts along and across gravity, which no mounting changes, are input beside the raw
axes in the same two ways. Then come residual 1-D convolutions with batch normalisation (folded at
export), mean and standard deviation over time, and a linear head.

Axes: N samples, T time, C channel, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets import draws
from edgehuman.nets.imu import gravity as upright
from edgehuman.nets.imu.fine import both_views, units


class ConvBlock(nn.Module):
    """Residual block of two convolutions, (N, D, T) -> (N, D', T / stride)."""

    def __init__(self, width: int, wider: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(width, wider, kernel, stride, kernel // 2, bias=False)
        self.first_norm = nn.BatchNorm1d(wider)
        self.second = nn.Conv1d(wider, wider, kernel, 1, kernel // 2, bias=False)
        self.second_norm = nn.BatchNorm1d(wider)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or width != wider:
            self.shortcut = nn.Sequential(
                nn.Conv1d(width, wider, 1, stride, bias=False), nn.BatchNorm1d(wider)
            )

    def forward(self, x_NDT: Tensor) -> Tensor:
        y_NDT = functional.relu(self.first_norm(self.first(x_NDT)))
        y_NDT = self.second_norm(self.second(y_NDT))
        return functional.relu(y_NDT + self.shortcut(x_NDT))


class ImuConv(nn.Module):
    """Map raw windows to logits or to one embedding.

    Args:
        widths: channels of the stages; each halves the time axis.
        blocks: residual blocks per stage.
        kernel: size of each convolution.
        num_classes: size of the linear head; None: output the pooled embedding.
        dropout: before the head, while training.
        gravity: also input what does not depend on the mounting, see `gravity.py`.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        blocks: int = 1,
        kernel: int = 5,
        num_classes: int | None = None,
        dropout: float = 0.0,
        gravity: bool = False,
    ) -> None:
        super().__init__()
        self.width = 2 * widths[-1]
        self.gravity = gravity
        # Units by channel: the raw axes, then accelerometer and gyroscope in turn (gravity.py).
        unit_C, tremor_C = units(upright.CHANNELS // 2 if gravity else 0)
        self.unit_C: Tensor
        self.register_buffer("unit_C", unit_C, persistent=False)
        self.tremor_C: Tensor
        self.register_buffer("tremor_C", tremor_C, persistent=False)
        self.stem = nn.Conv1d(2 * len(unit_C), widths[0], 7, 2, 3, bias=False)
        self.stem_norm = nn.BatchNorm1d(widths[0])
        stages: list[nn.Module] = []
        width = widths[0]
        for wider in widths:
            for number in range(blocks):
                stride = 2 if number == 0 and wider != widths[0] else 1
                stages.append(ConvBlock(width, wider, kernel, stride))
                width = wider
        self.stages = nn.Sequential(*stages)
        self.drop = draws.Dropout(dropout)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()

    def channels(self, imu_NTC: Tensor) -> Tensor:
        """Return the signal and its fine motion (N, 12, T), with `gravity` (N, 24, T), of windows
        (N, T, 6) in g and rad/s.
        """
        if self.gravity:
            imu_NTC = torch.cat([imu_NTC, upright.along_and_across(imu_NTC)], dim=2)
        return both_views(imu_NTC, self.unit_C, self.tremor_C).transpose(1, 2)

    def features(self, imu_NTC: Tensor) -> Tensor:
        """Return mean and standard deviation over time (N, 2 D) of windows (N, T, 6)."""
        x_NDT = functional.relu(self.stem_norm(self.stem(self.channels(imu_NTC))))
        x_NDT = self.stages(x_NDT)
        mean_ND = x_NDT.mean(dim=2)
        spread_ND = torch.sqrt((x_NDT - mean_ND[..., None]).square().mean(dim=2) + 1e-5)
        return torch.cat([mean_ND, spread_ND], dim=1)

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        """Return the embedding (N, width) of raw windows (N, T, 6), before the head."""
        return self.features(imu_NTC)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        output: Tensor = self.head(self.drop(self.features(imu_NTC)))
        return output
