"""Joints of a person in a crop: the 17 of COCO (`pose`), or 133 whole-body ones (`landmarks`).

    edgehuman finetune --task pose --weights runs/saip --data coco --out runs/pose

`--head heatmaps`: one map per joint at stride 4, mean squared error against a Gaussian at the exact
joint; recipe: Xu et al., "ViTPose", arXiv 2204.12484, without half-body crops, with ground-truth
boxes. `--head simcc`: classes along each axis and the presence of each joint, see `simcc`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.card import Decision, OutputSpec
from edgehuman.data.image.crops.turned import is_turned
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, COCO_WHOLEBODY_133, mirror_order
from edgehuman.metrics.person_answers import BINS_PER_PIXEL
from edgehuman.nets.image.heads import PersonNet
from edgehuman.nets.image.pyramid_head import MAP_STRIDE
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize, to_crop
from edgehuman.records import Index
from edgehuman.tasks.finetune import Work, answer_of
from edgehuman.tasks.image.augment import draw_move, move_joints, vary
from edgehuman.tasks.image.composing import Composed, compose
from edgehuman.tasks.image.heatmaps import Grid, gaussian_targets
from edgehuman.tasks.image.losses import heatmap_loss
from edgehuman.tasks.image.reading_ahead import Sample
from edgehuman.tasks.image.settings import PoseConfig
from edgehuman.tasks.image.simcc import SimccLearner, calibrate
from edgehuman.tasks.image.splits import split_people
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner

HELD_OUT_CROPS = 1024
"""Crops of people held out that calibrate the presence of joints."""
LABELS = {"pose": COCO_17, "landmarks": COCO_WHOLEBODY_133}


class PoseLearner(Learner):
    """A network with its loss."""

    def __init__(self, network: PersonNet, size: tuple[int, int], sigma: float) -> None:
        super().__init__()
        self.network = network
        map_size = (size[0] // MAP_STRIDE, size[1] // MAP_STRIDE)
        self.grid = Grid(size, map_size, centres="half")
        self.sigma = sigma

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss"} of heat maps (N, J, h, w), for joints (N, J, 3): the mean squared error
        x 1000.
        """
        (joint_NJ3,) = target
        from_corner_NJ3 = joint_NJ3 + joint_NJ3.new_tensor([0.5, 0.5, 0.0])
        target_NJHW, weight_NJ = gaussian_targets(from_corner_NJ3, self.grid, self.sigma)
        return {"loss": 1e3 * heatmap_loss(output_N, target_NJHW, weight_NJ)}


def train(config: PoseConfig, data: PersonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task pose|landmarks`; write the checkpoint to `config.out`.

    Args:
        data: people in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: PoseConfig, data: PersonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see `person_work`.
    """
    labels = LABELS[config.task]
    config = in_memory(config, data)
    start, persons = begin(config, config.task, data)
    if persons.keypoint_NJ3.shape[1] != len(labels):
        raise DataError(
            f"--data {config.data} has {persons.keypoint_NJ3.shape[1]} joints per person, but "
            f"--task {config.task} needs {len(labels)}"
        )
    if config.head == "simcc":
        return person_work(config, start, persons, _simcc_task(config, persons, labels))
    return person_work(config, start, persons, _heatmap_task(config, persons, labels))


def _heatmap_task(config: PoseConfig, persons: PersonSet, labels: tuple[str, ...]) -> PersonTask:
    mirrored = mirror_order(labels)

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        image_HWC = persons.image(index)
        whole = (0, 0, image_HWC.shape[1], image_HWC.shape[0])
        move = draw_move(config.variation, rng, *config.size)
        view_HWC = vary(resize(image_HWC, *config.size), move, config.variation, rng)
        joint_J3 = to_crop(persons.keypoint_NJ3[index], whole, *config.size)
        return view_HWC, move_joints(joint_J3, move, *config.size, mirrored)

    composed = _composed(config, persons, labels) if config.crops else None
    answered = None if composed is None else _answered(config, persons, composed)
    return PersonTask(
        name=config.task,
        output=OutputSpec("heatmaps", labels),
        learner=lambda network: PoseLearner(network, config.size, config.sigma),
        sample=answered or sample,
        select_by="mean_oks",
        beside=() if composed is None else composed.rows,
    )


def _simcc_task(config: PoseConfig, persons: PersonSet, labels: tuple[str, ...]) -> PersonTask:
    composed = _composed(config, persons, labels)
    output = OutputSpec("simcc", labels, dim=BINS_PER_PIXEL * config.width)

    def decide(network: nn.Module, index_K: Index) -> Decision:
        answer = answer_of(network)
        return calibrate(
            answer, composed, index_K, output, config.size, config.seed, HELD_OUT_CROPS
        )

    return PersonTask(
        name=config.task,
        output=output,
        learner=lambda network: SimccLearner(network, config.size, config.presence),
        sample=_answered(config, persons, composed),
        select_by="mean_oks",
        beside=composed.rows,
        decide=decide,
    )


def _composed(config: PoseConfig, persons: PersonSet, labels: tuple[str, ...]) -> Composed:
    return compose(
        config,
        persons,
        config.task,
        mirrored_joints=mirror_order(labels),
        articulate=config.articulate,
        cut=config.cut,
        ends=config.ends,
        beside=config.beside,
    )


def _answered(config: PoseConfig, persons: PersonSet, composed: Composed) -> Sample:
    """What makes a sample: now and then of somebody who is turned away in the place of another."""
    learn_K = split_people(persons, config.select_share, config.seed, config.task).learn
    turned_K = learn_K[is_turned(persons.keypoint_NJ3[learn_K])] if config.turned else learn_K[:0]

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        if len(turned_K) and rng.random() < config.turned:
            index = int(rng.choice(turned_K))
        crop = composed.sample(index, rng)
        return crop.image_HWC, crop.joint_J3

    return sample
