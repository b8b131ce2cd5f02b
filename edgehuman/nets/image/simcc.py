"""SimCC head: every joint as a class along x, a class along y, and whether it is there at all.

Source: Li et al., "SimCC: a simple coordinate classification perspective for human pose
estimation", arXiv 2107.03332, with two classes for each pixel. Different here: the map of a joint
is summed up along each axis (log-sum-exp) before it is spread to the classes, where the paper
flattens it. So a joint looks the same wherever it is, and a few thousand people are enough. The
presence is new.

Axes: N images, J joints, H and W of the map, D channels, X = 2W + 2H + 1 of the input's W and H.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from edgehuman.metrics.person_answers import BINS_PER_PIXEL
from edgehuman.nets.image.pyramid_head import MAP_STRIDE, PyramidHead

SIMCC_WIDTH = 64
_FRESH_GAIN = 4.0


class SimccHead(nn.Module):
    """Logits of the columns, of the rows and of the presence of each joint, (N, J, X).

    Args:
        tap_widths, tap_strides: of the maps, finest first.
        joints: J.
        size: height and width of the network's input, multiples of 4.
    """

    def __init__(
        self,
        tap_widths: Sequence[int],
        tap_strides: Sequence[int],
        joints: int,
        size: tuple[int, int],
    ) -> None:
        super().__init__()
        height, width = size
        self.maps = PyramidHead(tap_widths, tap_strides, joints, SIMCC_WIDTH, loud=False)
        self.columns = _spread(width)
        self.rows = _spread(height)
        self.presence = nn.Linear(tap_widths[-1], joints)
        self.peak_J = nn.Parameter(torch.full((joints,), 0.5))
        nn.init.normal_(self.presence.weight, std=0.01)
        nn.init.zeros_(cast(Tensor, self.presence.bias))

    def forward(self, taps: Sequence[Tensor]) -> Tensor:
        map_NJHW = self.maps(taps).float()
        column_NJW, row_NJH = map_NJHW.logsumexp(dim=2), map_NJHW.logsumexp(dim=3)
        pooled_ND = taps[-1].mean(dim=(2, 3))
        there_NJ = self.presence(pooled_ND) + self.peak_J * map_NJHW.amax(dim=(2, 3))
        logits = (self.columns(column_NJW), self.rows(row_NJH), there_NJ[..., None])
        return torch.cat(logits, dim=2)


def _spread(pixels: int) -> nn.Linear:
    """From the cells along one side of a map to the classes: at first plain interpolation."""
    cells, bins = pixels // MAP_STRIDE, BINS_PER_PIXEL * pixels
    place_B = (torch.arange(bins) + 0.5) * cells / bins - 0.5
    near_BC = (1 - (place_B[:, None].clamp(0, cells - 1) - torch.arange(cells)).abs()).clamp(min=0)
    linear = nn.Linear(cells, bins)
    with torch.no_grad():
        linear.weight.copy_(_FRESH_GAIN * near_BC)
        cast(Tensor, linear.bias).zero_()
    return linear
