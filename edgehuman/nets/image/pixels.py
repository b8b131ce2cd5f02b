"""Pixel normalisation and hidden cells of maps, shared by the image networks.

Axes: N images, H height, W width, C colour or channel, D width of a token.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


class Pixels(nn.Module):
    """Normalise uint8 RGB (N, H, W, 3) to float (N, 3, H, W) by mean and standard deviation.

    Scale and shift of each colour are saved with the weights, because published weights differ.
    """

    def __init__(
        self,
        mean: tuple[float, float, float] = IMAGENET_MEAN,
        std: tuple[float, float, float] = IMAGENET_STD,
    ) -> None:
        super().__init__()
        self.scale_C11: Tensor
        self.shift_C11: Tensor
        self.register_buffer("scale_C11", torch.empty(3, 1, 1))
        self.register_buffer("shift_C11", torch.empty(3, 1, 1))
        self.expect(mean, std)

    def expect(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        """Set mean and standard deviation, for pixels in 0 to 1."""
        mean_C11, std_C11 = (torch.tensor(values).view(3, 1, 1) for values in (mean, std))
        self.scale_C11.copy_(1.0 / (255.0 * std_C11))
        self.shift_C11.copy_(-mean_C11 / std_C11)

    def forward(self, image_NHWC: Tensor) -> Tensor:
        # float() first: TensorRT does not support transposing uint8.
        x_NCHW = image_NHWC.float().permute(0, 3, 1, 2)
        return x_NCHW * self.scale_C11 + self.shift_C11


def cells_over(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Return rows and columns of cells of side `stride` that cover a map, rounded up."""
    return -(-size[0] // stride), -(-size[1] // stride)


def check_cells(x_NCHW: Tensor, hidden_NHW: Tensor, stride: int) -> None:
    """Raise ValueError if the hidden cells do not match the images."""
    height, width = cells_over((x_NCHW.shape[2], x_NCHW.shape[3]), stride)
    expected = (x_NCHW.shape[0], height, width)
    if tuple(hidden_NHW.shape) != expected or hidden_NHW.dtype != torch.bool:
        raise ValueError(
            f"hidden cells are {hidden_NHW.dtype} {tuple(hidden_NHW.shape)}; images of "
            f"{tuple(x_NCHW.shape)} at stride {stride} need bool {expected}"
        )


def spread_cells(hidden_NHW: Tensor, factor: int, size: tuple[int, int]) -> Tensor:
    """Repeat cells `factor` times along both sides and crop to `size`, (N, 1, H, W)."""
    wide_NHW = hidden_NHW.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    return wide_NHW[:, None, : size[0], : size[1]]


def side_of(cells: int) -> int:
    """Return the side of a square of this many cells; 0 if there is none."""
    side = round(cells**0.5)
    return side if side * side == cells else 0
