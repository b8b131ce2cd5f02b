"""Person re-identification: find the same person in images from another camera.

    edgehuman finetune --task reid --weights runs/saip --data Market-1501 --out runs/reid

Batch-hard triplets of the vector, and identity classification after a batch normalisation without
offset (the BNNeck); neck and classifier are used in training only. Sources: Luo et al., "Bag of
tricks", arXiv 1903.07071; He et al., "TransReID", arXiv 2102.04378, for batches of 16 x 4 and the
augmentation.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.data.image.set import PersonSet
from edgehuman.nets.image.heads import EmbeddingHead, PersonNet
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Index
from edgehuman.tasks.finetune import Work
from edgehuman.tasks.image.augment import draw_move, vary
from edgehuman.tasks.image.losses import reid_loss
from edgehuman.tasks.image.settings import ReidConfig
from edgehuman.tasks.image.splits import split_people
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner
from edgehuman.training.identity_batches import pictures_of, pk_indices
from edgehuman.training.processes import Place


class ReidLearner(Learner):
    """A network with its losses; neck and classifier are used in training only."""

    compares = True

    def __init__(self, network: PersonNet, num_people: int, config: ReidConfig) -> None:
        super().__init__()
        self.network: PersonNet = network
        dim = cast(EmbeddingHead, network.head).dim
        self.neck = nn.BatchNorm1d(dim)
        self.neck.bias.requires_grad_(False)
        self.classifier = nn.Linear(dim, num_people, bias=False)
        nn.init.normal_(self.classifier.weight, std=1e-3)
        self.margin, self.smoothing = config.margin, config.label_smoothing

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return the vectors (N, D) of raw images, before they are normalised."""
        head = cast(EmbeddingHead, self.network.head)
        return head.feature(self.network.token(record_N)).float()

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "triplet", "identity", "accuracy"} of vectors (N, D), for identities
        (N,).
        """
        feature_ND, (person_N,) = output_N, target
        logits_NI = self.classifier(self.neck(feature_ND))
        parts = reid_loss(feature_ND, logits_NI, person_N, self.margin, self.smoothing)
        return {**parts, "accuracy": (logits_NI.argmax(1) == person_N).float().mean()}


def train(config: ReidConfig, data: PersonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task reid`; write the checkpoint to `config.out`.

    Args:
        data: people in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: ReidConfig, data: PersonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see `person_work`.
    """
    config = in_memory(config, data)
    start, persons = begin(config, "reid", data)
    learn_K = split_people(persons, config.select_share, config.seed, "reid").learn
    people = pictures_of(persons.person_N[learn_K])
    number = {person: place for place, person in enumerate(people)}

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        image_HWC = resize(persons.image(index), *config.size)
        move = draw_move(config.variation, rng, *config.size)
        return vary(image_HWC, move, config.variation, rng), np.array(
            number[int(persons.person_N[index])]
        )

    def indices(step: int, place: Place) -> Index:
        chosen = pk_indices(
            people, config.batch, config.each, step, config.seed, place.rank, place.world
        )
        return learn_K[chosen]

    task = PersonTask(
        name="reid",
        output=OutputSpec("embedding", distance="cosine", dim=config.dim),
        learner=lambda network: ReidLearner(network, len(people), config),
        sample=sample,
        select_by="mean_ap",
        indices=indices,
    )
    return person_work(config, start, persons, task)
