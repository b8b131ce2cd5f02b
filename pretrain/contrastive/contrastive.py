"""Contrastive pretraining of gait networks: SimCLR and KoLeo on skeleton sequences, with muP.

Source: "On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition" (arXiv
2504.07598). Two augmented views of a sequence are positives, all others of the batch negatives
(NT-Xent, SimCLR, arXiv 2002.05709); 0.01 x KoLeo (Sablayrolles et al. 2019) spreads the embeddings.
AdamW, learning rate 0.0016 at the smallest width, 1,024 warm-up steps, cosine, batch of 256 views
(2,048 for the comparison of compute), 25 epochs. Not stated there and chosen here: temperature 0.1,
the augmentation ranges, KoLeo on unit embeddings within each view.

    edgehuman pretrain --arch gaitptv2_deep_1 --steps 200

Axes: N sequences, V takes of a person, S source frames, T frames, J joints, E embedding, P
projection, M views of all processes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman import catalogue
from edgehuman.card import Card, Decision, Metric, OutputSpec, TrainingData, skeleton_input
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.gait.score import score_walks
from edgehuman.data.memory import sets_in_memory
from edgehuman.data.skeleton.walks import SIMULATED_FRAMES, SkeletonSet
from edgehuman.errors import DataError
from edgehuman.metrics.gait.strangers import stranger_threshold
from edgehuman.nets import draws
from edgehuman.nets.building import build, count_linear_flops, size_of
from edgehuman.nets.checkpoint import load_encoder, load_network, read_card, require_arch
from edgehuman.outcome import Outcome
from edgehuman.pretrain import completep, mup
from edgehuman.pretrain.contrastive.settings import ContrastiveConfig, Positives
from edgehuman.pretrain.contrastive.walks import (
    Exam,
    Walks,
    exam_people,
    in_pairs,
    load,
    of_quality,
    require_window,
)
from edgehuman.tasks.finetune import answer_of
from edgehuman.training import checkpoint
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import require_ready, train_steps
from edgehuman.training.many.gather import gather, together
from edgehuman.training.run import Job, Progress
from edgehuman.training.settings import process_rank, tell_first
from edgehuman.training.skeleton.augment import SkeletonAugment


def nt_xent(projected_NP: Tensor, temperature: float) -> Tensor:
    """Return the mean cross-entropy of finding each view's other view among all processes.

    Args:
        projected_NP: the first views of this process, then the second ones in the same order.
    """
    count, (rank, _) = len(projected_NP), together()
    own_NP = functional.normalize(projected_NP, dim=1)
    logit_NM = own_NP @ gather(own_NP).T / temperature
    index_N = torch.arange(count, device=own_NP.device)
    first = rank * count
    itself_NM = torch.zeros_like(logit_NM, dtype=torch.bool)
    itself_NM[index_N, first + index_N] = True
    other_N = first + (index_N + count // 2) % count
    return functional.cross_entropy(logit_NM.masked_fill(itself_NM, -torch.inf), other_N)


def koleo(embedding_NE: Tensor) -> Tensor:
    """Return minus the mean log distance to the nearest other direction of all processes."""
    unit_NE = functional.normalize(embedding_NE, dim=1)
    unit_ME, (rank, _) = gather(unit_NE), together()
    with torch.no_grad():
        cosine_NM = unit_NE @ unit_ME.T
        cosine_NM.diagonal(rank * len(unit_NE)).fill_(-2)
        nearest_N = cosine_NM.argmax(dim=1)
    # The small epsilon keeps the gradient of two equal directions finite.
    distance_N = functional.pairwise_distance(unit_NE, unit_ME[nearest_N], eps=1e-6)
    return -(distance_N + 1e-8).log().mean()


class Contrastive(nn.Module):
    """An encoder with the contrastive losses.

    Args:
        encoder: network with `project`.
        augment: creates the views.
        temperature, koleo: see the config.
    """

    def __init__(
        self, encoder: nn.Module, augment: SkeletonAugment, temperature: float, koleo: float
    ) -> None:
        super().__init__()
        self.encoder, self.augment = encoder, augment
        self.temperature, self.koleo = temperature, koleo

    def views(self, source_NVSJ3: Tensor, length_NV: Tensor) -> Tensor:
        """Return all first views, then all second ones: (2N, T, J, 3)."""
        two = (2, *source_NVSJ3.shape[2:])
        both_MSJ3 = source_NVSJ3.expand(-1, *two).transpose(0, 1).flatten(0, 1)
        # Pixel coordinates need float32, whatever the network's precision.
        with torch.autocast(both_MSJ3.device.type, enabled=False):
            return self.augment(both_MSJ3, length_NV.expand(-1, 2).T.flatten())

    def forward(self, source_NVSJ3: Tensor, length_NV: Tensor) -> dict[str, Tensor]:
        """Return the losses and their sum for sources of one or two takes each."""
        with draws.copies(2):
            embedding_NE = self.encoder(self.views(source_NVSJ3, length_NV))
            projected_NP = cast("Tensor", self.encoder.project(embedding_NE))  # type: ignore[operator]
        with torch.autocast(embedding_NE.device.type, enabled=False):
            parts = {"nt_xent": nt_xent(projected_NP.float(), self.temperature)}
            if self.koleo:
                halves = embedding_NE.float().chunk(2)
                parts["koleo"] = torch.stack([koleo(half_NE) for half_NE in halves]).mean()
        loss = parts["nt_xent"] + self.koleo * parts.get("koleo", 0.0)
        return {"loss": loss, **parts}


def learning_set(
    config: ContrastiveConfig, frames: int, given: Sequence[SkeletonSet] | None = None
) -> Walks:
    """Load the training sequences, each at least a window long.

    Args:
        given: sets in memory, in the place of those that --data names.

    Raises:
        DataError: fewer sequences than a step needs, or none as long as a window.
    """
    walks_of: Sequence[SkeletonSet | None] = given or [None] * len(config.data)
    sources = zip(config.data, walks_of, strict=True)
    sets = [
        load(path, config.seed, config.people, config.each, frames, walks, config.detector)
        for path, walks in sources
    ]
    sets = [of_quality(each, config.share, config.quality, config.seed) for each in sets]
    positives: Positives = "person" if config.positives == "person" else "sequence"
    if positives == "person":
        sets = [in_pairs(each) for each in sets]
    learn = Walks(sets, config.augment(frames).source_frames, positives)
    have = len(learn) if positives == "sequence" else len(learn.people)
    need = config.batch // 2
    if have < need:
        raise DataError(
            f"--data {' '.join(config.data)} has {have} training items (--positives "
            f"{positives}), but a step needs {need}; give more data or lower --batch"
        )
    return learn


def encoder_card(
    config: ContrastiveConfig, encoder: nn.Module, data: Sequence[TrainingData]
) -> Card:
    """Return the card of the pretrained encoder, with its training window."""
    shown = skeleton_input(cast("int", encoder.frames))
    return Card(
        name=f"{config.arch} pretrained by contrast",
        task="gait-embedding",
        arch=config.arch,
        params=size_of(config.arch, encoder, shown)[0],
        flops=count_linear_flops(encoder, torch.zeros(1, *shown.shape)),
        input=shown,
        output=OutputSpec("embedding", distance=config.distance, dim=cast("int", encoder.width)),
        data=tuple(data),
        recipe="contrastive",
        commit=commit(),
        versions=versions(),
    )


def fit(
    config: ContrastiveConfig,
    encoder: nn.Module,
    base: nn.Module,
    learn: Walks,
    card: Card,
    exam: Exam | None,
) -> Progress:
    """Train an encoder; `base` is the same network at the width that --lr is tuned for.

    Raises:
        TrainingError, CheckpointError: see `train_steps` and `load_encoder`.
        UsageError: no base for this network.
    """
    frames = config.frames or cast("int", encoder.frames)
    if config.param == "completep":
        scaled = completep.prepare(encoder, base)
    else:
        # A network that is its own base has the same initial weights and one learning rate.
        scaled = mup.prepare(encoder, base if config.mup else encoder, config.seed)
    if config.weights is not None:
        load_encoder(encoder, config.weights, config.arch)
    model = Contrastive(encoder, config.augment(frames), config.temperature, config.koleo)
    job = Job(
        model,
        lambda step, place: learn.batch(config.batch // 2, step, config.seed, place),
        encoder,
        card,
        exam,
        **completep.scales(scaled, "encoder."),
        saved=lambda weights: completep.folded(encoder, weights),
        evaluate_at_start=True,
        name=f"contrastive {config.arch}",
    )
    rising = min(config.warmup, config.warmup_steps / config.steps)
    return train_steps(job, dataclasses.replace(config, warmup=rising))


def train(
    config: ContrastiveConfig, data: SkeletonSet | Sequence[SkeletonSet] | None = None
) -> Outcome:
    """Run `edgehuman pretrain --method contrastive`; write the encoder to `config.out`.

    Args:
        data: walks in memory, in the place of `config.data`.

    Raises:
        UsageError: the network has no contrastive pretraining, no base of the same depth, or --out
            cannot be used.
        DataError: too little training data, or windows longer than walks.
        TrainingError, CheckpointError: see `train_steps`.
    """
    row = catalogue.network_for(config.arch, "contrastive")
    require_ready(config)
    given = None if data is None else sets_in_memory(data, SkeletonSet)
    if given is not None:
        config = dataclasses.replace(config, data=(IN_MEMORY,) * len(given))
    if SIMULATED in config.data:
        said = "pretraining on simulated walkers (edgehuman's own)"
        tell_first(said)
    if config.positives == "person":
        said = "pairs are two sequences of one person; --positives sequence: two views of one"
        tell_first(said)
    config = dataclasses.replace(config, base_arch=config.base_arch or mup.base_of(config.arch))
    frames = config.frames or row.arguments["frames"]
    _require_window(config, frames)
    encoder, base = build(config.arch, config.seed, frames=frames), build(config.base_arch)
    if config.param == "completep":
        completep.scalings(encoder, base)
    elif config.mup:
        mup.require_base(encoder, base)
    before: tuple[TrainingData, ...] = ()
    if config.weights is not None:  # refused before anybody is simulated
        learned = read_card(config.weights)
        require_arch(learned, config.weights, config.arch)
        before = learned.data
    learn = learning_set(config, frames, given)
    exam = Exam(config.exam_people, frames, config.distance) if config.exam_people else None
    card = encoder_card(config, encoder, tuple(dict.fromkeys((*before, *learn.rows()))))
    progress = fit(config, encoder, base, learn, card, exam)
    if exam is not None and not progress.stopped and not process_rank():
        finish(config)
    return _outcome(config, progress, learn)


def _require_window(config: ContrastiveConfig, frames: int) -> None:
    """Raise DataError if the simulator's walks are shorter than a window, before simulating."""
    if SIMULATED in config.data:
        require_window(frames, SIMULATED_FRAMES, f"--data {SIMULATED}")
    if config.exam_people:
        where = "the simulated walks of the exam (--exam-people 0: no exam)"
        require_window(frames, SIMULATED_FRAMES, where)


