"""Gait recognition where people are known: a pretrained network learns to find the same person.

    edgehuman finetune --task gait --weights runs/contrastive --data casia-b --out runs/gait

Batches of P people with K walks each, cut and augmented as in pretraining; triplets of all walks of
the batch, and the identities behind a batch normalisation (the BNNeck), both in training alone.
What is saved is the network as it was pretrained: walks in, vectors out. Sources: the losses of the
published gait code (margin 0.2, batch all; cosine logits x 16 with label smoothing 0.1), Luo et
al., arXiv 1903.07071 (BNNeck).

Training people are parted by person: those who learn, and those held out who select the checkpoint
and the score under which somebody is unknown. The test part is read once, at the end; on simulated
walkers it is people of another world than that of training.

Axes: N walks, S source frames, T frames, J joints, D dimensions, I identities.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman import catalogue
from edgehuman.card import Card, Decision, Metric, OutputSpec, TrainingData, skeleton_input
from edgehuman.catalogue import SIMULATED
from edgehuman.data.gait.ledger import walks_row
from edgehuman.data.gait.score import (
    GENERIC,
    WalkScores,
    judged_walks,
    protocol_of,
    score_walks,
)
from edgehuman.data.gait.walks import SkeletonSet
from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait.strangers import stranger_threshold
from edgehuman.metrics.gait.vectors import Answer
from edgehuman.nets.building import build, count_linear_flops
from edgehuman.outcome import Outcome
from edgehuman.records import Float32
from edgehuman.tasks.gait.losses import batch_all_triplets, identity_loss
from edgehuman.tasks.skeleton.settings import DEFAULT_ARCH, GaitConfig
from edgehuman.tasks.skeleton.splits import (
    GaitSplits,
    WalkBatches,
    load_splits,
    long_enough,
    require_window,
)
from edgehuman.training import checkpoint
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import Job, train_steps
from edgehuman.training.skeleton.augment import SkeletonAugment


class GaitLearner(nn.Module):
    """A network with its losses; neck and classifier belong to training alone."""

    def __init__(
        self, encoder: nn.Module, num_people: int, augment: SkeletonAugment, config: GaitConfig
    ) -> None:
        super().__init__()
        self.encoder, self.augment, self.config = encoder, augment, config
        width = cast("int", encoder.width)
        self.neck = nn.BatchNorm1d(width)
        self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(width, num_people, bias=False)
        nn.init.xavier_uniform_(self.classifier.weight)

    def forward(self, source_NSJ3: Tensor, length_N: Tensor, person_N: Tensor) -> dict[str, Tensor]:
        """Walks and identities -> {"loss", "triplet", "identity", "accuracy"}."""
        config = self.config
        with torch.autocast(source_NSJ3.device.type, enabled=False):
            skeleton_NTJ3 = self.augment(source_NSJ3, length_N)
        feature_ND = self.encoder(skeleton_NTJ3).float()
        compared_ND = feature_ND
        if config.distance == "cosine":
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


def start_network(config: GaitConfig) -> tuple[nn.Module, str, tuple[TrainingData, ...]]:
    """The network before training, its name, and what its weights learned from.

    Raises:
        UsageError: no such network, or one that does not read skeletons.
        CheckpointError: no weights there, or weights of another network.
    """
    learned = None if config.weights is None else checkpoint.read_weights(config.weights)[1]
    arch = config.arch or (DEFAULT_ARCH if learned is None else learned.arch)
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", arch)
    if row.input != "SkeletonSequence":
        raise UsageError(f"{arch} reads a {row.input}; gait recognition needs a SkeletonSequence")
    if config.weights is None or learned is None:
        return build(arch, config.seed), arch, ()
    # Its windows are as long as those that it learned from.
    network = build(arch, config.seed, frames=learned.input.shape[0])
    return network, arch, checkpoint.load_encoder(network, config.weights, arch).data


def answer_of(network: nn.Module) -> Answer:
    """The network as numpy sees it: raw skeletons (N, T, 18, 3) -> vectors (N, D)."""
    device = next(network.parameters()).device

    def answer(skeleton_NTJ3: Float32) -> Float32:
        with torch.inference_mode():
            vector_ND: Float32 = (
                network.eval()(torch.from_numpy(skeleton_NTJ3).to(device)).float().cpu().numpy()
            )
        return vector_ND

    return answer


def train(config: GaitConfig) -> Outcome:
    """`edgehuman finetune --task gait`: the network's checkpoint is in `config.out`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    checkpoint.require_out(config.out, config.resume)
    if config.data == SIMULATED:
        print("simulated walkers (edgehuman's own) are the training data", file=sys.stderr)
    splits = load_splits(config)
    _require_judgeable(config, splits)
    network, arch, ancestors = start_network(config)
    frames = cast("int", network.frames)
    for part, walks in (("selection", splits.select), ("test", splits.test)):
        if walks is not None:
            require_window(walks, frames, part)
    splits = dataclasses.replace(splits, learn=long_enough(splits.learn, frames))
    augment = config.augment(frames)
    batches = WalkBatches(splits.learn, augment.source_frames, config)
    card = _card(config, splits, network, arch, ancestors)
    if not _run(config, splits, network, batches, augment, card):
        data = {"out": str(config.out), "finished": False}
        return Outcome(data, f"{config.out}: stopped early; go on with --resume", exit_code=1)
    best, _ = checkpoint.load_network(config.out)
    return _judge(config, splits, best, card)


