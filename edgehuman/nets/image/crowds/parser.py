"""A network that parts people: the detector, and for each person a mask over the parts of all.

    net = crowd_parser("starnet_s3", num_parts=20, image_size=(320, 416))
    row_NRX = net(image_NHWC)      raw uint8 in; see `metrics.crowds.answers` for what comes out

Everything is one graph of convolutions, a TopK and products of matrices: no NMS, and nothing is cut
out of a map. The cost does not depend on how many people there are. With `post` "outside" the graph
says what all points say, and `metrics.crowds.outside` chooses.

Axes: N images, P points of all strides, K people, C parts, R rows of both, X numbers of a row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.metrics.crowds.outside import MOST_PEOPLE
from edgehuman.nets.image.crowds.masks import STRIDE, Branch, Masks, woven
from edgehuman.nets.image.detection import VALUES, Blocks, Detector, frame_encoder
from edgehuman.nets.image.neck import STRIDES


class Said(NamedTuple):
    """What a parser says of a batch before anybody is chosen: the loss is of this.

    Attributes:
        many_NP5, one_NP5: of both towers, see `Detector.maps`.
        feature_NPC: of every point, which masks are made of.
        shared_NEhw: the maps that they are computed from.
        part_NChw: logits of the parts, at a stride of 4.
    """

    many_NP5: Tensor
    one_NP5: Tensor
    feature_NPC: Tensor
    shared_NEhw: Tensor
    part_NChw: Tensor


class CrowdParser(Detector):
    """A detector with a branch of parts and masks.

    Attributes:
        num_parts: C, the background among them.
    """

    def __init__(self, encoder: nn.Module, image_size: tuple[int, int], num_parts: int) -> None:
        super().__init__(encoder, image_size)
        backbone, width = self.backbone, self.neck.width
        self.num_parts = num_parts
        fine = [w for w, s in zip(backbone.tap_widths, backbone.tap_strides, strict=True)
                if s == STRIDE]  # fmt: skip
        self.branch = Branch(width, fine[0] if fine else 0, num_parts)
        self.looks = Blocks(width)
        grid = image_size[0] // STRIDES[0], image_size[1] // STRIDES[0]
        self.grid_2: Tensor
        self.register_buffer("grid_2", torch.tensor(grid, dtype=torch.float32), persistent=False)
        self.masks = Masks(width, grid)

    def said(self, image_NHWC: Tensor) -> Said:
        """Return what the network says of raw images, for the loss."""
        taps, maps = self._seen(image_NHWC)
        shared_NEhw, part_NXhw = self.branch(maps[0], taps[0] if self._is_fine else None)
        one_NP5 = self.one([each.detach() for each in maps])
        return Said(self.many(maps), one_NP5, self._features(maps), shared_NEhw, woven(part_NXhw))

    def maps(self, image_NHWC: Tensor) -> Tensor:
        """Return `said` as one tensor (N, numbers), which `unpacked` takes apart."""
        return torch.cat([each.flatten(1) for each in self.said(image_NHWC)], dim=1)

    def unpacked(self, flat_NX: Tensor) -> Said:
        """Return what `maps` has put together."""
        height, width = self.masks.decode.grid
        points, features = self.num_points, self.neck.width
        shapes = (
            (points, VALUES),
            (points, VALUES),
            (points, features),
            (self.branch.shared.out_channels, height, width),
            (self.num_parts, STRIDES[0] // STRIDE * height, STRIDES[0] // STRIDE * width),
        )
        sizes = [torch.Size(shape).numel() for shape in shapes]
        each = torch.split(flat_NX, sizes, dim=1)
        return Said(*(x.reshape(-1, *shape) for x, shape in zip(each, shapes, strict=True)))

    def forward(self, image_NHWC: Tensor) -> Tensor:
        taps, maps = self._seen(image_NHWC)
        shared_NEhw, part_NXhw = self.branch(maps[0], taps[0] if self._is_fine else None)
        if self.post == "outside":
            return self._unchosen(maps, shared_NEhw, part_NXhw)
        most = min(MOST_PEOPLE, self.num_points)
        answer_NK5, place_NK = self.decode(self.one(maps), most)
        assert place_NK is not None
        feature_NPC = self._features(maps)
        chosen_NKC = feature_NPC.gather(1, place_NK[..., None].expand(-1, -1, feature_NPC.shape[2]))
        point_NK2, stride_NK = self.decode.point_P4[place_NK, :2], self.decode.stride_P[place_NK]
        mask_NKX = self.masks(shared_NEhw, chosen_NKC, point_NK2, stride_NK)
        person_NKX = torch.cat((answer_NK5, mask_NKX), dim=2)
        part_NCX = part_NXhw.float().flatten(1).reshape(-1, self.num_parts, mask_NKX.shape[2])
        part_NCX = functional.pad(part_NCX, (VALUES, 0))
        return torch.cat((person_NKX, part_NCX), dim=1)

    def _unchosen(self, maps: list[Tensor], shared_NEhw: Tensor, part_NXhw: Tensor) -> Tensor:
        """One row of all that is said, (N, 1, numbers); see `metrics.crowds.outside`."""
        answer_NP5 = self.decode(self.one(maps), None)[0]
        number_NPW = self.masks.numbers(self._features(maps)).float()
        said = (torch.cat((answer_NP5, number_NPW), dim=2), shared_NEhw.float(), part_NXhw.float())
        grid_N2 = self.grid_2.expand(len(shared_NEhw), -1)
        return torch.cat((grid_N2, *(each.flatten(1) for each in said)), dim=1)[:, None]

    @property
    def _is_fine(self) -> bool:
        """Whether the backbone's first map joins the branch."""
        return self.branch.detail is not None

    def _seen(self, image_NHWC: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The backbone's maps, and the neck's."""
        taps = self.backbone.taps(self.backbone.normalise(image_NHWC))
        return taps, self.neck(taps)

    def _features(self, maps: list[Tensor]) -> Tensor:
        rows = [each.flatten(2) for each in self.looks.features(maps)]
        return torch.cat(rows, dim=2).transpose(1, 2)


def crowd_parser(
    arch: str,
    num_parts: int,
    image_size: tuple[int, int] = (320, 416),
    seed: int = 0,
    **arguments: Any,
) -> CrowdParser:
    """Build a parser on a catalogued backbone with seeded random weights, in eval mode; by default,
    a TinyViT has windows that tile its maps.

    Raises:
        UsageError: unknown network, or a size not divisible by the strides.
    """
    encoder = frame_encoder(arch, image_size, seed, **arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return CrowdParser(encoder, image_size, num_parts).eval()
