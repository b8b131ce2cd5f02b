"""Transformer parts shared by several records: attention, the pre-norm block, sine positions.

Axes: N samples, S token, D width, H head, E width of a head, K frequency.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets import draws
from edgehuman.nets.drop_path import DropPath


class Attention(nn.Module):
    """Multi-head self-attention, (N, S, D) -> (N, S, D); `mask_SS` is added to the products of
    queries and keys, as in `causal_mask`.

    Attributes:
        scale: of the products of queries and keys while training; None: 1 / sqrt(E).
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.head_dim = width // heads
        self.scale: float | None = None
        self.dropout = dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x_NSD: Tensor, mask_SS: Tensor | None = None) -> Tensor:
        tokens, width = x_NSD.shape[1], x_NSD.shape[2]
        qkv = self.qkv(x_NSD).view(-1, tokens, 3, self.heads, width // self.heads)
        q_NHSE, k_NHSE, v_NHSE = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        dropout = self.dropout if self.training else 0.0
        if dropout and draws.is_split():
            scale = self.scale or 1 / math.sqrt(q_NHSE.shape[-1])
            product_NHSS = q_NHSE @ k_NHSE.transpose(-1, -2) * scale
            product_NHSS = product_NHSS if mask_SS is None else product_NHSS + mask_SS
            share_NHSS = torch.softmax(product_NHSS, dim=-1)
            y = draws.dropout(share_NHSS, dropout) @ v_NHSE
        else:
            y = functional.scaled_dot_product_attention(
                q_NHSE, k_NHSE, v_NHSE, mask_SS, dropout_p=dropout, scale=self.scale
            )
        projected: Tensor = self.project(y.transpose(1, 2).reshape(-1, tokens, width))
        return projected


class Block(nn.Module):
    """Pre-norm transformer block, (N, S, D) -> (N, S, D)."""

    def __init__(
        self,
        width: int,
        mlp_width: int,
        heads: int,
        dropout: float = 0.0,
        drop_path: float = 0.0,
        norm_eps: float = 1e-5,
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width, eps=norm_eps)
        self.attention = Attention(width, heads, dropout)
        self.mlp_norm = nn.LayerNorm(width, eps=norm_eps)
        self.mlp = nn.Sequential(
            nn.Linear(width, mlp_width),
            nn.GELU(),
            draws.Dropout(dropout),
            nn.Linear(mlp_width, width),
        )
        self.drop = nn.Sequential(draws.Dropout(dropout), DropPath(drop_path))

    def forward(self, x_NSD: Tensor, mask_SS: Tensor | None = None) -> Tensor:
        x_NSD = x_NSD + self.drop(self.attention(self.attention_norm(x_NSD), mask_SS))
        mixed: Tensor = x_NSD + self.drop(self.mlp(self.mlp_norm(x_NSD)))
        return mixed


def causal_mask(tokens: int) -> Tensor:
    """Return (S, S), added before the softmax: 0 for a token itself and those before it; for later
    ones a number that leaves nothing of them and that float16 holds.
    """
    return torch.full((tokens, tokens), -1e4).triu(1)


def sine_positions(tokens: int, width: int) -> Tensor:
    """Return fixed sine and cosine position encodings, (S, D)."""
    position_S1 = torch.arange(tokens, dtype=torch.float32)[:, None]
    rate_K = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    code_SD = torch.zeros(tokens, width)
    code_SD[:, 0::2] = torch.sin(position_S1 * rate_K)
    code_SD[:, 1::2] = torch.cos(position_S1 * rate_K)
    return code_SD


def initialise_linear(module: nn.Module) -> None:
    """Initialise with Xavier-uniform weights and zero biases, as in the image MAE."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)
