"""A network that finds people and what they wear, with a mask and the attributes of each.

    net = garment_net("starnet_s3", num_labels=47, num_attributes=294, image_size=(320, 416))
    row_NKX = net(image_NHWC)      raw uint8 in; see `metrics.garments.answers` for what comes out

The parser of `nets.image.crowds` with a score for every label and without parts: towers, peaks of
each label, and masks of dynamic kernels. What stands at a point is its label of the highest score.
Its attributes are linear in three things: the features of its point; their mean over 3x3 points of
stride 8 round the middle of its box; and those of who wears it. The last are a mean over the people
found, weighted by their scores and by how much of the box lies in theirs, and a little over the
whole image, which is all there is where nobody is found. Attributes that a label never had in
training are never said of it. No RoIAlign, no NMS, nothing is cut out of a map. With `post`
"outside" the graph says what all points say, and `metrics.garments.outside` chooses.

Source: Wang et al., "KE-RCNN" (arXiv 2206.10146), for the context of the person and the table of
what occurs together; there both are RoI features.

Axes: N images, P points of all strides, K items of the answer, C features, L labels, A attributes,
X numbers of a row, h w rows and columns of a map.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.metrics.crowds.outside import MOST_PEOPLE
from edgehuman.metrics.garments.outside import NEVER, OF_THE_IMAGE
from edgehuman.nets.image.crowds.parser import CrowdParser
from edgehuman.nets.image.detection import EDGES, Decode, Tower, frame_encoder
from edgehuman.nets.image.neck import STRIDES


class GarmentSaid(NamedTuple):
    """What a network says of a batch before anything is chosen: the loss is of this.

    Attributes:
        many_NPV, one_NPV: of both towers, for each point a logit for every label, and edges.
        feature_NPC: of every point, which masks and attributes are made of.
        shared_NEhw: the maps that masks are computed from.
    """

    many_NPV: Tensor
    one_NPV: Tensor
    feature_NPC: Tensor
    shared_NEhw: Tensor


class GarmentDecode(Decode):
    """The boxes of the highest scores, and their labels; the first label is a person."""

    def forward(self, said_NPV: Tensor, most: int | None) -> tuple[Tensor, Tensor | None]:
        """Return x1, y1, x2, y2, score, label (N, K, 6) of the `most` best points, or of all; and
        which points these are, (N, K), or None if all.
        """
        logit_NPL = said_NPV[..., :-EDGES].float()
        peaks = []
        counts = [height * width for height, width in self.sizes]
        for part_NPL, size in zip(torch.split(logit_NPL, counts, 1), self.sizes, strict=True):
            map_NLhw = part_NPL.transpose(1, 2).reshape(-1, part_NPL.shape[2], *size)
            highest_NLhw = functional.max_pool2d(map_NLhw, 3, 1, 1)
            peaks.append(torch.where(map_NLhw >= highest_NLhw, map_NLhw, NEVER).flatten(2))
        best_NP, label_NP = torch.cat(peaks, dim=2).max(dim=1)
        box_NP4 = self.boxes(said_NPV[..., -EDGES:])
        place_NK = None
        if most is not None:
            best_NP, place_NK = best_NP.topk(most, dim=1)
            label_NP = label_NP.gather(1, place_NK)
            box_NP4 = box_NP4.gather(1, place_NK[..., None].expand(-1, -1, EDGES))
        rows = (box_NP4, best_NP.sigmoid()[..., None], label_NP[..., None].float())
        return torch.cat(rows, dim=2), place_NK


class Wearers(nn.Module):
    """Where each box has its middle, and how much each person counts for it; a module of its own,
    whose numbers stay float32 in an FP16 graph.
    """

    def __init__(self, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = grid

    def forward(self, box_NK4: Tensor, person_NJ: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the point of stride 8 of each box's middle (N, K), the weights of people (N, K, J)
        and that of the image (N, K, 1); together 1.

        Args:
            person_NJ: the score of each box as a person; 0: it is none. J is K.
        """
        box_NK4 = box_NK4.float()
        rows, columns = self.grid
        middle_NK2 = (box_NK4[..., :2] + box_NK4[..., 2:]) / (2 * STRIDES[0])
        x_NK = middle_NK2[..., 0].clamp(0, columns - 1).long()
        y_NK = middle_NK2[..., 1].clamp(0, rows - 1).long()
        low_NKJ2 = torch.maximum(box_NK4[:, :, None, :2], box_NK4[:, None, :, :2])
        high_NKJ2 = torch.minimum(box_NK4[:, :, None, 2:], box_NK4[:, None, :, 2:])
        side_NKJ2 = (high_NKJ2 - low_NKJ2).clamp(min=0)
        own_NK2 = (box_NK4[..., 2:] - box_NK4[..., :2]).clamp(min=1e-3)
        share_NKJ = (side_NKJ2 / own_NK2[:, :, None]).prod(dim=3).clamp(max=1)
        weight_NKJ = share_NKJ * share_NKJ * person_NJ.float()[:, None]
        total_NK1 = weight_NKJ.sum(dim=2, keepdim=True) + OF_THE_IMAGE
        return y_NK * columns + x_NK, weight_NKJ / total_NK1, OF_THE_IMAGE / total_NK1


