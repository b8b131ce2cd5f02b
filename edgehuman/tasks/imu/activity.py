"""Activity recognition from wearable windows: fine-tuning, linear probe, and training from scratch.

    edgehuman finetune --task activity --data uci_har.npz --weights runs/mae --out runs/tuned
    edgehuman finetune --mode probe --data uci_har.npz --weights runs/mae --out runs/probe
    edgehuman finetune --task activity --data uci_har.npz --out runs/scratch      (no --weights)

The checkpoint that is kept and the temperature are chosen on held-out training people, the probe's
regularisation by folds over the training people; the test people are read once, at the end.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman import catalogue
from edgehuman.card import IMU_INPUT, Card, Decision, Metric, OutputSpec, TrainingData
from edgehuman.data.imu.ledger import data_rows
from edgehuman.data.imu.load import load_recordings
from edgehuman.errors import UsageError
from edgehuman.metrics.calibration import expected_calibration_error, fit_temperature, softmax
from edgehuman.metrics.classification import accuracy, confusion, macro_f1
from edgehuman.nets.building import build, count_params
from edgehuman.outcome import Outcome
from edgehuman.pictures.confusion import draw_confusion
from edgehuman.records import IMU_WINDOW, Float32, Index
from edgehuman.tasks.imu.decision import choose_decision, hops_of
from edgehuman.tasks.imu.probe import fit_probe
from edgehuman.tasks.imu.splits import LabelledSplits, join, labelled_splits
from edgehuman.training import checkpoint
from edgehuman.training.batches import batch_indices
from edgehuman.training.imu.augment import ImuAugment
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import Job, train_steps
from edgehuman.training.processes import Place
from edgehuman.training.settings import TrainingConfig


@dataclass(frozen=True, kw_only=True)
class ActivityConfig(TrainingConfig):
    """Activity recognition on labelled windows of a wearable."""

    task: Literal["activity"] = "activity"
    """The task."""
    arch: str = "imuvit_512x5"
    """A network from `edgehuman models` that reads an ImuWindow."""
    weights: Path | None = None
    """Checkpoint of a pretrained encoder; none starts from seeded random weights."""
    mode: Literal["finetune", "probe"] = "finetune"
    """Train all weights, or a linear head on the frozen encoder."""
    data: tuple[str, ...] = ("simulated",)
    """Datasets: paths, or the word `simulated`. The first gives the labels and the test people."""
    hop: int = 64
    """Samples from one window to the next where windows are cut from recordings."""
    select_share: float = 0.2
    """Share of the training people held out to select the checkpoint and fit the temperature;
    a probe uses folds over all training people instead."""
    read_test: bool = True
    """Judge on the test people at the end; leave it out while choosing between recipes."""
    selected: Path | None = None
    """With --select-share 0: the checkpoint whose temperature and decision carry over."""
    stream_data: str | None = None
    """Continuous recordings: smoothing and threshold are chosen on the people held out."""
    delay_s: float = 1.28
    """Delay budget of the smoothing that is chosen on --stream-data, seconds."""
    dropout: float = 0.1
    """In attention and MLP, while training."""
    layer_decay: float = 1.0
    """Each encoder block learns at this factor of the block above it."""
    label_smoothing: float = 0.1
    """Share of the target probability spread over all classes."""
    mixup: float = 0.0
    """Beta parameter of mixing pairs of windows of a batch; 0: none."""
    rotation_deg: float = 0.0
    """Augmentation: largest rotation, shared by both sensors."""
    scale: float = 0.0
    """Augmentation: spread of a gain per sensor."""
    jitter: float = 0.0
    """Augmentation: white noise, g and rad/s."""
    gyro_bias: float = 0.0
    """Augmentation: spread of a constant gyroscope offset, rad/s."""
    time_warp: float = 0.0
    """Augmentation: spread of the local speed."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        for name in ("select_share", "dropout", "label_smoothing"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} is {value}; it must be from 0 to under 1")
        if self.hop < 1:
            raise UsageError(f"--hop is {self.hop}; it must be at least 1")
        if not self.data:
            raise UsageError("--data is empty; give a path, or the word simulated")
        selects = self.select_share > 0 and self.mode == "finetune"
        clashes = (
            (
                self.stream_data and not selects,
                "--stream-data",
                "--select-share above 0 to finetune",
            ),
            (self.selected and self.select_share, "--selected", "--select-share 0"),
            (self.resume and self.mode == "probe", "--resume", "--mode finetune"),
        )
        for clash, flag, needed in clashes:
            if clash:
                raise UsageError(f"{flag} has no effect here; it goes with {needed}")


