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

from edgehuman.geometry import OPENPOSE_18, TRUNK_5

# Joints farther away are detector errors; people cross an image within half of it.
LIMIT = 32.0


class SequenceNorm(nn.Module):
    """Normalise raw skeletons (N, T, 18, 3) to (N, T, 18, 2), centred, in trunk units.

    Joints of confidence 0 are set to the origin. The middle skeleton takes each joint from the
    nearest frame in which it is seen. If no trunk joint is ever seen, or all coincide, all joints
    are used; if they have no extent either, the result is zero.
    """

    def __init__(self) -> None:
        super().__init__()
        is_trunk_J = torch.tensor([1.0 if name in TRUNK_5 else 0.0 for name in OPENPOSE_18])
        self.is_trunk_J: Tensor
        self.register_buffer("is_trunk_J", is_trunk_J, persistent=False)

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        seen_NTJ = (skeleton_NTJ3[..., 2] > 0).to(skeleton_NTJ3.dtype)
        # The coordinates of an unseen joint are undefined, possibly NaN.
        xy_NTJ2 = torch.where(seen_NTJ[..., None] > 0, skeleton_NTJ3[..., :2], 0.0)
        middle_NJ2, known_NJ = middle_skeleton(xy_NTJ2, seen_NTJ)
        centre_N2, unit_N = extent(middle_NJ2, known_NJ * self.is_trunk_J)
        all_centre_N2, all_unit_N = extent(middle_NJ2, known_NJ)
        has_trunk_N = unit_N > 0
        centre_N2 = torch.where(has_trunk_N[:, None], centre_N2, all_centre_N2)
        unit_N = torch.where(has_trunk_N, unit_N, all_unit_N)
        has_unit_N = unit_N > 0
        per_unit_N = has_unit_N.to(unit_N.dtype) / torch.where(has_unit_N, unit_N, 1.0)
        moved_NTJ2 = (xy_NTJ2 - centre_N2[:, None, None]) * seen_NTJ[..., None]
        return (moved_NTJ2 * per_unit_N[:, None, None, None]).clamp(-LIMIT, LIMIT)


def middle_skeleton(xy_NTJ2: Tensor, seen_NTJ: Tensor) -> tuple[Tensor, Tensor]:
    """Return each joint from the frame nearest to the middle in which it is seen (N, J, 2), and 1
    if there is such a frame (N, J); of two equally near frames, the later.
    """
    frames = xy_NTJ2.shape[1]
    frame_T = torch.arange(frames, device=xy_NTJ2.device, dtype=xy_NTJ2.dtype)
    # Offset the middle towards the later frame, so that no two frames are equally far.
    away_T11 = (frame_T - (frames // 2 + 0.25)).abs()[:, None]
    unseen = 2.0 * frames
    away_NTJ = torch.where(seen_NTJ > 0, away_T11, unseen)
    nearest_N1J = away_NTJ.amin(dim=1, keepdim=True)
    chosen_NTJ = (away_NTJ <= nearest_N1J).to(xy_NTJ2.dtype) * seen_NTJ
    return (xy_NTJ2 * chosen_NTJ[..., None]).sum(dim=1), chosen_NTJ.sum(dim=1)


def extent(xy_NJ2: Tensor, weight_NJ: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weighted mean of the joints (N, 2) and their root mean square distance from it
    (N,); zeros if all weights are 0.
    """
    share_NJ1 = (weight_NJ / weight_NJ.sum(dim=1, keepdim=True).clamp_min(1.0))[..., None]
    centre_N2 = (xy_NJ2 * share_NJ1).sum(dim=1)
    square_N = ((xy_NJ2 - centre_N2[:, None]).square() * share_NJ1).sum(dim=(1, 2))
    return centre_N2, square_N.sqrt()
