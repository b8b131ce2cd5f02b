"""GaitSet: the frames of a walk as a set, pooled after each of three blocks.

Source: GaitSet: Regarding Gait as a Set for Cross-View Gait Recognition (arXiv 1811.06186), with
the layers and widths of OpenGait's configurations: 32, 64 and 128 channels for CASIA-B and Gait3D,
twice as many for GREW and OUMVLP.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from edgehuman.nets.silhouette.network import HEIGHT, WIDTH, SetNet
from edgehuman.nets.silhouette.parts import PartFc, initialise, plain, pyramid


class GaitSet(SetNet):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of 62 parts: 31 strips of the set, and 31
    of the branch over pooled frames.

    Args:
        channels: of the three blocks.
        width: channels of each part.
        bins: strips of the pyramid.
        norm: batch norm and ReLU in place of the leaky ReLU; for INT8.
        num_ids: not used; GaitSet is trained by the triplet loss alone.
    """

    def __init__(
        self,
        channels: tuple[int, int, int] = (32, 64, 128),
        width: int = 256,
        bins: Sequence[int] = (16, 8, 4, 2, 1),
        norm: bool = False,
        num_ids: int = 0,
    ) -> None:
        super().__init__(channels[2], 2 * sum(bins), width, num_ids=0)
        self.channels, self.bins = channels, tuple(bins)
        one, two, three = channels
        self.set_block1 = plain([[one, one]], norm=norm)
        self.set_block2 = plain([[two, two]], channels=one, first=3, norm=norm)
        self.set_block3 = plain([[three, three]], channels=two, first=3, norm=norm)
        self.global_block2 = plain([[two, two]], channels=one, first=3, norm=norm)
        self.global_block3 = plain([[three, three]], channels=two, first=3, norm=norm)
        self.pool = nn.MaxPool2d(2)
        self.head = PartFc(self.parts, three, width)
        self.classifier = None
        initialise(self)
        # As published: the global branch begins as a copy of the set's.
        self.global_block2.load_state_dict(self.set_block2.state_dict())
        self.global_block3.load_state_dict(self.set_block3.state_dict())

    @property
    def map_shapes(self) -> tuple[tuple[int, ...], ...]:
        one, two, three = self.channels
        return (
            (one, HEIGHT // 2, WIDTH // 2),
            (two, HEIGHT // 4, WIDTH // 4),
            (three, HEIGHT // 4, WIDTH // 4),
        )

    def maps(self, sils_BHW: Tensor) -> tuple[Tensor, ...]:
        one_BCHW = self.pool(self.set_block1(sils_BHW[:, None]))
        two_BCHW = self.pool(self.set_block2(one_BCHW))
        return one_BCHW, two_BCHW, self.set_block3(two_BCHW)

    def of_maxima(self, maxima: tuple[Tensor, ...]) -> Tensor:
        one_NCHW, two_NCHW, three_NCHW = maxima
        branch_NCHW = self.pool(self.global_block2(one_NCHW)) + two_NCHW
        branch_NCHW = self.global_block3(branch_NCHW) + three_NCHW
        # Side by side as channels: the exporter knows their number, not the batch.
        both_NXP = pyramid(torch.cat([three_NCHW, branch_NCHW], dim=1), self.bins)
        channels = self.features[0]
        return torch.cat([both_NXP[:, :channels], both_NXP[:, channels:]], dim=2)
