"""The video denoiser: a 3-D U-Net over latent videos, factorised over space and time.

Source: Ho et al., "Video Diffusion Models" (NeurIPS 2022), in the form of the public Unet3D with
GroupNorm; 3,654,228, 11,573,908 and 40,211,220 parameters at dim 32, 64 and 128 with a condition of
256 values (the diffusion paper's 3.7, 11.6 and 40.2 M). Layers over space are two-dimensional and
see each frame alone; attention over time sees each position alone. Left out: text conditions and
frames that attend to themselves only, which the paper does not use.

Axes: N sequences, C channels, T frames, H height, W width, D width of time and condition, Q heads,
K dimensions of a head, S positions or frames that attend to each other, L lines (all other axes).
"""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor, nn
from torch.nn import functional

HEADS = 8
HEAD_DIM = 32
GROUPS = 32
BUCKETS = 32
LONGEST = 32
"""Frame distance from which all fall into the last bucket of the relative bias."""
MULTIPLIERS = (1, 2, 4)
KERNEL = 5
"""Of the first convolution; the diffusion paper's Table 6."""


def sinusoid(time_N: Tensor, dim: int) -> Tensor:
    """Return sines, then cosines (N, dim) of the times at frequencies from 1 to 1 / 10,000."""
    half = dim // 2
    index_D = torch.arange(half, device=time_N.device, dtype=time_N.dtype)
    angle_ND = time_N[:, None] * torch.exp(-math.log(10_000) / (half - 1) * index_D)
    return torch.cat([angle_ND.sin(), angle_ND.cos()], dim=1)


def buckets(frames: int) -> Tensor:
    """Return the bucket (T, T) of each query and key frame: T5's, bidirectional."""
    place_T = torch.arange(frames)
    back_TT = place_T[:, None] - place_T[None]
    half = BUCKETS // 2
    exact = half // 2
    away_TT = back_TT.abs()
    growth = (half - exact) / math.log(LONGEST / exact)
    far_TT = exact + (torch.log(away_TT.clamp(min=1) / exact) * growth).long()
    near_TT = torch.where(away_TT < exact, away_TT, far_TT.clamp(max=half - 1))
    return near_TT + half * (back_TT < 0)


def rotated(x_LQSK: Tensor, cosine_SK: Tensor, sine_SK: Tensor) -> Tensor:
    """Rotate neighbouring pairs of a head's dimensions by angles that grow with the frame."""
    even_LQSK, odd_LQSK = x_LQSK[..., ::2], x_LQSK[..., 1::2]
    turned = (
        even_LQSK * cosine_SK - odd_LQSK * sine_SK,
        odd_LQSK * cosine_SK + even_LQSK * sine_SK,
    )
    return torch.stack(turned, dim=-1).flatten(-2)


def split_heads(x_LSC: Tensor) -> tuple[Tensor, ...]:
    """Return queries, keys and values, (L, Q, S, K) each."""
    split_LS3QK = x_LSC.view(*x_LSC.shape[:2], 3, HEADS, HEAD_DIM)
    q_LQSK, k_LQSK, v_LQSK = split_LS3QK.permute(2, 0, 3, 1, 4)
    return q_LQSK, k_LQSK, v_LQSK


class Times:
    """What attention over time needs of the frames: rotation and relative bias."""

    def __init__(self, frequency_K: Tensor, bias_BQ: Tensor, frames: int) -> None:
        place_S = torch.arange(frames, device=frequency_K.device, dtype=frequency_K.dtype)
        angle_SK = place_S[:, None] * frequency_K
        self.cosine_SK, self.sine_SK = angle_SK.cos(), angle_SK.sin()
        self.bias_QSS = bias_BQ[buckets(frames).to(bias_BQ.device)].permute(2, 0, 1)


class Attention(nn.Module):
    """Softmax attention without biases, over frames (with `times`) or positions."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * HEADS * HEAD_DIM, bias=False)
        self.out = nn.Linear(HEADS * HEAD_DIM, dim, bias=False)

    def forward(self, x_LSC: Tensor, times: Times | None = None) -> Tensor:
        q_LQSK, k_LQSK, v_LQSK = split_heads(self.qkv(x_LSC))
        bias_QSS = None
        if times is not None:
            turn = (times.cosine_SK.to(q_LQSK.dtype), times.sine_SK.to(q_LQSK.dtype))
            q_LQSK, k_LQSK = rotated(q_LQSK, *turn), rotated(k_LQSK, *turn)
            bias_QSS = times.bias_QSS
        logit_LQSS = (q_LQSK * HEAD_DIM**-0.5) @ k_LQSK.transpose(-1, -2)
        if bias_QSS is not None:
            logit_LQSS = logit_LQSS + bias_QSS.to(logit_LQSS.dtype)
        mixed_LSC = (logit_LQSS.softmax(dim=-1) @ v_LQSK).transpose(1, 2).flatten(2)
        out_LSC: Tensor = self.out(mixed_LSC)
        return out_LSC


class LinearAttention(nn.Module):
    """Attention over positions whose cost grows linearly with them.

    The queries are scaled after their softmax, as in the source.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * HEADS * HEAD_DIM, bias=False)
        self.out = nn.Linear(HEADS * HEAD_DIM, dim)

    def forward(self, x_LSC: Tensor) -> Tensor:
        q_LQSK, k_LQSK, v_LQSK = split_heads(self.qkv(x_LSC))
        q_LQSK = q_LQSK.softmax(dim=-1) * HEAD_DIM**-0.5
        context_LQKK = k_LQSK.softmax(dim=2).transpose(-1, -2) @ v_LQSK
        out_LSC: Tensor = self.out((q_LQSK @ context_LQKK).transpose(1, 2).flatten(2))
        return out_LSC


