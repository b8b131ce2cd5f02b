"""Parts and masks of people in whole frames: a branch of maps, and a small network for each person.

The branch gives the parts of every pixel and a few shared maps at a stride of 8, each point as four
of a stride of 4. What a person's point says, 124 numbers, are the weights of two 1x1 convolutions
over those shared maps and the place relative to the point; they give the person's mask. Nothing is
cropped out of a map, so a mask costs the same wherever it is and however large.

Source: Tian et al., "Conditional convolutions for instance segmentation" (CondInst, ECCV 2020),
section 3; with two of its three layers, 8 shared maps, and 2x2 answers a point in the place of an
upsampling. These stay quarter by quarter, the upper left cell of every point first, then the upper
right, the lower left and the lower right: to weave them costs more than the layers they come from.

Axes: N images, K people, E shared maps, S points of stride 8, h w rows and columns of these, C
parts, W numbers of a person.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.metrics.crowds.outside import INSIDE, NUMBERS, REACH, SHAPES, SHARED
from edgehuman.nets.image.neck import STRIDES, Separable, conv_norm

_FINER = 2  # points of the answer, along each side of one of the branch
STRIDE = STRIDES[0] // _FINER
"""Of the answers, pixels of the input."""


class Branch(nn.Module):
    """The maps that parts and masks are made of.

    Args:
        width: of the neck's maps.
        detail_width: of the backbone's map at a stride of 4, which joins; 0: it has none.
        num_parts: C; 0: no parts, for masks alone.
    """

    def __init__(self, width: int, detail_width: int, num_parts: int) -> None:
        super().__init__()
        self.detail = (
            nn.Sequential(
                nn.Conv2d(detail_width, width, _FINER, _FINER, bias=False), nn.BatchNorm2d(width)
            )
            if detail_width
            else None
        )
        self.merge = conv_norm(width, width, 1)
        self.blocks = nn.Sequential(Separable(width), Separable(width))
        self.shared = nn.Conv2d(width, SHARED, 1)
        self.parts = nn.Conv2d(width, num_parts * _FINER**2, 1) if num_parts else None

    def forward(self, fine_NChw: Tensor, detail: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the shared maps (N, E, h, w), and the four answers of each point for every part,
        (N, 4 C, h, w); see `woven`.

        Args:
            fine_NChw: the neck's finest map.
            detail: the backbone's map at a stride of 4.
        """
        x_NChw = self.merge(fine_NChw)
        if self.detail is not None and detail is not None:
            x_NChw = x_NChw + self.detail(detail)
        x_NChw = self.blocks(functional.relu(x_NChw))
        shared_NEhw: Tensor = self.shared(x_NChw)
        if self.parts is None:
            return shared_NEhw, None
        return shared_NEhw, self.parts(x_NChw)


class Masks(nn.Module):
    """The masks of people, of what their points say.

    Args:
        width: of a point's features.
        grid: rows and columns of the branch's maps.
    """

    def __init__(self, width: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.numbers = nn.Linear(width, NUMBERS)
        nn.init.normal_(self.numbers.weight, std=0.02)
        nn.init.normal_(self.numbers.bias, std=0.2)
        self.decode = MaskDecode(grid)

    def forward(
        self, shared_NEhw: Tensor, feature_NKC: Tensor, point_NK2: Tensor, stride_NK: Tensor
    ) -> Tensor:
        """Return logits (N, K, 4 h w) at a stride of 4, quarter by quarter.

        Args:
            feature_NKC: of each person's point.
            point_NK2: x and y of that point, pixels of the input; stride_NK: its stride.
        """
        numbers_NKW = self.numbers(feature_NKC)
        logits: Tensor = self.decode(shared_NEhw, numbers_NKW, point_NK2, stride_NK)
        return logits


class MaskDecode(nn.Module):
    """Two layers whose weights each person brings; a module of its own, whose numbers stay
    float32 in an FP16 graph, as they are products of two answers.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.place_3S: Tensor
        y_h, x_w = ((torch.arange(side) + 0.5) * STRIDES[0] for side in grid)
        y_hw, x_hw = torch.meshgrid(y_h, x_w, indexing="ij")
        # Of the third, 1 everywhere, the weights are the biases.
        place_3S = torch.stack((x_hw, y_hw, torch.ones(grid))).flatten(1)
        self.register_buffer("place_3S", place_3S, persistent=False)

    def forward(
        self, shared_NEhw: Tensor, numbers_NKW: Tensor, point_NK2: Tensor, stride_NK: Tensor
    ) -> Tensor:
        images, people = numbers_NKW.shape[:2]
        first, (last_NKRC, last_NKR) = layers_of(numbers_NKW.float())
        first_NKRC, bias_NKR = first
        # Weights of the place, per pixel; what the point's own place adds goes into the bias.
        from_NK12 = first_NKRC[..., SHARED:] / (REACH * stride_NK[..., None, None])
        bias_NKR = bias_NKR - (from_NK12 * point_NK2[:, :, None]).sum(dim=3)
        weight_NKRC = torch.cat((first_NKRC[..., :SHARED], from_NK12, bias_NKR[..., None]), dim=3)
        place_N3S = self.place_3S.expand(images, -1, -1)
        x_NCS = torch.cat((shared_NEhw.float().flatten(2), place_N3S), dim=1)
        made_NXS = functional.relu(weight_NKRC.flatten(1, 2) @ x_NCS)
        made_NKRS = made_NXS.reshape(images, people, INSIDE, -1)
        return (last_NKRC @ made_NKRS + last_NKR[..., None]).flatten(2)


def woven(map_NXhw: Tensor) -> Tensor:
    """Return maps (N, C, 2 h, 2 w) of the four answers of each point, (N, 4 C, h, w)."""
    return functional.pixel_shuffle(map_NXhw, _FINER)


def quartered(map_Nhw: Tensor) -> Tensor:
    """Return the cells of a map (N, 2 h, 2 w) quarter by quarter, (N, 4 h w), as masks are."""
    return functional.pixel_unshuffle(map_Nhw[:, None], _FINER).flatten(1)


def layers_of(numbers_NKW: Tensor) -> Sequence[tuple[Tensor, Tensor]]:
    """Return the weights (N, K, rows, columns) and biases (N, K, rows) of the two layers."""
    layers, begin = [], 0
    for rows, columns in SHAPES:
        middle, end = begin + rows * columns, begin + rows * (columns + 1)
        weight_NKRC = numbers_NKW[..., begin:middle].reshape(*numbers_NKW.shape[:2], rows, columns)
        layers.append((weight_NKRC, numbers_NKW[..., middle:end]))
        begin = end
    return layers