class Classifier(nn.Module):
    """A network with its training loss: cross-entropy with smoothing, augmentation and mixup."""

    def __init__(self, network: nn.Module, config: ActivityConfig) -> None:
        super().__init__()
        self.network = network
        self.smoothing, self.mixup = config.label_smoothing, config.mixup
        self.augment = ImuAugment(
            rotation_deg=config.rotation_deg,
            scale=config.scale,
            jitter=config.jitter,
            gyro_bias=config.gyro_bias,
            time_warp=config.time_warp,
        )

    def forward(self, imu_NTC: Tensor, label_N: Tensor) -> dict[str, Tensor]:
        """Windows (N, T, 6), labels (N,) -> {"loss", "accuracy"}."""
        imu_NTC = self.augment(imu_NTC)
        order_N = torch.arange(len(label_N))
        share = 1.0
        if self.mixup:
            share = float(torch.distributions.Beta(self.mixup, self.mixup).sample())
            order_N = torch.randperm(len(label_N))
            imu_NTC = share * imu_NTC + (1 - share) * imu_NTC[order_N]
        logits_NK = self.network(imu_NTC)
        loss = share * self._loss(logits_NK, label_N)
        if share < 1:
            loss = loss + (1 - share) * self._loss(logits_NK, label_N[order_N])
        return {"loss": loss, "accuracy": (logits_NK.argmax(1) == label_N).float().mean()}

    def _loss(self, logits_NK: Tensor, label_N: Tensor) -> Tensor:
        return functional.cross_entropy(logits_NK, label_N, label_smoothing=self.smoothing)


def predict_logits(network: nn.Module, imu_NTC: Float32, chunk: int = 512) -> Float32:
    """Logits (N, K) of windows (N, T, 6), in eval mode; (0, ...) for none."""
    if not len(imu_NTC):
        return np.empty((0, 0), np.float32)
    device = next(network.parameters()).device
    parts = []
    with torch.inference_mode():
        for start in range(0, len(imu_NTC), chunk):
            batch = torch.from_numpy(imu_NTC[start : start + chunk]).to(device)
            parts.append(network.eval()(batch).float().cpu().numpy())
    return np.concatenate(parts)


def scores(logits_NK: Float32, label_N: Index, temperature: float = 1.0) -> dict[str, float]:
    """macro-F1, accuracy and calibration error of logits against labels."""
    predicted_N = logits_NK.argmax(1)
    classes = logits_NK.shape[1]
    return {
        "macro_f1": macro_f1(label_N, predicted_N, classes),
        "accuracy": accuracy(label_N, predicted_N),
        "ece": expected_calibration_error(softmax(logits_NK / temperature), label_N),
    }


def start_network(
    config: ActivityConfig, num_classes: int
) -> tuple[nn.Module, tuple[TrainingData, ...]]:
    """The network before training, pretrained where weights are given, and what those learned from.

    Raises:
        UsageError: the network does not read wearable windows.
        CheckpointError: no weights there, or weights of another network.
    """
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", config.arch)
    if row.input != "ImuWindow":
        raise UsageError(f"--arch {config.arch} reads a {row.input}; activity needs an ImuWindow")
    network = build(config.arch, config.seed, num_classes=num_classes, dropout=config.dropout)
    if config.weights is None:
        return network, ()
    return network, checkpoint.load_encoder(network, config.weights, config.arch).data


def block_scale(network: nn.Module, decay: float) -> Mapping[str, float]:
    """Learning-rate factor of every parameter: 1 at the head, times `decay` per block below it."""
    blocks = len(getattr(network, "blocks", ()))
    factor = {}
    for name, _ in network.named_parameters():
        parts = name.split(".")
        if parts[0] == "blocks":
            depth = int(parts[1])
        else:
            depth = blocks if parts[0] in ("norm", "head") else -1
        factor[name] = decay ** (blocks - depth)
    return factor


def _finetune(
    config: ActivityConfig, splits: LabelledSplits, network: nn.Module, card: Card
) -> bool:
    """Train all weights into `config.out`; whether it came to its end."""
    learn = join(splits.learn)
    imu_NTC, label_N = torch.from_numpy(learn.imu_NTC), torch.from_numpy(learn.label_N)
    factor = block_scale(network, config.layer_decay)

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        indices = batch_indices(
            len(imu_NTC), config.batch, step, config.seed, place.rank, place.world
        )
        chosen = torch.from_numpy(indices)
        return imu_NTC[chosen], label_N[chosen]

    def evaluate(product: nn.Module) -> dict[str, float]:
        found = scores(predict_logits(product, splits.select.imu_NTC), splits.select.label_N)
        return {f"select_{name}": value for name, value in found.items()}

    selects = len(splits.select) > 0
    job = Job(
        model=Classifier(network, config),
        batch=batch,
        product=network,
        card=card,
        evaluate=evaluate if selects else None,
        select_by="select_macro_f1" if selects else None,
        lr_scale=lambda name: factor[name.removeprefix("network.")],
        name=f"activity {config.arch}",
    )
    return not train_steps(job, config).stopped


