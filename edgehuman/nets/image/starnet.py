"""StarNet: a convolutional network whose blocks multiply two branches, for images of any size.

Source: Rewrite the stars (arXiv 2403.19967), section 4 and its published code for S3. Key names are
those of the published checkpoints.

Axes: N images, H height, W width, C channel, D width, O output and I input of a kernel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.drop_path import DropPath, drop_rates
from edgehuman.nets.image.pixels import Pixels
from edgehuman.nets.image.pyramid import Pyramid

STEM_STRIDE = 2
STEM_WIDTH = 32
MLP_RATIO = 4
KERNEL = 7
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
        if self.conv.groups > 1 and not x_NCHW.is_cuda and torch.is_autocast_enabled("cpu"):
            # On a CPU the backward pass of a depthwise convolution is far slower in bfloat16.
            with torch.autocast("cpu", enabled=False):
                x_NCHW = self.conv(x_NCHW.float())
        else:
            x_NCHW = self.conv(x_NCHW)
        y_NCHW: Tensor = self.bn(x_NCHW)
        return y_NCHW


class StarBlock(nn.Module):
    """Depthwise, the product of two pointwise branches, a projection, depthwise."""

    def __init__(
        self, width: int, drop_path: float, mlp_ratio: int = MLP_RATIO, kernel: int = KERNEL
    ) -> None:
        super().__init__()
        wide = mlp_ratio * width
        self.dwconv = ConvNorm(width, width, kernel, groups=width)
        self.f1 = ConvNorm(width, wide, 1, norm=False)
        self.f2 = ConvNorm(width, wide, 1, norm=False)
        self.g = ConvNorm(wide, width, 1)
        self.dwconv2 = ConvNorm(width, width, kernel, groups=width, norm=False)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = self.dwconv(x_NCHW)
        y_NCHW = self.g(functional.relu6(self.f1(y_NCHW)) * self.f2(y_NCHW))
        mixed_NCHW: Tensor = x_NCHW + self.drop_path(self.dwconv2(y_NCHW))
        return mixed_NCHW


class StarNet(Pyramid):
    """Map raw uint8 images to the image token, or to logits.

    Args:
        width: channels of the first stage; each following stage doubles them.
        depths: blocks of the four stages, at strides 4, 8, 16 and 32.
        image_size: not used, because convolutions accept any size; all image networks take it.
        num_classes: size of the linear head; None: output the image token.
        drop_path: stochastic depth rate of the last block, while training.
        mlp_ratio: width of a block's branches, as a factor of the block's.
        kernel: side of the depthwise convolutions, odd; the paper's is 7.
    """

    stem_stride = STEM_STRIDE

    def __init__(
        self,
        width: int = 32,
        depths: tuple[int, int, int, int] = (2, 2, 8, 4),
        image_size: tuple[int, int] = (256, 128),
        num_classes: int | None = None,
        drop_path: float = 0.0,
        mlp_ratio: int = MLP_RATIO,
        kernel: int = KERNEL,
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
            blocks = [StarBlock(outside, next(rates), mlp_ratio, kernel) for _ in range(depth)]
            self.stages.append(nn.Sequential(ConvNorm(inside, outside, 3, 2), *blocks))
            inside = outside
        self.norm = nn.BatchNorm2d(self.width)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()
        self._initialise()

    def fit_weights(
        self, weights: Mapping[str, Tensor], input_size: Sequence[int] | None
    ) -> dict[str, Tensor]:
        """See `Fitting`: of larger depthwise kernels, the centre."""
        own = self.state_dict()
        return {
            name: _centre(tensor, own[name].shape[-1])
            if name in own and tensor.dim() == 4 and tensor.shape[1] == 1
            else tensor
            for name, tensor in weights.items()
        }

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

    def _stem(self, x_NCHW: Tensor) -> Tensor:
        stem_NCHW: Tensor = self.stem(x_NCHW)
        return stem_NCHW

    def _maps(self, stem_NCHW: Tensor) -> list[Tensor]:
        """The last map is normalised."""
        maps = super()._maps(stem_NCHW)
        return [*maps[:-1], self.norm(maps[-1])]


def _centre(kernel_OIHW: Tensor, side: int) -> Tensor:
    edge = max(0, (kernel_OIHW.shape[-1] - side) // 2)
    return kernel_OIHW[:, :, edge : edge + side, edge : edge + side]
