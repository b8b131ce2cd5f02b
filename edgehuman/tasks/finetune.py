"""The one way from weights to a judged checkpoint; a task brings its config, loss and judge.

    start = start_from(config, "gait", DEFAULT_ARCH)     what is quick to check, before data is read
    ancestors = start.load_into(network)
    finetune(config, Training(...), Judge(...))          train, select, judge, save the card

The checkpoint that is kept is chosen on people (or pictures) held out of the training part; the
test part is read once, at the end.
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
from edgehuman.card import Card, Metric, TrainingData
from edgehuman.config import require
from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.records import Float32
from edgehuman.training import checkpoint
from edgehuman.training.loop import Job, train_steps
from edgehuman.training.processes import Place
from edgehuman.training.settings import TrainingConfig

ScalarT = TypeVar("ScalarT", bound=np.generic)
Batches = Callable[[int, Place], tuple[Tensor, ...]]


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(TrainingConfig):
    """What every task can be told."""

    arch: str | None = None
    """A network from `edgehuman models` of the task's records; by default that of --weights."""
    weights: Path | None = None
    """Checkpoint of a pretrained network; none starts from seeded random weights."""
    select_share: float = 0.2
    """Share of the training people held out to select the checkpoint."""
    read_test: bool = True
    """Judge on the test part at the end; leave it out while choosing between recipes."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        require(self, [(0 <= self.select_share < 1, "select_share", "from 0 to under 1")])


@dataclass(frozen=True, slots=True)
class Start:
    """What a fine-tuning begins from.

    Attributes:
        arch: the network's name.
        weights: folder of its pretrained weights; None: it starts from random ones.
        learned: the card of those weights.
    """

    arch: str
    weights: Path | None = None
    learned: Card | None = None

    def load_into(self, encoder: nn.Module) -> tuple[TrainingData, ...]:
        """Load the weights, where there are some, and give what they learned from.

        Raises:
            CheckpointError: they are not of this encoder.
        """
        if self.weights is None:
            return ()
        return checkpoint.load_encoder(encoder, self.weights, self.arch).data


def start_from(config: FinetuneConfig, task: str, default: str) -> Start:
    """What a task begins from, once all that is quick to check was: reading data may take minutes.

    Args:
        task: its name in the catalogue.
        default: the network where neither --arch nor --weights names one.

    Raises:
        UsageError: no such network, one that is not for this task, or `config.out` is in use.
        CheckpointError: no weights there, weights of another network, or nothing to resume from.
    """
    learned = None if config.weights is None else checkpoint.read_weights(config.weights)[1]
    arch = default if learned is None else learned.arch
    arch = arch if config.arch is None else config.arch
    catalogue.network_for(arch, task)
    if config.weights is not None and learned is not None:
        checkpoint.require_arch(learned, config.weights, arch)
    checkpoint.require_out(config.out, config.resume)
    return Start(arch, config.weights, learned)


def answer_of(network: nn.Module) -> Callable[[NDArray[ScalarT]], Float32]:
    """The network as numpy sees it: raw records (N, ...) -> outputs (N, ...), in eval mode."""
    device = next(network.parameters()).device

    def answer(record_N: NDArray[ScalarT]) -> Float32:
        with torch.inference_mode():
            outputs: Float32 = (
                network.eval()(torch.from_numpy(record_N).to(device)).float().cpu().numpy()
            )
        return outputs

    return answer


@dataclass(frozen=True)
class Training:
    """One training of a task.

    Attributes:
        network: what is trained and saved.
        card: what it says about itself before it is judged.
        learner: network -> the network with its loss: forward(*batch) gives {"loss": …}. Weights
            that belong to training alone are drawn here, from the config's seed.
        batches: opened for the training and closed before the judging.
        select: numbers of the people held out; None: nobody is.
        select_by: of these the one that selects the checkpoint; larger is better.
        lr_scale: factor of the learning rate of a parameter, by its name in the learner.
        name: what the progress bar says.
    """

    network: nn.Module
    card: Card
    learner: Callable[[nn.Module], nn.Module]
    batches: AbstractContextManager[Batches]
    select: Callable[[nn.Module], Mapping[str, float]] | None
    select_by: str
    lr_scale: Callable[[str], float]
    name: str


@dataclass(frozen=True)
class Decided:
    """What the people held out gave: the card with its decision, and what is told of it.

    Attributes:
        card: to be saved.
        data: for machines; text: for people.
    """

    card: Card
    data: Mapping[str, Any]
    text: str


@dataclass(frozen=True)
class Measured:
    """What the test part gave.

    Attributes:
        metrics: for the card.
        protocol: how they were measured.
        data: what else machines are told.
        names: of metrics whose name for people is another.
    """

    metrics: Mapping[str, float]
    protocol: str
    data: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """For people."""
        said = ", ".join(f"{self.names.get(k, k)} {v:.4f}" for k, v in self.metrics.items())
        return f"{said} ({self.protocol})"


@dataclass(frozen=True)
class Judge:
    """How a task judges what was trained.

    Attributes:
        decide: reads the people held out, where there are some.
        test: reads the test part, once, by that decision.
    """

    decide: Callable[[nn.Module, Card], Decided]
    test: Callable[[nn.Module, Card], Measured]


def finetune(config: FinetuneConfig, training: Training, judge: Judge) -> Outcome:
    """Train, select, judge; the checkpoint is in `config.out`.

    Raises:
        UsageError, TrainingError, CheckpointError: see `train_steps`. DataError: see `judged`.
    """
    if not _train(config, training):
        said = {"out": str(config.out), "finished": False}
        return Outcome(said, f"{config.out}: stopped early; go on with --resume", exit_code=1)
    best, _ = checkpoint.load_network(config.out)
    return judged(config, best, training.card, judge)


def _train(config: FinetuneConfig, training: Training) -> bool:
    """Train into `config.out`; whether it came to its end."""
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
            card=training.card,
            evaluate=None if select is None else evaluate,
            select_by=None if select is None else f"select_{training.select_by}",
            lr_scale=training.lr_scale,
            name=training.name,
        )
        return not train_steps(job, config).stopped


def judged(config: FinetuneConfig, network: nn.Module, card: Card, judge: Judge) -> Outcome:
    """Read the people held out, then the test part once, and write what was found into the
    checkpoint.

    Raises:
        DataError: the test part was asked for, and there is none; the checkpoint stands.
    """
    decided = judge.decide(network, card)
    card, text = decided.card, decided.text
    said: dict[str, Any] = {"out": str(config.out), "arch": card.arch, "finished": True}
    said |= decided.data
    if config.read_test:
        found = judge.test(network, card)
        rows = found.metrics.items()
        card = card.replace(metrics=tuple(Metric(k, v, found.protocol) for k, v in rows))
        said |= {"metrics": dict(found.metrics), **found.data, "protocol": found.protocol}
        text += f"; {found.text}"
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return Outcome(said, text)


def no_test_part(out: Path, data: str, needed: str) -> DataError:
    """What is said where nothing can judge the checkpoint in `out`.

    Args:
        data: what --data was; needed: what a dataset with a test part has.
    """
    return DataError(
        f"--data {data} has no test part; the checkpoint stands in {out}. "
        f"Give a dataset with {needed}, or --no-read-test"
    )
