"""Fill in unseen joints of a walk inside the graph, so training and device do the same.

A joint that was not seen in a frame is interpolated linearly between the frames around it, as its
offset from the trunk, so that it goes along with the body; before the first frame that shows it,
and after the last, the nearest offset holds. A joint that no frame shows takes the place of the
joint it hangs from: a wrist that of its elbow. Only where nothing stands in does it stay unknown.

Axes: N sequences, T frames, J joints, K of them, 2: x and y.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from edgehuman.geometry import OPENPOSE_18, TRUNK_5

_NOSES = ("r_eye", "l_eye", "r_ear", "l_ear", "neck")
# In turn, joint -> the joint whose place it takes where no frame shows it: places are handed on
# along the limbs.
STAND_INS: tuple[dict[str, str], ...] = (
    {"neck": "r_shoulder", "r_hip": "l_hip", "l_hip": "r_hip", "nose": _NOSES[0]},
    {"neck": "l_shoulder", "r_knee": "r_hip", "l_knee": "l_hip", "nose": _NOSES[1]},
    {"r_shoulder": "neck", "l_shoulder": "neck", "r_ankle": "r_knee", "l_ankle": "l_knee"},
    {"r_elbow": "r_shoulder", "l_elbow": "l_shoulder", "nose": _NOSES[2]},
    {"r_wrist": "r_elbow", "l_wrist": "l_elbow", "nose": _NOSES[3]},
    {"nose": _NOSES[4]},
    dict.fromkeys(_NOSES[:4], "nose"),
)

_AT = {name: j for j, name in enumerate(OPENPOSE_18)}
_TRUNK = [_AT[name] for name in TRUNK_5]
_SOURCES = [[_AT[turn.get(name, name)] for name in OPENPOSE_18] for turn in STAND_INS]


def fill(xy_NTJ2: Tensor, seen_NTJ: Tensor) -> tuple[Tensor, Tensor]:
    """Fill in unseen joints.

    Args:
        xy_NTJ2: places in pixels, finite; those of unseen joints have no meaning.
        seen_NTJ: 1 where a joint was seen, else 0.

    Returns:
        (N, T, J, 2) every joint that is known, seen ones as they were; 0 where unknown.
        (N, J) 1 where a joint was seen in any frame, or has a stand-in, else 0.
    """
    trunk_NTK2 = interpolate(xy_NTJ2[:, :, _TRUNK], seen_NTJ[:, :, _TRUNK])
    known_NK = seen_NTJ[:, :, _TRUNK].amax(dim=1)
    share_N1K1 = (known_NK / known_NK.sum(dim=1, keepdim=True).clamp_min(1.0))[:, None, :, None]
    centre_NT12 = (trunk_NTK2 * share_N1K1).sum(dim=2, keepdim=True)
    offset_NTJ2 = interpolate((xy_NTJ2 - centre_NT12) * seen_NTJ[..., None], seen_NTJ)
    seen_NTJ1 = seen_NTJ[..., None] > 0
    known_NJ = seen_NTJ.amax(dim=1)
    filled_NTJ2 = torch.where(seen_NTJ1, xy_NTJ2, offset_NTJ2 + centre_NT12)
    return _stand_in(filled_NTJ2 * known_NJ[:, None, :, None], known_NJ)


def interpolate(value_NTJ2: Tensor, seen_NTJ: Tensor) -> Tensor:
    """Values (N, T, J, 2) of unseen frames: linear between the frames around them, and constant
    beyond the first and the last that were seen; what a joint that was never seen gets has no
    meaning.
    """
    frames = value_NTJ2.shape[1]
    frame_T1 = torch.arange(frames, device=value_NTJ2.device, dtype=value_NTJ2.dtype)[:, None]
    # Frames count from 1 here, so that 0 says "none".
    before_NTJ = _running_max((frame_T1 + 1) * seen_NTJ)
    after_NTJ = _running_max(((frames - frame_T1) * seen_NTJ).flip(1)).flip(1)
    has_before, has_after = before_NTJ > 0, after_NTJ > 0
    first_NTJ, last_NTJ = before_NTJ - 1, frames - after_NTJ
    early_NTJ = torch.where(has_before, first_NTJ, torch.where(has_after, last_NTJ, 0.0))
    late_NTJ = torch.where(has_after, last_NTJ, early_NTJ)
    share_NTJ = (frame_T1 - early_NTJ) / (late_NTJ - early_NTJ).clamp_min(1.0)
    share_NTJ1 = share_NTJ.clamp(0.0, 1.0)[..., None]
    early_NTJ2, late_NTJ2 = (
        value_NTJ2.gather(1, at_NTJ.long()[..., None].expand(-1, -1, -1, 2))
        for at_NTJ in (early_NTJ, late_NTJ)
    )
    return early_NTJ2 + share_NTJ1 * (late_NTJ2 - early_NTJ2)


def _running_max(value_NTJ: Tensor) -> Tensor:
    """Largest value up to each frame (N, T, J), of values from 0 on: one pooling, in every
    runtime.
    """
    frames = value_NTJ.shape[1]
    ahead_NJT = F.pad(value_NTJ.transpose(1, 2), (frames - 1, 0))
    largest_NJT: Tensor = F.max_pool1d(ahead_NJT, frames, stride=1)
    return largest_NJT.transpose(1, 2)


def _stand_in(xy_NTJ2: Tensor, known_NJ: Tensor) -> tuple[Tensor, Tensor]:
    """Place joints that no frame shows on their stand-ins."""
    for source in _SOURCES:
        is_known_N1J1 = known_NJ[:, None, :, None] > 0
        xy_NTJ2 = torch.where(is_known_N1J1, xy_NTJ2, xy_NTJ2[:, :, source])
        known_NJ = torch.maximum(known_NJ, known_NJ[:, source])
    return xy_NTJ2, known_NJ
