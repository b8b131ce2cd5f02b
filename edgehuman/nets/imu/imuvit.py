"""Vision transformer for accelerometer and gyroscope windows.

Source: Scaling laws in wearable human activity recognition (arXiv 2502.03364), section 3.2: patches
of 4 samples x 6 channels, width = MLP width / 4, 8 heads, mean pooling, a linear head. Not stated
there and chosen here: pre-norm blocks with biases, GELU, fixed sine positions, a final LayerNorm,
and a patch that also holds the fine view of its samples (`fine.py`).
The nine sizes then have 0.998 M to 63.074 M parameters, the paper's "1M to 63M".

Axes: N samples, T time, C channel, S token (patch), K values of a patch, D width.
"""

from __future__ import annotations

from torch import Tensor, nn

from edgehuman.nets.attention import Block, initialise_linear, sine_positions
from edgehuman.nets.imu.fine import both_views, units

PATCH = 4
PATCH_VALUES = PATCH * 2 * 6  # six channels and their fine views


class ImuVit(nn.Module):
    """Map raw windows to logits or to one embedding.

    Args:
        width: token width D.
        depth: number of blocks.
        mlp_width: hidden width of each block's MLP.
        heads: attention heads; must divide `width`.
        num_classes: size of the linear head; None: output the pooled embedding.
        window: samples in a window, a multiple of 4.
        dropout: in attention and MLP, while training.

    Raises:
        ValueError: `heads` does not divide `width`, or `window` is not a multiple of 4.
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
        unit_C, tremor_C = units()
        self.unit_C: Tensor
        self.register_buffer("unit_C", unit_C, persistent=False)
        self.tremor_C: Tensor
        self.register_buffer("tremor_C", tremor_C, persistent=False)
        self.embed = nn.Linear(PATCH_VALUES, width)
        self.position_SD: Tensor
        self.register_buffer("position_SD", sine_positions(self.tokens, width), persistent=False)
        self.blocks = nn.ModuleList(Block(width, mlp_width, heads, dropout) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes) if num_classes else nn.Identity()
        self.apply(initialise_linear)

    def patches(self, imu_NTC: Tensor) -> Tensor:
        """Return the patches (N, S, 48) of windows (N, T, 6) in g and rad/s."""
        views_NTC = both_views(imu_NTC, self.unit_C, self.tremor_C)
        return views_NTC.reshape(-1, self.tokens, PATCH_VALUES)

    def embed_patches(self, patch_NSK: Tensor) -> Tensor:
        """Embed patches (N, S, 48) as tokens with positions (N, S, D)."""
        token_NSD: Tensor = self.embed(patch_NSK) + self.position_SD
        return token_NSD

    def encode(self, token_NSD: Tensor) -> Tensor:
        """Encode any subset of the tokens (N, S', D)."""
        for block in self.blocks:
            token_NSD = block(token_NSD)
        encoded: Tensor = self.norm(token_NSD)
        return encoded

    def features(self, imu_NTC: Tensor) -> Tensor:
        """Return the mean-pooled embedding (N, D) of windows (N, T, 6)."""
        return self.encode(self.embed_patches(self.patches(imu_NTC))).mean(dim=1)

    def forward_features(self, imu_NTC: Tensor) -> Tensor:
        """Return the embedding (N, width) of raw windows (N, T, 6), before the head."""
        return self.features(imu_NTC)

    def forward(self, imu_NTC: Tensor) -> Tensor:
        output: Tensor = self.head(self.features(imu_NTC))
        return output
