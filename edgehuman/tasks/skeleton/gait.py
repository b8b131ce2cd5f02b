"""Supervised gait recognition: a pretrained network learns to recognise people by their walk.

    edgehuman finetune --task gait --weights runs/contrastive --data casia-b --out runs/gait

Batches of P people with K walks each, cut and augmented as in pretraining. The losses are batch-all
triplets and identity classification after a batch normalisation (the BNNeck); neck and classifier
exist in training only. The saved network has the form of the pretrained one: walks in, vectors out.
Sources: the losses of the published gait code (margin 0.2, batch all; cosine logits x 16 with label
smoothing 0.1), Luo et al., arXiv 1903.07071 (BNNeck).

Training people are split by person: most are trained on; those held out select the checkpoint and
the score below which a person is unknown. The test part is read once, at the end; with simulated
walkers it comes from another seed than the training people.

Axes: N walks, S source frames, T frames, J joints, D dimensions, I identities.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.card import Card, InputSpec, OutputSpec, TrainingData, skeleton_input
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.gait.ledger import walks_row
from edgehuman.data.gait.score import GENERIC, WalkScores, score_walks
from edgehuman.data.gait.walks import joined
from edgehuman.data.memory import set_in_memory
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.nets.building import build, count_linear_flops, size_of
from edgehuman.outcome import Outcome
from edgehuman.own import is_own
from edgehuman.tasks.finetune import (
    Start,
    Training,
    TrainingSamples,
    Work,
    answer_of,
    start_from,
)
from edgehuman.tasks.gait.judging import judge_of, require_judgeable
from edgehuman.tasks.gait.losses import batch_all_triplets, identity_loss
from edgehuman.tasks.gait.splits import GaitSplits
from edgehuman.tasks.gait.whitening import require_whitening
from edgehuman.tasks.learner import Learner
from edgehuman.tasks.skeleton.settings import DEFAULT_ARCH, GaitConfig
from edgehuman.tasks.skeleton.splits import (
    WalkBatches,
    load_splits,
    long_enough,
    require_window,
)
from edgehuman.tasks.skeleton.whitening import whiten_by
from edgehuman.training.ledger import commit, versions
from edgehuman.training.settings import tell_first
from edgehuman.training.skeleton.augment import SkeletonAugment


class GaitLearner(Learner):
    """A network with its losses; neck and classifier are used in training only."""

    compares = True

    def __init__(
        self, network: nn.Module, num_people: int, augment: SkeletonAugment, config: GaitConfig
    ) -> None:
        super().__init__()
        self.network, self.augment, self.config = network, augment, config
        width = cast("int", network.width)
        self.neck = nn.BatchNorm1d(width)
        self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(width, num_people, bias=False)
        nn.init.xavier_uniform_(self.classifier.weight)

    def viewed(self, *batch: Tensor) -> tuple[Tensor, ...]:
        """Return windows (N, T, J, 3) of sources (N, S, J, 3) with their lengths (N,), and the
        identities (N,).
        """
        source_NSJ3, length_N, person_N = batch
        with torch.autocast(source_NSJ3.device.type, enabled=False):
            return self.augment(source_NSJ3, length_N), person_N

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "triplet", "identity", "accuracy"} of vectors (N, D)."""
        (person_N,) = target
        config, feature_ND = self.config, output_N.float()
        compared_ND = feature_ND
        if config.distance != "euclidean":
            compared_ND = functional.normalize(feature_ND, dim=1)
        triplet_P, _ = batch_all_triplets(compared_ND[:, None], person_N, config.margin)
        direction_ID = functional.normalize(self.classifier.weight, dim=1)
        cosine_NI = functional.normalize(self.neck(feature_ND), dim=1) @ direction_ID.T
        identity = identity_loss(cosine_NI[:, None], person_N, config.scale, config.label_smoothing)
        return {
            "loss": triplet_P.mean() + config.identity_weight * identity,
            "triplet": triplet_P.mean(),
            "identity": identity,
            "accuracy": (cosine_NI.argmax(1) == person_N).float().mean(),
        }


def build_network(config: GaitConfig, start: Start) -> nn.Module:
    """Build the network to train; its window length is --frames, or that of the weights."""
    given = {} if config.dim is None else {"dim": config.dim}
    if config.frames:
        given["frames"] = config.frames
    elif start.learned is not None:
        given["frames"] = start.learned.input.shape[0]
    return build(start.arch, config.seed, **given)


