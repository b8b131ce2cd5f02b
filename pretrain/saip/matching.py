"""Cross-scale matching (CSM): views of one person at many scales get the same prototypes.

Source: SAIP (arXiv 2503.08201), equation 1, in the form of DINO (arXiv 2104.14294): the expert gets
the two large views, the student all views; cross-entropy over each pair of different views. With a
pretrained expert (SAIP*), the student's token is aligned to the expert's instead.

Axes: N persons, V views, T views of the expert (the first of V), K prototypes, D width, H head,
S token.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from edgehuman.nets.attention import initialise_linear
from edgehuman.pretrain.saip.settings import Centring
from edgehuman.training.many.gather import together

BOTTLENECK = 256


def mlp(inside: int, hidden: int, outside: int) -> nn.Sequential:
    """Build DINO's three-layer projection."""
    layers = nn.Sequential(
        nn.Linear(inside, hidden),
        nn.GELU(),
        nn.Linear(hidden, hidden),
        nn.GELU(),
        nn.Linear(hidden, outside),
    )
    return layers.apply(initialise_linear)


class PrototypeHead(nn.Module):
    """Map image tokens (N, D) to cosines with the prototypes (N, K)."""

    def __init__(self, inside: int, hidden: int, prototypes: int) -> None:
        super().__init__()
        self.mlp = mlp(inside, hidden, BOTTLENECK)
        # Only the direction of a row matters: DINO's weight norm with its gain fixed at one.
        self.prototype_KD = nn.Parameter(torch.empty(prototypes, BOTTLENECK))
        nn.init.trunc_normal_(self.prototype_KD, std=0.02)

    def forward(self, token_ND: Tensor) -> Tensor:
        narrow_ND = self.mlp(token_ND).float()
        # Cosines are divided by a temperature of a few hundredths: bfloat16 is too coarse.
        with torch.autocast(token_ND.device.type, enabled=False):
            direction_KD = functional.normalize(self.prototype_KD, dim=-1)
            return functional.linear(functional.normalize(narrow_ND, dim=-1), direction_KD)


def centred(expert_TNK: Tensor, centre_K: Tensor, temperature: float = 0.04) -> Tensor:
    """Return the expert's targets as in DINO: softmax of cosines minus their running mean."""
    return torch.softmax((expert_TNK.float() - centre_K) / temperature, dim=-1)


def balanced(expert_TNK: Tensor, temperature: float = 0.04, rounds: int = 3) -> Tensor:
    """Return the expert's targets balanced over the prototypes by the Sinkhorn-Knopp algorithm.

    In each view, all prototypes get the same total from the persons of all processes, so the
    targets cannot collapse to one prototype. A running mean needs many steps and persons for that;
    this needs two persons.

    Source: SwAV (arXiv 2006.09882), section 3.1; as in DINOv2 (arXiv 2304.07193), section 4.
    """
    log_TNK = expert_TNK.float() / temperature
    for _ in range(rounds):
        log_TNK = log_TNK - _log_total(log_TNK)
        log_TNK = log_TNK.log_softmax(dim=-1)
    return log_TNK.exp()


def _log_total(log_TNK: Tensor) -> Tensor:
    """Return the log total of each prototype over the persons of all processes (T, 1, K)."""
    most_T1K = log_TNK.amax(dim=1, keepdim=True)
    many = together()[1] > 1
    if many:
        distributed.all_reduce(most_T1K, distributed.ReduceOp.MAX)
    sum_T1K = (log_TNK - most_T1K).exp().sum(dim=1, keepdim=True)
    if many:
        distributed.all_reduce(sum_T1K)
    return most_T1K + sum_T1K.log()


def matching_loss(
    student_VNK: Tensor, target_TNK: Tensor, student_temperature: float = 0.1
) -> Tensor:
    """Return the mean cross-entropy over pairs of an expert view and a different student view."""
    log_VNK = torch.log_softmax(student_VNK.float() / student_temperature, dim=-1)
    # Written as a sum of products, because a matrix product would use autocast's type.
    term_TV = -(target_TNK[:, None] * log_VNK).sum(dim=-1).mean(dim=-1)
    same_TV = torch.eye(*term_TV.shape, dtype=torch.bool, device=term_TV.device)
    return term_TV[~same_TV].mean()


@torch.no_grad()
def target_entropy(target_TNK: Tensor) -> Tensor:
    """Return the mean entropy of the targets, nats: the part of the loss that cannot decrease."""
    entropy_TNK: Tensor = torch.special.entr(target_TNK)
    return entropy_TNK.sum(dim=-1).mean()


def alignment_loss(student_VND: Tensor, expert_TND: Tensor) -> Tensor:
    """Return 1 - cosine, averaged over all pairs of views, including pairs of the same view."""
    student_VND = functional.normalize(student_VND.float(), dim=-1)
    expert_TND = functional.normalize(expert_TND.float(), dim=-1)
    return 1 - (expert_TND[:, None] * student_VND).sum(dim=-1).mean()


Relations = tuple[Tensor, Tensor]


def relation_loss(student_NHSS: Relations, expert_NHSS: Relations) -> Tensor:
    """Return KL(expert || student) of the rows of softmax(QK), and of softmax(VV), averaged."""
    return torch.stack(
        [_divergence(*pair) for pair in zip(student_NHSS, expert_NHSS, strict=True)]
    ).sum()


