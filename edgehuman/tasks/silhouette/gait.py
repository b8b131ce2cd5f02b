"""Supervised gait recognition from silhouettes: a network learns to recognise people by their walk.

    edgehuman finetune --task gait --arch gaitbase --weights runs/diffusion --lr-ratio 0.1

Batches of P people with K walks each, of which frames are drawn as the network's authors draw them
(`settings.RECIPES`). The losses are batch-all triplets for every part, by cosine or Euclidean
distance, and where the recipe has it an identity loss behind the network's own classifier: the
BNNeck, for networks that have none of their own too. Triplets are over the walks of all processes.
The classifier exists in training only; the saved network maps silhouettes to embeddings.
Sources: OpenGait's losses and configurations; Luo et al., arXiv 1903.07071 (BNNeck).

With `--mode probe` the backbone stays as it is, its batch norms too, and the head alone is trained.
Training people are split by person, as for skeletons; the test part is read once, at the end.

Axes: N walks, M walks of all processes, T frames, H rows, W columns, C channels, P parts, D
dimensions, I identities.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn

from edgehuman.card import Card, OutputSpec, TrainingData, lineage, silhouette_input
from edgehuman.catalogue import IN_MEMORY
from edgehuman.data.gait.ledger import walks_row
from edgehuman.data.gait.score import GENERIC, WalkScores
from edgehuman.data.memory import set_in_memory
from edgehuman.data.silhouette.score import (
    embed_whole,
    least_frames,
    long_enough,
    score_silhouettes,
)
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import UsageError
from edgehuman.nets.building import build, size_of
from edgehuman.nets.checkpoint import load_into, read_weights
from edgehuman.nets.silhouette.network import middle
from edgehuman.nets.silhouette.parts import BnNeck, fit_bias
from edgehuman.nets.widths import fit_widths
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
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
from edgehuman.tasks.gait.whitening import require_whitening, whiten
from edgehuman.tasks.learner import Learner
from edgehuman.tasks.silhouette.settings import DEFAULT_ARCH, GaitConfig, Recipe
from edgehuman.tasks.silhouette.splits import SilhouetteBatches, is_simulated, load_splits
from edgehuman.training.ledger import commit, versions

CLASSIFIER = "classifier."
Splits = GaitSplits[SilhouetteSet]


class SilhouetteLearner(Learner):
    """A network with its losses; the classifier is used in training only.

    Args:
        network: backbone and head.
        classifier: embeddings (N, D, P) -> logits (N, I, P); None: triplets alone.
        recipe: weights and scales of the losses.
    """

    compares = True

    def __init__(
        self,
        network: nn.Module,
        classifier: nn.Module | None,
        recipe: Recipe,
        config: GaitConfig,
    ) -> None:
        super().__init__()
        self.network, self.classifier = network, classifier
        self.recipe, self.config = recipe, config

    def train(self, mode: bool = True) -> SilhouetteLearner:
        """As of any module, but a frozen backbone keeps the statistics of its batch norms."""
        super().train(mode)
        if self.config.mode == "probe":
            for name, module in self.network.named_children():
                module.train(mode and name == "head")
        return self

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "triplet"} of embeddings (N, P, D), for the walks' lengths and people,
        and with identities "identity" and "accuracy".
        """
        _, person_N = target
        triplet = self._triplet(output_N, person_N)
        if self.classifier is None:
            return {"loss": triplet, "triplet": triplet}
        recipe = self.recipe
        logits_NIP = self.classifier(output_N.transpose(1, 2))
        identity = identity_loss(
            logits_NIP.transpose(1, 2), person_N, recipe.scale, recipe.label_smoothing
        )
        return {
            "loss": triplet + recipe.identity_weight * identity,
            "triplet": triplet,
            "identity": identity,
            "accuracy": (logits_NIP.mean(dim=2).argmax(dim=1) == person_N).float().mean(),
        }

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return the embeddings (N, P, D) of silhouettes (N, T, 64, 64), of whose frames the first
        `length` count.
        """
        length_N, _ = target
        frames = record_N.shape[1]
        mask_NT: Tensor | None = None
        if int(length_N.min()) < frames:
            mask_NT = torch.arange(frames, device=length_N.device) < length_N[:, None]
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.config.mode != "probe"):
            features_NCP = self.network.backbone(middle(record_N), mask_NT)  # type: ignore[operator]
        embedding_NDP: Tensor = self.network.head(features_NCP)  # type: ignore[operator]
        return embedding_NDP.float().transpose(1, 2)

    def _triplet(self, embedding_NPD: Tensor, person_N: Tensor) -> Tensor:
        config = self.config
        triplet_P, _ = batch_all_triplets(embedding_NPD, person_N, config.margin, config.distance)
        return triplet_P.mean()


def build_network(
    config: GaitConfig, arch: str, num_people: int
) -> tuple[nn.Module, nn.Module | None]:
    """Build the network with random weights, and the classifier of a recipe with identities."""
    given = {} if config.dim is None else {"width": config.dim}
    if not config.recipe(arch).identity_weight:
        return build(arch, config.seed, **given), None
    network = build(arch, config.seed, num_ids=num_people, **given)
    classifier = getattr(network, "classifier", None)
    if classifier is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            parts, width = cast("int", network.parts), cast("int", network.width)
            return network, BnNeck(parts, width, num_people)
    network.classifier = None  # type: ignore[assignment]
    return network, classifier


def load_pretrained(network: nn.Module, start: Start) -> tuple[TrainingData, ...]:
    """Load backbone and head, whether pretrained, imported or trained before; the identities of
    that training are left out. Return the data they were trained on.

    Raises:
        CheckpointError: the weights do not fit this network.
    """
    if start.weights is None:
        return ()
    weights, card = read_weights(start.weights)
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith(CLASSIFIER)}
    if card.pruned:
        fit_widths(network, kept)
    fit_bias(network, kept)
    load_into(network, kept, str(start.weights))
    return lineage(card, start.weights.name)


def train(config: GaitConfig, data: SilhouetteSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task gait` of a silhouette network; write the checkpoint to
    `config.out`.

    Args:
        data: walks in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    return prepare(config, data).run()


def prepare(config: GaitConfig, data: SilhouetteSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see the functions it calls.
    """
    start = start_from(config, "gait", DEFAULT_ARCH)
    if data is not None:
        data = set_in_memory(data, SilhouetteSet)
        config = dataclasses.replace(config, data=IN_MEMORY)
    recipe = config.recipe(start.arch)
    _require_drawn(least_frames(start.arch), start.arch, recipe)
    if is_simulated(config.data):
        tell("training on simulated walkers (edgehuman's own)")
    splits = load_splits(config, data)
    require_judgeable(config, splits)
    batches = SilhouetteBatches(splits.learn, recipe, config)
    network, classifier = build_network(config, start.arch, batches.num_people)
    least = cast("int", network.least_frames)
    _require_drawn(least, start.arch, recipe)  # a network of the caller's own says so itself
    for walks in (splits.select, splits.test):
        if walks is not None:
            long_enough(walks, least)
    ancestors = load_pretrained(network, start)
    if config.mode == "probe" and start.weights is None:
        tell("edgehuman: --mode probe without --weights: a random backbone")
    card = _card(config, splits, network, start.arch, ancestors)
    learner = partial(_learner, classifier=classifier, recipe=recipe, config=config)
    held_out = splits.select

    def select(product: nn.Module) -> Mapping[str, float]:
        assert held_out is not None
        return _score(config, held_out, product, card).scores.metrics

    training = Training(
        network=network,
        card=card,
        learner=learner,
        batches=nullcontext(batches),
        select=None if held_out is None else select,
        select_by="map",
        lr_scale=lambda name: config.lr_ratio if is_backbone(name) else 1.0,
        name=f"gait {start.arch}",
        # Sequences of unequal lengths have no samples of one shape.
        samples=TrainingSamples(
            tuple(splits.learn.sequence_N.tolist()), batches.indices, batches.batch_of, together=1
        )
        if recipe.sampling.fixed
        else None,
    )
    judge = judge_of(config, splits, partial(_score, config))
    if config.whiten is None:
        return Work(config, training, judge)
    require_whitening(network)
    return Work(config, training, judge, partial(_whiten, splits.learn, config.whiten))


