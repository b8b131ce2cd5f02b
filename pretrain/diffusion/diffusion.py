"""Diffusion pretraining of gait networks on silhouettes.

Source: "Diffusion Pretraining for Gait Recognition in the Wild" (OpenReview r4GxmIBDbO). A denoiser
predicts the noise in the latent video of one subsequence of a walk; its only hint of the walker is
the pooled feature that the gait network makes of another subsequence, so the network learns what
the two share: the gait.

    latents of s_E (taesd.py, frozen) -> noise (schedule.py) -> denoiser (unet.py) -> noise
    features of s_G (the gait network's backbone) -> pooled ------^

AdamW, learning rate 1e-4 for the denoiser and 5e-4 for the network, 2,000 warm-up steps, cosine;
30 frames, batch of 64 (Gait3D) or 128 (GREW) and 120,000 steps in the paper: `recipes/
diffusion_gait3d.toml`. Defaults are small, for a CPU. Not stated there and chosen here: the
formula of medium-noise priority (docs/decisions/0014-medium-noise.md), weight decay 0.01, gradients
clipped at 1.

    edgehuman pretrain --arch gaitset --method diffusion --steps 200

Axes: N sequences, T frames, C channels, P parts, D width of the condition, H height, W width.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, cast

import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import Card, Metric, TrainingData
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.memory import sets_in_memory
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import UsageError
from edgehuman.nets import draws
from edgehuman.nets.building import build, size_of
from edgehuman.nets.checkpoint import read_weights
from edgehuman.nets.silhouette.network import middle
from edgehuman.outcome import Outcome
from edgehuman.pictures.figure import require_pictures
from edgehuman.pretrain.diffusion.exam import NAMES, Exam, draw_exam
from edgehuman.pretrain.diffusion.latent import load_latent
from edgehuman.pretrain.diffusion.schedule import loss_weights, signal_shares
from edgehuman.pretrain.diffusion.settings import STEPS, DiffusionConfig, Pooling
from edgehuman.pretrain.diffusion.subsequences import sampling_of
from edgehuman.pretrain.diffusion.taesd import LATENT_CHANNELS, encode_silhouettes
from edgehuman.pretrain.diffusion.unet import VideoUnet
from edgehuman.pretrain.diffusion.walks import Pairs, load, require_enough
from edgehuman.training import checkpoint
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import require_ready, train_steps
from edgehuman.training.run import Job, Progress
from edgehuman.training.settings import process_rank, tell_first
from edgehuman.training.silhouette.augment import Augment


def pooled(feature_NCP: Tensor, pooling: Pooling) -> Tensor:
    """Return one condition (N, C) from the features of all parts."""
    if pooling == "mean":
        return feature_NCP.mean(dim=2)
    if pooling == "max":
        return feature_NCP.amax(dim=2)
    return feature_NCP.mean(dim=2) + feature_NCP.amax(dim=2)


class Diffusion(nn.Module):
    """A gait network with the denoiser that it helps, and the frozen latent encoder.

    Args:
        network: has `backbone` and `features`.
        latent: the latent encoder.
        config: schedule, weighting, pooling, denoiser.
    """

    def __init__(self, network: nn.Module, latent: nn.Sequential, config: DiffusionConfig) -> None:
        super().__init__()
        self.network, self.latent, self.config = network, latent, config
        width = cast("tuple[int, int]", network.features)[0]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.denoiser = VideoUnet(config.dim, width, LATENT_CHANNELS)
        share_S = signal_shares(config.noise_schedule)
        self.share_S: Tensor
        self.register_buffer("share_S", share_S.float(), persistent=False)
        # Step 0 has no noise and is never drawn.
        weight_S = torch.zeros_like(share_S)
        weight_S[1:] = loss_weights(share_S[1:], config.weighting, config.snr_limit)
        self.weight_S: Tensor
        self.register_buffer("weight_S", weight_S.float(), persistent=False)

    def forward(self, target_NTHW: Tensor, seen_NTHW: Tensor) -> dict[str, Tensor]:
        """Return the weighted loss and the plain squared error of the predicted noise.

        Args:
            target_NTHW: s_E, uint8 (N, T, 64, 64): becomes the latent video.
            seen_NTHW: s_G, likewise: what the gait network sees.
        """
        clean_NCTHW = encode_silhouettes(self.latent, target_NTHW.float() / 255).float()
        count, device = len(clean_NCTHW), clean_NCTHW.device
        time_N = draws.randint(1, STEPS + 1, count, device=device)
        dropped_N = draws.rand(count, device=device) < self.config.uncond
        noise_NCTHW = draws.randn(*clean_NCTHW.shape, device=device)
        share_N1111 = self.share_S[time_N].view(-1, 1, 1, 1, 1)
        noisy_NCTHW = share_N1111.sqrt() * clean_NCTHW + (1 - share_N1111).sqrt() * noise_NCTHW
        condition_ND = self.condition(seen_NTHW)
        predicted_NCTHW = self.denoiser(noisy_NCTHW, time_N.float(), condition_ND, dropped_N)
        error_N = (predicted_NCTHW.float() - noise_NCTHW).square().flatten(1).mean(dim=1)
        return {"loss": (self.weight_S[time_N] * error_N).mean(), "error": error_N.mean()}

    def condition(self, seen_NTHW: Tensor) -> Tensor:
        """Return the pooled gait features (N, C) of uint8 silhouettes."""
        feature_NCP = self.network.backbone(middle(seen_NTHW))  # type: ignore[operator]
        return pooled(feature_NCP.float(), self.config.pooling)


def make_model(config: DiffusionConfig) -> Diffusion:
    """Build the gait network, the denoiser and the latent encoder, on the CPU.

    Raises:
        UsageError: not a network for silhouettes, or fewer --frames than it needs.
        CheckpointError: latent weights that cannot be read or have another shape.
    """
    catalogue.network_for(config.arch, "diffusion")
    network = build(config.arch, config.seed)
    least = cast("int", network.least_frames)
    if config.frames < least:
        raise UsageError(f"--frames is {config.frames}; {config.arch} needs at least {least}")
    return Diffusion(network, load_latent(config.latent_weights), config)


def learning_pairs(
    config: DiffusionConfig, given: Sequence[SilhouetteSet] | None = None
) -> tuple[Pairs, Exam | None]:
    """Load the training walks and the exam on held-out people.

    Args:
        given: sets in memory, in the place of those that --data names.

    Raises:
        DataError: too few walks, people or frames.
    """
    sets: Sequence[SilhouetteSet | None] = given or [None] * len(config.data)
    numbers = (config.seed, config.frames, config.people, config.each, config.exam_people)
    loaded = [load(path, *numbers, walks) for path, walks in zip(config.data, sets, strict=True)]
    sampling = sampling_of(catalogue.network(config.arch).family, config.frames)
    augment = Augment(**{name: getattr(config, name) for name in config.CHANCES})
    learn = Pairs([walks for walks, _ in loaded], sampling, augment, config.same_subsequence)
    require_enough(learn, config.batch, " ".join(config.data))
    held_out = [exam for _, exam in loaded if exam is not None]
    return learn, Exam(held_out, learn) if held_out else None


def network_card(config: DiffusionConfig, network: nn.Module, data: Sequence[TrainingData]) -> Card:
    """Return the card of the pretrained gait network, whose head has not learned."""
    row = catalogue.network(config.arch)
    shown = catalogue.step(row.input, "input")(row)
    params, flops = size_of(config.arch, network, shown)
    return Card(
        name=f"{config.arch} pretrained by diffusion",
        task=row.task,
        arch=config.arch,
        params=params,
        flops=flops,
        input=shown,
        output=catalogue.step(row.input, "output")(row),
        data=tuple(data),
        recipe="diffusion",
        commit=commit(),
        versions=versions(),
    )


def fit(config: DiffusionConfig, model: Diffusion, learn: Pairs, exam: Exam | None) -> Progress:
    """Train the gait network and the denoiser, each at its own learning rate.

    Raises:
        TrainingError, CheckpointError: see `train_steps`.
    """
    faster = config.backbone_lr / config.lr
    job = Job(
        model,
        lambda step, place: learn.batch(config.batch, step, config.seed, place),
        model.network,
        network_card(config, model.network, learn.rows()),
        exam,
        lr_scale=lambda name: faster if name.startswith("network.") else 1.0,
        evaluate_at_start=True,
        # The head of the gait network is not used.
        idle_weights=True,
        name=f"diffusion {config.arch}",
    )
    rising = min(config.warmup, config.warmup_steps / config.steps)
    return train_steps(job, dataclasses.replace(config, warmup=rising))


def train(
    config: DiffusionConfig, data: SilhouetteSet | Sequence[SilhouetteSet] | None = None
) -> Outcome:
    """Run `edgehuman pretrain --method diffusion`; write the gait network to `config.out`.

    Args:
        data: walks in memory, in the place of `config.data`.

    Raises:
        UsageError, CheckpointError: see `make_model`; or --out cannot be used.
        DataError: too few walks, people or frames.
        MissingDependencyError: --curves without matplotlib.
        TrainingError, CheckpointError: see `train_steps`.
    """
    catalogue.network_for(config.arch, "diffusion")
    require_ready(config)
    if config.curves:
        require_pictures()
    given = None if data is None else sets_in_memory(data, SilhouetteSet)
    if given is not None:
        config = dataclasses.replace(config, data=(IN_MEMORY,) * len(given))
    if SIMULATED in config.data:
        said = "pretraining on simulated walkers (edgehuman's own)"
        tell_first(said)
    model = make_model(config)
    learn, exam = learning_pairs(config, given)
    progress = fit(config, model, learn, exam)
    found = {name: row for row in progress.records for name in NAMES if name in row}
    if found and not progress.stopped and not process_rank():
        _keep_scores(config, found)
    if config.curves and not process_rank():
        draw_exam(progress.records, config.out / "curves.png")
    return _outcome(config, progress, learn)


def _keep_scores(config: DiffusionConfig, found: dict[str, dict[str, float]]) -> None:
    """Write the last exam's numbers on the card."""
    weights, card = read_weights(config.out, own=True)
    said = f"{config.exam_people} held-out people, features before the head"
    checkpoint.require_finite_result(config.out, {n: row[n] for n, row in found.items()}, said)
    metrics = tuple(Metric(name, found[name][name], said) for name in found)
    checkpoint.save_weights(config.out, weights, card.replace(metrics=metrics))


