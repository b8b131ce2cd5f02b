"""What every person-image backbone gives: one image token and maps at several strides.

Axes: N images, D width of the last stage, E width of a middle stage, H height, W width.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from torch import Tensor


class Features(NamedTuple):
    """Attributes:
    token_ND: the image token: pooled (or CLS) and normalised, in front of any classifier.
    map_NDHW: the last feature map, at `stride`.
    middle_NEHW: the map that pixel tasks read, at stride 16.
    """

    token_ND: Tensor
    map_NDHW: Tensor
    middle_NEHW: Tensor


class ImageBackbone(Protocol):
    """A backbone of person images.

    Attributes:
        width, middle_width: D and E. stride: of the last map; middle maps have stride 16.
        tap_widths, tap_strides: of the maps that `taps` gives, finest first.
    """

    width: int
    middle_width: int
    stride: int
    tap_widths: tuple[int, ...]
    tap_strides: tuple[int, ...]

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        """Raw uint8 RGB (N, H, W, 3) -> float (N, 3, H, W) as the weights expect it."""

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised images -> (token_ND, map_NDHW)."""

    def features(self, x_NCHW: Tensor) -> Features:
        """Normalised images -> token, last map and middle map in one pass."""

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        """The same with cells hidden: bool (N, H/stride, W/stride), as many in every image.

        A convolutional or hybrid network puts `mask_token` (stem width) in place of its stem's
        output there; a ViT encodes visible tokens only, and fills the hidden places of its maps
        with `mask_token` (width).
        """

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Maps of the stages, finest first, for pyramids."""
