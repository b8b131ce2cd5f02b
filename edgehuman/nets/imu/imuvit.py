"""Vision transformer for accelerometer and gyroscope windows.

Source: Scaling laws in wearable human activity recognition (arXiv 2502.03364), section 3.2: patches
of 4 samples x 6 channels, width = MLP width / 4, 8 heads, mean pooling, a linear head. Not stated
there and chosen here: pre-norm blocks with biases, GELU, fixed sine positions, a final LayerNorm.
With these the nine sizes count 0.995 M to 63.062 M parameters, the paper's "1M to 63M".

Axes: N samples, T time, C channel, S token (patch), K values of a patch, D width, H head.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.drop_path import DropPath

PATCH = 4
CHANNELS = 6
# The spread of everyday motion: half a g, one rad/s. Fixed, so that every device normalises alike.
ACCEL_SCALE_G = 0.5
GYRO_SCALE_RAD_S = 1.0


class Attention(nn.Module):
    """Multi-head self-attention, (N, S, D) -> (N, S, D)."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.qkv = nn.Linear(width, 3 * width)
        self.project = nn.Linear(width, width)

    def forward(self, x_NSD: Tensor) -> Tensor:
        tokens, width = x_NSD.shape[1], x_NSD.shape[2]
        qkv = self.qkv(x_NSD).view(-1, tokens, 3, self.heads, width // self.heads)
        q_NHSE, k_NHSE, v_NHSE = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        dropout = self.dropout if self.training else 0.0
        y = functional.scaled_dot_product_attention(q_NHSE, k_NHSE, v_NHSE, dropout_p=dropout)
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
            nn.Linear(width, mlp_width), nn.GELU(), nn.Dropout(dropout), nn.Linear(mlp_width, width)
        )
        self.drop = nn.Sequential(nn.Dropout(dropout), DropPath(drop_path))

    def forward(self, x_NSD: Tensor) -> Tensor:
        x_NSD = x_NSD + self.drop(self.attention(self.attention_norm(x_NSD)))
        mixed: Tensor = x_NSD + self.drop(self.mlp(self.mlp_norm(x_NSD)))
        return mixed


def sine_positions(tokens: int, width: int) -> Tensor:
    """Fixed sine and cosine position code, (S, D)."""
    position_S1 = torch.arange(tokens, dtype=torch.float32)[:, None]
    rate_K = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    code_SD = torch.zeros(tokens, width)
    code_SD[:, 0::2] = torch.sin(position_S1 * rate_K)
    code_SD[:, 1::2] = torch.cos(position_S1 * rate_K)
    return code_SD


def initialise_linear(module: nn.Module) -> None:
    """Xavier-uniform weights and zero biases, as in the masked autoencoder for images."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


class ImuVit(nn.Module):
    """Raw windows to logits or to one embedding.

    Args:
        width: token width D.
        depth: number of blocks.
        mlp_width: hidden width of each block's MLP.
        heads: attention heads; must divide `width`.
        num_classes: size of the linear head; None leaves the pooled embedding as the output.
        window: samples in a window, a multiple of 4.
        dropout: in attention and MLP, while training.

    Raises:
        ValueError: `heads` does not divide `width`, or 4 does not divide `window`.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        mlp_width: int,
        heads: int = 8,
        num_classes: int | None = None,
        window: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if width % heads or window % PATCH:
            raise ValueError(
                f"width {width} must be a multiple of heads {heads}, window {window} of {PATCH}"
            )
        self.width = width
        self.tokens = window // PATCH
        scale_C = torch.tensor([ACCEL_SCALE_G] * 3 + [GYRO_SCALE_RAD_S] * 3)
        self.unit_C: Tensor
        self.register_buffer("unit_C", 1.0 / scale_C, persistent=False)
        self.embed = nn.Linear(PATCH * CHANNELS, width)
        self.position_SD: Tensor
        self.register_buffer("position_SD", sine_positions(self.tokens, width), persistent=False)
        self.blocks = nn.ModuleList(Block(width, mlp_width, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes) if num_classes else nn.Identity()
        self.apply(initialise_linear)

    def patches(self, imu_NTC: Tensor) -> Tensor:
        """Windows (N, T, 6) in g and rad/s -> normalised patches (N, S, 24)."""
        return (imu_NTC * self.unit_C).reshape(-1, self.tokens, PATCH * CHANNELS)

    def embed_patches(self, patch_NSK: Tensor) -> Tensor:
        """Patches (N, S, 24) -> tokens with their positions (N, S, D)."""
        token_NSD: Tensor = self.embed(patch_NSK) + self.position_SD
        return token_NSD

    def encode(self, token_NSD: Tensor) -> Tensor:
        """Any subset of the tokens (N, S', D) -> encoded tokens (N, S', D)."""
        for block in self.blocks:
            token_NSD = block(token_NSD)
        encoded: Tensor = self.norm(token_NSD)
        return encoded

    def features(self, imu_NTC: Tensor) -> Tensor:
        """Windows (N, T, 6) -> mean-pooled embedding (N, D)."""
        return self.encode(self.embed_patches(self.patches(imu_NTC))).mean(dim=1)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        output: Tensor = self.head(self.features(imu_NTC))
        return output
