"""The training of a network of whole frames, whatever it says of the people in them.

    work = frame_work(config, start, sets, FrameTask(...))

Several sets are drawn from as one. The checkpoint is selected on sequences of the training parts
that are held out; the test parts are read once, at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.card import Card, Decision, OutputSpec, Role, TrainingData, image_input
from edgehuman.catalogue import IN_MEMORY
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.score import read_batches
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.memory import sets_in_memory
from edgehuman.errors import UsageError
from edgehuman.nets.building import ENCODER, count_flops, count_params
from edgehuman.nets.checkpoint import load_into, read_weights
from edgehuman.nets.image.detection import Detector
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32, Index
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
)
from edgehuman.tasks.image.detection.settings import DetectionConfig
from edgehuman.tasks.image.detection.splits import FrameSplits, Place, split_frames
from edgehuman.tasks.image.reading_ahead import ReadAhead, stacked
from edgehuman.tasks.learner import Learner
from edgehuman.training.batches import batch_indices
from edgehuman.training.ledger import commit, versions
from edgehuman.training.processes import Place as Process
from edgehuman.training.settings import tell_first

_OF_DETECTORS = ("neck.", "many.", "one.")

Config = TypeVar("Config", bound=DetectionConfig)

Views: TypeAlias = tuple[NDArray[Any], ...]


class Scored(NamedTuple):
    """Metrics, the one that selects checkpoints first, and the score from which boxes count."""

    metrics: Mapping[str, float]
    threshold: float


class FrameScorer(Protocol):
    """Compares what a network says of frames with their people."""

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        """Compare one frame.

        Args:
            row_RX: what the network gives for it.
            place: where it lies in the input.
        """

    def scores(self) -> Scored:
        """The scores of all; DataError: no frames, or nobody in them."""


@dataclass(frozen=True)
class FrameTask:
    """What a task of frames adds.

    Attributes:
        name: in the catalogue.
        output: what the network gives.
        network: with random weights but for those it was given.
        said: what of its outputs has a gradient for every weight that learns, of raw images.
        learner: the network with its loss.
        sample: (set, frame, random generator) -> an augmented frame and its labels.
        scorer: (the score from which boxes count; None: not chosen) -> compares frames.
        select_by: the metric that selects checkpoints.
    """

    name: str
    output: OutputSpec
    network: Detector
    said: Callable[[Tensor], Tensor]
    learner: Callable[[nn.Module], Learner]
    sample: Callable[[FrameSet, int, np.random.Generator], Views]
    scorer: Callable[[float | None], FrameScorer]
    select_by: str


def frame_sets(
    config: Config, data: FrameSet | Sequence[FrameSet] | None
) -> tuple[Config, list[FrameSet]]:
    """The frames of a training, and its settings, which say where they are from.

    Args:
        data: frames in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError: see `load_frames` and `sets_in_memory`.
    """
    if data is None:
        return config, [load_frames(path) for path in config.data]
    return dataclasses.replace(config, data=(IN_MEMORY,)), sets_in_memory(data, FrameSet)


def frame_work(
    config: DetectionConfig, start: Start, sets: Sequence[FrameSet], task: FrameTask
) -> Work:
    """Return the training of a task of frames.

    Raises:
        CheckpointError: weights that do not fit. DataError: the data have no training part.
    """
    if any(each.simulated for each in sets):
        tell_first("training on simulated people (edgehuman's walker)")
    part = _Part(config, sets, split_frames(sets, config), task)
    card = _card(part, start)
    batches = ReadAhead(part.shuffled, part.sample, config.seed, config.workers)
    return Work(config, _training(part, card, batches), _judge(part, batches))


@dataclass(frozen=True)
class _Part:
    """One training: config, datasets, splits and task."""

    config: DetectionConfig
    sets: Sequence[FrameSet]
    splits: FrameSplits
    task: FrameTask

    def sample(self, index: int, rng: np.random.Generator) -> Views:
        """Return an augmented frame of the training part, and its labels."""
        place = self.splits.learn[index]
        return self.task.sample(self.sets[place.number], place.frame, rng)

    def shuffled(self, step: int, place: Process) -> Index:
        """Return the samples of a step, in shuffled epochs."""
        config = self.config
        return batch_indices(
            len(self.splits.learn), config.batch, step, config.seed, place.rank, place.world
        )

    def score(self, places: Sequence[Place], network: nn.Module, card: Card | None) -> Scored:
        """Return the scores of these frames, in their own pixels, as `evaluate` does.

        Args:
            card: that says the score from which boxes count; None: not chosen yet.

        Raises:
            DataError: no frame is readable, or nobody is in them.
        """
        answer, config = answer_of(network), self.config
        scorer = self.task.scorer(None if card is None else card.decision.threshold or None)
        whys: list[str] = []
        for number, frames in enumerate(self.sets):
            index_K = np.array([each.frame for each in places if each.number == number], np.int64)
            unreadable: dict[int, str] = {}
            for index_N, place_N, input_NHWC in read_batches(
                frames, index_K, config.size, config.batch, unreadable
            ):
                rows = zip(index_N.tolist(), answer(input_NHWC), place_N, strict=True)
                for index, row_RX, place in rows:
                    scorer.add(frames, index, row_RX, place)
            whys += unreadable.values()
        if whys:
            tell_first(
                f"left out {len(whys)} unreadable frames of {len(places)}; the first: {whys[0]}"
            )
        return scorer.scores()

    def rows(self, places: Sequence[Place], role: Role) -> list[TrainingData]:
        """Return the card's rows for these frames."""
        return [
            TrainingData(each.dataset, role, each.licence, each.url, count, 0, each.simulated)
            for number, each in enumerate(self.sets)
            if (count := sum(place.number == number for place in places))
        ]

    def name(self, place: Place) -> str:
        """Return a frame's name, once among all sets."""
        return f"{place.number} {self.sets[place.number].names[place.frame]}"


