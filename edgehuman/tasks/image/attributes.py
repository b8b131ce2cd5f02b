"""Person attributes: independent yes/no answers from the image token.

    edgehuman finetune --task attributes --weights runs/saip --data PA-100K --out runs/attributes

Binary cross-entropy, weighted by the rarity of each answer. Source: Jia et al., "Rethinking of
pedestrian attribute recognition", arXiv 2005.11909.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.card import OutputSpec
from edgehuman.data.image.set import PersonSet
from edgehuman.nets.image.heads import PersonNet
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize
from edgehuman.tasks.finetune import Work
from edgehuman.tasks.image.augment import draw_move, vary
from edgehuman.tasks.image.losses import attribute_loss
from edgehuman.tasks.image.settings import AttributesConfig
from edgehuman.tasks.image.splits import split_people
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner


class AttributesLearner(Learner):
    """A network with its loss."""

    def __init__(self, network: PersonNet, positive_share_A: Tensor) -> None:
        super().__init__()
        self.network = network
        self.positive_share_A: Tensor
        self.register_buffer("positive_share_A", positive_share_A.float())

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "accuracy"} of logits (N, A), for 0/1 answers (N, A)."""
        (label_NA,) = target
        right_NA = (output_N > 0) == (label_NA > 0)
        return {
            "loss": attribute_loss(output_N, label_NA, self.positive_share_A),
            "accuracy": right_NA.float().mean(),
        }


def train(config: AttributesConfig, data: PersonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task attributes`; write the checkpoint to `config.out`.

    Args:
        data: people in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: AttributesConfig, data: PersonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see `person_work`.
    """
    config = in_memory(config, data)
    start, persons = begin(config, "attributes", data)
    learn_K = split_people(persons, config.select_share, config.seed, "attributes").learn
    share_A = torch.from_numpy(persons.attribute_NA[learn_K].mean(axis=0))

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        image_HWC = resize(persons.image(index), *config.size)
        move = draw_move(config.variation, rng, *config.size)
        return vary(image_HWC, move, config.variation, rng), persons.attribute_NA[index]

    task = PersonTask(
        name="attributes",
        output=OutputSpec("attributes", tuple(persons.attributes)),
        learner=lambda network: AttributesLearner(network, share_A),
        sample=sample,
        select_by="mean_accuracy",
    )
    return person_work(config, start, persons, task)
