"""Cross-scale reconstruction (CSR): predict a masked view from the anchor at another scale.

Source: SAIP (arXiv 2503.08201), equation 2, after masked autoencoders (arXiv 2111.06377): mean
squared error of pixels normalised per patch, on hidden patches only. The decoder attends to all
patch tokens of the anchor, as in the paper; in the released code, to one class token.

Axes: N images, C colour, H height, W width, S patch, K pixels of a patch, E width of a map.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from edgehuman.nets import draws
from edgehuman.nets.image.features import Features, ImageBackbone
from edgehuman.pretrain.saip.decoder import PixelDecoder
from edgehuman.pretrain.saip.views import draw_size, resize

PATCH = 16


def draw_hidden(images: int, rows: int, columns: int, ratio: float, device: torch.device) -> Tensor:
    """Draw cells to hide, bool (N, rows, columns): the same number per image, at least one left."""
    count = rows * columns
    hidden = min(count - 1, max(1, round(ratio * count)))
    place_NS = draws.rand(images, count, device=device).argsort(dim=1)
    return (place_NS < hidden).view(images, rows, columns)


def patch_targets(x_NCHW: Tensor) -> Tensor:
    """Return the pixels of each 16x16 patch (N, S, 768), normalised to mean 0 and deviation 1."""
    images, colours, height, width = x_NCHW.shape
    rows, columns = height // PATCH, width // PATCH
    cut = x_NCHW.reshape(images, colours, rows, PATCH, columns, PATCH)
    patch_NSK = cut.permute(0, 2, 4, 3, 5, 1).reshape(images, rows * columns, -1)
    variance_NS1, mean_NS1 = torch.var_mean(patch_NSK, dim=-1, keepdim=True)
    return (patch_NSK - mean_NS1) / (variance_NS1 + 1e-6).sqrt()


def hidden_error(predicted_NSK: Tensor, target_NSK: Tensor, hidden_NS: Tensor) -> Tensor:
    """Return the mean squared error over the pixels of hidden patches."""
    error_NS = (predicted_NSK.float() - target_NSK).square().mean(dim=-1)
    return error_NS[hidden_NS].mean()


def mask_width(network: ImageBackbone) -> int:
    """Return the mask token's length: stem width of a convolution, token width of a ViT."""
    return int(getattr(network, "stem_width", network.width))


class Reconstruction(nn.Module):
    """Mask token, decoder and loss.

    Args:
        encoder: of the masked view; only its widths and stride are read.
        student: of the anchor; only its widths are read.
        sizes: heights and widths drawn for the masked view, multiples of that stride.
        ratio: share of cells hidden; None: 0.75 of patches of 16 pixels, 0.6 of larger cells.
        shape: width and depth of the decoder.
        condition: input from the anchor: its patch tokens, or its image token.
    """

    def __init__(
        self,
        encoder: ImageBackbone,
        student: ImageBackbone,
        sizes: list[tuple[int, int]],
        ratio: float | None = None,
        shape: tuple[int, int] = (256, 2),
        condition: Literal["patches", "token"] = "patches",
    ) -> None:
        super().__init__()
        self.sizes, self.condition = sizes, condition
        # A few distant large cells give little information about those between them.
        usual = 0.75 if encoder.stride <= PATCH else 0.6
        self.ratio = usual if ratio is None else ratio
        width, depth = shape
        self.mask_token = nn.Parameter(torch.zeros(mask_width(encoder)))
        nn.init.normal_(self.mask_token, std=0.02)
        key_width = student.middle_width if condition == "patches" else student.width
        self.decoder = PixelDecoder(encoder.middle_width, key_width, width, depth)
        self.predict = nn.Linear(width, PATCH * PATCH * 3)
        nn.init.xavier_uniform_(self.predict.weight)
        nn.init.zeros_(self.predict.bias)

    def forward(self, encoder: ImageBackbone, x_NCHW: Tensor, anchor: Features) -> Tensor:
        """Rescale and mask the view; return the loss, given the anchor's features."""
        x_NCHW = resize(x_NCHW, draw_size(self.sizes))
        rows, columns = x_NCHW.shape[2] // encoder.stride, x_NCHW.shape[3] // encoder.stride
        hidden_NHW = draw_hidden(x_NCHW.shape[0], rows, columns, self.ratio, x_NCHW.device)
        return self.loss(encoder, x_NCHW, hidden_NHW, anchor)

    def loss(
        self, encoder: ImageBackbone, x_NCHW: Tensor, hidden_NHW: Tensor, anchor: Features
    ) -> Tensor:
        """Return the loss for a view, its hidden cells at the encoder's stride, and the anchor."""
        masked = encoder.masked_features(x_NCHW, hidden_NHW, self.mask_token)
        predicted_NSK = self.reconstruct(masked, anchor)
        repeat = encoder.stride // PATCH
        hidden_NHW = hidden_NHW.repeat_interleave(repeat, 1).repeat_interleave(repeat, 2)
        return hidden_error(predicted_NSK, patch_targets(x_NCHW), hidden_NHW.flatten(1))

    def reconstruct(self, masked: Features, anchor: Features) -> Tensor:
        """Predict the pixels of each patch (N, S, 768) from masked view and anchor."""
        key_NEHW = (
            anchor.middle_NEHW if self.condition == "patches" else anchor.token_ND[..., None, None]
        )
        predicted_NSK: Tensor = self.predict(self.decoder(masked.middle_NEHW, key_NEHW))
        return predicted_NSK
