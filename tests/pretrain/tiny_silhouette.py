"""A silhouette network of a few hundred weights."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from edgehuman.nets.silhouette.network import middle


class TinySilhouette(nn.Module):
    """Four channels of three parts, from eight convolved rows."""

    record = "SilhouetteSequence"
    method = "diffusion"

    def __init__(self, num_ids: int = 0) -> None:
        super().__init__()
        self.features, self.least_frames, self.parts, self.width = (4, 3), 1, 3, 5
        self.see = nn.Conv2d(1, 4, 8, 8)
        self.head = nn.Conv1d(4, 5, 1)

    def backbone(self, sils_NTHW: Tensor, mask_NT: Tensor | None = None) -> Tensor:
        seen_MCHW = self.see(sils_NTHW.flatten(0, 1)[:, None])
        most_NCH = seen_MCHW.unflatten(0, sils_NTHW.shape[:2]).amax(dim=(1, 4))
        return functional.adaptive_avg_pool1d(most_NCH, 3)

    def forward(self, silhouette_NTHW: Tensor) -> Tensor:
        embedding_NPD: Tensor = self.head(self.backbone(middle(silhouette_NTHW))).transpose(1, 2)
        return embedding_NPD

    def forward_features(self, silhouette_NTHW: Tensor) -> Tensor:
        embedding_NPD: Tensor = self(silhouette_NTHW)
        return embedding_NPD
