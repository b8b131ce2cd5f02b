"""Sequence normalisation: translate and scale a walk by the skeleton in its middle.

Source: "sequence normalization" of arXiv 2504.07598, which translates and scales each sequence by
the skeleton in the middle of the sequence. The joints used are not published; chosen here: the
trunk (neck, shoulders, hips), which detectors miss least. Its mean is the origin, its root mean
square distance from the mean is the unit.

Axes: N sequences, T frames, J joints, 3: x, y in pixels and confidence; 2: x and y.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edgehuman.nets.skeleton.fill import Fill

# Joints farther away are detector errors; people cross an image within half of it.
LIMIT = 32.0


class SequenceNorm(nn.Module):
    """Normalise raw skeletons (N, T, 18, 3) to (N, T, 18, 2), centred, in trunk units.

    A joint is unseen with confidence 0, at exactly (0, 0) whatever its confidence, or where a
    number is NaN; it is filled in (`Fill`), or the origin if nothing can be known of it. If no
    trunk joint is ever seen, or all coincide, all joints are used; if they have no extent either,
    the result is zero.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fill = Fill()

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        seen_NTJ = is_seen(skeleton_NTJ3)
        # The coordinates of an unseen joint are undefined, possibly NaN.
        xy_NTJ2 = torch.where(seen_NTJ[..., None] > 0, skeleton_NTJ3[..., :2], 0.0)
        filled: tuple[Tensor, Tensor] = self.fill(xy_NTJ2, seen_NTJ)
        xy_NTJ2, known_NJ = filled
        middle_NJ2 = xy_NTJ2[:, xy_NTJ2.shape[1] // 2]
        centre_N2, unit_N = extent(middle_NJ2, known_NJ * self.fill.is_trunk_J)
        all_centre_N2, all_unit_N = extent(middle_NJ2, known_NJ)
        has_trunk_N = unit_N > 0
        centre_N2 = torch.where(has_trunk_N[:, None], centre_N2, all_centre_N2)
        unit_N = torch.where(has_trunk_N, unit_N, all_unit_N)
        has_unit_N = unit_N > 0
        per_unit_N = has_unit_N.to(unit_N.dtype) / torch.where(has_unit_N, unit_N, 1.0)
        moved_NTJ2 = (xy_NTJ2 - centre_N2[:, None, None]) * known_NJ[:, None, :, None]
        return (moved_NTJ2 * per_unit_N[:, None, None, None]).clamp(-LIMIT, LIMIT)


def is_seen(skeleton_NTJ3: Tensor) -> Tensor:
    """Return 1 where a joint was seen, else 0, (N, T, J). Some detectors leave joints that they did
    not find at (0, 0) and keep their score.
    """
    found_NTJ = (skeleton_NTJ3[..., 2] > 0) & (skeleton_NTJ3[..., :2].abs().sum(-1) > 0)
    return found_NTJ.to(skeleton_NTJ3.dtype)


def extent(xy_NJ2: Tensor, weight_NJ: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted mean of the joints (N, 2) and their root mean square distance from it
    (N,); zeros if all weights are 0.
    """
    share_NJ1 = (weight_NJ / weight_NJ.sum(dim=1, keepdim=True).clamp_min(1.0))[..., None]
    centre_N2 = (xy_NJ2 * share_NJ1).sum(dim=1)
    square_N = ((xy_NJ2 - centre_N2[:, None]).square() * share_NJ1).sum(dim=(1, 2))
    return centre_N2, square_N.sqrt()
