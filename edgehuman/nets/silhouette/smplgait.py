"""SMPLGait without its 3-D branch, which is OpenGait's Baseline: plain convolutions of each frame.

Source: Gait Recognition in the Wild with Dense 3D Representations and A Benchmark (arXiv
2204.02569); the layers and widths of OpenGait's `smplgait.yaml` and `baseline.yaml`, and of
Gait3D-Benchmark's `baseline_GREW.yaml`.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from edgehuman.nets.silhouette.network import HEIGHT, WIDTH, SetNet
from edgehuman.nets.silhouette.parts import BnNeck, PartFc, initialise, plain, pyramid


class SmplGait(SetNet):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of one part for each strip.

    Args:
        stages: channels of the convolutions, with a pooling between stages.
        width: channels of each part.
        bins: strips of the pyramid.
        num_ids: identities of the classifier behind a BNNeck; 0: none.
    """

    def __init__(
        self,
        stages: Sequence[Sequence[int]] = ((64, 64), (128, 128), (256, 256)),
        width: int = 256,
        bins: Sequence[int] = (16, 8, 4, 2, 1),
        num_ids: int = 0,
    ) -> None:
        super().__init__(stages[-1][-1], sum(bins), width, num_ids)
        self.bins = tuple(bins)
        self.frames = plain(stages)
        self.head = PartFc(self.parts, self.features[0], width)
        self.classifier = BnNeck(self.parts, width, num_ids) if num_ids else None
        initialise(self)

    @property
    def map_shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.features[0], HEIGHT // 4, WIDTH // 4),)

    def maps(self, sils_BHW: Tensor) -> tuple[Tensor, ...]:
        return (self.frames(sils_BHW[:, None]),)

    def of_maxima(self, maxima: tuple[Tensor, ...]) -> Tensor:
        return pyramid(maxima[0], self.bins)
