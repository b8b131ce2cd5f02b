"""GaitBody: a GaitFormer of a walk and of its mirror image, and the proportions of the body.

The vector is the mean direction of both answers, then the bones' shares of the body's length in the
picture, in standard deviations of simulated people, weighed by `SHARE`. A GaitFormer that learned
from simulated walkers leans on how arms and head are held; proportions are what real people keep
from day to day. Both parts are computed from the same filled-in joints, so the graph needs nothing
beside the walk. The weight was chosen on simulated people.

A last linear map may scale the directions of the vector by how much one person's walks differ in
them (`finetune --task gait --whiten`); until then there is none.

Axes: N sequences, T frames, J joints, B bones, D learned
width, E whole width, 2: x and y, 3: x, y and confidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.errors import UsageError
from edgehuman.geometry import OPENPOSE_18, flip_indices
from edgehuman.nets.skeleton.gaitformer import GaitFormer
from edgehuman.nets.skeleton.normalise import is_seen

SHARE = 0.05
"""The mean square of the proportions' part for simulated people; that of the learned part is 1."""
# Of both sides: the bone's share of all bones' length, and its standard deviation, over 2,400 walks
# of 400 simulated people in all views.
BONES: Mapping[tuple[str, str], tuple[float, float]] = {
    ("neck", "nose"): (0.0461, 0.0075),
    ("neck", "shoulder"): (0.0318, 0.0138),
    ("shoulder", "elbow"): (0.0696, 0.0047),
    ("elbow", "wrist"): (0.0587, 0.0087),
    ("neck", "hip"): (0.1225, 0.0060),
    ("hip", "knee"): (0.0986, 0.0058),
    ("knee", "ankle"): (0.0956, 0.0074),
}


class GaitBody(nn.Module):
    """Map raw skeletons (N, T, 18, 3) to one vector (N, width), for any number of frames.

    Args:
        width, depth, heads, frames, attention_scale: of the GaitFormer.
        dim: width of the vector; by default the GaitFormer's and one per bone.

    Attributes:
        encoder: the GaitFormer; `project` is its projection head.

    Raises:
        UsageError: a `dim` that leaves nothing for the GaitFormer.
    """

    def __init__(
        self,
        width: int,
        depth: int,
        heads: int,
        frames: int = 24,
        attention_scale: float | None = None,
        dim: int | None = None,
    ) -> None:
        super().__init__()
        self.proportions = Proportions()
        bones = len(self.proportions.mean_B)
        if dim is not None and dim <= bones:
            raise UsageError(
                f"--dim is {dim}, of which {bones} are the body's proportions; it must be over "
                f"{bones}"
            )
        inner = None if dim is None else dim - bones
        self.encoder = GaitFormer(width, depth, heads, frames, attention_scale, inner)
        self.width, self.frames = self.encoder.width + bones, frames
        self.widths = self.encoder.widths
        self.centre_E: Tensor | None
        self.matrix_EE: Tensor | None
        self.register_buffer("centre_E", None)
        self.register_buffer("matrix_EE", None)
        self.flip_J: Tensor
        self.register_buffer("flip_J", torch.tensor(flip_indices("openpose18")), persistent=False)

    def forward(self, skeleton_NTJ3: Tensor) -> Tensor:
        x_NTJ2 = self.encoder.normalise(skeleton_NTJ3)
        mirrored_NTJ2 = x_NTJ2.index_select(2, self.flip_J) * x_NTJ2.new_tensor([-1.0, 1.0])
        both_MD = self.encoder.encode(torch.cat([x_NTJ2, mirrored_NTJ2]))
        # No chunk: of a batch of any size it becomes a sequence, which compilers do not take.
        both_2ND = functional.normalize(both_MD, dim=1).reshape(2, -1, both_MD.shape[1])
        learned_ND = functional.normalize(both_2ND.sum(dim=0), dim=1)
        body_NB = self.proportions(x_NTJ2, is_seen(skeleton_NTJ3))
        vector_NE = torch.cat([learned_ND, body_NB.to(learned_ND.dtype)], dim=1)
        if self.centre_E is None or self.matrix_EE is None:
            return vector_NE
        return (vector_NE - self.centre_E) @ self.matrix_EE

    def whiten(self, centre_PD: Tensor, matrix_PDD: Tensor) -> None:
        """See `Whitening`, of one part."""
        self.add_map()
        assert self.centre_E is not None
        assert self.matrix_EE is not None
        # What is now (y - c) M becomes ((y - c) M - centre) matrix.
        self.centre_E += torch.linalg.solve(self.matrix_EE.T, centre_PD[0])
        self.matrix_EE = self.matrix_EE @ matrix_PDD[0]

    def add_map(self) -> None:
        """Give it the last linear map, at first one that changes nothing, if it has none."""
        if self.matrix_EE is None:
            like = self.encoder.class_token
            self.centre_E = like.new_zeros(self.width).detach()
            self.matrix_EE = torch.eye(self.width, dtype=like.dtype, device=like.device)

    def forward_features(self, skeleton_NTJ3: Tensor) -> Tensor:
        """Return the vector (N, width) of raw skeletons: what calling the network returns."""
        vector_NE: Tensor = self(skeleton_NTJ3)
        return vector_NE

    def project(self, vector_NE: Tensor) -> Tensor:
        """Project the learned part of vectors (N, width) for the contrastive loss."""
        return self.encoder.project(vector_NE[:, : self.encoder.width])

    def fit_weights(
        self, weights: Mapping[str, Tensor], input_size: Sequence[int] | None
    ) -> dict[str, Tensor]:
        """See `Fitting`: a GaitFormer's weights are the encoder's; its head stays as it is, and the
        vector is not whitened.
        """
        kept = {f"encoder.{name}": tensor for name, tensor in weights.items()}
        own = self.state_dict()
        return {name: kept.get(name, own[name]) for name in own} | kept


