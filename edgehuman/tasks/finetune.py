"""Fine-tuning, from weights to a judged checkpoint; a task supplies its config, loss and judge.

    start = start_from(config, "gait", DEFAULT_ARCH)     quick checks, before data is read
    ancestors = start.load_into(network)
    finetune(config, Training(...), Judge(...))          train, select, judge, save the card

The checkpoint is selected on people (or images) held out from the training part; the test part is
read once, at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import Card, Metric, TrainingData, lineage
from edgehuman.errors import DataError
from edgehuman.metrics.gait.protocols import GaitVectors
from edgehuman.nets.checkpoint import load_encoder, load_network, read_card, require_arch
from edgehuman.nets.widths import is_pruned
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Index
from edgehuman.tasks.settings import FinetuneConfig
from edgehuman.training import checkpoint
from edgehuman.training.loop import require_ready, train_steps
from edgehuman.training.processes import Place
from edgehuman.training.run import Job
from edgehuman.training.settings import process_rank

ScalarT = TypeVar("ScalarT", bound=np.generic)
Batches = Callable[[int, Place], tuple[Tensor, ...]]


@dataclass(frozen=True, slots=True)
class Start:
    """What a fine-tuning starts from.

    Attributes:
        arch: the network's name.
        weights: folder of its pretrained weights; None: random weights.
        learned: the card of those weights.
    """

    arch: str
    weights: Path | None = None
    learned: Card | None = None

    def load_into(self, encoder: nn.Module) -> tuple[TrainingData, ...]:
        """Load the weights, if any, and return the data they were trained on.

        Raises:
            CheckpointError: the weights do not fit this encoder.
        """
        if self.weights is None:
            return ()
        return lineage(load_encoder(encoder, self.weights, self.arch), self.weights.name)


def start_from(config: FinetuneConfig, task: str, default: str) -> Start:
    """Make the quick checks, before reading data takes minutes; return what the task starts from.

    Args:
        task: its name in the catalogue.
        default: the network if neither --arch nor --weights names one.

    Raises:
        UsageError: unknown network, network of another task, or `config.out` is in use.
        CheckpointError: no weights there, weights of another network, or nothing to resume from.
    """
    learned = None if config.weights is None else read_card(config.weights)
    arch = default if learned is None else learned.arch
    arch = arch if config.arch is None else config.arch
    catalogue.network_for(arch, task, catalogue.network(default).modality)
    if config.weights is not None and learned is not None:
        require_arch(learned, config.weights, arch)
    require_ready(config)
    return Start(arch, config.weights, learned)


def freeze_unused(network: nn.Module, outputs_N: torch.Tensor) -> None:
    """Freeze weights that no gradient of these outputs reaches, such as a token's norm below a map
    head; otherwise distributed training would wait for their gradients.
    """
    outputs_N.square().sum().backward()  # type: ignore[no-untyped-call]
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.grad is not None)
        parameter.grad = None


def answer_of(network: nn.Module) -> Callable[[NDArray[ScalarT]], Float32]:
    """Wrap the network for numpy: raw records (N, ...) -> outputs (N, ...), in eval mode."""
    device = next(network.parameters()).device

    def answer(record_N: NDArray[ScalarT]) -> Float32:
        with torch.inference_mode():
            outputs: Float32 = (
                network.eval()(torch.from_numpy(record_N).to(device)).float().cpu().numpy()
            )
        return outputs

    return answer


@dataclass(frozen=True)
class TrainingSamples:
    """The samples of a training one by one, for `edgehuman distill`, which keeps what a teacher
    says of each.

    Attributes:
        names: of the samples, each once.
        indices: (step, process) -> the samples of its batch.
        batch_of: (samples (B,), random numbers of reading) -> the learner's batch, a row for each.
        together: how many samples the learner augments at once; 1 where reading augments.
    """

    names: tuple[str, ...]
    indices: Callable[[int, Place], Index]
    batch_of: Callable[[Index, np.random.Generator], tuple[Tensor, ...]]
    together: int = 256


@dataclass(frozen=True)
class Training:
    """One training of a task.

    Attributes:
        network: what is trained and saved.
        card: of the network, before it is judged.
        learner: network -> the network with its loss: forward(*batch) returns {"loss": …}. Weights
            used in training only are initialised here, from the config's seed.
        batches: opened for training and closed before judging.
        select: network -> metrics on the people held out; None: nobody is held out.
        select_by: the metric that selects the checkpoint; larger is better.
        lr_scale: parameter name in the learner -> its learning-rate factor.
        name: label of the progress bar.
        samples: what `batches` draws from.
    """

    network: nn.Module
    card: Card
    learner: Callable[[nn.Module], nn.Module]
    batches: AbstractContextManager[Batches]
    select: Callable[[nn.Module], Mapping[str, float]] | None
    select_by: str
    lr_scale: Callable[[str], float]
    name: str
    samples: TrainingSamples | None = None


@dataclass(frozen=True)
class Decided:
    """The result on the people held out.

    Attributes:
        card: the card with its decision, to be saved.
        data: JSON output.
        text: text output.
    """

    card: Card
    data: Mapping[str, Any]
    text: str


@dataclass(frozen=True)
class Measured:
    """The result on the test part.

    Attributes:
        metrics: for the card.
        protocol: how they were measured.
        data: further JSON output.
        names: display names of metrics, if they differ from the keys.
        vectors: of a gait network, each test walk's embedding.
    """

    metrics: Mapping[str, float]
    protocol: str
    data: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    vectors: GaitVectors | None = None

    @property
    def text(self) -> str:
        """Text output."""
        said = ", ".join(f"{self.names.get(k, k)} {v:.4f}" for k, v in self.metrics.items())
        return f"{said} ({self.protocol})"


@dataclass(frozen=True)
class Judge:
    """How a task evaluates the trained network.

    Attributes:
        decide: evaluates on the people held out, if any, and makes the decision.
        test: evaluates on the test part, once, with that decision.
    """

    decide: Callable[[nn.Module, Card], Decided]
    test: Callable[[nn.Module, Card], Measured]


@dataclass(frozen=True)
class Work:
    """A training that is ready to run: its data are read, its network is built.

    Attributes:
        config: of the task, with what the data and the weights say filled in.
        fit: what is done to the network in one pass, in the place of optimiser steps; None: it is
            trained.
    """

    config: FinetuneConfig
    training: Training
    judge: Judge
    fit: Callable[[nn.Module], None] | None = None

    def run(self) -> Outcome:
        """Train, select and judge; see `finetune`."""
        if self.fit is None:
            return finetune(self.config, self.training, self.judge)
        if process_rank():
            return Outcome({}, "")
        network = self.training.network.eval()
        self.fit(network)
        checkpoint.save_config(self.config.out, self.config)
        return judged(self.config, network, self.training.card, self.judge)


def finetune(config: FinetuneConfig, training: Training, judge: Judge) -> Outcome:
    """Train, select and judge; write the checkpoint to `config.out`. Of many processes all train,
    and the first alone judges, writes and has something to say.

    Raises:
        UsageError, TrainingError, CheckpointError: see `train_steps`. DataError, TrainingError: see
            `judged`.
    """
    finished = _train(config, training)
    if process_rank():
        return Outcome({}, "", exit_code=0 if finished else 1)
    if not finished:
        said = {"out": str(config.out), "finished": False}
        return Outcome(said, f"{config.out}: stopped early; continue with --resume", exit_code=1)
    best, _ = load_network(config.out, own=True)
    return judged(config, best, training.card, judge)


def _train(config: FinetuneConfig, training: Training) -> bool:
    """Train into `config.out`; return whether training finished."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        learner = training.learner(training.network)
    select = training.select

    def evaluate(product: nn.Module) -> Mapping[str, float]:
        assert select is not None
        return {f"select_{name}": value for name, value in select(product).items()}

    with training.batches as batch:
        job = Job(
            model=learner,
            batch=batch,
            product=training.network,
            card=training.card.replace(pruned=is_pruned(training.network)),
            evaluate=None if select is None else evaluate,
            select_by=None if select is None else f"select_{training.select_by}",
            lr_scale=training.lr_scale,
            name=training.name,
        )
        return not train_steps(job, config).stopped


