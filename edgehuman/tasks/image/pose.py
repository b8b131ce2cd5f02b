"""Joints of a person in a crop: the 17 of COCO (`pose`), or 133 whole-body ones (`landmarks`).

    edgehuman finetune --task pose --weights runs/saip --data coco --out runs/pose

One heat map per joint at stride 4, mean squared error against a Gaussian at the exact joint.
Recipe: Xu et al., "ViTPose", arXiv 2204.12484, without half-body crops, with ground-truth boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.card import OutputSpec
from edgehuman.data.image.set import PersonSet
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17, COCO_WHOLEBODY_133, mirror_order
from edgehuman.nets.image.heads import MAP_STRIDE, PersonNet
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize, to_crop
from edgehuman.tasks.finetune import Work
from edgehuman.tasks.image.augment import draw_move, move_joints, vary
from edgehuman.tasks.image.heatmaps import Grid, gaussian_targets
from edgehuman.tasks.image.losses import heatmap_loss
from edgehuman.tasks.image.settings import PoseConfig
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner

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
    mirrored = mirror_order(labels)

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        image_HWC = persons.image(index)
        whole = (0, 0, image_HWC.shape[1], image_HWC.shape[0])
        move = draw_move(config.variation, rng, *config.size)
        view_HWC = vary(resize(image_HWC, *config.size), move, config.variation, rng)
        joint_J3 = to_crop(persons.keypoint_NJ3[index], whole, *config.size)
        return view_HWC, move_joints(joint_J3, move, *config.size, mirrored)

    task = PersonTask(
        name=config.task,
        output=OutputSpec("heatmaps", labels),
        learner=lambda network: PoseLearner(network, config.size, config.sigma),
        sample=sample,
        select_by="mean_oks",
    )
    return person_work(config, start, persons, task)