def _outcome(config: DiffusionConfig, progress: Progress, learn: Pairs) -> Outcome:
    losses = [r["loss"] for r in progress.records if "loss" in r]
    exams = [r for r in progress.records if "rank1" in r]
    rows = learn.rows()
    data: dict[str, Any] = {
        "out": str(config.out),
        "arch": config.arch,
        "steps": progress.step,
        "finished": progress.step >= config.steps,
        "trunk": config.trunk_name,
        "loss_first": losses[0] if losses else None,
        "loss": losses[-1] if losses else None,
        **{
            f"{name}_by_step": {int(r["step"]): r[name] for r in exams if name in r}
            for name in NAMES
        },
        "sequences": len(learn),
        "people": sum(row.subjects for row in rows),
        "simulated": any(row.simulated for row in rows),
    }
    text = f"{config.out}: {config.arch}, {progress.step} steps, "
    text += f"{data['sequences']} sequences of {data['people']} people"
    if losses:
        text += f"; loss {losses[0]:.3f} -> {losses[-1]:.3f}"
    if exams:
        first, last = exams[0], exams[-1]
        text += f"; rank-1 of {config.exam_people} held-out people "
        text += f"{100 * first['rank1']:.1f} % -> {100 * last['rank1']:.1f} %, distance of "
        gaps = [each["negative"] - each["positive"] for each in (first, last)]
        text += f"different people over that of one walk {gaps[0]:.3f} -> {gaps[1]:.3f}"
    if progress.stopped:
        text += "; stopped early, continue with --resume"
    return Outcome(data, text, exit_code=1 if progress.stopped else 0)
