"""The pixel-level decoder of SAIP: the cells of one map attend to the cells of another.

Source: SAIP (arXiv 2503.08201), section 3.1 (3): blocks of self-attention, cross-attention and
feed-forward layer. The paper gives no sizes; those of the released code are wide, and here they are
below the student's. Positions are relative to the image, so that they are the same for a person at
every scale.

Axes: N images, Q query cells, K key cells, D width, E width of a map, A head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.attention import Attention, initialise_linear, sine_positions

HEAD_WIDTH = 32
# Number of relative positions from one side of the image to the other.
STEPS = 64


class CrossAttention(nn.Module):
    """Multi-head attention from (N, Q, D) to (N, K, D)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, width)
        self.answer = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)

    def forward(self, query_NQD: Tensor, key_NKD: Tensor) -> Tensor:
        images, asking, width = query_NQD.shape
        q_NAQE = self.ask(query_NQD).view(images, asking, self.heads, -1).transpose(1, 2)
        answer = self.answer(key_NKD).view(images, key_NKD.shape[1], 2, self.heads, -1)
        k_NAKE, v_NAKE = answer.permute(2, 0, 3, 1, 4).unbind(0)
        y_NAQE = functional.scaled_dot_product_attention(q_NAQE, k_NAKE, v_NAKE)
        projected: Tensor = self.project(y_NAQE.transpose(1, 2).reshape(images, asking, width))
        return projected


class DecoderBlock(nn.Module):
    """Self-attention, cross-attention and feed-forward layer, all pre-norm."""

    def __init__(self, width: int, heads: int, ratio: int) -> None:
        super().__init__()
        self.own_norm, self.cross_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.own = Attention(width, heads, dropout=0.0)
        self.cross = CrossAttention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width)
        )

    def forward(self, query_NQD: Tensor, key_NKD: Tensor) -> Tensor:
        query_NQD = query_NQD + self.own(self.own_norm(query_NQD))
        query_NQD = query_NQD + self.cross(self.cross_norm(query_NQD), key_NKD)
        mixed: Tensor = query_NQD + self.mlp(self.mlp_norm(query_NQD))
        return mixed


class PixelDecoder(nn.Module):
    """Decode a query map and a key map (N, E, H, W) to one token per query cell.

    Args:
        query_width, key_width: E of the two maps.
        width: D, a multiple of 32.
        depth: blocks.
        ratio: width of a block's feed-forward layer, in widths.
    """

    def __init__(
        self, query_width: int, key_width: int, width: int, depth: int, ratio: int = 2
    ) -> None:
        super().__init__()
        self.width = width
        self.query_in = nn.Linear(query_width, width)
        self.key_in = nn.Linear(key_width, width)
        self.key_norm = nn.LayerNorm(width)
        heads = width // HEAD_WIDTH
        self.blocks = nn.ModuleList(DecoderBlock(width, heads, ratio) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.code_SD: Tensor
        self.register_buffer("code_SD", sine_positions(STEPS, width // 2), persistent=False)
        self.apply(initialise_linear)

    def forward(self, query_NEHW: Tensor, key_NEHW: Tensor) -> Tensor:
        """Return normalised tokens (N, Q, D) of the query map's cells, in row order."""
        query_NQD = self.query_in(cells(query_NEHW)) + self._positions(query_NEHW)
        key_NKD = self.key_norm(self.key_in(cells(key_NEHW)) + self._positions(key_NEHW))
        for block in self.blocks:
            query_NQD = block(query_NQD, key_NKD)
        decoded: Tensor = self.norm(query_NQD)
        return decoded

    def _positions(self, map_NEHW: Tensor) -> Tensor:
        """Return position codes (Q, D) of cells: half the width for rows, half for columns."""
        rows, columns = map_NEHW.shape[2], map_NEHW.shape[3]
        row_HD = self.code_SD[relative_steps(rows, map_NEHW.device)]
        column_WD = self.code_SD[relative_steps(columns, map_NEHW.device)]
        both = [row_HD[:, None].expand(-1, columns, -1), column_WD[None].expand(rows, -1, -1)]
        return torch.cat(both, dim=-1).flatten(0, 1)


def relative_steps(count: int, device: torch.device) -> Tensor:
    """Return the relative positions of the centres of `count` cells across the image."""
    return (
        ((torch.arange(count, device=device) + 0.5) * (STEPS / count)).long().clamp_max(STEPS - 1)
    )


def cells(map_NEHW: Tensor) -> Tensor:
    """Flatten a map (N, E, H, W) to its cells (N, H x W, E)."""
    return map_NEHW.flatten(2).transpose(1, 2)
