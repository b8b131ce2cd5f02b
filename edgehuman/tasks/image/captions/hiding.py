"""Hide words of sentences, and guess them from the picture: IRRA's implicit relation reasoning.

    ids_S, target_S = hide(ids_S, size, rng)                   before training sees a sentence
    logits_NSV = MaskedWords(...)(tokens_NSD, map_NEHW)        while training; never exported

Axes: N samples, S tokens, D width of the text, E width of the picture's map, H height, W width of
it, P its cells, V vocabulary.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.attention import Block
from edgehuman.preprocess.image.bpe import FIRST_BYTE, HIDDEN, PAD

SHARE, HIDDEN_SHARE, OTHER_SHARE = 0.15, 0.8, 0.1
"""Of the tokens that are to be guessed; of these, the shares that become `HIDDEN` and that become
any other token; the rest stays."""
_HEADS = 8


def hide(
    ids_S: NDArray[np.int32], size: int, rng: np.random.Generator
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Return a sentence with words hidden, and what they were: `PAD` elsewhere. At least one is, if
    it has any word.

    Args:
        ids_S: start, tokens, end, padding.
        size: of the vocabulary; its last id is the end.
    """
    is_word_S = (ids_S >= FIRST_BYTE) & (ids_S < size - 1)
    chosen_S = is_word_S & (rng.random(len(ids_S)) < SHARE)
    if is_word_S.any() and not chosen_S.any():
        chosen_S[rng.choice(np.flatnonzero(is_word_S))] = True
    fate_S = rng.random(len(ids_S))
    others_S = rng.integers(FIRST_BYTE, size - 1, len(ids_S))
    shown_S = np.where(chosen_S & (fate_S < HIDDEN_SHARE), HIDDEN, ids_S)
    is_other_S = chosen_S & (fate_S >= HIDDEN_SHARE) & (fate_S < HIDDEN_SHARE + OTHER_SHARE)
    shown_S = np.where(is_other_S, others_S, shown_S)
    return shown_S.astype(np.int32), np.where(chosen_S, ids_S, PAD).astype(np.int32)


class CrossAttention(nn.Module):
    """Attention of tokens (N, S, D) to the cells of a map (N, P, D), normalised on both sides."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.asks_norm, self.cells_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.asks = nn.Linear(width, width)
        self.cells = nn.Linear(width, 2 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x_NSD: Tensor, cell_NPD: Tensor) -> Tensor:
        def parted(y_NTD: Tensor) -> Tensor:
            return y_NTD.view(*y_NTD.shape[:2], self.heads, -1).transpose(1, 2)

        key_NPD, value_NPD = self.cells(self.cells_norm(cell_NPD)).chunk(2, dim=2)
        y = functional.scaled_dot_product_attention(
            parted(self.asks(self.asks_norm(x_NSD))), parted(key_NPD), parted(value_NPD)
        )
        mixed: Tensor = self.project(y.transpose(1, 2).flatten(2))
        return mixed


class QuickGelu(nn.Module):
    """x times sigmoid(1.702 x)."""

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class MaskedWords(nn.Module):
    """Guess hidden words: the sentence's tokens look at the picture's cells, then at each other.

    Args:
        cells: E. width: D. size: V. depth: transformer layers after the cross attention.
    """

    def __init__(self, cells: int, width: int, size: int, depth: int) -> None:
        super().__init__()
        heads = _HEADS if width % _HEADS == 0 else 1
        self.cells = nn.Linear(cells, width)
        self.cross = CrossAttention(width, heads)
        self.blocks = nn.Sequential(*(Block(width, 4 * width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.guess = nn.Sequential(
            nn.Linear(width, width), QuickGelu(), nn.LayerNorm(width), nn.Linear(width, size)
        )

    def forward(self, tokens_NSD: Tensor, map_NEHW: Tensor) -> Tensor:
        cell_NPD = self.cells(map_NEHW.flatten(2).transpose(1, 2))
        logits_NSV: Tensor = self.guess(self.norm(self.blocks(self.cross(tokens_NSD, cell_NPD))))
        return logits_NSV
