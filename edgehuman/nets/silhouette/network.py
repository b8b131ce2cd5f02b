"""What every silhouette network has: the raw record in front, a head and a classifier behind.

Axes: N sequences, T frames, B frames of any sequences, H rows, W columns, C channels, P parts, D
embedding channels, K identities, M numbers of a frame.
"""

from __future__ import annotations

from abc import abstractmethod

import torch
from torch import Tensor, nn

from edgehuman.errors import UsageError
from edgehuman.nets.silhouette.parts import PartFc, max_over_frames, require_frames, require_mask

HEIGHT, WIDTH = 64, 44
_CUT = (64 - WIDTH) // 2


def middle(silhouette_XHW: Tensor) -> Tensor:
    """Raw silhouettes, uint8 (..., 64, 64) -> float (..., 64, 44) from 0 to 1: ten columns are cut
    from each side.
    """
    return silhouette_XHW.float()[..., _CUT:-_CUT] / 255


class SilhouetteNet(nn.Module):
    """Map raw silhouettes (N, T, 64, 64) to an embedding of parts (N, P, D).

    Args:
        channels, parts: C and P of the features that `backbone` returns.
        width: D of the embedding.
        num_ids: identities of the classifier that a training adds; 0: none.

    Attributes:
        features: (C, P).
        parts, width: P and D.
        least_frames: the shortest sequence that it takes.
        head: features (N, C, P) -> embedding (N, D, P).
        classifier: embedding (N, D, P) -> logits (N, K, P); None without identities.
    """

    least_frames = 1
    head: nn.Module
    classifier: nn.Module | None

    def __init__(self, channels: int, parts: int, width: int, num_ids: int = 0) -> None:
        super().__init__()
        self.features = (channels, parts)
        self.parts = parts
        self.width = width
        self.num_ids = num_ids

    def forward(self, silhouette_NTHW: Tensor) -> Tensor:
        embedding_NDP: Tensor = self.head(self.backbone(middle(silhouette_NTHW)))
        return embedding_NDP.transpose(1, 2)

    def forward_features(self, silhouette_NTHW: Tensor) -> Tensor:
        """Return the embedding (N, P, D) of raw silhouettes: what calling the network returns."""
        embedding_NPD: Tensor = self(silhouette_NTHW)
        return embedding_NPD

    def backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None = None) -> Tensor:
        """Return the features (N, C, P) of silhouettes from 0 to 1 (N, T, 64, 44).

        Args:
            mask_NT: True, or 1, for the frames that count, for sequences of unequal lengths; where
                frames are compared with their neighbours, the True ones must stand first. In
                training a batch norm also sees the others, so make them repetitions, not noise.

        Raises:
            UsageError: a sequence with fewer frames than `least_frames`; a mask of another shape,
                or with a gap where order counts.
        """
        if mask_NT is not None:
            mask_NT = mask_NT.bool()
            require_mask(mask_NT, sils_NTHW, any_order=isinstance(self, SetNet))
        require_frames(sils_NTHW.shape[1], mask_NT, self.least_frames)
        return self._backbone(sils_NTHW, mask_NT)

    @abstractmethod
    def _backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None) -> Tensor: ...

    def whiten(self, centre_PD: Tensor, matrix_PDD: Tensor) -> None:
        """See `Whitening`; the head takes the map in.

        Raises:
            UsageError: a head that is no plain linear layer of each part.
        """
        if not isinstance(self.head, PartFc):
            raise UsageError(
                f"{type(self).__name__}'s head is no linear layer of each part, so it cannot be "
                "whitened; use gaitset, gaitpart, gaitbase, smplgait or deepgaitv2"
            )
        self.head.whiten(centre_PD, matrix_PDD)

    def logits(self, embedding_NDP: Tensor) -> Tensor:
        """Return the logits (N, K, P) of the training's identities for an embedding (N, D, P).

        Raises:
            UsageError: the network was built without identities.
        """
        if self.classifier is None:
            raise UsageError("this network has no identities; build it with num_ids above 0")
        logits_NKP: Tensor = self.classifier(embedding_NDP)
        return logits_NKP


class SetNet(SilhouetteNet):
    """A network that takes its frames as a set: the maxima over them are all that it needs.

    A stream keeps `frame(new frame)` as a running maximum and gives it to `pooled`, so that a new
    frame costs the same however many there were.
    """

    @abstractmethod
    def maps(self, sils_BHW: Tensor) -> tuple[Tensor, ...]:
        """Return the feature maps (B, ...) of single frames (B, 64, 44) whose maxima count."""

    @abstractmethod
    def of_maxima(self, maxima: tuple[Tensor, ...]) -> Tensor:
        """Return the features (N, C, P) of the maxima of `maps` over the frames."""

    def _backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None) -> Tensor:
        """The mask may have any form: the frames are a set."""
        batch = sils_NTHW.shape[0]
        maps = self.maps(sils_NTHW.flatten(0, 1))
        return self.of_maxima(
            tuple(max_over_frames(torch.unflatten(each, 0, (batch, -1)), mask_NT) for each in maps)
        )

    def frame(self, sils_BHW: Tensor) -> Tensor:
        """Return the numbers (B, M) of single frames from 0 to 1 (B, 64, 44): the maps, flat."""
        return torch.cat([each.flatten(1) for each in self.maps(sils_BHW)], dim=1)

    def pooled(self, maxima_NM: Tensor) -> Tensor:
        """Return the features (N, C, P) of the maxima over frames of what `frame` returns."""
        sizes = [int(torch.Size(shape).numel()) for shape in self.map_shapes]
        split = torch.split(maxima_NM, sizes, dim=1)
        return self.of_maxima(
            tuple(
                torch.unflatten(each, 1, shape)
                for each, shape in zip(split, self.map_shapes, strict=True)
            )
        )

    @property
    @abstractmethod
    def map_shapes(self) -> tuple[tuple[int, ...], ...]:
        """The shape of each of `maps`, without the frames."""


class FramePart(nn.Module):
    """The graph of one frame of a set network: raw silhouettes (B, 64, 64) -> numbers (B, M)."""

    def __init__(self, network: SetNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, silhouette_BHW: Tensor) -> Tensor:
        return self.network.frame(middle(silhouette_BHW))


class HeadPart(nn.Module):
    """The graph behind the running maximum of `FramePart`: (N, M) -> embedding (N, P, D)."""

    def __init__(self, network: SetNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, maxima_NM: Tensor) -> Tensor:
        embedding_NDP: Tensor = self.network.head(self.network.pooled(maxima_NM))
        return embedding_NDP.transpose(1, 2)
