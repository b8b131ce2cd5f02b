"""Fill in unseen joints of a walk inside the graph, so training and device do the same.

A joint that was not seen in a frame is interpolated linearly between the frames around it, as its
offset from the trunk, so that it goes along with the body; before the first frame that shows it,
and after the last, the nearest offset holds. A joint that no frame shows takes the place of the
joint it hangs from: a wrist that of its elbow. Only where nothing stands in does it stay unknown.

Axes: N sequences, T frames, J joints, C candidates, 2: x and y.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from edgehuman.geometry import OPENPOSE_18, TRUNK_5

_NECK = ("neck", "r_shoulder", "l_shoulder")
_FACE = ("nose", "r_eye", "l_eye", "r_ear", "l_ear")
# Joint -> whose place it takes if no frame shows it: the first of these that is known.
STAND_INS: dict[str, tuple[str, ...]] = {
    "neck": _NECK[1:],
    **{name: (*(each for each in _FACE if each != name), *_NECK) for name in _FACE},
}
for _side, _other in ("rl", "lr"):
    _arm = (f"{_side}_shoulder", "neck", f"{_other}_shoulder")
    _leg = (f"{_side}_hip", f"{_other}_hip")
    STAND_INS |= {
        f"{_side}_shoulder": _arm[1:],
        f"{_side}_elbow": _arm,
        f"{_side}_wrist": (f"{_side}_elbow", *_arm),
        f"{_side}_hip": _leg[1:],
        f"{_side}_knee": _leg,
        f"{_side}_ankle": (f"{_side}_knee", *_leg),
    }


class Fill(nn.Module):
    """Fill in unseen joints; call it with places and what was seen.

    Args of the call:
        xy_NTJ2: places in pixels, finite; those of unseen joints have no meaning.
        seen_NTJ: 1 where a joint was seen, else 0.

    Returns:
        (N, T, J, 2) every joint that is known, seen ones as they were; elsewhere no meaning.
        (N, J) 1 where a joint was seen in any frame, or has a stand-in, else 0.
    """

    def __init__(self) -> None:
        super().__init__()
        most = 1 + max(map(len, STAND_INS.values()))
        rows = [
            [OPENPOSE_18.index(each) for each in (name, *STAND_INS[name])] for name in OPENPOSE_18
        ]
        self.candidate_JC: Tensor
        self.is_trunk_J: Tensor
        self.register_buffer(
            "candidate_JC",
            torch.tensor([[*row, *row[:1] * (most - len(row))] for row in rows]),
            persistent=False,
        )
        self.register_buffer(
            "is_trunk_J",
            torch.tensor([1.0 if name in TRUNK_5 else 0.0 for name in OPENPOSE_18]),
            persistent=False,
        )

    def forward(self, xy_NTJ2: Tensor, seen_NTJ: Tensor) -> tuple[Tensor, Tensor]:
        between = between_seen(seen_NTJ)
        known_NJ = seen_NTJ.amax(dim=1)
        trunk_NJ = known_NJ * self.is_trunk_J
        share_NJ = trunk_NJ / trunk_NJ.sum(dim=1, keepdim=True).clamp_min(1.0)
        centre_NT12 = (between(xy_NTJ2) * share_NJ[:, None, :, None]).sum(dim=2, keepdim=True)
        filled_NTJ2 = between(xy_NTJ2 - centre_NT12) + centre_NT12
        filled_NTJ2 = torch.where(seen_NTJ[..., None] > 0, xy_NTJ2, filled_NTJ2)
        return self._stand_in(filled_NTJ2, known_NJ)

    def _stand_in(self, xy_NTJ2: Tensor, known_NJ: Tensor) -> tuple[Tensor, Tensor]:
        """Place joints that no frame shows on the first candidate that is known."""
        joints, most = self.candidate_JC.shape
        known_NJC = known_NJ.index_select(1, self.candidate_JC.flatten()).view(-1, joints, most)
        first_NJ1 = known_NJC.argmax(dim=2, keepdim=True)
        table_NJC = self.candidate_JC.expand(known_NJ.shape[0], -1, -1)
        source_NJ = table_NJC.gather(2, first_NJ1).squeeze(2)
        index_NTJ2 = source_NJ[:, None, :, None].expand(-1, xy_NTJ2.shape[1], -1, 2)
        return xy_NTJ2.gather(2, index_NTJ2), known_NJC.amax(dim=2)


@dataclass(frozen=True, slots=True)
class Between:
    """The seen frames around every frame: calling it interpolates values (N, T, J, 2) linearly,
    constant beyond the first and the last seen frame; without any, it returns what stands there.

    Attributes:
        early_NTJ2, late_NTJ2: numbers of those frames.
        share_NTJ1: of the way from one to the other, 0..1.
    """

    early_NTJ2: Tensor
    late_NTJ2: Tensor
    share_NTJ1: Tensor

    def __call__(self, value_NTJ2: Tensor) -> Tensor:
        early_NTJ2 = value_NTJ2.gather(1, self.early_NTJ2)
        late_NTJ2 = value_NTJ2.gather(1, self.late_NTJ2)
        return early_NTJ2 + self.share_NTJ1 * (late_NTJ2 - early_NTJ2)


def between_seen(seen_NTJ: Tensor) -> Between:
    """Find the seen frames around every frame; `seen_NTJ`: 1 where a joint was seen, else 0."""
    frames = seen_NTJ.shape[1]
    # Running maxima by pooling, which every runtime has. Frames count from 1, so that 0 is none.
    tick_T = torch.arange(1, frames + 1, device=seen_NTJ.device, dtype=seen_NTJ.dtype)
    seen_NJT = seen_NTJ.transpose(1, 2)
    before_NJT = _pooled(F.pad(tick_T * seen_NJT, (frames - 1, 0)), frames)
    from_end_NJT = _pooled(F.pad((frames + 1 - tick_T) * seen_NJT, (0, frames - 1)), frames)
    after_NJT = torch.where(from_end_NJT > 0, frames + 1 - from_end_NJT, before_NJT)
    before_NJT = torch.where(before_NJT > 0, before_NJT, after_NJT)
    share_NJT = (tick_T - before_NJT) / (after_NJT - before_NJT).clamp_min(1.0)
    early_NTJ2, late_NTJ2 = (
        (frame_NJT - 1).clamp_min(0.0).long().transpose(1, 2)[..., None].expand(-1, -1, -1, 2)
        for frame_NJT in (before_NJT, after_NJT)
    )
    share_NTJ1 = share_NJT.clamp(0.0, 1.0).transpose(1, 2)[..., None]
    return Between(early_NTJ2, late_NTJ2, share_NTJ1)


def _pooled(value_NJS: Tensor, frames: int) -> Tensor:
    largest_NJT: Tensor = F.max_pool1d(value_NJS, frames, stride=1)
    return largest_NJT