class Describe(nn.Module):
    """The attributes of items.

    Args:
        width: C.
        labels, attributes: how many.
        grid: rows and columns of the points of stride 8.

    Attributes:
        together_LA: 1 where a label had an attribute in training.
    """

    def __init__(self, width: int, labels: int, attributes: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.grid = grid
        self.linear = nn.Linear(3 * width, attributes)
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.constant_(self.linear.bias, -2.0)  # few attributes are there
        self.together_LA: Tensor
        self.register_buffer("together_LA", torch.ones(labels, attributes))
        self.decode = Wearers(grid)

    def forward(
        self,
        feature_NPC: Tensor,
        own_NKC: Tensor,
        box_NK4: Tensor,
        person_NK: Tensor,
        label_NK: Tensor,
    ) -> Tensor:
        """Return logits (N, K, A).

        Args:
            feature_NPC: of all points, those of stride 8 first and those of stride 32 last.
            own_NKC: those of the items' points.
            box_NK4: pixels of the input.
            person_NK: the score of each as a person; 0: it is none.
            label_NK: the index of each label.
        """
        fine, coarse = self.grid[0] * self.grid[1], (self.grid[0] // 4) * (self.grid[1] // 4)
        map_NCP = feature_NPC[:, :fine].transpose(1, 2)
        map_NChw = map_NCP.reshape(-1, map_NCP.shape[1], *self.grid)
        near_NPC = functional.avg_pool2d(map_NChw, 3, 1, 1).flatten(2).transpose(1, 2)
        place_NK, of_people_NKJ, of_image_NK1 = self.decode(box_NK4, person_NK)
        width = feature_NPC.shape[2]
        middle_NKC = near_NPC.gather(1, place_NK[..., None].expand(-1, -1, width))
        image_N1C = feature_NPC[:, -coarse:].mean(dim=1, keepdim=True)
        wearer_NKC = of_people_NKJ.to(own_NKC.dtype) @ own_NKC
        wearer_NKC = wearer_NKC + of_image_NK1.to(own_NKC.dtype) * image_N1C
        said_NKA: Tensor = self.linear(torch.cat((own_NKC, middle_NKC, wearer_NKC), dim=2))
        return torch.where(self.together_LA[label_NK.long()] > 0, said_NKA, NEVER)


class GarmentNet(CrowdParser):
    """A parser of items with labels, attributes and masks, without parts.

    Attributes:
        num_labels: L, the person among them; num_attributes: A.
    """

    def __init__(
        self, encoder: nn.Module, image_size: tuple[int, int], num_labels: int, num_attributes: int
    ) -> None:
        super().__init__(encoder, image_size, 0)
        width = self.neck.width
        self.num_labels, self.num_attributes = num_labels, num_attributes
        self.many, self.one = (Tower(width, num_labels=num_labels) for _ in range(2))
        self.one.load_state_dict(self.many.state_dict())
        self.decode = GarmentDecode(image_size)
        self.describe = Describe(width, num_labels, num_attributes, self.masks.decode.grid)

    def fitted(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the weights of another detector in these shapes: what is known of people and of
        edges is taken, the scores of the other labels are this network's own.
        """
        fits, own = dict(weights), self.state_dict()
        for tower in ("many", "one"):
            for name in (f"{tower}.last.weight", f"{tower}.last.bias"):
                if name in fits:
                    taken = own[name].clone()
                    taken[0], taken[-EDGES:] = fits[name][0], fits[name][-EDGES:]
                    fits[name] = taken
        return fits

    def garments_said(self, image_NHWC: Tensor) -> GarmentSaid:
        """Return what the network says of raw images, for the loss."""
        taps, maps = self._seen(image_NHWC)
        shared_NEhw, _ = self.branch(maps[0], taps[0] if self._is_fine else None)
        one_NPV = self.one([each.detach() for each in maps])
        return GarmentSaid(self.many(maps), one_NPV, self._features(maps), shared_NEhw)

    def maps(self, image_NHWC: Tensor) -> Tensor:
        """Return `garments_said` as one tensor (N, numbers), which `garments_of` takes apart."""
        return torch.cat([each.flatten(1) for each in self.garments_said(image_NHWC)], dim=1)

    def garments_of(self, flat_NX: Tensor) -> GarmentSaid:
        """Return what `maps` has put together."""
        values, points = self.num_labels + EDGES, self.num_points
        shapes = (
            (points, values),
            (points, values),
            (points, self.neck.width),
            (self.branch.shared.out_channels, *self.masks.decode.grid),
        )
        sizes = [torch.Size(shape).numel() for shape in shapes]
        each = torch.split(flat_NX, sizes, dim=1)
        return GarmentSaid(*(x.reshape(-1, *shape) for x, shape in zip(each, shapes, strict=True)))

    def forward(self, image_NHWC: Tensor) -> Tensor:
        taps, maps = self._seen(image_NHWC)
        shared_NEhw, _ = self.branch(maps[0], taps[0] if self._is_fine else None)
        if self.post == "outside":
            return self._all_said(maps, shared_NEhw)
        answer_NK6, place_NK = self.decode(self.one(maps), min(MOST_PEOPLE, self.num_points))
        assert place_NK is not None
        feature_NPC = self._features(maps)
        own_NKC = feature_NPC.gather(1, place_NK[..., None].expand(-1, -1, feature_NPC.shape[2]))
        point_NK2, stride_NK = self.decode.point_P4[place_NK, :2], self.decode.stride_P[place_NK]
        mask_NKX = self.masks(shared_NEhw, own_NKC, point_NK2, stride_NK)
        box_NK4, score_NK, label_NK = answer_NK6[..., :4], answer_NK6[..., 4], answer_NK6[..., 5]
        person_NK = torch.where(label_NK == 0, score_NK, torch.zeros_like(score_NK))
        said_NKA = self.describe(feature_NPC, own_NKC, box_NK4, person_NK, label_NK)
        return torch.cat((answer_NK6, said_NKA.float(), mask_NKX), dim=2)

    def _all_said(self, maps: list[Tensor], shared_NEhw: Tensor) -> Tensor:
        """One row of all that is said, and of what attributes are made with, (N, 1, numbers); see
        `metrics.garments.outside`.
        """
        answer_NP6 = self.decode(self.one(maps), None)[0]
        feature_NPC = self._features(maps)
        number_NPW = self.masks.numbers(feature_NPC)
        of_points = torch.cat((answer_NP6, number_NPW.float(), feature_NPC.float()), dim=2)
        linear = self.describe.linear
        same = (linear.weight.flatten(), linear.bias, self.describe.together_LA.flatten())
        grid_N2, same_NX = (
            each.float().expand(len(shared_NEhw), -1) for each in (self.grid_2, torch.cat(same))
        )
        row = (grid_N2, of_points.flatten(1), shared_NEhw.float().flatten(1), same_NX)
        return torch.cat(row, dim=1)[:, None]


def garment_net(
    arch: str,
    num_labels: int,
    num_attributes: int,
    image_size: tuple[int, int] = (320, 416),
    seed: int = 0,
    **arguments: Any,
) -> GarmentNet:
    """Build a network on a catalogued backbone with seeded random weights, in eval mode; by
    default, a TinyViT has windows that tile its maps.

    Args:
        num_labels: the person among them.

    Raises:
        UsageError: unknown network, or a size not divisible by the strides.
    """
    encoder = frame_encoder(arch, image_size, seed, **arguments)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return GarmentNet(encoder, image_size, num_labels, num_attributes).eval()
