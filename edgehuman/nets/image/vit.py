"""Vision transformer with 16-pixel patches, for person images of any size.

Source: An image is worth 16x16 words (arXiv 2010.11929) with the sizes of DeiT (arXiv 2012.12877):
pre-norm blocks, learned positions, a CLS token. Positions are resampled in two dimensions for
another grid (bicubic); the CLS entry is kept.

Axes: N images, H height, W width, C channel, S token (patch), D width.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.attention import Block
from edgehuman.nets.drop_path import drop_rates
from edgehuman.nets.image.features import Features
from edgehuman.nets.image.pixels import Pixels, cells_over, check_cells, side_of

PATCH = 16
NORM_EPS = 1e-6


def resample_positions(position_1SD: Tensor, old: tuple[int, int], new: tuple[int, int]) -> Tensor:
    """Resample the positions of a CLS token and a grid (rows, columns) to a new grid."""
    if old == new:
        return position_1SD
    cls_11D, grid_1SD = position_1SD[:, :1], position_1SD[:, 1:]
    grid_1DHW = grid_1SD.transpose(1, 2).reshape(1, -1, *old)
    grid_1DHW = functional.interpolate(
        grid_1DHW.float(), size=new, mode="bicubic", antialias=True, align_corners=False
    )
    grid_1SD = grid_1DHW.flatten(2).transpose(1, 2).to(position_1SD.dtype)
    return torch.cat([cls_11D, grid_1SD], dim=1)


def _grid(cells: int, image_size: Sequence[int] | None) -> tuple[int, int] | None:
    """Return rows and columns of this many patches: for images of this size, else for a square."""
    if image_size is not None:
        rows, columns = cells_over((image_size[0], image_size[1]), PATCH)
        return (rows, columns) if rows * columns == cells else None
    side = side_of(cells)
    return (side, side) if side else None


class Vit(nn.Module):
    """Map raw uint8 images to the image token, or to logits.

    Args:
        width, depth, heads: token width D, blocks, attention heads; each MLP is 4 D wide.
        image_size: height and width of the stored positions.
        num_classes: size of the linear head; None: output the image token.
        drop_path: stochastic depth rate of the last block, while training.

    Raises:
        ValueError: `heads` does not divide `width`, or `depth` is below 4.
    """

    stride = PATCH

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        image_size: tuple[int, int] = (256, 128),
        num_classes: int | None = None,
        drop_path: float = 0.0,
    ) -> None:
        super().__init__()
        if width % heads or depth < 4:
            raise ValueError(
                f"width {width} must be a multiple of heads {heads}, depth {depth} at least 4"
            )
        self.width = self.middle_width = width
        self.image_size = (image_size[0], image_size[1])
        self.grid = cells_over(self.image_size, PATCH)
        # SAIP's pixel tasks use the 7th block of 12; pyramids use every third block.
        self.middle_block = depth // 2
        self.tap_blocks = tuple(depth * quarter // 4 - 1 for quarter in range(1, 5))
        self.tap_widths = (width,) * len(self.tap_blocks)
        self.tap_strides = (PATCH,) * len(self.tap_blocks)
        self.pixels = Pixels()
        self.patch_embed = nn.Conv2d(3, width, PATCH, PATCH)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + self.grid[0] * self.grid[1], width))
        self.blocks = nn.ModuleList(
            Block(width, 4 * width, heads, drop_path=rate, norm_eps=NORM_EPS)
            for rate in drop_rates(drop_path, depth)
        )
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)
        self.head = nn.Linear(width, num_classes) if num_classes else nn.Identity()
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        nn.init.trunc_normal_(self.cls_token, std=0.02)

    def normalise(self, image_NHWC: Tensor) -> Tensor:
        """Normalise raw uint8 RGB (N, H, W, 3) to float (N, 3, H, W) for these weights."""
        x_NCHW: Tensor = self.pixels(image_NHWC)
        return x_NCHW

    def grid_of(self, x_NCHW: Tensor) -> tuple[int, int]:
        """Return rows and columns of the patches that cover these images."""
        return cells_over((x_NCHW.shape[2], x_NCHW.shape[3]), PATCH)

    def tokens(self, x_NCHW: Tensor) -> Tensor:
        """Return CLS and patch tokens with positions (N, 1 + S, D) of normalised images.

        Sides that are not multiples of 16 are padded with zeros (the mean colour), right and below.
        """
        rows, columns = self.grid_of(x_NCHW)
        below, right = rows * PATCH - x_NCHW.shape[2], columns * PATCH - x_NCHW.shape[3]
        if below or right:
            x_NCHW = functional.pad(x_NCHW, (0, right, 0, below))
        patch_NSD = self.patch_embed(x_NCHW).flatten(2).transpose(1, 2)
        cls_N1D = self.cls_token.expand(patch_NSD.shape[0], -1, -1).to(patch_NSD.dtype)
        position_1SD = resample_positions(self.pos_embed, self.grid, (rows, columns))
        return torch.cat([cls_N1D, patch_NSD], dim=1) + position_1SD

    def encode(self, token_NSD: Tensor, after: Iterable[int] = ()) -> tuple[Tensor, list[Tensor]]:
        """Encode any subset of the tokens; return the last tokens, normalised, and those after
        the given blocks.
        """
        wanted = set(after)
        kept = []
        for number, block in enumerate(self.blocks):
            token_NSD = block(token_NSD)
            if number in wanted:
                kept.append(token_NSD)
        return self.norm(token_NSD), kept

    def backbone(self, x_NCHW: Tensor) -> tuple[Tensor, Tensor]:
        """Return (token_ND, map_NDHW) of normalised images."""
        last_NSD, _ = self.encode(self.tokens(x_NCHW))
        return last_NSD[:, 0], _as_map(last_NSD[:, 1:], self.grid_of(x_NCHW))

    def features(self, x_NCHW: Tensor) -> Features:
        """Return token, last map and middle map of normalised images, in one pass."""
        grid = self.grid_of(x_NCHW)
        last_NSD, (middle_NSD,) = self.encode(self.tokens(x_NCHW), [self.middle_block])
        return Features(
            last_NSD[:, 0], _as_map(last_NSD[:, 1:], grid), _as_map(middle_NSD[:, 1:], grid)
        )

    def masked_features(self, x_NCHW: Tensor, hidden_NHW: Tensor, mask_token: Tensor) -> Features:
        """Return features from the visible patches only; hidden places of maps are `mask_token`.

        Args:
            x_NCHW: normalised images.
            hidden_NHW: bool, one per patch, the same number hidden in every image.
            mask_token: D values.

        Raises:
            ValueError: wrong number of patches, or images that hide different numbers of them.
        """
        check_cells(x_NCHW, hidden_NHW, PATCH)
        visible_NS = _visible_places(hidden_NHW)
        token_NSD = self.tokens(x_NCHW)
        seen_NSD = torch.cat([token_NSD[:, :1], _take(token_NSD[:, 1:], visible_NS)], dim=1)
        last_NSD, (middle_NSD,) = self.encode(seen_NSD, [self.middle_block])
        grid = self.grid_of(x_NCHW)
        maps = [
            _as_map(_put_back(tokens[:, 1:], visible_NS, grid[0] * grid[1], mask_token), grid)
            for tokens in (last_NSD, middle_NSD)
        ]
        return Features(last_NSD[:, 0], maps[0], maps[1])

    def taps(self, x_NCHW: Tensor) -> list[Tensor]:
        """Return maps at stride 16 after each quarter of the blocks; the last is normalised."""
        last_NSD, kept = self.encode(self.tokens(x_NCHW), self.tap_blocks)
        return [_as_map(tokens[:, 1:], self.grid_of(x_NCHW)) for tokens in [*kept[:-1], last_NSD]]

    def fit_weights(
        self, weights: Mapping[str, Tensor], input_size: Sequence[int] | None
    ) -> dict[str, Tensor]:
        """Return the weights with their positions resampled to this grid; see `Fitting`."""
        given = weights.get("pos_embed")
        own = self.state_dict()["pos_embed"]
        if given is None or given.shape == own.shape or given.ndim != own.ndim:
            return dict(weights)
        old = _grid(given.shape[1] - 1, input_size)
        if old is None:
            return dict(weights)
        return {**weights, "pos_embed": resample_positions(given, old, self.grid)}

    def forward_features(self, image_NHWC: Tensor) -> Tensor:
        """Return the image token (N, D) of raw uint8 images, before any classifier."""
        return self.backbone(self.normalise(image_NHWC))[0]

    def forward(self, image_NHWC: Tensor) -> Tensor:
        last_NSD, _ = self.encode(self.tokens(self.normalise(image_NHWC)))
        output: Tensor = self.head(last_NSD[:, 0])
        return output


def _as_map(token_NSD: Tensor, grid: tuple[int, int]) -> Tensor:
    return token_NSD.transpose(1, 2).reshape(-1, token_NSD.shape[2], *grid)


def _visible_places(hidden_NHW: Tensor) -> Tensor:
    """Return the places of the visible tokens in order, (N, S')."""
    hidden_NS = hidden_NHW.flatten(1)
    count_N = (~hidden_NS).sum(dim=1)
    least, most = int(count_N.min()), int(count_N.max())
    if least != most:
        raise ValueError(
            f"images keep from {least} to {most} visible cells; hide the same number in each"
        )
    return torch.argsort(hidden_NS.to(torch.uint8), dim=1, stable=True)[:, :most]


def _take(token_NSD: Tensor, place_NS: Tensor) -> Tensor:
    return token_NSD.gather(1, place_NS[:, :, None].expand(-1, -1, token_NSD.shape[2]))


def _put_back(seen_NSD: Tensor, place_NS: Tensor, tokens: int, mask_token: Tensor) -> Tensor:
    """Put visible tokens at their places among `tokens`, the mask token everywhere else."""
    images, _, width = seen_NSD.shape
    full_NSD = mask_token.reshape(1, 1, width).expand(images, tokens, width).to(seen_NSD.dtype)
    return full_NSD.scatter(1, place_NS[:, :, None].expand(-1, -1, width), seen_NSD)
