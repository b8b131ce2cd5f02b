"""Cross-scale search (CSS): find the query person in an image of several different persons.

Source: SAIP (arXiv 2503.08201), equation 3: views of one person are the query, the expert's map of
a copy-and-paste image is the key, and the target is a mask. The released code pastes one person
twice; here the persons differ, as in the paper's text. Their masks are the pasted rectangles.

Axes: N images, P persons on each, C colour, H height, W width, E width of a map, D of a kernel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets import draws
from edgehuman.nets.image.features import ImageBackbone
from edgehuman.pretrain.saip.decoder import PixelDecoder
from edgehuman.training.many.gather import following

STRIDE = 16
SMALLEST = 0.5


@dataclass(frozen=True)
class Boxes:
    """Rectangles in whole pixels, one per image (N,): first row and column, height, width."""

    top_N: Tensor
    left_N: Tensor
    height_N: Tensor
    width_N: Tensor


def draw_boxes(
    pictures: int, persons: int, canvas: tuple[int, int], crop: tuple[int, int]
) -> list[Boxes]:
    """Draw a box for each person, in its own column, at half to full size of what fits there.

    Args:
        pictures, persons: N and P.
        canvas, crop: height and width of the image and of a person's crop.
    """
    column = canvas[1] // persons
    order_NP = draws.rand(pictures, persons).argsort(dim=1)
    fitting = min(column / crop[1], canvas[0] / crop[0])
    found = []
    for number in range(persons):
        scale_N = fitting * (SMALLEST + (1 - SMALLEST) * draws.rand(pictures))
        height_N = (scale_N * crop[0]).round().long().clamp(1, canvas[0])
        width_N = (scale_N * crop[1]).round().long().clamp(1, column)
        top_N = _up_to(canvas[0] - height_N)
        left_N = order_NP[:, number] * column + _up_to(column - width_N)
        found.append(Boxes(top_N, left_N, height_N, width_N))
    return found


def draw_backdrops(pictures: int, canvas: tuple[int, int]) -> Boxes:
    """Draw rectangles that cover the whole image, so a random part of another image fills it."""
    height_N = (canvas[0] * (1 + draws.rand(pictures))).long()
    width_N = (canvas[1] * (1 + draws.rand(pictures))).long()
    return Boxes(-_up_to(height_N - canvas[0]), -_up_to(width_N - canvas[1]), height_N, width_N)


def _up_to(limit_N: Tensor) -> Tensor:
    """Draw integers from 0 to a limit, inclusive."""
    return (draws.rand(*limit_N.shape) * (limit_N + 1)).long().clamp_max(limit_N)


def paste(canvas_NCHW: Tensor, crop_NCHW: Tensor, boxes: Boxes, blend: float = 1.0) -> Tensor:
    """Paste crops into images, each resized to its box; `blend` is the crop's opacity."""
    height, width = canvas_NCHW.shape[2], canvas_NCHW.shape[3]
    device = canvas_NCHW.device
    y_NH = _place(height, boxes.top_N.to(device), boxes.height_N.to(device))
    x_NW = _place(width, boxes.left_N.to(device), boxes.width_N.to(device))
    grid_NHW2 = torch.stack(
        [x_NW[:, None].expand(-1, height, -1), y_NH[:, :, None].expand(-1, -1, width)], dim=-1
    )
    drawn_NCHW = functional.grid_sample(
        crop_NCHW, grid_NHW2, mode="bilinear", padding_mode="border", align_corners=False
    )
    inside_NHW = (y_NH.abs() < 1)[:, :, None] & (x_NW.abs() < 1)[:, None]
    share_N1HW = blend * inside_NHW[:, None].to(canvas_NCHW.dtype)
    return torch.lerp(canvas_NCHW, drawn_NCHW, share_N1HW)


def _place(length: int, first_N: Tensor, size_N: Tensor) -> Tensor:
    """Return pixel centres of a side relative to a box, (N, length): -1 and 1 are its edges."""
    middle_L = torch.arange(length, device=first_N.device) + 0.5
    return (middle_L - first_N[:, None]) * (2 / size_N[:, None]) - 1


