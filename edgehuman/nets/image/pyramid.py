"""The outputs that convolutional and hybrid backbones of four stages share: see `ImageBackbone`.

Axes: N images, H height, W width, C channel, D width of the last stage.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.nets.image.features import Features
from edgehuman.nets.image.pixels import Pixels, check_cells, spread_cells


class Pyramid(nn.Module):
    """A stem and four stages at strides 4, 8, 16 and 32, for images of any size.

    A network gives `pixels`, `stages`, `head` and `stem_stride`, and defines `_stem`.
    """

    stride = 32
    stem_stride: int
    stem_width: int
    pixels: Pixels
    stages: nn.ModuleList
    head: nn.Module

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        """Normalise raw uint8 RGB (N, H, W, 3) to float (N, 3, H, W) for these weights."""
        x_NCHW: Tensor = self.pixels(image_NHWC)
        return x_NCHW

    def _stem(self, x_NCHW: Tensor) -> Tensor:
        """Return the stem's output for normalised images."""
        raise NotImplementedError

    def _maps(self, stem_NCHW: Tensor) -> list[Tensor]:
        """Return the maps of the four stages from the stem's output."""
        maps = []
        for stage in self.stages:
            stem_NCHW = stage(stem_NCHW)
            maps.append(stem_NCHW)
        return maps

    def _token(self, map_NDHW: Tensor) -> Tensor:
        """Return the image token (N, D) of the last map."""
        return map_NDHW.mean(dim=(2, 3))

    def _features(self, stem_NCHW: Tensor) -> Features:
        maps = self._maps(stem_NCHW)
        return Features(self._token(maps[3]), maps[3], maps[2])

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return (token_ND, map_NDHW) of normalised images."""
        features = self.features(x_NCHW)
        return features.token_ND, features.map_NDHW

    def features(self, x_NCHW: Tensor) -> Features:
        """Return token, last map and middle map of normalised images, in one pass."""
        return self._features(self._stem(x_NCHW))

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        """Return features of images with hidden cells of 32 pixels replaced by `mask_token`.

        Args:
            x_NCHW: normalised images.
            hidden_NHW: bool, one per cell.
            mask_token: `stem_width` values that replace the stem's output.

        Raises:
            ValueError: wrong number of cells.
        """
        check_cells(x_NCHW, hidden_NHW, self.stride)
        # Blank the pixels first, because the stem's kernels overlap cell borders.
        blank_N1HW = spread_cells(hidden_NHW, self.stride, (x_NCHW.shape[2], x_NCHW.shape[3]))
        stem_NCHW = self._stem(x_NCHW.masked_fill(blank_N1HW, 0.0))
        size = (stem_NCHW.shape[2], stem_NCHW.shape[3])
        hidden_N1HW = spread_cells(hidden_NHW, self.stride // self.stem_stride, size)
        token_1C11 = mask_token.reshape(1, -1, 1, 1).to(stem_NCHW.dtype)
        return self._features(torch.where(hidden_N1HW, token_1C11, stem_NCHW))

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Return the maps of the four stages at strides 4, 8, 16 and 32."""
        return self.fine_taps(x_NCHW)[1:]

    @property
    def fine_width(self) -> int:
        """Channels of the map at stride 2; 0: there is none."""
        return self.stem_width if self.stem_stride == 2 else 0

    def fine_taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Return the stem's map, then those of the stages."""
        stem_NCHW = self._stem(x_NCHW)
        return [stem_NCHW, *self._maps(stem_NCHW)]

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw uint8 images, before any classifier."""
        return self.backbone(self.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        token_ND, _ = self.backbone(self.normalise(image_NHWC))
        output: Tensor = self.head(token_ND)
        return output
