"""StarNet: a convolutional network whose blocks multiply two branches, for images of any size.

Source: Rewrite the stars (arXiv 2403.19967), section 4 and its published code for S3. Key names are
those of the published checkpoints.

Axes: N images, H height, W width, C channel, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.drop_path import DropPath, drop_rates
from edgehuman.nets.image.features import Features
from edgehuman.nets.image.pixels import Pixels, check_cells, spread_cells

STEM_STRIDE = 2
STEM_WIDTH = 32
MLP_RATIO = 4
# Initial gain of the star product. At 1, the product of two unit-gain branches doubles its degree
# per block, and activations with random weights reach ten thousand.
FRESH_BRANCH_GAIN = 0.2


class ConvNorm(nn.Module):
    """Convolution with bias, then batch normalisation unless `norm` is False."""

    def __init__(
        self, inside: int, outside: int, kernel: int, stride: int = 1, *, groups: int = 1,
        norm: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups)
        self.bn: nn.Module = nn.BatchNorm2d(outside) if norm else nn.Identity()

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.bn(self.conv(x_NCHW))
        return y_NCHW


class StarBlock(nn.Module):
    """Depthwise 7x7, the product of two pointwise branches, a projection, depthwise 7x7."""

    def __init__(self, width: int, drop_path: float) -> None:
        super().__init__()
        wide = MLP_RATIO * width
        self.dwconv = ConvNorm(width, width, 7, groups=width)
        self.f1 = ConvNorm(width, wide, 1, norm=False)
        self.f2 = ConvNorm(width, wide, 1, norm=False)
        self.g = ConvNorm(wide, width, 1)
        self.dwconv2 = ConvNorm(width, width, 7, groups=width, norm=False)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.dwconv(x_NCHW)
        y_NCHW = self.g(functional.relu6(self.f1(y_NCHW)) * self.f2(y_NCHW))
        mixed_NCHW: Tensor = x_NCHW + self.drop_path(self.dwconv2(y_NCHW))
        return mixed_NCHW


class StarNet(nn.Module):
    """Map raw uint8 images to the image token, or to logits.

    Args:
        width: channels of the first stage; each following stage doubles them.
        depths: blocks of the four stages, at strides 4, 8, 16 and 32.
        image_size: not used, because convolutions accept any size; all image networks take it.
        num_classes: size of the linear head; None: output the image token.
        drop_path: stochastic depth rate of the last block, while training.
    """

    stride = 32

    def __init__(
        self,
        width: int = 32,
        depths: tuple[int, int, int, int] = (2, 2, 8, 4),
        image_size: tuple[int, int] = (256, 128),
        num_classes: int | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.image_size = (image_size[0], image_size[1])
        self.tap_widths = tuple(width * 2**stage for stage in range(4))
        self.tap_strides = (4, 8, 16, 32)
        self.width, self.middle_width = self.tap_widths[3], self.tap_widths[2]
        self.stem_width = STEM_WIDTH
        self.pixels = Pixels()
        self.stem = nn.Sequential(ConvNorm(3, STEM_WIDTH, 3, STEM_STRIDE), nn.ReLU6())
        rates = iter(drop_rates(drop_path, sum(depths)))
        inside = STEM_WIDTH
        self.stages = nn.ModuleList()
        for depth, outside in zip(depths, self.tap_widths, strict=True):
            blocks = [StarBlock(outside, next(rates)) for _ in range(depth)]
            self.stages.append(nn.Sequential(ConvNorm(inside, outside, 3, 2), *blocks))
            inside = outside
        self.norm = nn.BatchNorm2d(self.width)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.trunc_normal_(module.weight, std=module.weight[0].numel() ** -0.5)
                assert module.bias is not None
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, StarBlock):
                with torch.no_grad():
                    module.dwconv2.conv.weight.mul_(FRESH_BRANCH_GAIN)

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        """Normalise raw uint8 RGB (N, H, W, 3) to float (N, 3, H, W) for these weights."""
        x_NCHW: Tensor = self.pixels(image_NHWC)
        return x_NCHW

    def _maps(self, stem_NCHW: Tensor) -> list[Tensor]:
        """Return the maps of the four stages, the last one normalised, from the stem's output."""
        maps = []
        for stage in self.stages:
            stem_NCHW = stage(stem_NCHW)
            maps.append(stem_NCHW)
        return [*maps[:-1], self.norm(maps[-1])]

    def _features(self, stem_NCHW: Tensor) -> Features:
        maps = self._maps(stem_NCHW)
        return Features(maps[3].mean(dim=(2, 3)), maps[3], maps[2])

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return (token_ND, map_NDHW) of normalised images."""
        features = self.features(x_NCHW)
        return features.token_ND, features.map_NDHW

    def features(self, x_NCHW: Tensor) -> Features:
        """Return token, last map and middle map of normalised images, in one pass."""
        return self._features(self.stem(x_NCHW))

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
        stem_NCHW = self.stem(x_NCHW.masked_fill(blank_N1HW, 0.0))
        size = (stem_NCHW.shape[2], stem_NCHW.shape[3])
        hidden_N1HW = spread_cells(hidden_NHW, self.stride // STEM_STRIDE, size)
        token_1C11 = mask_token.reshape(1, -1, 1, 1).to(stem_NCHW.dtype)
        return self._features(torch.where(hidden_N1HW, token_1C11, stem_NCHW))

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Return the maps of the four stages at strides 4, 8, 16 and 32."""
        return self._maps(self.stem(x_NCHW))

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw uint8 images, before any classifier."""
        return self.backbone(self.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        token_ND, _ = self.backbone(self.normalise(image_NHWC))
        output: Tensor = self.head(token_ND)
        return output