def coverage(boxes: Boxes, canvas: tuple[int, int], stride: int = STRIDE) -> Tensor:
    """Return the share of each cell that a box covers, (N, H / stride, W / stride)."""
    row_NH = _covered(boxes.top_N, boxes.height_N, canvas[0] // stride, stride)
    column_NW = _covered(boxes.left_N, boxes.width_N, canvas[1] // stride, stride)
    return row_NH[:, :, None] * column_NW[:, None]


def _covered(first_N: Tensor, size_N: Tensor, count: int, stride: int) -> Tensor:
    start_L = torch.arange(count, device=first_N.device) * stride
    end_NL = (first_N + size_N)[:, None].minimum(start_L + stride)
    return (end_NL - first_N[:, None].maximum(start_L)).clamp_min(0) / stride


def crowd(
    crop_NCHW: Tensor, persons: int, canvas: tuple[int, int], blend: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Make images of several persons from crops of different persons, with masks.

    Image n shows persons n, n + 1, ... n + persons - 1 in front of a part of another crop, counted
    over the crops of all processes.

    Returns:
        images (N, C, H, W), and the share of each cell (N, H / 16, W / 16) that person n covers.
    """
    pictures, crop = crop_NCHW.shape[0], (crop_NCHW.shape[2], crop_NCHW.shape[3])
    boxes = draw_boxes(pictures, persons, canvas, crop)
    blank_NCHW = crop_NCHW.new_zeros(pictures, crop_NCHW.shape[1], *canvas)
    behind = draw_backdrops(pictures, canvas)
    others_LCHW = following(crop_NCHW, persons)
    canvas_NCHW = paste(blank_NCHW, others_LCHW[persons:], behind)
    for number, box in enumerate(boxes):
        other_NCHW = others_LCHW[number : number + pictures]
        canvas_NCHW = paste(canvas_NCHW, other_NCHW, box, blend)
    return canvas_NCHW, coverage(boxes[0], canvas).to(crop_NCHW.device)


class Search(nn.Module):
    """Decoder, mask branch and loss.

    Args:
        query_width, picture_width: E of the student's and of the expert's middle maps.
        shape: width and depth of the decoder; the mask branch has the same width.
        canvas: height and width of an image, multiples of 16.
        persons: largest number of persons per image; every batch draws 2 to this many.
        blend: opacity of a pasted crop in its box.
        loss: binary cross-entropy of the released code, or the paper's squared error.
    """

    def __init__(
        self,
        query_width: int,
        picture_width: int,
        shape: tuple[int, int] = (256, 2),
        canvas: tuple[int, int] = (256, 256),
        persons: int = 3,
        blend: float = 1.0,
        loss: Literal["bce", "l2"] = "bce",
    ) -> None:
        super().__init__()
        self.canvas, self.persons, self.blend, self.kind = canvas, persons, blend, loss
        width, depth = shape
        self.decoder = PixelDecoder(query_width, picture_width, width, depth)
        self.kernel = nn.Linear(width, width + 1)
        nn.init.xavier_uniform_(self.kernel.weight)
        nn.init.zeros_(self.kernel.bias)
        self.branch = nn.Sequential(
            nn.Conv2d(picture_width, width, 1),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(
        self, query_NEHW: Sequence[Tensor], expert: ImageBackbone, crop_NCHW: Tensor
    ) -> Tensor:
        """Return the loss of query maps, for images made of the persons' crops."""
        with torch.no_grad():
            persons = int(torch.randint(2, self.persons + 1, ()))
            picture_NCHW, share_NHW = crowd(crop_NCHW, persons, self.canvas, self.blend)
            picture_NEHW = expert.features(picture_NCHW).middle_NEHW
        return self.loss(query_NEHW, picture_NEHW, share_NHW)

    def loss(self, query_NEHW: Sequence[Tensor], picture_NEHW: Tensor, share_NHW: Tensor) -> Tensor:
        """Return the mask loss of query maps on the images' map, summed over queries."""
        branch_NDHW = self.branch(picture_NEHW)
        losses = [
            mask_loss(self.find(each, picture_NEHW, branch_NDHW), share_NHW, self.kind)
            for each in query_NEHW
        ]
        return torch.stack(losses).sum()

    def find(self, query_NEHW: Tensor, picture_NEHW: Tensor, branch_NDHW: Tensor) -> Tensor:
        """Return the logits of the cells that show the query person, (N, H, W)."""
        # All query cells are averaged to one kernel, so pooling them to a quarter is enough.
        query_NEHW = functional.avg_pool2d(query_NEHW, 2, ceil_mode=True)
        asked_ND = self.decoder(query_NEHW, picture_NEHW).mean(dim=1)
        kernel_NF: Tensor = self.kernel(asked_ND)
        kernel_ND, bias_N1 = kernel_NF[:, :-1], kernel_NF[:, -1:]
        logit_NHW: Tensor = torch.einsum("nd,ndhw->nhw", kernel_ND, branch_NDHW)
        return logit_NHW * (1 / math.sqrt(self.decoder.width)) + bias_N1[:, :, None]


def mask_loss(logit_NHW: Tensor, share_NHW: Tensor, kind: Literal["bce", "l2"]) -> Tensor:
    """Return the mean over cells of the cross-entropy or squared error to the covered shares."""
    if kind == "l2":
        return (logit_NHW.float().sigmoid() - share_NHW).square().mean()
    return functional.binary_cross_entropy_with_logits(logit_NHW.float(), share_NHW)
