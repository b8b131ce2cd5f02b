"""GaitBase: a nine-layer residual network of each frame, then the maximum over frames.

Source: OpenGait: Revisiting Gait Recognition Toward Better Practicality (arXiv 2211.06597); the
same widths for all its datasets, which differ in the number of identities.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.silhouette.network import HEIGHT, WIDTH, SetNet
from edgehuman.nets.silhouette.parts import BnNeck, PartFc, initialise, pyramid


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norms beside a shortcut: the block of ResNet-18."""

    def __init__(self, channels: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(out)
        self.shortcut = shortcut(channels, out, stride)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        y_BCHW = functional.relu(self.norm1(self.conv1(x_BCHW)))
        y_BCHW = self.norm2(self.conv2(y_BCHW))
        return functional.relu(y_BCHW + self.shortcut(x_BCHW))


def shortcut(channels: int, out: int, stride: int) -> nn.Module:
    """The identity, or a 1x1 convolution with a batch norm where the shape changes."""
    if stride == 1 and channels == out:
        return nn.Identity()
    return nn.Sequential(
        nn.Conv2d(channels, out, 1, stride, bias=False),
        nn.BatchNorm2d(out),
    )


class GaitBase(SetNet):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of 16 strips.

    Args:
        channels: of the four stages, of which the second and third halve the maps.
        width: channels of each part.
        bins: strips of the pyramid.
        num_ids: identities of the classifier behind a BNNeck; 0: none.
    """

    def __init__(
        self,
        channels: tuple[int, int, int, int] = (64, 128, 256, 512),
        width: int = 256,
        bins: Sequence[int] = (16,),
        num_ids: int = 0,
    ) -> None:
        super().__init__(channels[3], sum(bins), width, num_ids)
        self.bins = tuple(bins)
        self.conv1 = nn.Conv2d(1, channels[0], 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels[0])
        before = (channels[0], *channels[:3])
        self.stages = nn.Sequential(
            *(
                BasicBlock(given, out, stride)
                for given, out, stride in zip(before, channels, (1, 2, 2, 1), strict=True)
            )
        )
        self.head = PartFc(self.parts, channels[3], width)
        self.classifier = BnNeck(self.parts, width, num_ids) if num_ids else None
        initialise(self)

    @property
    def map_shapes(self) -> tuple[tuple[int, ...], ...]:
        return ((self.features[0], HEIGHT // 4, WIDTH // 4),)

    def maps(self, sils_BHW: Tensor) -> tuple[Tensor, ...]:
        first_BCHW = functional.relu(self.norm1(self.conv1(sils_BHW[:, None])))
        return (self.stages(first_BCHW),)

    def of_maxima(self, maxima: tuple[Tensor, ...]) -> Tensor:
        return pyramid(maxima[0], self.bins)
