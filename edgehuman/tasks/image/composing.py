"""Samples of the tasks whose answers move with the picture: composed crops of people, and simulated
people among them.

    composed = compose(config, persons, "parsing")
    crop = composed.sample(index, rng)

Axes: N people, J joints.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from edgehuman.card import TrainingData
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.crops.compose import Composer, Crop, Odds
from edgehuman.data.image.crops.marring import Marring
from edgehuman.data.image.crops.view import Reach
from edgehuman.data.image.ledger import people_row
from edgehuman.data.image.load import PersonSet, load_persons
from edgehuman.data.image.part_groups import Grouping, grouped
from edgehuman.errors import UsageError
from edgehuman.records import Index
from edgehuman.tasks.image.settings import CropConfig
from edgehuman.tasks.image.splits import split_people

_DRAWN_PEOPLE, _DRAWN_EACH = 150, 4


@dataclass(frozen=True)
class Composed:
    """Attributes:
    composer: of the dataset's people.
    drawn: of simulated people, if some are wanted; drawn_K: those of the training part.
    share: of simulated people among the samples.
    """

    composer: Composer
    drawn: Composer | None
    drawn_K: Index
    share: float

    def sample(self, index: int, rng: np.random.Generator) -> Crop:
        """A crop of this person, or now and then of a simulated one.

        Raises:
            ImageError: see `Composer.sample`.
        """
        if self.drawn is not None and rng.random() < self.share:
            return self.drawn.sample(int(rng.choice(self.drawn_K)), rng)
        return self.composer.sample(index, rng)

    @property
    def rows(self) -> tuple[TrainingData, ...]:
        """Card rows of the people beside the dataset's."""
        if self.drawn is None:
            return ()
        return (people_row(self.drawn.persons, self.drawn_K, "training"),)


def compose(
    config: CropConfig,
    persons: PersonSet,
    task: str,
    parts: Grouping | None = None,
    mirrored_parts: tuple[int, ...] = (),
    mirrored_joints: tuple[int, ...] = (),
    articulate: float = 0.0,
    cut: float = 0.25,
) -> Composed:
    """Return what composes the samples of a task. Whom `person_work` holds out for selection stands
    beside nobody and lends no street.

    Args:
        task: its name, as `person_work` splits the people by.
        parts: how parts were grouped; None: not at all.
        mirrored_parts, mirrored_joints: index of each label's mirror image.
        articulate: probability of arms and legs in another pose.
        cut: probability that the picture ends within the person.

    Raises:
        UsageError: simulated people beside parts that they do not have.
        DataError: too few people to hold some out.
    """
    odds = Odds(
        articulate=articulate,
        reach=Reach(rotate_deg=config.rotate_deg, flip=config.flip, cut=cut),
        marring=Marring(light=config.light),
    )
    lending_K = split_people(persons, config.select_share, config.seed, task).learn
    composer = Composer(
        persons, config.size, odds, mirrored_parts, mirrored_joints, lending_K=lending_K
    )
    if not config.simulated:
        return Composed(composer, None, np.zeros(0, np.int64), 0.0)
    drawn = load_persons(SIMULATED, task, people=_DRAWN_PEOPLE, each=_DRAWN_EACH, seed=config.seed)
    if task != "parsing" or parts is not None:
        drawn = grouped(drawn, parts or "person")
    if task == "parsing" and drawn.parts != persons.parts:
        raise UsageError(
            f"--simulated is {config.simulated}, but simulated people have other parts than "
            f"{persons.dataset}; give --parts person or --parts garments, or --simulated 0"
        )
    return Composed(
        composer,
        dataclasses.replace(composer, persons=drawn, around=composer.people),
        np.flatnonzero(drawn.role_N == "train"),
        config.simulated,
    )