def finish(config: ContrastiveConfig) -> Card:
    """Score the finished network on whole walks of the exam's people; write the scores and the
    threshold for unknown people into its card.
    """
    network, card = load_network(config.out, own=True)
    walks, frames = exam_people(config.exam_people), card.input.shape[0]
    found = score_walks(walks, answer_of(network), frames, config.distance)
    checkpoint.require_finite_result(config.out, found.scores.metrics, found.said)
    rows = found.scores.metrics.items()
    card = card.replace(
        decision=Decision(threshold=stranger_threshold(found.vectors, config.distance)),
        metrics=tuple(Metric(name, value, found.said) for name, value in rows),
    )
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return card


def _outcome(config: ContrastiveConfig, progress: Progress, learn: Walks) -> Outcome:
    losses = [r["loss"] for r in progress.records if "loss" in r]
    exams = {int(r["step"]): r["rank1"] for r in progress.records if "rank1" in r}
    data = {
        "out": str(config.out),
        "arch": config.arch,
        "steps": progress.step,
        "finished": progress.step >= config.steps,
        "trunk": config.trunk_name,
        "loss_first": losses[0] if losses else None,
        "loss": losses[-1] if losses else None,
        "rank1": list(exams.values())[-1] if exams else None,
        "rank1_by_step": exams,
        "sequences": len(learn),
        "people": len(learn.people),
        "simulated": any(row.simulated for row in learn.rows()),
    }
    text = f"{config.out}: {config.arch}, {progress.step} steps, "
    text += f"{data['sequences']} sequences of {data['people']} people"
    if losses:
        shown = losses if len(losses) == 1 else (losses[0], losses[-1])
        text += f"; loss {' -> '.join(f'{loss:.3f}' for loss in shown)}"
    if exams:
        scores = " -> ".join(f"{100 * score:.1f}" for score in exams.values())
        text += f"; zero-shot rank-1 of {config.exam_people} unseen simulated people, %: {scores}"
    if progress.stopped:
        text += "; stopped early, continue with --resume"
    return Outcome(data, text, exit_code=1 if progress.stopped else 0)
