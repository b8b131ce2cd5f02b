"""Training shared by the tasks on person images, from pretrained weights to a judged checkpoint.

    edgehuman finetune --task parsing --weights runs/saip --data ccp --out runs/parsing

A task supplies its specifics as a `PersonTask`; `person_work` does the rest. The checkpoint is
selected on people (or images, if identities are unknown) held out from the training part; the test
part is read once, at the end.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import Card, Decision, OutputSpec, Role, TrainingData, image_input
from edgehuman.catalogue import IN_MEMORY
from edgehuman.data.image.ledger import people_row
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import PersonScores, score
from edgehuman.data.memory import set_in_memory
from edgehuman.nets.building import count_flops, count_params
from edgehuman.nets.checkpoint import read_weights
from edgehuman.nets.image.heads import EmbeddingHead, PersonNet, person_net
from edgehuman.records import Index
from edgehuman.tasks.finetune import (
    Decided,
    Judge,
    Measured,
    Start,
    Training,
    TrainingSamples,
    Work,
    answer_of,
    freeze_unused,
    no_test_part,
    start_from,
)
from edgehuman.tasks.image.reading_ahead import Indices, ReadAhead, Sample, stacked
from edgehuman.tasks.image.settings import DEFAULT_ARCH, PersonConfig
from edgehuman.tasks.image.splits import PersonSplits, split_people
from edgehuman.training.batches import batch_indices
from edgehuman.training.ledger import commit, versions
from edgehuman.training.processes import Place
from edgehuman.training.settings import tell_first

PersonConfigT = TypeVar("PersonConfigT", bound=PersonConfig)


@dataclass(frozen=True)
class PersonTask:
    """The specifics of one task.

    Attributes:
        name: in the catalogue.
        output: what the network outputs.
        learner: the network with its loss: forward(*batch) returns {"loss": …}.
        sample: (index into the dataset, random generator) -> image (H, W, 3), then the targets.
        select_by: the metric that selects the checkpoint; larger is better.
        indices: the samples of `learn` in a step; None: shuffled epochs.
        beside: card rows of what it learns from beside the dataset.
        decide: makes the card's decision, on the images held out.
        build: the network to train, where it is more than a backbone with a head for `output`.
        judge: scores the network on these images, where the output alone does not say how.
    """

    name: str
    output: OutputSpec
    learner: Callable[[PersonNet], nn.Module]
    sample: Sample
    select_by: str
    indices: Indices | None = field(default=None)
    beside: tuple[TrainingData, ...] = ()
    decide: Callable[[nn.Module, Index], Decision] | None = None
    build: Callable[[Start], PersonNet] | None = None
    judge: Callable[[Index, nn.Module], PersonScores] | None = None


def begin(
    config: PersonConfig, task: str, data: PersonSet | None = None
) -> tuple[Start, PersonSet]:
    """Return what a task starts from, and its dataset: `data`, or that at `config.data`.

    Raises:
        UsageError, CheckpointError: see `start_from`. DataError: see `load_persons`.
    """
    start = start_from(config, task, DEFAULT_ARCH)
    if data is not None:
        return start, set_in_memory(data, PersonSet)
    return start, load_persons(config.data, task, shape=config.width / config.height)


def in_memory(config: PersonConfigT, data: PersonSet | None) -> PersonConfigT:
    """Return the config that says where the data of a training is."""
    return config if data is None else dataclasses.replace(config, data=IN_MEMORY)


def build_network(config: PersonConfig, start: Start, output: OutputSpec) -> PersonNet:
    """Build the network to train."""
    return person_net(start.arch, output, config.size, config.seed, drop_path=config.drop_path)


_BLOCK = re.compile(r"(?:stages\.\d+\.)?blocks\.\d+|stages\.\d+\.\d+")


def lr_factors(network: PersonNet, backbone_lr: float, layer_decay: float) -> dict[str, float]:
    """Return the learning-rate factor of each parameter: 1 in the head, `backbone_lr` at the
    backbone's last norm, times `layer_decay` for each block below it.
    """
    depth_of: dict[str, int] = {}
    seen: dict[str, int] = {}
    for name, _ in network.encoder.named_parameters():
        block = _BLOCK.match(name)
        if block is not None:
            seen.setdefault(block[0], len(seen))
        # Layers between two blocks belong to the block before them; the stem is below all blocks.
        depth_of[name] = seen[block[0]] if block else len(seen) - (not name.startswith("norm"))
    return {
        name: backbone_lr * layer_decay ** (len(seen) - depth_of[name.removeprefix("encoder.")])
        if name.startswith("encoder.")
        else 1.0
        for name, _ in network.named_parameters()
    }


@dataclass(frozen=True)
class _Part:
    """One training: config, dataset, task and splits."""

    config: PersonConfig
    persons: PersonSet
    task: PersonTask
    splits: PersonSplits

    def score(self, index_K: Index, network: nn.Module) -> PersonScores:
        """Score the network on these images."""
        if self.task.judge is not None:
            return self.task.judge(index_K, network)
        config, output = self.config, self.task.output
        return score(self.persons, index_K, answer_of(network), output, config.size, config.batch)

    def data_row(self, index_K: Index, role: Role) -> TrainingData:
        """Return the card's row for these images."""
        return people_row(self.persons, index_K, role)

    def shuffled(self, step: int, place: Place) -> Index:
        """Return the samples of a step, in shuffled epochs."""
        learn, config = self.splits.learn, self.config
        chosen = batch_indices(len(learn), config.batch, step, config.seed, place.rank, place.world)
        return learn[chosen]