def judged(config: FinetuneConfig, network: nn.Module, card: Card, judge: Judge) -> Outcome:
    """Evaluate on the people held out, then once on the test part; save the results in the
    checkpoint.

    Raises:
        DataError: the dataset has no test part to evaluate on; the checkpoint is kept.
        TrainingError: a result is not finite; the checkpoint is kept.
    """
    if process_rank():
        return Outcome({}, "")
    decided = judge.decide(network, card.replace(pruned=is_pruned(network)))
    card, text = decided.card, decided.text
    said: dict[str, Any] = {"out": str(config.out), "arch": card.arch, "finished": True}
    said |= {"trunk": config.trunk_name} if config.trunk_name else {}
    said |= decided.data
    if config.read_test:
        found = judge.test(network, card)
        checkpoint.require_finite_result(config.out, found.metrics, "the test part")
        rows = found.metrics.items()
        card = card.replace(metrics=tuple(Metric(k, v, found.protocol) for k, v in rows))
        said |= {"metrics": dict(found.metrics), **found.data, "protocol": found.protocol}
        text += f"; {found.text}"
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return Outcome(said, text)


def no_test_part(out: Path, data: str, needed: str) -> DataError:
    """Return the error for a dataset without a test part.

    Args:
        out: folder of the checkpoint.
        data: the value of --data.
        needed: what a dataset with a test part has.
    """
    return DataError(
        f"--data {data} has no test part; the checkpoint is in {out}. "
        f"Give a dataset with {needed}, or --no-read-test"
    )