def _require_judgeable(config: GaitConfig, splits: GaitSplits) -> None:
    """Raises UsageError or DataError for what could not be judged at the end: a wrong protocol, or
    fewer than two people, costs no training.
    """
    if splits.select is not None:
        judged_walks(splits.select, GENERIC)
    if splits.test is not None and config.read_test:
        judged_walks(splits.test, protocol_of(splits.test, config.protocol))


def _card(
    config: GaitConfig,
    splits: GaitSplits,
    network: nn.Module,
    arch: str,
    ancestors: tuple[TrainingData, ...],
) -> Card:
    row = catalogue.NETWORKS[arch]
    shown = skeleton_input(cast("int", network.frames))
    own = [walks_row(splits.learn, "training")]
    if splits.select is not None:
        own.append(walks_row(splits.select, "selection"))
    return Card(
        name=f"{arch} for gait",
        task="gait-embedding",
        arch=arch,
        params=row.params,
        flops=count_linear_flops(network, torch.zeros(1, *shown.shape)),
        input=shown,
        output=OutputSpec("embedding", distance=config.distance, dim=cast("int", network.width)),
        data=(*ancestors, *own),
        recipe="gait finetune",
        commit=commit(),
        versions=versions(),
    )


def _run(
    config: GaitConfig,
    splits: GaitSplits,
    network: nn.Module,
    batches: WalkBatches,
    augment: SkeletonAugment,
    card: Card,
) -> bool:
    """Train into `config.out`; whether it came to its end."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        learner = GaitLearner(network, batches.num_people, augment, config)
    # The projection head belongs to the pretraining: no gradient reaches it here.
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith("head.") and config.backbone_lr > 0)

    def evaluate(product: nn.Module) -> Mapping[str, float]:
        assert splits.select is not None
        found = _score(config, splits.select, product, card)
        return {f"select_{name}": value for name, value in found.scores.metrics.items()}

    job = Job(
        model=learner,
        batch=batches,
        product=network,
        card=card,
        evaluate=evaluate if splits.select is not None else None,
        select_by="select_map" if splits.select is not None else None,
        lr_scale=lambda name: config.backbone_lr if name.startswith("encoder.") else 1.0,
        name=f"gait {card.arch}",
    )
    return not train_steps(job, config).stopped


def _score(
    config: GaitConfig,
    walks: SkeletonSet,
    network: nn.Module,
    card: Card,
    protocol: str | None = GENERIC,
) -> WalkScores:
    frames = card.input.shape[0]
    return score_walks(walks, answer_of(network), frames, config.distance, protocol, config.batch)


def _judge(config: GaitConfig, splits: GaitSplits, network: nn.Module, card: Card) -> Outcome:
    """Choose the score under which somebody is unknown, read the test part once, and write both
    into the checkpoint.
    """
    data: dict[str, Any] = {
        "out": str(config.out),
        "task": "gait",
        "arch": card.arch,
        "finished": True,
        "simulated": splits.learn.simulated,
        "walks": {
            "learn": len(splits.learn),
            "select": 0 if splits.select is None else len(splits.select),
            "test": 0 if splits.test is None else len(splits.test),
        },
    }
    text = f"{config.out}: {card.arch} for gait"
    if splits.select is not None:
        found = _score(config, splits.select, network, card)
        threshold = stranger_threshold(found.vectors, config.distance)
        card = card.replace(decision=Decision(threshold=threshold))
        data |= {"selection": found.scores.metrics, "threshold": threshold}
    if config.read_test:
        if splits.test is None:
            raise DataError(
                f"--data {config.data} has no test part; the checkpoint stands in {config.out}. "
                "Give a dataset with a gallery and probes, or --no-read-test"
            )
        found = _score(config, splits.test, network, card, config.protocol)
        metrics = found.scores.metrics
        rows = tuple(Metric(name, value, found.said) for name, value in metrics.items())
        card = card.replace(metrics=rows)
        data |= {"metrics": metrics, "groups": found.scores.groups, "protocol": found.said}
        said = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
        text += f"; {said} ({found.said})"
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return Outcome(data, text)
