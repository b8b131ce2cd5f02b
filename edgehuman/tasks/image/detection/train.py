"""People in frames: a detector on a backbone of person images.

    edgehuman finetune --task detection --arch starnet_s150 --data crowdhuman --out runs/detector

Recipe: the losses of `losses.py` with the augmentation of `augment.py`, both beside this file.
Several sets are drawn from as one. The checkpoint is selected by average precision (AP50) on
sequences of the training parts that are held out; the test parts are read once, at the end.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.card import Card, Decision, OutputSpec, Role, TrainingData, image_input
from edgehuman.catalogue import IN_MEMORY
from edgehuman.data.image.frames.load import load_frames
from edgehuman.data.image.frames.score import answered, as_metrics, seen
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.frames.set import People as FramePeople
from edgehuman.data.memory import sets_in_memory
from edgehuman.errors import UsageError
from edgehuman.metrics.boxes.detection import AveragePrecision, Found, average_precision
from edgehuman.nets.building import ENCODER, count_flops, count_params
from edgehuman.nets.checkpoint import load_into, read_weights
from edgehuman.nets.image.detection import VALUES, Detector, detector
from edgehuman.outcome import Outcome
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
from edgehuman.tasks.image.detection.assignment import People, Points, Said
from edgehuman.tasks.image.detection.augment import IGNORED, PERSON, padded, vary
from edgehuman.tasks.image.detection.losses import detection_loss
from edgehuman.tasks.image.detection.settings import DEFAULT_ARCH, DetectionConfig
from edgehuman.tasks.image.detection.splits import FrameSplits, Place, split_frames
from edgehuman.tasks.image.reading_ahead import ReadAhead, stacked
from edgehuman.tasks.learner import Learner
from edgehuman.training.batches import batch_indices
from edgehuman.training.ledger import commit, versions
from edgehuman.training.processes import Place as Process
from edgehuman.training.settings import tell_first

TASK = "detection"
OUTPUT = OutputSpec("boxes")


class DetectionLearner(Learner):
    """A detector with its loss."""

    compares = True

    network: Detector

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = network

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return what both towers say of every point, (N, P, 10)."""
        return self.network.maps(record_N)

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses for boxes (N, M, 4) and their kinds (N, M)."""
        box_NM4, kind_NM = target
        decode = self.network.decode
        many, one = (
            Said(each_NP5[..., 0], decode.boxes(each_NP5[..., 1:]))
            for each_NP5 in torch.split(output_N.float(), VALUES, dim=2)
        )
        people = People(box_NM4, kind_NM == PERSON, kind_NM == IGNORED)
        points = Points(decode.point_P4[:, :2], decode.stride_P, decode.sizes)
        return detection_loss(many, one, people, points)


def train(config: DetectionConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Outcome:
    """Run `edgehuman finetune --task detection`; write the checkpoint to `config.out`.

    Args:
        data: frames in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: DetectionConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, CheckpointError: see `start_from`. DataError: the data cannot be read, or have
            no training part.
    """
    start = start_from(config, TASK, DEFAULT_ARCH)
    if data is None:
        sets = [load_frames(path) for path in config.data]
    else:
        config = dataclasses.replace(config, data=(IN_MEMORY,))
        sets = sets_in_memory(data, FrameSet)
    if any(each.simulated for each in sets):
        tell_first("training on simulated people (edgehuman's walker)")
    part = _Part(config, sets, split_frames(sets, config))
    network = detector(start.arch, config.size, config.seed, drop_path=config.drop_path)
    card = _card(part, network, start)
    batches = ReadAhead(part.shuffled, part.sample, config.seed, config.workers)
    return Work(config, _training(part, network, card, batches), _judge(part, batches))


@dataclass(frozen=True)
class _Part:
    """One training: config, datasets and splits."""

    config: DetectionConfig
    sets: Sequence[FrameSet]
    splits: FrameSplits

    def sample(self, index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        """Return the augmented frame, its boxes and their kinds."""
        frames, place = self._at(self.splits.learn[index])
        view_HWC, box_M4, kind_M = vary(
            frames.frames[place], frames.people[place], self.config.variation, rng,
            *self.config.size,
        )  # fmt: skip
        return view_HWC, *padded(box_M4, kind_M)

    def shuffled(self, step: int, place: Process) -> Index:
        """Return the samples of a step, in shuffled epochs."""
        config = self.config
        return batch_indices(
            len(self.splits.learn), config.batch, step, config.seed, place.rank, place.world
        )

    def score(self, places: Sequence[Place], network: nn.Module) -> AveragePrecision:
        """Return the average precision on these frames, in their own pixels, as `evaluate` does.

        Raises:
            DataError: no frame is readable, or nobody is in them.
        """
        answer, config = answer_of(network), self.config
        found: list[Found] = []
        people: list[FramePeople] = []
        whys: list[str] = []
        for number, frames in enumerate(self.sets):
            index_K = np.array([each.frame for each in places if each.number == number], np.int64)
            unreadable: dict[int, str] = {}
            for index, size, boxes in answered(
                frames, index_K, answer, config.size, config.batch, unreadable
            ):
                found.append(boxes)
                people.append(seen(frames.people[index], size))
            whys += unreadable.values()
        if whys:
            tell_first(
                f"left out {len(whys)} unreadable frames of {len(places)}; the first: {whys[0]}"
            )
        return average_precision(found, people)

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

    def _at(self, place: Place) -> tuple[FrameSet, int]:
        return self.sets[place.number], place.frame


def _card(part: _Part, network: Detector, start: Start) -> Card:
    config, splits = part.config, part.splits
    ancestors = _load(config, start, network)
    own = [*part.rows(splits.learn, "training"), *part.rows(splits.select, "selection")]
    return Card(
        name=f"{start.arch} for {TASK}",
        task=TASK,
        arch=start.arch,
        params=count_params(network),
        flops=count_flops(network, torch.zeros((1, *config.size, 3), dtype=torch.uint8)),
        input=image_input(*config.size, record="Frame"),
        output=OUTPUT,
        data=(*ancestors, *own),
        recipe=f"{TASK} finetune",
        commit=commit(),
        versions=versions(),
    )


def _load(config: DetectionConfig, start: Start, network: Detector) -> tuple[TrainingData, ...]:
    """Load the weights, if any, into the backbone; those of a detector into neck and head too.
    Return the data they were trained on.

    Raises:
        UsageError: --one-from-many without a detector's weights.
    """
    ancestors = start.load_into(network.encoder)
    learned, folder = start.learned, start.weights
    if folder is not None and learned is not None and learned.output.kind == OUTPUT.kind:
        weights, _ = read_weights(folder)
        own = {k: v for k, v in network.state_dict().items() if k.startswith(ENCODER)}
        rest = {k: v for k, v in weights.items() if not k.startswith(ENCODER)}
        load_into(network, {**own, **rest}, str(folder))
        if config.one_from_many:
            network.one.load_state_dict(network.many.state_dict())
    elif config.one_from_many:
        raise UsageError(
            "--one-from-many needs --weights of a detector; leave it out, or give them"
        )
    return ancestors


def _training(part: _Part, network: Detector, card: Card, batches: ReadAhead) -> Training:
    """Return the training: neck and head at the full learning rate, the backbone at its own."""
    config, held_out = part.config, part.splits.select
    image_NHWC = torch.zeros((2, *config.size, 3), dtype=torch.uint8)
    freeze_unused(network, network.eval().maps(image_NHWC))
    if not config.backbone_lr:
        network.encoder.requires_grad_(False)
    return Training(
        network=network,
        card=card,
        learner=lambda inner: DetectionLearner(_as_detector(inner)),
        batches=batches,
        select=(lambda product: as_metrics(part.score(held_out, product))) if held_out else None,
        select_by="ap50",
        lr_scale=lambda name: config.backbone_lr if name.startswith("network.encoder.") else 1.0,
        name=f"{TASK} {card.arch}",
        samples=_samples(part, batches),
    )


def _as_detector(network: nn.Module) -> Detector:
    assert isinstance(network, Detector)
    return network


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
            "task": TASK,
            "params": card.params,
            "simulated": all(each.simulated for each in part.sets),
            "frames": {name: len(getattr(splits, name)) for name in ("learn", "select", "test")},
            "unreadable": len(unreadable),
        }
        text = f"{config.out}: {card.arch} for {TASK}"
        if unreadable:
            why = next(iter(unreadable.values()))
            text = f"left out {len(unreadable)} unreadable frames; the first: {why}\n{text}"
        if splits.select:
            found = part.score(splits.select, network)
            data["selection"] = as_metrics(found)
            threshold = round(found.best_score, 4)
            card = card.replace(decision=Decision(threshold=threshold))
            text += f"; a box counts from a score of {threshold}"
        return Decided(card, data, text)

    def test(network: nn.Module, card: Card) -> Measured:
        if not splits.test:
            said = ", ".join(config.data)
            raise no_test_part(config.out, said, "frames whose role is test")
        names = ", ".join(dict.fromkeys(part.sets[place.number].dataset for place in splits.test))
        protocol = f"{names}, test part: {len(splits.test)} frames, {config.height}x{config.width}"
        return Measured(as_metrics(part.score(splits.test, network)), protocol)

    return Judge(decide, test)
