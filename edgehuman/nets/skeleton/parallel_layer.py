"""The transformer layer of GaitPTv2 and GaitFormer: attention and MLP in parallel.

Source: On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition (arXiv
2504.07598), "Transformer Architectures for Gait Processing": parallel layers, no bias in the
projections of attention, RMSNorm, SwiGLU, rotary positions. Not stated there, inferred from its
table of sizes: one norm for both branches, an MLP of four widths, RMSNorm of queries and keys over
each head, biases in the MLP only. A layer of width D then has 16 D^2 + 10 D + 2 E parameters.

Axes: B sequences, S tokens, D width, H heads, E channels of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

NORM_EPS = 1e-6
# The slowest pair rotates by about a radian in this many tokens.
ROTARY_BASE = 10_000.0
MLP_WIDTHS = 4


class RmsNorm(nn.Module):
    """Divide vectors (..., D) by their root mean square and multiply by a learned gain."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x / torch.sqrt(x.pow(2).mean(dim=-1, keepdim=True) + NORM_EPS) * self.gain


class Rotary(nn.Module):
    """Rotary positions as two tables (S, E), for any number of tokens: the factors of a head's
    channels, and of their partners in the other half.

    Source: RoFormer (Su et al. 2024). Channel e of the first half of a head rotates with channel e
    of the second half by token x base^(-2e/E). No parameters.

    Raises:
        ValueError: `head_dim` is odd.
    """

    def __init__(self, head_dim: int) -> None:
        super().__init__()
        if head_dim % 2:
            raise ValueError(f"head_dim is {head_dim}; it must be even for rotary positions")
        exponent_K = torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim
        rate_K = ROTARY_BASE**-exponent_K
        self.rate_E: Tensor
        self.register_buffer("rate_E", torch.cat([-rate_K, rate_K]), persistent=False)

    def forward(self, tokens: int) -> tuple[Tensor, Tensor]:
        token_S = torch.arange(tokens, device=self.rate_E.device, dtype=torch.float32)
        angle_SE = token_S[:, None] * self.rate_E
        return angle_SE.cos(), angle_SE.sin()


class TurnedHeads(nn.Module):
    """Apply per-head RMSNorm, rotary positions and scale to queries and keys (2, B, H, S, E).

    Source: the norm as in ViT-22B (Dehghani et al. 2023), which keeps the logits from growing. The
    gains and the scale are multiplied into the small rotary tables, so the tokens are read once.

    Args:
        head_dim: E.
        scale: of the products of queries and keys; each is multiplied by its square root.
    """

    def __init__(self, head_dim: int, scale: float) -> None:
        super().__init__()
        self.root_scale = scale**0.5
        self.gain = nn.Parameter(torch.ones(2 * head_dim))

    def forward(self, qk_2BHSE: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        own_SE, partner_SE = turn
        gain_22K = (self.gain * self.root_scale).view(2, 2, -1)
        gain = gain_22K.view(2, 1, 1, 1, -1)
        partner_gain = gain_22K.flip(1).view(2, 1, 1, 1, -1)
        mean_square = (qk_2BHSE * qk_2BHSE).mean(dim=-1, keepdim=True)
        unit_2BHSE = qk_2BHSE * torch.rsqrt(mean_square + NORM_EPS)
        first, second = unit_2BHSE.chunk(2, dim=-1)
        swapped_2BHSE = torch.cat([second, first], dim=-1)
        turned: Tensor = unit_2BHSE * (own_SE * gain) + swapped_2BHSE * (partner_SE * partner_gain)
        return turned


class ParallelLayer(nn.Module):
    """Add attention and SwiGLU MLP of the normalised input to the input, (B, S, D) -> (B, S, D).

    Args:
        width: D.
        heads: of attention; must divide `width`.
        attention_scale: factor of the products of queries and keys; 1/sqrt(E) by default.

    Raises:
        ValueError: `heads` does not divide `width`.
    """

    def __init__(self, width: int, heads: int, attention_scale: float | None = None) -> None:
        super().__init__()
        if width % heads:
            raise ValueError(f"width {width} must be a multiple of heads {heads}")
        self.heads = heads
        self.head_dim = width // heads
        self.attention_scale = (
            self.head_dim**-0.5 if attention_scale is None else float(attention_scale)
        )
        hidden = MLP_WIDTHS * width
        self.norm = RmsNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.turned = TurnedHeads(self.head_dim, self.attention_scale)
        self.attention_out = nn.Linear(width, width, bias=False)
        self.mlp_in = nn.Linear(width, 2 * hidden)
        self.mlp_out = nn.Linear(hidden, width)

    def attend(self, x_BSD: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        """Return the attention of normalised tokens."""
        tokens, width = x_BSD.shape[1], x_BSD.shape[2]
        qkv = self.qkv(x_BSD).view(-1, tokens, 3, self.heads, self.head_dim)
        qkv_3BHSE = qkv.permute(2, 0, 3, 1, 4)
        qk_2BHSE = self.turned(qkv_3BHSE[:2], turn)
        y_BHSE = functional.scaled_dot_product_attention(
            qk_2BHSE[0], qk_2BHSE[1], qkv_3BHSE[2], scale=1.0
        )
        attended: Tensor = self.attention_out(y_BHSE.transpose(1, 2).reshape(-1, tokens, width))
        return attended

    def forward(self, x_BSD: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
        normal_BSD = self.norm(x_BSD)
        gate, value = self.mlp_in(normal_BSD).chunk(2, dim=-1)
        mixed: Tensor = self.mlp_out(functional.silu(gate) * value)
        return x_BSD + self.attend(normal_BSD, turn) + mixed


def initialise(module: nn.Module) -> None:
    """Draw weights with variance 1 / inputs, to keep the activations' scale; set biases to 0."""
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=module.in_features**-0.5)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def projection_head(width: int) -> nn.Sequential:
    """Build the contrastive projection head (SimCLR, arXiv 2002.05709): E -> E/2 -> E/4."""
    return nn.Sequential(nn.Linear(width, width // 2), nn.GELU(), nn.Linear(width // 2, width // 4))