def _divergence(student_NHSS: Tensor, expert_NHSS: Tensor) -> Tensor:
    log_NHSS = student_NHSS.float().clamp_min(1e-12).log()
    kl_NHSS = functional.kl_div(log_NHSS, expert_NHSS.float(), reduction="none")
    return kl_NHSS.sum(dim=-1).mean()


def relations(qkv_NSF: Tensor, heads: int) -> Relations:
    """Return softmax(QK) and softmax(VV) of a ViT block.

    Args:
        qkv_NSF: (N, S, 3 x D), all queries, then keys, then values.
    """
    images, tokens, features = qkv_NSF.shape
    split = qkv_NSF.view(images, tokens, 3, heads, features // (3 * heads)).permute(2, 0, 3, 1, 4)
    q_NHSE, k_NHSE, v_NHSE = split.float().unbind(0)
    scale = 1 / math.sqrt(q_NHSE.shape[-1])
    return (
        torch.softmax(q_NHSE @ k_NHSE.transpose(-1, -2) * scale, dim=-1),
        torch.softmax(v_NHSE @ v_NHSE.transpose(-1, -2) * scale, dim=-1),
    )


def has_relations(network: nn.Module) -> bool:
    """Whether `caught_relations` supports this network: only a ViT."""
    return hasattr(network, "cls_token")


@contextmanager
def caught_relations(network: nn.Module, wanted: bool) -> Iterator[list[Relations]]:
    """Record the relations of a ViT's last block, one entry per forward in the context."""
    found: list[Relations] = []
    if not wanted:
        yield found
        return
    attention: Any = list(network.get_submodule("blocks").children())[-1].attention
    hook = attention.qkv.register_forward_hook(
        lambda module, given, qkv_NSF: found.append(relations(qkv_NSF, attention.heads))
    )
    try:
        yield found
    finally:
        hook.remove()


class Matching(nn.Module):
    """The matching loss with its heads and its centre.

    Args:
        width: of the student's token.
        hidden, prototypes: of the heads.
        temperatures: of the student's and of the expert's softmax.
        centre_momentum: decay of the running mean of the expert's outputs.
        centring: "mean" subtracts that running mean, as in DINO and the paper; "sinkhorn" balances
            the targets of each call instead, for small batches and short runs.
    """

    def __init__(
        self,
        width: int,
        hidden: int = 2048,
        prototypes: int = 4096,
        temperatures: tuple[float, float] = (0.1, 0.04),
        centre_momentum: float = 0.9,
        centring: Centring = "mean",
    ) -> None:
        super().__init__()
        self.centring = centring
        self.temperatures = temperatures
        self.centre_momentum = centre_momentum
        self.head = PrototypeHead(width, hidden, prototypes)
        self.expert_head = PrototypeHead(width, hidden, prototypes)
        self.expert_head.load_state_dict(self.head.state_dict())
        self.expert_head.requires_grad_(False)
        self.centre_K: Tensor
        self.register_buffer("centre_K", torch.zeros(prototypes))
        self.seen: list[Tensor] = []
        self.divergence = torch.zeros(())

    def forward(self, student_VND: Tensor, expert_TND: Tensor) -> Tensor:
        """Tokens of the student's and of the expert's views -> loss."""
        with torch.no_grad():
            expert_TNK = self.expert_head(expert_TND)
        return self.loss(self.head(student_VND), expert_TNK)

    def loss(self, student_VNK: Tensor, expert_TNK: Tensor) -> Tensor:
        """Return the loss of cosines; store the divergence and what `advance` needs."""
        student_temperature, expert_temperature = self.temperatures
        if self.centring == "sinkhorn":
            target_TNK = balanced(expert_TNK, expert_temperature)
        else:
            self._see(expert_TNK)
            target_TNK = centred(expert_TNK, self.centre_K, expert_temperature)
        loss = matching_loss(student_VNK, target_TNK, student_temperature)
        self.divergence = loss.detach() - target_entropy(target_TNK)
        return loss

    @torch.no_grad()
    def _see(self, expert_TNK: Tensor) -> None:
        """Store the mean of all processes' cosines for the centre."""
        mean_K = expert_TNK.float().mean(dim=(0, 1))
        world = together()[1]
        if world > 1:
            distributed.all_reduce(mean_K)
            mean_K /= world
        if self.training:
            self.seen.append(mean_K)

    def advance(self) -> None:
        """Update the centre after a step that was not skipped."""
        # A step skipped for a non-finite loss may have stored a non-finite mean.
        finite = [mean_K for mean_K in self.seen if mean_K.isfinite().all()]
        if finite:
            self.centre_K.lerp_(torch.stack(finite).mean(dim=0), 1 - self.centre_momentum)
        self.seen.clear()


class Alignment(nn.Module):
    """The alignment loss, with the student's token projected to a pretrained expert's width."""

    def __init__(self, width: int, hidden: int, expert_width: int) -> None:
        super().__init__()
        self.head = nn.Sequential(
            mlp(width, hidden, BOTTLENECK),
            nn.Linear(BOTTLENECK, expert_width),
            nn.LayerNorm(expert_width),
        )

    def forward(self, student_VND: Tensor, expert_TND: Tensor) -> Tensor:
        """Tokens of the student's and of the expert's views -> loss."""
        return alignment_loss(self.head(student_VND), expert_TND)
