"""GaitPart: strips of each frame seen alone, then a short temporal pattern of each part.

Source: GaitPart: Temporal Part-based Model for Gait Recognition (CVPR 2020), with the layers and
widths of OpenGait's configurations for CASIA-B and Gait3D, and for GREW and OUMVLP.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.nets.silhouette.parts import SLOPE, PartFc, initialise, plain


class Pattern(nn.Module):
    """One branch of the micro-motion capture: a window of frames, gated by what happens in it.

    The window's mean and maximum are added and multiplied by a gate, two convolutions over time.
    Each part has weights of its own: its channels are a group of one convolution of all parts.

    Args:
        parts, channels: P and C.
        window: frames of the mean and the maximum: 3 or 5.
        last: kernel of the gate's second convolution.
    """

    def __init__(self, parts: int, channels: int, window: int, last: int) -> None:
        super().__init__()
        wide, narrow = parts * channels, parts * channels // 4
        self.squeeze = nn.Conv1d(wide, narrow, 3, padding=1, groups=parts, bias=False)
        self.excite = nn.Conv1d(narrow, wide, last, padding=last // 2, groups=parts, bias=False)
        self.window = window

    def forward(self, x_NXT: Tensor, mask_N1T: Tensor | None) -> Tensor:
        """Gated windows (N, P x C, T); frames outside the mask are zero where convolutions see
        them, and unseen by the maximum, as what stands before and behind a sequence is.
        """
        seen_NXT = x_NXT
        if mask_N1T is not None:
            x_NXT = x_NXT.masked_fill(~mask_N1T, 0)
            seen_NXT = x_NXT.masked_fill(~mask_N1T, -torch.inf)
        hidden_NXT = functional.leaky_relu(self.squeeze(x_NXT), SLOPE)
        if mask_N1T is not None:
            hidden_NXT = hidden_NXT.masked_fill(~mask_N1T, 0)
        # In two dimensions: those of one do not export for any number of frames.
        window, pad = (1, self.window), (0, self.window // 2)
        pooled_NX1T = functional.avg_pool2d(x_NXT[:, :, None], window, 1, pad)
        pooled_NX1T = pooled_NX1T + functional.max_pool2d(seen_NXT[:, :, None], window, 1, pad)
        return pooled_NX1T.squeeze(2) * torch.sigmoid(self.excite(hidden_NXT))


class GaitPart(SilhouetteNet):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of 16 strips.

    Args:
        stages: channels of the convolutions, with a pooling between stages.
        strips: horizontal strips of each stage that are convolved alone; 1: the whole frame.
        parts: strips of the embedding.
        width: of the embedding; by default that of the last convolution.
        num_ids: not used; GaitPart is trained by the triplet loss alone.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[int]] = ((32, 32), (64, 64), (128, 128)),
        strips: Sequence[int] = (1, 4, 8),
        parts: int = 16,
        width: int | None = None,
        num_ids: int = 0,
    ) -> None:
        channels = stages[-1][-1]
        super().__init__(channels, parts, width or channels, num_ids=0)
        self.frames = plain(stages, strips)
        self.head = PartFc(parts, channels, self.width)
        self.classifier = None
        self.short = Pattern(parts, channels, window=3, last=1)
        self.long = Pattern(parts, channels, window=5, last=3)
        initialise(self)

    def _backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None) -> Tensor:
        batch = sils_NTHW.shape[0]
        map_BCHW = self.frames(sils_NTHW.flatten(0, 1)[:, None])
        strip_BCPX = torch.unflatten(map_BCHW, 2, (self.parts, -1)).flatten(3)
        part_BCP = strip_BCPX.mean(dim=3) + strip_BCPX.amax(dim=3)
        part_NXT = torch.unflatten(part_BCP.transpose(1, 2).flatten(1), 0, (batch, -1)).transpose(
            1, 2
        )
        mask_N1T = None if mask_NT is None else mask_NT[:, None]
        moved_NXT = self.short(part_NXT, mask_N1T) + self.long(part_NXT, mask_N1T)
        if mask_N1T is not None:
            moved_NXT = moved_NXT.masked_fill(~mask_N1T, -torch.inf)
        return torch.unflatten(moved_NXT.amax(dim=2), 1, (self.parts, -1)).transpose(1, 2)