def train(config: GaitConfig, data: SkeletonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task gait`; write the checkpoint to `config.out`.

    Args:
        data: walks in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    return prepare(config, data).run()


def prepare(config: GaitConfig, data: SkeletonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see the functions it calls.
    """
    start = start_from(config, "gait", DEFAULT_ARCH)
    if data is not None:
        data = set_in_memory(data, SkeletonSet)
        config = dataclasses.replace(config, data=IN_MEMORY)
    if config.data == SIMULATED:
        tell_first("training on simulated walkers (edgehuman's own)")
    splits = load_splits(config, data)
    require_judgeable(config, splits)
    network = build_network(config, start)
    ancestors = start.load_into(network)
    frames = cast("int", network.frames)
    for part, walks in (("selection", splits.select), ("test", splits.test)):
        if walks is not None:
            require_window(walks, frames, part)
    splits = dataclasses.replace(
        splits,
        learn=long_enough(splits.learn, frames),
        also=tuple(long_enough(each, frames) for each in splits.also),
    )
    card = _card(config, splits, network, start.arch, ancestors)
    judge = judge_of(config, splits, partial(_score, config))
    training = _training(config, splits, network, card)
    if config.whiten is None:
        return Work(config, training, judge)
    require_whitening(network)
    fit = partial(
        whiten_by,
        walks=joined([splits.learn, *splits.also]),
        frames=frames,
        mistakes=config.augment(frames).mistakes(),
        shrink=config.whiten,
        seed=config.seed,
    )
    return Work(config, training, judge, fit)


def _card(
    config: GaitConfig,
    splits: GaitSplits[SkeletonSet],
    network: nn.Module,
    arch: str,
    ancestors: tuple[TrainingData, ...],
) -> Card:
    shown = skeleton_input(cast("int", network.frames))
    own = [walks_row(each, "training") for each in (splits.learn, *splits.also)]
    if splits.select is not None:
        own.append(walks_row(splits.select, "selection"))
    return Card(
        name=f"{arch} for gait",
        task="gait-embedding",
        arch=arch,
        params=size_of(arch, network, shown, config.dim is not None)[0],
        flops=_flops(arch, network, shown),
        input=shown,
        output=OutputSpec("embedding", distance=config.distance, dim=cast("int", network.width)),
        data=(*ancestors, *own),
        recipe="gait finetune" if config.whiten is None else "gait whitening",
        commit=commit(),
        versions=versions(),
    )


def _flops(arch: str, network: nn.Module, shown: InputSpec) -> int:
    """Count operations as the paper of the catalogued networks does; of an own network all."""
    if is_own(arch):
        return size_of(arch, network, shown)[1]
    return count_linear_flops(network, torch.zeros(1, *shown.shape))


def _training(
    config: GaitConfig, splits: GaitSplits[SkeletonSet], network: nn.Module, card: Card
) -> Training:
    """Return the training: the network without its pretraining head, on batches of people."""
    augment = config.augment(card.input.shape[0])
    learn = joined([splits.learn, *splits.also])
    batches = WalkBatches(learn, augment.source_frames, config)
    # The projection head is used in pretraining only; no gradient reaches it here.
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith("head.") and config.backbone_lr > 0)
    held_out = splits.select

    def select(product: nn.Module) -> Mapping[str, float]:
        assert held_out is not None
        return _score(config, held_out, product, card).scores.metrics

    return Training(
        network=network,
        card=card,
        learner=lambda inner: GaitLearner(inner, batches.num_people, augment, config),
        batches=nullcontext(batches),
        select=None if held_out is None else select,
        select_by="map",
        lr_scale=lambda name: config.backbone_lr if name.startswith("network.") else 1.0,
        name=f"gait {card.arch}",
        samples=TrainingSamples(
            tuple(learn.sequence_N.tolist()), batches.indices, batches.batch_of, together=64
        ),
    )


def _score(
    config: GaitConfig,
    walks: SkeletonSet,
    network: nn.Module,
    card: Card,
    protocol: str | None = GENERIC,
) -> WalkScores:
    frames = card.input.shape[0]
    return score_walks(walks, answer_of(network), frames, config.distance, protocol, config.batch)
