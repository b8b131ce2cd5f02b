"""Wearable networks of somebody's own that are wide enough to be pruned."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Wide(nn.Module):
    """Three convolutions, one of them depthwise, a residual connection and a classifier."""

    record = "ImuWindow"

    def __init__(self, num_classes: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = 64
        self.stem = nn.Conv1d(6, 96, 5, padding=2)
        self.norm = nn.BatchNorm1d(96)
        self.depth = nn.Conv1d(96, 96, 3, padding=1, groups=96)
        self.point = nn.Conv1d(96, 96, 1)
        self.map = nn.Linear(96, 64)
        self.head = nn.Linear(64, num_classes) if num_classes else nn.Identity()

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        wave_NDT = torch.relu(self.norm(self.stem(imu_NTC.transpose(1, 2))))
        wave_NDT = wave_NDT + torch.relu(self.point(self.depth(wave_NDT)))
        answer: Tensor = self.map(wave_NDT.mean(dim=2))
        return answer

    def forward(self, imu_NTC: Tensor) -> Tensor:
        answer: Tensor = self.head(self.forward_features(imu_NTC))
        return answer


class Stubborn(Wide):
    """Uses its width as a number."""

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        return super().forward_features(imu_NTC).view(len(imu_NTC), self.width)