def person_work(config: PersonConfig, start: Start, persons: PersonSet, task: PersonTask) -> Work:
    """Return the training of a task, ready to run.

    Raises:
        UsageError, DataError, CheckpointError: see the functions it calls.
    """
    if persons.simulated:
        tell_first("training on simulated people (edgehuman's walker)")
    splits = split_people(persons, config.select_share, config.seed, task.name)
    part = _Part(config, persons, task, splits)
    network = task.build(start) if task.build else build_network(config, start, task.output)
    _load_head(start, network, task.output)
    card = _card(part, network, start.arch, start.load_into(network.encoder))
    batches = ReadAhead(task.indices or part.shuffled, task.sample, config.seed, config.workers)
    training = _training(part, network, card, batches)
    return Work(config, training, _judge(part, batches))


def _load_head(start: Start, network: PersonNet, output: OutputSpec) -> None:
    """Begin with the head of the weights if it gave the same answers: all of it that has the same
    shape, which of SimCC's depends on the size of the pictures.
    """
    learned = start.learned
    if start.weights is None or learned is None or not output.labels:
        return
    if (learned.output.kind, learned.output.labels) != (output.kind, output.labels):
        return
    weights, _ = read_weights(start.weights)
    own = network.head.state_dict()
    fitting = {
        name: weights[f"head.{name}"]
        for name, tensor in own.items()
        if f"head.{name}" in weights and weights[f"head.{name}"].shape == tensor.shape
    }
    network.head.load_state_dict({**own, **fitting})


def _card(part: _Part, network: PersonNet, arch: str, ancestors: tuple[TrainingData, ...]) -> Card:
    config, output, splits = part.config, part.task.output, part.splits
    if isinstance(network.head, EmbeddingHead):
        output = dataclasses.replace(output, dim=network.head.dim)
    own = [part.data_row(splits.learn, "training")]
    if len(splits.select):
        own.append(part.data_row(splits.select, "selection"))
    return Card(
        name=f"{arch} for {part.task.name}",
        task=part.task.name,
        arch=arch,
        params=count_params(network),
        flops=count_flops(network, torch.zeros((1, *config.size, 3), dtype=torch.uint8)),
        input=image_input(*config.size),
        output=output,
        data=(*ancestors, *own, *part.task.beside),
        recipe=f"{part.task.name} finetune",
        commit=commit(),
        versions=versions(),
    )


def _training(part: _Part, network: PersonNet, card: Card, batches: ReadAhead) -> Training:
    """Return the training: the head at the full learning rate, the backbone at lower ones."""
    config, task, held_out = part.config, part.task, part.splits.select
    image_NHWC = torch.zeros((2, *config.size, 3), dtype=torch.uint8)
    freeze_unused(network, network.eval().reached(image_NHWC))
    if config.autocast == "bf16":
        # Depthwise convolutions in bfloat16 then take half the time on a CPU.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    factor = lr_factors(network, config.backbone_lr, config.layer_decay)
    if not config.backbone_lr:
        network.encoder.requires_grad_(False)
    return Training(
        network=network,
        card=card,
        learner=lambda inner: task.learner(cast(PersonNet, inner)),
        batches=batches,
        select=(lambda product: part.score(held_out, product).metrics) if len(held_out) else None,
        select_by=task.select_by,
        lr_scale=lambda name: factor.get(name.removeprefix("network."), 1.0),
        name=f"{task.name} {card.arch}",
        samples=_samples(part, batches),
    )


def _samples(part: _Part, batches: ReadAhead) -> TrainingSamples:
    """Return the training images one by one; one of the next replaces one that cannot be read."""
    learn, persons = part.splits.learn, part.persons
    place_K = np.full(len(persons.images), -1, np.int64)
    place_K[learn] = np.arange(len(learn))
    draw = part.task.indices or part.shuffled

    def batch_of(index_B: Index, rng: np.random.Generator) -> tuple[Tensor, ...]:
        ahead = np.arange(min(len(learn), part.config.batch))
        each = (learn[(index + ahead) % len(learn)].tolist() for index in index_B.tolist())
        return stacked([batches.read(candidates, rng) for candidates in each])

    return TrainingSamples(
        names=tuple(f"{persons.dataset} {index}" for index in learn.tolist()),
        indices=lambda step, place: place_K[draw(step, place)],
        batch_of=batch_of,
        together=1,
    )


def _judge(part: _Part, batches: ReadAhead) -> Judge:
    """Return how this training is judged; `batches` records unreadable images."""
    config, splits, task = part.config, part.splits, part.task

    def decide(network: nn.Module, card: Card) -> Decided:
        unreadable = batches.unreadable
        data: dict[str, Any] = {
            "task": task.name,
            "params": card.params,
            "simulated": part.persons.simulated,
            "pictures": {name: len(getattr(splits, name)) for name in ("learn", "select", "test")},
            "unreadable": len(unreadable),
        }
        text = f"{config.out}: {card.arch} for {task.name}"
        if unreadable:
            why = next(iter(unreadable.values()))
            text = f"left out {len(unreadable)} unreadable images; the first: {why}\n{text}"
        if len(splits.select):
            data["selection"] = part.score(splits.select, network).metrics
            if task.decide is not None:
                card = card.replace(decision=task.decide(network, splits.select))
                data["decision"] = dataclasses.asdict(card.decision)
        return Decided(card, data, text)

    def test(network: nn.Module, card: Card) -> Measured:
        if not len(splits.test):
            raise no_test_part(config.out, config.data, "an official split")
        found = part.score(splits.test, network)
        protocol = f"{part.persons.dataset}, test part: {found.said}"
        return Measured(found.metrics, protocol, {"per_label": found.per_label})

    return Judge(decide, test)
