"""A backbone of four small convolutions, to train person tasks in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.catalogue import Network
from edgehuman.nets.image.features import Features

NAME = "tiny_encoder"
WIDTHS = (8, 12, 16, 24)
ROW = Network(
    build="tests.nets.tiny_encoder:TinyEncoder",
    arguments={},
    family="tiny",
    modality="image",
    input="PersonCrop",
    task="person-embedding",
    method="none",
    params=5_940,
    params_paper="-",
    flops=1_000_000,
    source="the tests",
)


class TinyEncoder(nn.Module):
    """Strides 4, 8, 16, 32; the token is the mean of the last map."""

    width, middle_width, stride = 24, 16, 32
    tap_widths: tuple[int, ...] = WIDTHS
    tap_strides: tuple[int, ...] = (4, 8, 16, 32)

    def __init__(
        self,
        image_size: tuple[int, int] = (64, 32),
        num_classes: int | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.image_size = image_size
        taken = (3, *WIDTHS[:-1])
        self.stages = nn.ModuleList(
            nn.Conv2d(a, b, 4 if i == 0 else 2, 4 if i == 0 else 2)
            for i, (a, b) in enumerate(zip(taken, WIDTHS, strict=True))
        )
        self.norm = nn.LayerNorm(self.width)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        return image_NHWC.float().permute(0, 3, 1, 2) / 64 - 2

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        maps = []
        for stage in self.stages:
            x_NCHW = functional.relu(stage(x_NCHW))
            maps.append(x_NCHW)
        return maps

    def features(self, x_NCHW: Tensor) -> Features:
        maps = self.taps(x_NCHW)
        return Features(self.norm(maps[3].mean(dim=(2, 3))), maps[3], maps[2])

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        raise NotImplementedError

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        token_ND, map_NDHW, _ = self.features(x_NCHW)
        return token_ND, map_NDHW

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        return self.backbone(self.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        answer: Tensor = self.head(self.backbone(self.normalise(image_NHWC))[0])
        return answer


def with_tiny(networks: Mapping[str, Network]) -> dict[str, Any]:
    """The catalogue with the tiny encoder in it."""
    return {**networks, NAME: ROW}


def seeded(seed: int = 0) -> TinyEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return TinyEncoder()