class Proportions(nn.Module):
    """Bones' shares of a body's length in the picture, standardised and weighed, (N, B); 0 where a
    joint of the bone is never seen.
    """

    def __init__(self) -> None:
        super().__init__()
        rows = []
        for (one, other), numbers in BONES.items():
            for side in ("",) if other == "nose" else ("r_", "l_"):
                ends = [name if name in OPENPOSE_18 else side + name for name in (one, other)]
                rows.append((*(OPENPOSE_18.index(name) for name in ends), *numbers))
        first, second, mean, spread = zip(*rows, strict=True)
        self.first_B: Tensor
        self.second_B: Tensor
        self.mean_B: Tensor
        self.per_spread_B: Tensor
        weight = (SHARE / len(rows)) ** 0.5
        self.register_buffer("first_B", torch.tensor(first), persistent=False)
        self.register_buffer("second_B", torch.tensor(second), persistent=False)
        self.register_buffer("mean_B", torch.tensor(mean), persistent=False)
        self.register_buffer("per_spread_B", weight / torch.tensor(spread), persistent=False)

    def forward(self, x_NTJ2: Tensor, seen_NTJ: Tensor) -> Tensor:
        """Args: joints in any unit, and 1 where they were seen, else 0."""
        first_NTB2, second_NTB2 = (
            x_NTJ2.index_select(2, each_B) for each_B in (self.first_B, self.second_B)
        )
        square_NTB = (first_NTB2 - second_NTB2).square().sum(dim=3)
        counts_NTB = seen_NTJ.index_select(2, self.first_B) * seen_NTJ.index_select(
            2, self.second_B
        )
        total_NB = (square_NTB.sqrt() * counts_NTB).sum(dim=1)
        length_NB = total_NB / counts_NTB.sum(dim=1).clamp_min(1.0)
        share_NB = length_NB / length_NB.sum(dim=1, keepdim=True).clamp_min(1e-3)
        has_NB = (share_NB > 0).to(share_NB.dtype)
        weighed_NB: Tensor = (share_NB - self.mean_B) * self.per_spread_B * has_NB
        return weighed_NB