def _card(part: _Part, start: Start) -> Card:
    config, splits, task = part.config, part.splits, part.task
    ancestors = _load(config, start, task)
    own = [*part.rows(splits.learn, "training"), *part.rows(splits.select, "selection")]
    return Card(
        name=f"{start.arch} for {task.name}",
        task=task.name,
        arch=start.arch,
        params=count_params(task.network),
        flops=count_flops(task.network, torch.zeros((1, *config.size, 3), dtype=torch.uint8)),
        input=image_input(*config.size, record="Frame"),
        output=task.output,
        data=(*ancestors, *own),
        recipe=f"{task.name} finetune",
        commit=commit(),
        versions=versions(),
    )


def _load(config: DetectionConfig, start: Start, task: FrameTask) -> tuple[TrainingData, ...]:
    """Load the weights, if any, into the backbone; those of a detector into neck and towers too,
    and those of a network of the same output into everything. Return the data they were trained on.

    Raises:
        UsageError: --one-from-many without such weights.
    """
    network = task.network
    ancestors = start.load_into(network.encoder)
    learned, folder = start.learned, start.weights
    kinds = ("boxes", task.output.kind)
    if folder is not None and learned is not None and learned.output.kind in kinds:
        weights, _ = read_weights(folder)
        own = network.state_dict()
        is_same = learned.output == task.output
        fits = {
            name: each
            for name, each in weights.items()
            if not name.startswith(ENCODER) and (is_same or name.startswith(_OF_DETECTORS))
        }
        fits = fits if is_same else network.fitted(fits)
        load_into(network, {**({} if is_same else own), **_encoder(own), **fits}, str(folder))
        if config.one_from_many:
            network.one.load_state_dict(network.many.state_dict())
    elif config.one_from_many:
        raise UsageError(
            "--one-from-many needs --weights of a detector; leave it out, or give them"
        )
    return ancestors


def _encoder(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: each for name, each in weights.items() if name.startswith(ENCODER)}


def _training(part: _Part, card: Card, batches: ReadAhead) -> Training:
    """Return the training: neck and head at the full learning rate, the backbone at its own."""
    config, held_out, task = part.config, part.splits.select, part.task
    network = task.network
    image_NHWC = torch.zeros((2, *config.size, 3), dtype=torch.uint8)
    network.eval()
    freeze_unused(network, task.said(image_NHWC))
    if not config.backbone_lr:
        network.encoder.requires_grad_(False)
    return Training(
        network=network,
        card=card,
        learner=task.learner,
        batches=batches,
        select=(lambda product: dict(part.score(held_out, product, None).metrics))
        if held_out
        else None,
        select_by=task.select_by,
        lr_scale=lambda name: config.backbone_lr if name.startswith("network.encoder.") else 1.0,
        name=f"{task.name} {card.arch}",
        samples=_samples(part, batches),
    )


def _samples(part: _Part, batches: ReadAhead) -> TrainingSamples:
    """Return the training frames one by one; one of the next replaces one that cannot be read."""
    count = len(part.splits.learn)

    def batch_of(index_B: Index, rng: np.random.Generator) -> tuple[Tensor, ...]:
        ahead = np.arange(min(count, part.config.batch))
        each = (((index + ahead) % count).tolist() for index in index_B.tolist())
        return stacked([batches.read(candidates, rng) for candidates in each])

    return TrainingSamples(
        names=tuple(part.name(place) for place in part.splits.learn),
        indices=part.shuffled,
        batch_of=batch_of,
        together=1,
    )


def _judge(part: _Part, batches: ReadAhead) -> Judge:
    """Return how this training is judged; `batches` records unreadable frames."""
    config, splits = part.config, part.splits

    def decide(network: nn.Module, card: Card) -> Decided:
        unreadable = batches.unreadable
        data: dict[str, Any] = {
            "task": part.task.name,
            "params": card.params,
            "simulated": all(each.simulated for each in part.sets),
            "frames": {name: len(getattr(splits, name)) for name in ("learn", "select", "test")},
            "unreadable": len(unreadable),
        }
        text = f"{config.out}: {card.arch} for {part.task.name}"
        if unreadable:
            why = next(iter(unreadable.values()))
            text = f"left out {len(unreadable)} unreadable frames; the first: {why}\n{text}"
        if splits.select:
            found = part.score(splits.select, network, None)
            data["selection"] = dict(found.metrics)
            threshold = round(found.threshold, 4)
            card = card.replace(decision=Decision(threshold=threshold))
            text += f"; a box counts from a score of {threshold}"
        return Decided(card, data, text)

    def test(network: nn.Module, card: Card) -> Measured:
        if not splits.test:
            said = ", ".join(config.data)
            raise no_test_part(config.out, said, "frames whose role is test")
        names = ", ".join(dict.fromkeys(part.sets[place.number].dataset for place in splits.test))
        protocol = f"{names}, test part: {len(splits.test)} frames, {config.height}x{config.width}"
        return Measured(dict(part.score(splits.test, network, card).metrics), protocol)

    return Judge(decide, test)
