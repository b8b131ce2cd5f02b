"""What the tasks on person images share: the start from pretrained weights, and one training from
batches to the checkpoint that is judged.

    edgehuman finetune --task parsing --weights runs/saip --data ccp --out runs/parsing

A task brings what only it knows, as a `PersonTask`; `train_person` does the rest. The checkpoint
that is kept is chosen on people (or pictures, where nobody has a name) held out of the training
part; the test part is read once, at the end.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from edgehuman import catalogue
from edgehuman.card import Card, Metric, OutputSpec, Role, TrainingData, image_input
from edgehuman.data.image.ledger import people_row
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.score import Answer, PersonScores, score
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.building import count_flops, count_params
from edgehuman.nets.image.heads import EmbeddingHead, PersonNet, person_net
from edgehuman.outcome import Outcome
from edgehuman.records import Float32, Index, Uint8
from edgehuman.tasks.image.reading_ahead import Indices, ReadAhead, Sample
from edgehuman.tasks.image.settings import DEFAULT_ARCH, PersonConfig
from edgehuman.tasks.image.splits import PersonSplits, split_people
from edgehuman.training import checkpoint
from edgehuman.training.batches import batch_indices
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import Job, train_steps
from edgehuman.training.processes import Place


@dataclass(frozen=True)
class PersonTask:
    """What one task knows.

    Attributes:
        name: of the catalogue.
        output: what the network is to give.
        learner: the network with its loss: forward(*batch) gives {"loss": …}.
        sample: (index into the set, random numbers) -> image (H, W, 3), then the targets.
        select_by: the metric that selects the checkpoint; larger is better.
        indices: which samples of `learn` make up a step; None: shuffled epochs.
    """

    name: str
    output: OutputSpec
    learner: Callable[[PersonNet], nn.Module]
    sample: Sample
    select_by: str
    indices: Indices | None = field(default=None)


def start_network(
    config: PersonConfig, output: OutputSpec
) -> tuple[PersonNet, str, tuple[TrainingData, ...]]:
    """The network before training, its backbone's name, and what its weights learned from.

    Raises:
        UsageError: no such network, or one that does not read person images.
        CheckpointError: no weights there, or weights of another network.
    """
    arch = _arch_of(config)
    network = person_net(arch, output, config.size, config.seed, drop_path=config.drop_path)
    if config.weights is None:
        return network, arch, ()
    return network, arch, checkpoint.load_encoder(network.encoder, config.weights, arch).data


def _arch_of(config: PersonConfig) -> str:
    arch = config.arch
    if config.weights is not None:
        own = checkpoint.read_weights(config.weights)[1].arch
        arch = own if arch is None else arch
    arch = DEFAULT_ARCH if arch is None else arch
    row: catalogue.Network = catalogue.find(catalogue.NETWORKS, "network", arch)
    if row.input != "PersonCrop":
        raise UsageError(f"{arch} reads a {row.input}; a task on person images needs a PersonCrop")
    return arch


def people_for(config: PersonConfig, task: str) -> PersonSet:
    """The people to learn from, once all that is quick to check was: reading or drawing them may
    take minutes.

    Raises:
        UsageError: no such network, or `config.out` is in use. CheckpointError: no weights there.
        DataError: see `load_persons`.
    """
    _arch_of(config)
    checkpoint.require_out(config.out, config.resume)
    return load_persons(config.data, task)


_BLOCK = re.compile(r"(?:stages\.\d+\.)?blocks\.\d+|stages\.\d+\.\d+")


def lr_factors(network: PersonNet, backbone_lr: float, layer_decay: float) -> dict[str, float]:
    """Learning-rate factor of every parameter: 1 in the head, `backbone_lr` at the backbone's last
    norm, and times `layer_decay` for every block below it.
    """
    depth_of: dict[str, int] = {}
    seen: dict[str, int] = {}
    for name, _ in network.encoder.named_parameters():
        block = _BLOCK.match(name)
        if block is not None:
            seen.setdefault(block[0], len(seen))
        # What stands between two blocks goes with the one before it, and the stem below all.
        depth_of[name] = seen[block[0]] if block else len(seen) - (not name.startswith("norm"))
    return {
        name: backbone_lr * layer_decay ** (len(seen) - depth_of[name.removeprefix("encoder.")])
        if name.startswith("encoder.")
        else 1.0
        for name, _ in network.named_parameters()
    }


def freeze_unused(network: PersonNet, size: tuple[int, int]) -> None:
    """Freezes weights that no gradient reaches (the token's norm under a head of maps): several
    processes would wait for their gradients.
    """
    image_NHWC = torch.zeros((2, *size, 3), dtype=torch.uint8)
    network.eval()(image_NHWC).square().sum().backward()
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.grad is not None)
        parameter.grad = None


def answer_of(network: nn.Module) -> Answer:
    """The network as numpy sees it: raw images (N, H, W, 3) -> outputs."""
    device = next(network.parameters()).device

    def answer(image_NHWC: Uint8) -> Float32:
        with torch.inference_mode():
            outputs: Float32 = (
                network.eval()(torch.from_numpy(image_NHWC).to(device)).float().cpu().numpy()
            )
        return outputs

    return answer


@dataclass(frozen=True)
class _Work:
    """One training: the settings, the people, the task, and who is for what."""

    config: PersonConfig
    persons: PersonSet
    task: PersonTask
    splits: PersonSplits

    def score(self, index_K: Index, network: nn.Module) -> PersonScores:
        """What the network scores on some of the people."""
        config, output = self.config, self.task.output
        return score(self.persons, index_K, answer_of(network), output, config.size, config.batch)

    def data_row(self, index_K: Index, role: Role) -> TrainingData:
        """What the card says of some of the people."""
        return people_row(self.persons, index_K, role)

    def shuffled(self, step: int, place: Place) -> Index:
        """The samples of a step, in shuffled epochs."""
        learn, config = self.splits.learn, self.config
        chosen = batch_indices(len(learn), config.batch, step, config.seed, place.rank, place.world)
        return learn[chosen]


def train_person(config: PersonConfig, persons: PersonSet, task: PersonTask) -> Outcome:
    """Train, select, judge; the checkpoint is in `config.out`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see the functions it calls.
    """
    if persons.simulated:
        print("simulated people (edgehuman's walker) are the training data", file=sys.stderr)
    splits = split_people(persons, config.select_share, config.seed, task.name)
    work = _Work(config, persons, task, splits)
    network, arch, ancestors = start_network(config, task.output)
    card = _card(work, network, arch, ancestors)
    unreadable: dict[int, str] = {}
    if not _run(work, network, card, unreadable):
        data = {"out": str(config.out), "finished": False}
        return Outcome(data, f"{config.out}: stopped early; go on with --resume", exit_code=1)
    best, _ = checkpoint.load_network(config.out)
    return _judge(work, best, card, unreadable)


def _card(work: _Work, network: PersonNet, arch: str, ancestors: tuple[TrainingData, ...]) -> Card:
    config, output, splits = work.config, work.task.output, work.splits
    if isinstance(network.head, EmbeddingHead):
        output = dataclasses.replace(output, dim=network.head.dim)
    own = [work.data_row(splits.learn, "training")]
    if len(splits.select):
        own.append(work.data_row(splits.select, "selection"))
    return Card(
        name=f"{arch} for {work.task.name}",
        task=work.task.name,
        arch=arch,
        params=count_params(network),
        flops=count_flops(network, torch.zeros((1, *config.size, 3), dtype=torch.uint8)),
        input=image_input(*config.size),
        output=output,
        data=(*ancestors, *own),
        recipe=f"{work.task.name} finetune",
        commit=commit(),
        versions=versions(),
    )


def _run(work: _Work, network: PersonNet, card: Card, unreadable: dict[int, str]) -> bool:
    """Train into `config.out`; whether it came to its end.

    Args:
        unreadable: takes the pictures that could not be read, and why.
    """
    config, task, select = work.config, work.task, work.splits.select
    freeze_unused(network, config.size)
    factor = lr_factors(network, config.backbone_lr, config.layer_decay)
    if not config.backbone_lr:
        network.encoder.requires_grad_(False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        learner = task.learner(network)

    def evaluate(product: nn.Module) -> Mapping[str, float]:
        found = work.score(select, product)
        return {f"select_{name}": value for name, value in found.metrics.items()}

    with ReadAhead(
        task.indices or work.shuffled, task.sample, config.seed, config.workers
    ) as batch:
        job = Job(
            model=learner,
            batch=batch,
            product=network,
            card=card,
            evaluate=evaluate if len(select) else None,
            select_by=f"select_{task.select_by}" if len(select) else None,
            lr_scale=lambda name: factor.get(name.removeprefix("network."), 1.0),
            name=f"{task.name} {card.arch}",
        )
        finished = not train_steps(job, config).stopped
        unreadable |= batch.unreadable
    return finished


def _judge(work: _Work, network: nn.Module, card: Card, unreadable: Mapping[int, str]) -> Outcome:
    """Read the test part once, and write what was found into the checkpoint."""
    config, splits = work.config, work.splits
    data: dict[str, Any] = {
        "out": str(config.out),
        "task": work.task.name,
        "arch": card.arch,
        "params": card.params,
        "finished": True,
        "simulated": work.persons.simulated,
        "pictures": {name: len(getattr(splits, name)) for name in ("learn", "select", "test")},
        "unreadable": len(unreadable),
    }
    text = f"{config.out}: {card.arch} for {work.task.name}"
    if unreadable:
        why = next(iter(unreadable.values()))
        text = f"{len(unreadable)} pictures could not be read and were left out: {why}\n{text}"
    if len(splits.select):
        data["selection"] = work.score(splits.select, network).metrics
    if config.read_test:
        if not len(splits.test):
            raise DataError(
                f"--data {config.data} has no test part; the checkpoint stands in {config.out}. "
                "Give a dataset with an official split, or --no-read-test"
            )
        found = work.score(splits.test, network)
        protocol = f"{work.persons.dataset}, test part: {found.said}"
        card = card.replace(
            metrics=tuple(Metric(name, value, protocol) for name, value in found.metrics.items())
        )
        data |= {"metrics": found.metrics, "per_label": found.per_label, "protocol": protocol}
        said = ", ".join(f"{name} {value:.4f}" for name, value in found.metrics.items())
        text += f"; {said} ({protocol})"
    checkpoint.save_weights(config.out, network.state_dict(), card)
    return Outcome(data, text)
