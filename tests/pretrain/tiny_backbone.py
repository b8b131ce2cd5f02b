"""A small convolution with the interface of a person-image backbone, for tests."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.nets.image.features import Features
from edgehuman.nets.image.pixels import Pixels, spread_cells


def layer(inside: int, outside: int, stride: int, padding: int = 0) -> nn.Sequential:
    """A convolution whose kernel is its stride and padding, a batch norm, a GELU."""
    convolution = nn.Conv2d(inside, outside, stride + padding, stride, padding)
    return nn.Sequential(convolution, nn.BatchNorm2d(outside), nn.GELU())


class TinyBackbone(nn.Module):
    """Strides 4, 16 and 32; widths 4, 8 and 12."""

    width, middle_width, stem_width, stride = 12, 8, 4, 32
    tap_widths: tuple[int, ...] = (4, 8, 12)
    tap_strides: tuple[int, ...] = (4, 16, 32)

    def __init__(self, image_size: tuple[int, int] = (64, 32), width: int = 12) -> None:
        super().__init__()
        self.width, self.image_size = width, image_size
        self.pixels = Pixels()
        self.stem, self.middle, self.last = layer(3, 4, 4), layer(4, 8, 4), layer(8, width, 2, 1)
        self.norm = nn.LayerNorm(width)
        self.calls: list[tuple[int, ...]] = []

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        x_NCHW: Tensor = self.pixels(image_NHWC)
        return x_NCHW

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        found = self.features(x_NCHW)
        return found.token_ND, found.map_NDHW

    def features(self, x_NCHW: Tensor) -> Features:
        self.calls.append(tuple(x_NCHW.shape))
        return self._from_stem(self.stem(x_NCHW))

    def _from_stem(self, stem_NCHW: Tensor) -> Features:
        middle_NEHW = self.middle(stem_NCHW)
        map_NDHW = self.last(middle_NEHW)
        return Features(self.norm(map_NDHW.mean(dim=(2, 3))), map_NDHW, middle_NEHW)

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        self.calls.append(tuple(x_NCHW.shape))
        stem_NCHW = self.stem(x_NCHW)
        hidden_N1HW = spread_cells(hidden_NHW, 8, (stem_NCHW.shape[2], stem_NCHW.shape[3]))
        return self._from_stem(torch.where(hidden_N1HW, mask_token.view(1, -1, 1, 1), stem_NCHW))

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        stem_NCHW = self.stem(x_NCHW)
        found = self._from_stem(stem_NCHW)
        return [stem_NCHW, found.middle_NEHW, found.map_NDHW]

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        return self.backbone(self.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        return self.backbone(self.normalise(image_NHWC))[0]