def _whiten(walks: SilhouetteSet, shrink: float, network: nn.Module) -> None:
    """Whiten a network by whole walks."""
    least = cast("int", network.least_frames)
    feature_KPD, kept_K = embed_whole(walks, answer_of(network), least=least)
    whiten(network, feature_KPD, walks.person_N[kept_K], shrink)


def is_backbone(name: str) -> bool:
    """Whether a parameter of the learner belongs to the backbone: all of the network but its
    head.
    """
    return name.startswith("network.") and not name.startswith("network.head.")


def _learner(
    network: nn.Module,
    classifier: nn.Module | None,
    recipe: Recipe,
    config: GaitConfig,
) -> SilhouetteLearner:
    learner = SilhouetteLearner(network, classifier, recipe, config)
    for name, parameter in learner.named_parameters():
        parameter.requires_grad_(config.mode != "probe" or not is_backbone(name))
    return learner


def _require_drawn(least: int, arch: str, recipe: Recipe) -> None:
    """Raise UsageError if a sequence would be shorter than the network needs."""
    sampling = recipe.sampling
    name, drawn = ("frames", sampling.frames) if sampling.fixed else ("least", sampling.least)
    if drawn < least and sampling.kind != "all_ordered":
        raise UsageError(f"--{name} is {drawn}; {arch} needs at least {least} frames")


def _card(
    config: GaitConfig,
    splits: Splits,
    network: nn.Module,
    arch: str,
    ancestors: tuple[TrainingData, ...],
) -> Card:
    shown = silhouette_input()
    own = [walks_row(splits.learn, "training")]
    if splits.select is not None:
        own.append(walks_row(splits.select, "selection"))
    params, flops = size_of(arch, network, shown, config.dim is not None)
    return Card(
        name=f"{arch} for gait",
        task="gait-embedding",
        arch=arch,
        params=params,
        flops=flops,
        input=shown,
        output=OutputSpec(
            "embedding",
            distance=config.distance,
            dim=cast("int", network.width),
            parts=cast("int", network.parts),
        ),
        data=(*ancestors, *own),
        recipe=_recipe_name(config),
        commit=commit(),
        versions=versions(),
    )


def _recipe_name(config: GaitConfig) -> str:
    if config.whiten is not None:
        return "gait whitening"
    return "gait finetune" if config.mode == "finetune" else "gait probe"


def _score(
    config: GaitConfig,
    walks: SilhouetteSet,
    network: nn.Module,
    card: Card,
    protocol: str | None = GENERIC,
) -> WalkScores:
    least = cast("int", network.least_frames)
    return score_silhouettes(walks, answer_of(network), config.distance, protocol, least=least)