class Residual(nn.Module):
    """Attention after a norm over channels (gain, no bias), added to its input."""

    def __init__(self, dim: int, attention: nn.Module) -> None:
        super().__init__()
        self.attention = attention
        self.gain_C = nn.Parameter(torch.ones(dim))

    def _normed(self, x_NTHWC: Tensor) -> Tensor:
        return functional.layer_norm(x_NTHWC, self.gain_C.shape, self.gain_C, None, 1e-5)


class OverSpace(Residual):
    """Attention among the positions of each frame."""

    def forward(self, x_NCTHW: Tensor) -> Tensor:
        x_NTHWC = x_NCTHW.permute(0, 2, 3, 4, 1)
        mixed_LSC: Tensor = self.attention(self._normed(x_NTHWC).flatten(2, 3).flatten(0, 1))
        return x_NCTHW + mixed_LSC.view(x_NTHWC.shape).permute(0, 4, 1, 2, 3)


class OverTime(Residual):
    """Attention among the frames of each position."""

    def forward(self, x_NCTHW: Tensor, times: Times) -> Tensor:
        n, c, t, h, w = x_NCTHW.shape
        normed_NTSC = self._normed(x_NCTHW.permute(0, 2, 3, 4, 1)).flatten(2, 3)
        normed_LTC = normed_NTSC.transpose(1, 2).reshape(n * h * w, t, c)
        mixed_LTC: Tensor = self.attention(normed_LTC, times)
        mixed_NTSC = mixed_LTC.view(n, h * w, t, c).transpose(1, 2)
        return x_NCTHW + mixed_NTSC.reshape(n, t, h, w, c).permute(0, 4, 1, 2, 3)


class ResBlock(nn.Module):
    """Two convolutions in space; the condition scales and shifts the channels between them."""

    def __init__(self, dim_in: int, dim_out: int, condition_dim: int = 0) -> None:
        super().__init__()
        groups = min(GROUPS, dim_out)
        self.scale_shift = nn.Linear(condition_dim, 2 * dim_out) if condition_dim else None
        self.conv1 = nn.Conv3d(dim_in, dim_out, (1, 3, 3), padding=(0, 1, 1))
        self.norm1 = nn.GroupNorm(groups, dim_out)
        self.conv2 = nn.Conv3d(dim_out, dim_out, (1, 3, 3), padding=(0, 1, 1))
        self.norm2 = nn.GroupNorm(groups, dim_out)
        self.shortcut = nn.Conv3d(dim_in, dim_out, 1) if dim_in != dim_out else nn.Identity()

    def forward(self, x_NCTHW: Tensor, condition_ND: Tensor | None = None) -> Tensor:
        """Return the block's output; `condition_ND` is given after its SiLU."""
        h_NCTHW = self.norm1(self.conv1(x_NCTHW))
        if self.scale_shift is not None:
            scale_NC, shift_NC = self.scale_shift(condition_ND).chunk(2, dim=1)
            h_NCTHW = h_NCTHW * (scale_NC + 1)[..., None, None, None]
            h_NCTHW = h_NCTHW + shift_NC[..., None, None, None]
        h_NCTHW = functional.silu(h_NCTHW)
        h_NCTHW = functional.silu(self.norm2(self.conv2(h_NCTHW)))
        out_NCTHW: Tensor = h_NCTHW + self.shortcut(x_NCTHW)
        return out_NCTHW


class Level(nn.Module):
    """One resolution: two blocks, attention over space and time, then another resolution."""

    def __init__(self, dim_in: int, dim_out: int, condition_dim: int, resize: nn.Module) -> None:
        super().__init__()
        self.block1 = ResBlock(dim_in, dim_out, condition_dim)
        self.block2 = ResBlock(dim_out, dim_out, condition_dim)
        self.space = OverSpace(dim_out, LinearAttention(dim_out))
        self.time = OverTime(dim_out, Attention(dim_out))
        self.resize = resize

    def forward(self, x_NCTHW: Tensor, condition_ND: Tensor, times: Times) -> Tensor:
        """Return the level's features, before they are resized."""
        x_NCTHW = self.block2(self.block1(x_NCTHW, condition_ND), condition_ND)
        features_NCTHW: Tensor = self.time(self.space(x_NCTHW), times)
        return features_NCTHW


