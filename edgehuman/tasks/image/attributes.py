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
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.nets.image.heads import PersonNet
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize
from edgehuman.tasks.image.augment import draw_move, vary
from edgehuman.tasks.image.losses import attribute_loss
from edgehuman.tasks.image.settings import AttributesConfig
from edgehuman.tasks.image.splits import split_people
from edgehuman.tasks.image.train import PersonTask, begin, train_person


class AttributesLearner(nn.Module):
    """A network with its loss."""

    def __init__(self, network: PersonNet, positive_share_A: Tensor) -> None:
        super().__init__()
        self.network = network
        self.positive_share_A: Tensor
        self.register_buffer("positive_share_A", positive_share_A.float())

    def forward(self, image_NHWC: Tensor, label_NA: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "accuracy"} for raw images and 0/1 answers (N, A)."""
        logits_NA = self.network(image_NHWC)
        right_NA = (logits_NA > 0) == (label_NA > 0)
        return {
            "loss": attribute_loss(logits_NA, label_NA, self.positive_share_A),
            "accuracy": right_NA.float().mean(),
        }


def train(config: AttributesConfig) -> Outcome:
    """Run `edgehuman finetune --task attributes`; write the checkpoint to `config.out`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `train_person`.
    """
    start, persons = begin(config, "attributes")
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
    return train_person(config, start, persons, task)
