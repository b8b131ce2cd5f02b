"""Networks of somebody's own, one per record, and some that break their record's contract."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.imu.imuvit import ImuVit


class MyImu(nn.Module):
    """Mean and spread of the six channels, then a linear layer."""

    record = "ImuWindow"

    def __init__(self, num_classes: int | None = None, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = 12
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(12, num_classes) if num_classes else nn.Identity()

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        mean_NC = imu_NTC.mean(dim=1)
        spread_NC = (imu_NTC - mean_NC[:, None]).square().mean(dim=1)
        return torch.cat([mean_NC, spread_NC], dim=1)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        answer: Tensor = self.head(self.drop(self.forward_features(imu_NTC)))
        return answer


class MyGait(nn.Module):
    """A linear layer over the joints, averaged over the frames."""

    record = "SkeletonSequence"
    arguments = {"frames": 24}  # noqa: RUF012

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames, self.width = frames, 8
        self.map = nn.Linear(36, 8)

    def forward_features(self, skeleton_NTJ3: Tensor) -> Tensor:
        place_NTJ2 = skeleton_NTJ3[..., :2]
        centre_NT12 = place_NTJ2.mean(dim=2, keepdim=True)
        step_NTJ2 = (place_NTJ2 - centre_NT12) / 100
        answer: Tensor = self.map(step_NTJ2.flatten(2)).mean(dim=1)
        return answer

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        return self.forward_features(skeleton_NTJ3)


class MyBackbone(StarNet):
    """A StarNet of our own size."""

    record = "PersonCrop"
    method = "saip"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(8, (1, 1, 1, 1), **arguments)


class MyVit(ImuVit):
    """A small ImuVit, so that it can be pretrained by masked autoencoding."""

    record = "ImuWindow"
    method = "mae"

    def __init__(self, **arguments: Any) -> None:
        super().__init__(16, 1, 64, **arguments)


class NoRecord(MyImu):
    record = "Audio"


class NoWidth(MyImu):
    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        del self.width


class WrongShape(MyImu):
    def forward(self, imu_NTC: Tensor) -> Tensor:
        return imu_NTC


class NotFinite(MyImu):
    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        return super().forward_features(imu_NTC) / 0


class NoDropout(MyImu):
    def __init__(self, num_classes: int | None = None) -> None:
        super().__init__(num_classes)


class NoFrames(MyGait):
    arguments = {}  # noqa: RUF012


class NoTaps(nn.Module):
    record = "PersonCrop"

    def __init__(self, **arguments: Any) -> None:
        super().__init__()


def no_module(num_classes: int | None = None, dropout: float = 0.0) -> int:
    """Not a network."""
    return 3


no_module.record = "ImuWindow"  # type: ignore[attr-defined]