def _halve(dim: int) -> nn.Module:
    return nn.Conv3d(dim, dim, (1, 4, 4), (1, 2, 2), (0, 1, 1))


def _double(dim: int) -> nn.Module:
    return nn.ConvTranspose3d(dim, dim, (1, 4, 4), (1, 2, 2), (0, 1, 1))


class VideoUnet(nn.Module):
    """Predicts the noise of a latent video from its time step and a condition.

    Args:
        dim: channels of the first level; the others have 2 and 4 times as many.
        condition_width: values of the condition.
        channels: of the latent video.
    """

    def __init__(self, dim: int = 64, condition_width: int = 256, channels: int = 4) -> None:
        super().__init__()
        self.dim = dim
        widths = [dim, *(dim * each for each in MULTIPLIERS)]
        pairs = list(itertools.pairwise(widths))
        given = 4 * dim + condition_width
        self.null_1D = nn.Parameter(torch.randn(1, condition_width))
        """Takes the place of the condition where it is dropped."""
        self.relative_bias_BQ = nn.Parameter(torch.randn(BUCKETS, HEADS))
        frequency_K = 10_000.0 ** -(torch.arange(HEAD_DIM // 2, dtype=torch.float64) * 2 / HEAD_DIM)
        # The source counts these 16 numbers as parameters, though they are not trained.
        self.frequency_K = nn.Parameter(frequency_K.float(), requires_grad=False)
        self.first = nn.Conv3d(channels, dim, (1, KERNEL, KERNEL), padding=(0, 2, 2))
        self.first_time = OverTime(dim, Attention(dim))
        self.embed_time = nn.Sequential(
            nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, 4 * dim)
        )
        last = len(pairs) - 1
        self.downs = nn.ModuleList(
            Level(low, high, given, _halve(high) if i < last else nn.Identity())
            for i, (low, high) in enumerate(pairs)
        )
        self.ups = nn.ModuleList(
            Level(2 * high, low, given, _double(low) if i < last else nn.Identity())
            for i, (low, high) in enumerate(reversed(pairs))
        )
        top = widths[-1]
        self.middle1 = ResBlock(top, top, given)
        self.middle_space = OverSpace(top, Attention(top))
        self.middle_time = OverTime(top, Attention(top))
        self.middle2 = ResBlock(top, top, given)
        self.final = ResBlock(2 * dim, dim)
        self.predict = nn.Conv3d(dim, channels, 1)

    def forward(
        self, noisy_NCTHW: Tensor, time_N: Tensor, condition_ND: Tensor, dropped_N: Tensor
    ) -> Tensor:
        """Return the predicted noise (N, C, T, H, W).

        Args:
            time_N: time steps as floats, 1..1000.
            condition_ND: the pooled gait features.
            dropped_N: where the learned null vector replaces the condition.
        """
        given_ND = self._given(time_N, condition_ND, dropped_N)
        times = Times(self.frequency_K, self.relative_bias_BQ, noisy_NCTHW.shape[2])
        x_NCTHW = noisy_NCTHW.contiguous(memory_format=torch.channels_last_3d)
        x_NCTHW = self.first_time(self.first(x_NCTHW), times)
        beginning_NCTHW, skips = x_NCTHW, []
        for level in self.downs:
            x_NCTHW = level(x_NCTHW, given_ND, times)
            skips.append(x_NCTHW)
            x_NCTHW = level.resize(x_NCTHW)  # type: ignore[operator]
        x_NCTHW = self.middle_space(self.middle1(x_NCTHW, given_ND))
        x_NCTHW = self.middle2(self.middle_time(x_NCTHW, times), given_ND)
        for level in self.ups:
            x_NCTHW = level(torch.cat([x_NCTHW, skips.pop()], dim=1), given_ND, times)
            x_NCTHW = level.resize(x_NCTHW)  # type: ignore[operator]
        x_NCTHW = self.final(torch.cat([x_NCTHW, beginning_NCTHW], dim=1))
        noise_NCTHW: Tensor = self.predict(x_NCTHW)
        return noise_NCTHW

    def _given(self, time_N: Tensor, condition_ND: Tensor, dropped_N: Tensor) -> Tensor:
        """Return the time's embedding, then the condition or null, after their SiLU."""
        embedded_ND = self.embed_time(sinusoid(time_N, self.dim))
        condition_ND = torch.where(dropped_N[:, None], self.null_1D, condition_ND)
        return functional.silu(torch.cat([embedded_ND, condition_ND.to(embedded_ND.dtype)], dim=1))
