"""TinyViT: a convolutional stage, then window attention, for person images of any size.

Source: TinyViT (arXiv 2207.10666), section 3.2 and its published code. Key names are those of the
published checkpoints. Window sides are an argument: at 256x128 the maps of the three attention
stages are 32x16, 16x8 and 8x4, which windows of 8, 8 and 4 tile exactly, while the published 7, 14
and 7 pad them to two or three times their size.

Axes: N images (B: windows of all images), H height, W width, C channel, S token, D width, A head,
E width of a head.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.drop_path import DropPath, drop_rates
from edgehuman.nets.image.pixels import Pixels, cells_over, side_of
from edgehuman.nets.image.pyramid import Pyramid

STEM_STRIDE = 4
EXPANSION = 4
HEAD_WIDTH = 32
STOCK_WINDOWS = (7, 14, 7)


class ConvNorm(nn.Module):
    """Convolution without bias, then batch normalisation."""

    def __init__(
        self, inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(outside)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.bn(self.conv(x_NCHW))
        return y_NCHW


class Stem(nn.Module):
    """Two strided convolutions, (N, 3, H, W) -> (N, C, H / 4, W / 4)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = ConvNorm(3, width // 2, 3, 2)
        self.conv2 = ConvNorm(width // 2, width, 3, 2)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.conv2(functional.gelu(self.conv1(x_NCHW)))
        return y_NCHW


class ConvBlock(nn.Module):
    """Inverted bottleneck: expand, depthwise 3x3, project; GELU after the residual sum."""

    def __init__(self, width: int, drop_path: float) -> None:
        super().__init__()
        wide = EXPANSION * width
        self.conv1 = ConvNorm(width, wide, 1)
        self.conv2 = ConvNorm(wide, wide, 3, groups=wide)
        self.conv3 = ConvNorm(wide, width, 1)
        self.drop_path = DropPath(drop_path)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = functional.gelu(self.conv2(functional.gelu(self.conv1(x_NCHW))))
        return functional.gelu(x_NCHW + self.drop_path(self.conv3(y_NCHW)))


class Downsample(nn.Module):
    """Downsample (N, C, H, W) to (N, C', H / 2, W / 2), rounded up."""

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.conv1 = ConvNorm(inside, outside, 1)
        self.conv2 = ConvNorm(outside, outside, 3, 2, groups=outside)
        self.conv3 = ConvNorm(outside, outside, 1)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW = functional.gelu(self.conv2(functional.gelu(self.conv1(x_NCHW))))
        z_NCHW: Tensor = self.conv3(y_NCHW)
        return z_NCHW


def tiling_windows(image_size: tuple[int, int]) -> tuple[int, int, int]:
    """Return the windows that cover the maps of this image size with the least padding; of equals,
    the largest.

    224x224 gives the published 7, 14 and 7, and 256x128 gives 8, 8 and 4.
    """
    first, second, third = (
        min(range(most, 3, -1), key=partial(_padded_cells, cells_over(image_size, stride)))
        for stride, most in ((8, 8), (16, 14), (32, 8))
    )
    return first, second, third


def _padded_cells(size: tuple[int, int], side: int) -> int:
    rows, columns = cells_over(size, side)
    return rows * columns * side * side


def offset_index(window: int) -> Tensor:
    """Return the bias-table index, |dy| window + |dx|, of each pair of a window's tokens (S, S)."""
    place = torch.arange(window)
    y_S, x_S = place.repeat_interleave(window), place.repeat(window)
    return (y_S[:, None] - y_S).abs() * window + (x_S[:, None] - x_S).abs()


def resample_biases(table_AS: Tensor, window: int) -> Tensor:
    """Resample a bias table (heads, old window^2) to another window side (bicubic)."""
    old = round(table_AS.shape[1] ** 0.5)
    if old == window:
        return table_AS
    table_1AHW = functional.interpolate(
        table_AS.float().view(1, -1, old, old), size=(window, window), mode="bicubic",
        antialias=True, align_corners=False,
    )  # fmt: skip
    return table_1AHW.flatten(2)[0].to(table_AS.dtype)


class WindowAttention(nn.Module):
    """Attention within a window with a learned bias per offset, (B, S, D) -> same."""

    def __init__(self, width: int, heads: int, window: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.attention_biases = nn.Parameter(torch.zeros(heads, window * window))
        self.index_SS: Tensor
        self.register_buffer("index_SS", offset_index(window), persistent=False)

    def forward(self, x_BSD: Tensor) -> Tensor:
        tokens, width = x_BSD.shape[1], x_BSD.shape[2]
        # q, k and v are grouped by head, unlike in a ViT.
        qkv = self.qkv(self.norm(x_BSD)).view(-1, tokens, self.heads, 3, width // self.heads)
        q_BASE, k_BASE, v_BASE = qkv.permute(3, 0, 2, 1, 4).unbind(0)
        bias_ASS = self.attention_biases.index_select(1, self.index_SS.flatten())
        bias_ASS = bias_ASS.view(-1, tokens, tokens).to(q_BASE.dtype)
        y = functional.scaled_dot_product_attention(q_BASE, k_BASE, v_BASE, attn_mask=bias_ASS)
        mixed: Tensor = self.proj(y.transpose(1, 2).reshape(-1, tokens, width))
        return mixed


class Mlp(nn.Module):
    """LayerNorm, then an MLP of four times the width, (..., D) -> (..., D)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, EXPANSION * width)
        self.fc2 = nn.Linear(EXPANSION * width, width)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.fc2(functional.gelu(self.fc1(self.norm(x))))
        return y


class AttentionBlock(nn.Module):
    """Window attention, a depthwise 3x3 convolution, an MLP, (N, C, H, W) -> same."""

    def __init__(self, width: int, heads: int, window: int, drop_path: float) -> None:
        super().__init__()
        self.window = window
        self.attn = WindowAttention(width, heads, window)
        self.mlp = Mlp(width)
        self.local_conv = ConvNorm(width, width, 3, groups=width)
        self.drop_path = DropPath(drop_path)

    def attend(self, x_NHWC: Tensor) -> Tensor:
        """Pad incomplete windows with zeros at the right and bottom; as published, attention
        includes them.
        """
        side = self.window
        _, height, width, channels = x_NHWC.shape
        below, right = -height % side, -width % side
        if below or right:
            x_NHWC = functional.pad(x_NHWC, (0, 0, 0, right, 0, below))
        rows, columns = (height + below) // side, (width + right) // side
        cut = x_NHWC.reshape(-1, rows, side, columns, side, channels).transpose(2, 3)
        y_BSD: Tensor = self.attn(cut.reshape(-1, side * side, channels))
        joined = y_BSD.view(-1, rows, columns, side, side, channels).transpose(2, 3)
        y_NHWC = joined.reshape(-1, rows * side, columns * side, channels)
        return y_NHWC[:, :height, :width] if below or right else y_NHWC

    def forward(self, x_NCHW: Tensor) -> Tensor:
        x_NHWC = x_NCHW.permute(0, 2, 3, 1)
        x_NHWC = x_NHWC + self.drop_path(self.attend(x_NHWC))
        x_NHWC = self.local_conv(x_NHWC.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        mixed_NHWC: Tensor = x_NHWC + self.drop_path(self.mlp(x_NHWC))
        return mixed_NHWC.permute(0, 3, 1, 2)


class Stage(nn.Module):
    """Downsampling (or identity), then blocks."""

    def __init__(self, downsample: nn.Module, blocks: list[nn.Module]) -> None:
        super().__init__()
        self.downsample = downsample
        self.blocks = nn.Sequential(*blocks)

    def forward(self, x_NCHW: Tensor) -> Tensor:
        y_NCHW: Tensor = self.blocks(self.downsample(x_NCHW))
        return y_NCHW


class TinyVit(Pyramid):
    """Map raw uint8 images to the image token, or to logits.

    Args:
        widths: channels of the four stages, at strides 4, 8, 16 and 32; the last three must be
            multiples of 32, the width of a head.
        depths: blocks of the stages.
        windows: sides of the attention windows of the last three stages, cells.
        image_size: not used, because windows accept any size; all image networks take it.
        num_classes: size of the linear head; None: output the image token.
        drop_path: stochastic depth rate of the last block, while training.
    """

    stem_stride = STEM_STRIDE

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (64, 128, 160, 320),
        depths: tuple[int, int, int, int] = (2, 2, 6, 2),
        windows: tuple[int, int, int] = STOCK_WINDOWS,
        image_size: tuple[int, int] = (256, 128),
        num_classes: int | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        self.image_size = (image_size[0], image_size[1])
        self.windows = windows
        self.tap_widths, self.tap_strides = widths, (4, 8, 16, 32)
        self.width, self.middle_width = widths[3], widths[2]
        self.stem_width = widths[0]
        self.pixels = Pixels()
        self.patch_embed = Stem(widths[0])
        rates = iter(drop_rates(drop_path, sum(depths)))
        first: list[nn.Module] = [ConvBlock(widths[0], next(rates)) for _ in range(depths[0])]
        self.stages = nn.ModuleList([Stage(nn.Identity(), first)])
        for number, window in enumerate(windows, start=1):
            width, heads = widths[number], widths[number] // HEAD_WIDTH
            blocks: list[nn.Module] = [
                AttentionBlock(width, heads, window, next(rates)) for _ in range(depths[number])
            ]
            self.stages.append(Stage(Downsample(widths[number - 1], width), blocks))
        self.norm = nn.LayerNorm(self.width)
        self.head = nn.Linear(self.width, num_classes) if num_classes else nn.Identity()
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d):
                # Unit gain: a block's depthwise convolution has no residual connection.
                nn.init.trunc_normal_(module.weight, std=module.weight[0].numel() ** -0.5)
        for module in self.modules():
            if isinstance(module, ConvBlock):
                nn.init.zeros_(module.conv3.bn.weight)

    def _stem(self, x_NCHW: Tensor) -> Tensor:
        stem_NCHW: Tensor = self.patch_embed(x_NCHW)
        return stem_NCHW

    def _token(self, map_NDHW: Tensor) -> Tensor:
        """The pooled map, normalised."""
        token_ND: Tensor = self.norm(super()._token(map_NDHW))
        return token_ND

    def fit_weights(
        self, weights: Mapping[str, Tensor], input_size: Sequence[int] | None
    ) -> dict[str, Tensor]:
        """Return the weights with their bias tables resampled to these windows; see `Fitting`."""
        fitted = dict(weights)
        for name, own in self.state_dict().items():
            given = fitted.get(name)
            if given is None or given.shape == own.shape or given.ndim != own.ndim:
                continue
            if name.endswith("attention_biases") and side_of(given.shape[1]):
                fitted[name] = resample_biases(given, side_of(own.shape[1]))
        return fitted
