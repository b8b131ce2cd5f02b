"""The outputs of every person-image backbone: one image token and maps at several strides.

Axes: N images, D width of the last stage, E width of a middle stage, H height, W width.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class Features(NamedTuple):
    """Attributes:
    token_ND: the image token: pooled (or CLS) and normalised, before any classifier.
    map_NDHW: the last feature map, at `stride`.
    middle_NEHW: the map for pixel tasks, at stride 16.
    """

    token_ND: Tensor
    map_NDHW: Tensor
    middle_NEHW: Tensor


class ImageBackbone(Protocol):
    """A backbone of person images.

    Attributes:
        width, middle_width: D and E.
        stride: of the last map; middle maps have stride 16.
        tap_widths, tap_strides: of the maps that `taps` returns, finest first.
    """

    width: int
    middle_width: int
    stride: int
    tap_widths: tuple[int, ...]
    tap_strides: tuple[int, ...]

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw uint8 images (N, H, W, 3), before any classifier."""

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        """Normalise raw uint8 RGB (N, H, W, 3) to float (N, 3, H, W) for these weights."""

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return (token_ND, map_NDHW) of normalised images."""

    def features(self, x_NCHW: Tensor) -> Features:
        """Return token, last map and middle map of normalised images, in one pass."""

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        """Do the same with hidden cells: bool (N, H/stride, W/stride), the same number per image.

        There, a convolutional or hybrid network replaces its stem's output by `mask_token` (stem
        width); a ViT encodes visible tokens only and fills the hidden places of its maps with
        `mask_token` (width).
        """

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Return the maps of the stages, finest first, for pyramids."""
