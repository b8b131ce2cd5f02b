"""What pose detectors do to walkers besides noise, for training: joints by another definition, two
joints on one limb, left and right exchanged.

Measured on the joints that MoveNet Thunder finds in KTH's real walks, seen from the side, against
the simulator's: shoulders and hips lie 0.05 to 0.07 trunks further apart, the wrists' distance
swings 0.4 times as far because the hidden arm is guessed at the visible one, and the ankles cross
1.7 times as often because the legs are exchanged for a few frames.

Axes: N sequences, T frames, J joints of OpenPose-18, 3: x and y in pixels, confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from edgehuman.config import require
from edgehuman.geometry import OPENPOSE_18
from edgehuman.nets import draws

_AT = {name: place for place, name in enumerate(OPENPOSE_18)}
_HEAD = [_AT[name] for name in ("nose", "r_eye", "l_eye", "r_ear", "l_ear")]
_ARM, _LEG = ("elbow", "wrist"), ("knee", "ankle")
# Half the range of each shift at a dialect of 1: along the trunk, of widths, of bones, of the head.
_TRUNK, _WIDTH, _BONE, _HEAD_SIZE = 0.12, 0.3, 0.08, 0.3
# Nearer to each other than this, in trunks, the shoulders are seen from the side.
_FROM_THE_SIDE = 0.35
# Frames of a mistake that passes, and the share of frames in which the hidden leg is not its own.
_EPISODE, _LEG_SHARE = 4, 0.25
# Of the sequences with other arms: the share without any, and the others' swing.
_ARMS_LOST, _SWING = 0.35, (0.1, 1.2)


@dataclass(frozen=True, slots=True)
class DetectorMistakes:
    """Strengths, 0 (off) to 1 (as measured).

    Attributes:
        dialect: where a detector places the joints of a body; drawn for a batch, as one camera has
            one detector. Else it would tell people apart.
        doubled: share of the sequences seen from the side whose hidden limbs are found at the
            visible ones: the arm throughout, the leg for a while.
        swapped: share of the sequences seen from the side whose legs or arms are exchanged for a
            while.
        arms: share of the sequences whose arms say little: not seen, or swinging less, or a little
            more. Simulated people are told apart by their arms most of all; real ones put a hand in
            a pocket.
    """

    dialect: float = 0.0
    doubled: float = 0.0
    swapped: float = 0.0
    arms: float = 0.0

    def __post_init__(self) -> None:
        names = ("dialect", "doubled", "swapped", "arms")
        require(self, [(0 <= getattr(self, n) <= 1, n, "a share from 0 to 1") for n in names])

    def __call__(self, skeleton_NTJ3: Tensor) -> Tensor:
        """Return the sequences with mistakes; joints that are not seen stay so."""
        made = skeleton_NTJ3
        if self.arms:
            made = _with_other_arms(made, self.arms)
        if self.doubled:
            made = _doubled(made, self.doubled)
        if self.swapped:
            made = _swapped(made, self.swapped)
        if self.dialect:
            made = _in_dialect(made, self.dialect)
        return made


def _in_dialect(skeleton_NTJ3: Tensor, strength: float) -> Tensor:
    """Move joints along the trunk and the limbs by shares that are the same for all sequences."""

    def shift(most: float) -> float:
        return strength * most * (2 * torch.rand(()).item() - 1)

    xy = {name: skeleton_NTJ3[:, :, place, :2] for name, place in _AT.items()}
    moved_NTJ2 = torch.zeros_like(skeleton_NTJ3[..., :2])
    neck = 0.5 * (xy["r_shoulder"] + xy["l_shoulder"])
    middle = 0.5 * (xy["r_hip"] + xy["l_hip"])
    up, down, wide, broad = shift(_TRUNK), shift(_TRUNK), shift(_WIDTH), shift(_WIDTH)
    bones = {name: shift(_BONE) for name in ("elbow", "wrist", "knee", "ankle")}
    for side in "rl":
        shoulder, hip = xy[f"{side}_shoulder"], xy[f"{side}_hip"]
        at = up * (neck - middle) + wide * (shoulder - neck)
        moved_NTJ2[:, :, _AT[f"{side}_shoulder"]] = at
        moved_NTJ2[:, :, _AT[f"{side}_hip"]] = down * (middle - neck) + broad * (hip - middle)
        for first, then, last in (("shoulder", *_ARM), ("hip", *_LEG)):
            for start, end in ((first, then), (then, last)):
                bone = xy[f"{side}_{end}"] - xy[f"{side}_{start}"]
                moved_NTJ2[:, :, _AT[f"{side}_{end}"]] = bones[end] * bone
    size = shift(_HEAD_SIZE)
    for place in _HEAD:
        moved_NTJ2[:, :, place] = size * (skeleton_NTJ3[:, :, place, :2] - neck)
    pair = moved_NTJ2[:, :, [_AT["r_shoulder"], _AT["l_shoulder"]]]
    moved_NTJ2[:, :, _AT["neck"]] = pair.mean(dim=2)
    seen_NTJ = skeleton_NTJ3[..., 2] > 0
    # What a shift is measured by has to be seen, too.
    trunk = [_AT[name] for name in ("r_shoulder", "l_shoulder", "r_hip", "l_hip")]
    seen_NTJ = seen_NTJ & seen_NTJ[:, :, trunk].all(dim=2, keepdim=True)
    for side in "rl":
        for start, end in (("elbow", "wrist"), ("knee", "ankle")):
            seen_NTJ[:, :, _AT[f"{side}_{end}"]] &= seen_NTJ[:, :, _AT[f"{side}_{start}"]]
    xy_NTJ2 = skeleton_NTJ3[..., :2] + moved_NTJ2 * seen_NTJ[..., None]
    return torch.cat([xy_NTJ2, skeleton_NTJ3[..., 2:]], dim=3)


def _with_other_arms(skeleton_NTJ3: Tensor, share: float) -> Tensor:
    """Let elbows and wrists swing less about their mean place below the shoulder, or lose them."""
    made = skeleton_NTJ3.clone()
    count, device = len(made), made.device
    hit_N = draws.rand(count, device=device) < share
    lost_N = hit_N & (draws.rand(count, device=device) < _ARMS_LOST)
    low, high = _SWING
    swing_N = torch.where(hit_N, low + (high - low) * draws.rand(count, device=device), 1.0)
    for side in "rl":
        shoulder = made[:, :, _AT[f"{side}_shoulder"]]
        for name in _ARM:
            place = _AT[f"{side}_{name}"]
            joint = made[:, :, place]
            seen_NT1 = (joint[..., 2:] > 0) & (shoulder[..., 2:] > 0)
            below = (joint[..., :2] - shoulder[..., :2]) * seen_NT1
            mean = below.sum(dim=1, keepdim=True) / seen_NT1.sum(dim=1, keepdim=True).clamp(min=1)
            swung = shoulder[..., :2] + mean + swing_N[:, None, None] * (below - mean)
            xy_NT2 = torch.where(seen_NT1, swung, joint[..., :2])
            made[:, :, place] = torch.cat([xy_NT2, joint[..., 2:]], dim=2)
            made[lost_N, :, place] = 0.0
    return made


def _doubled(skeleton_NTJ3: Tensor, share: float) -> Tensor:
    """Find the hidden limb, which the detector is less sure of, at the visible one."""
    made = skeleton_NTJ3.clone()
    count, frames, device = *made.shape[:2], made.device
    for names, passing in ((_ARM, False), (_LEG, True)):
        right, left = ([_AT[f"{side}_{name}"] for name in names] for side in "rl")
        sure_right_N, sure_left_N = (made[:, :, each, 2].mean(dim=(1, 2)) for each in (right, left))
        hit_N = _from_the_side(made) & (draws.rand(count, device=device) < share)
        much_N1 = 0.3 + 0.6 * draws.rand(count, 1, device=device)
        much_NT = much_N1.expand(-1, frames)
        if passing:
            rare_N = torch.full((count,), _LEG_SHARE, device=device)
            much_NT = 0.9 * _episodes(rare_N, frames)
        for own, other in ((right, left), (left, right)):
            is_hidden_N = sure_right_N < sure_left_N if own is right else sure_left_N < sure_right_N
            blend_NT = much_NT * (hit_N & is_hidden_N)[:, None]
            both = (made[:, :, own, 2:] > 0) & (made[:, :, other, 2:] > 0)
            gap = made[:, :, other, :2] - made[:, :, own, :2]
            made[:, :, own, :2] += blend_NT[:, :, None, None] * gap * both
    return made


def _swapped(skeleton_NTJ3: Tensor, share: float) -> Tensor:
    """Exchange legs, or arms, for a few frames at a time."""
    made = skeleton_NTJ3.clone()
    count, frames, device = *made.shape[:2], made.device
    for names in (_ARM, _LEG):
        right, left = ([_AT[f"{side}_{name}"] for name in names] for side in "rl")
        hit_N = _from_the_side(made) & (draws.rand(count, device=device) < share)
        taken_NT = _episodes(0.35 * draws.rand(count, device=device) * hit_N, frames)
        both = taken_NT[:, :, None, None] > 0
        old_right, old_left = made[:, :, right], made[:, :, left]
        made[:, :, right] = torch.where(both, old_left, old_right)
        made[:, :, left] = torch.where(both, old_right, old_left)
    return made


def _from_the_side(skeleton_NTJ3: Tensor) -> Tensor:
    """Whether the shoulders, on average, are close to each other (N,)."""
    xy = {name: skeleton_NTJ3[:, :, _AT[name], :2] for name in
          ("r_shoulder", "l_shoulder", "r_hip", "l_hip")}  # fmt: skip
    wide_N = (xy["r_shoulder"] - xy["l_shoulder"]).norm(dim=2).mean(dim=1)
    middle = 0.5 * (xy["r_shoulder"] + xy["l_shoulder"] - xy["r_hip"] - xy["l_hip"])
    is_side_N: Tensor = wide_N < _FROM_THE_SIDE * middle.norm(dim=2).mean(dim=1)
    return is_side_N


def _episodes(share_N: Tensor, frames: int) -> Tensor:
    """1 in some runs of `_EPISODE` frames, else 0 (N, T); `share_N`: of the frames."""
    count, device = len(share_N), share_N.device
    runs = -(-frames // _EPISODE) + 1
    taken_NR = (draws.rand(count, runs, device=device) < share_N[:, None]).float()
    late = int(torch.randint(0, _EPISODE, ()).item())
    return taken_NR.repeat_interleave(_EPISODE, dim=1)[:, late : late + frames]