def _decide(config: ActivityConfig, select_NK: Float32, select_N: Index) -> Decision:
    """Temperature from the people held out, or carried over from the run that had some."""
    if len(select_N):
        return Decision(temperature=fit_temperature(select_NK, select_N))
    if config.selected is not None:
        return checkpoint.read_weights(config.selected)[1].decision
    return Decision()


def _decide_on_stream(
    config: ActivityConfig, splits: LabelledSplits, network: nn.Module, start: Decision
) -> Decision:
    """Smoothing and threshold, from the continuous recordings of the people held out."""
    people = set(splits.select.subject_N.tolist())
    stretches = [
        hops_of(recording, partial(predict_logits, network), start.hop_s)
        for recording in load_recordings(str(config.stream_data))
        if recording.subject in people and len(recording.imu_TC) >= IMU_WINDOW
    ]
    return choose_decision(start, stretches, splits.labels, config.delay_s)


def train(config: ActivityConfig) -> Outcome:
    """`edgehuman finetune --task activity`: the classifier's checkpoint is in `config.out`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    checkpoint.require_out(config.out, config.resume and config.mode != "probe")
    if "simulated" in config.data:
        print("simulated data (edgehuman's walker) is among the training data", file=sys.stderr)
    select_share = 0.0 if config.mode == "probe" else config.select_share
    splits = labelled_splits(config.data, config.hop, select_share)
    network, ancestors = start_network(config, len(splits.labels))
    card = Card(
        name=f"{config.arch} for activity",
        task="activity",
        arch=config.arch,
        params=count_params(network),
        flops=catalogue.NETWORKS[config.arch].flops,
        input=IMU_INPUT,
        output=OutputSpec("classes", labels=splits.labels),
        data=(
            *ancestors,
            *data_rows(splits.learn, "training"),
            *data_rows([splits.select] if len(splits.select) else [], "selection"),
        ),
        recipe=f"activity {config.mode}",
        commit=commit(),
        versions=versions(),
    )
    if config.mode == "probe":
        known = join(splits.learn)
        select_NK, select_N = fit_probe(network, known), known.label_N
        checkpoint.save_config(config.out, config)
    elif not _finetune(config, splits, network, card):
        data = {"out": str(config.out), "finished": False}
        return Outcome(data, f"{config.out}: stopped early; go on with --resume", exit_code=1)
    else:
        network = checkpoint.load_network(config.out)[0]
        select_NK = predict_logits(network, splits.select.imu_NTC)
        select_N = splits.select.label_N
    decision = _decide(config, select_NK, select_N)
    if config.stream_data is not None and len(splits.select):
        decision = _decide_on_stream(config, splits, network, decision)
    selection = scores(select_NK, select_N, decision.temperature) if len(select_N) else None
    return _judge(config, splits, network, card.replace(decision=decision), selection)


def _judge(
    config: ActivityConfig,
    splits: LabelledSplits,
    network: nn.Module,
    card: Card,
    selection: dict[str, float] | None,
) -> Outcome:
    """Read the test people once, and write what was found into the checkpoint."""
    test = splits.test
    data: dict[str, Any] = {
        "out": str(config.out),
        "arch": config.arch,
        "mode": config.mode,
        "finished": True,
        "temperature": card.decision.temperature,
        "labels": list(splits.labels),
        "simulated": "simulated" in config.data,
        "selection": selection,
        "decision": dataclasses.asdict(card.decision),
    }
    text = f"{config.out}: {config.arch}, {config.mode}"
    if config.read_test:
        test_NK = predict_logits(network, test.imu_NTC)
        found = scores(test_NK, test.label_N, card.decision.temperature)
        people = len(np.unique(test.subject_N))
        protocol = f"{' + '.join(test.dataset)}, {len(test)} windows of {people} test people"
        card = card.replace(metrics=tuple(Metric(k, v, protocol) for k, v in found.items()))
        matrix = confusion(test.label_N, test_NK.argmax(1), len(splits.labels))
        draw_confusion(matrix, splits.labels, config.out / "confusion.png", protocol)
        data |= {"metrics": found, "confusion": matrix.tolist(), "protocol": protocol}
        text += f"; macro-F1 {found['macro_f1']:.4f}, accuracy {found['accuracy']:.4f}, "
        text += f"calibration error {found['ece']:.4f} ({protocol})"
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return Outcome(data, text)
