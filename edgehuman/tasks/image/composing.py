"""Samples of the tasks whose answers move with the picture: composed crops of people, with
simulated people and those of other sets among them.

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
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Index
from edgehuman.tasks.image.settings import CropConfig
from edgehuman.tasks.image.splits import split_people

_DRAWN_EACH = 4


@dataclass(frozen=True)
class Among:
    """People among the samples of another set.

    Attributes:
        composer: of these people; index_K: those of the training part.
        share: of them among the samples.
    """

    composer: Composer
    index_K: Index
    share: float


@dataclass(frozen=True)
class Composed:
    """Attributes:
    composer: of the dataset's people.
    among: simulated people and those of other sets, whose shares are at most 1 together.
    """

    composer: Composer
    among: tuple[Among, ...] = ()

    def sample(self, index: int, rng: np.random.Generator) -> Crop:
        """A crop of this person, or now and then of another.

        Raises:
            ImageError: see `Composer.sample`.
        """
        drawn = rng.random() if self.among else 1.0
        for each in self.among:
            if drawn < each.share:
                return each.composer.sample(int(rng.choice(each.index_K)), rng)
            drawn -= each.share
        return self.composer.sample(index, rng)

    @property
    def rows(self) -> tuple[TrainingData, ...]:
        """Card rows of the people beside the dataset's, and of whose streets they stand on."""
        taught = [(each.composer.persons, each.index_K) for each in self.among]
        lenders, lending_K = self.composer.lenders.persons, self.composer.lending_K
        if lenders is not self.composer.persons and lending_K is not None:
            taught.append((lenders, lending_K))
        return tuple(people_row(persons, index_K, "training") for persons, index_K in taught)


def compose(
    config: CropConfig,
    persons: PersonSet,
    task: str,
    parts: Grouping | None = None,
    mirrored_parts: tuple[int, ...] = (),
    mirrored_joints: tuple[int, ...] = (),
    articulate: float = 0.0,
    cut: float = 0.25,
    ends: float = 0.0,
    beside: float = 0.3,
) -> Composed:
    """Return what composes the samples of a task. Whom `person_work` holds out for selection stands
    beside nobody and lends no street.

    Args:
        task: its name, as `person_work` splits the people by.
        parts: how parts were grouped; None: not at all.
        mirrored_parts, mirrored_joints: index of each label's mirror image.
        articulate: probability of arms and legs in another pose.
        cut: probability that the crop ends within the person.
        ends: probability that the picture ends there too.
        beside: probability of another person.

    Raises:
        UsageError: simulated people beside parts that they do not have.
        DataError: too few people to hold some out.
    """
    odds = Odds(
        articulate=articulate,
        beside=beside,
        reach=Reach(rotate_deg=config.rotate_deg, flip=config.flip, cut=cut, ends=ends),
        marring=Marring(light=config.light),
    )
    around, lending_K = None, split_people(persons, config.select_share, config.seed, task).learn
    if config.streets:
        around = grouped(load_persons(config.streets, "parsing"), "person")
        lending_K = np.flatnonzero(around.role_N == "train")
    composer = Composer(
        persons, config.size, odds, mirrored_parts, mirrored_joints, around, lending_K
    )
    among = [_drawn(config, composer, task, parts)] if config.simulated else []
    return Composed(composer, (*among, *_others(config, composer, task)))


def _drawn(config: CropConfig, composer: Composer, task: str, parts: Grouping | None) -> Among:
    """Simulated people."""
    drawn = load_persons(
        SIMULATED, task, config.simulated_people, _DRAWN_EACH, config.seed, acting=config.acting
    )
    if task != "parsing" or parts is not None:
        drawn = grouped(drawn, parts or "person")
    if task == "parsing" and drawn.parts != composer.persons.parts:
        raise UsageError(
            f"--simulated is {config.simulated}, but simulated people have other parts than "
            f"{composer.persons.dataset}; give --parts person or --parts garments, or --simulated 0"
        )
    drawer = dataclasses.replace(composer, persons=drawn, around=composer.lenders)
    return Among(drawer, np.flatnonzero(drawn.role_N == "train"), config.simulated)


def _others(config: CropConfig, composer: Composer, task: str) -> list[Among]:
    """The people of other sets, each with the same part of their share.

    Raises:
        DataError: a set without a training part, or with other joints.
    """
    among = []
    for name in config.also:
        persons = load_persons(name, task, shape=config.width / config.height)
        train_K: Index = np.flatnonzero(persons.role_N == "train")
        joints, own = persons.keypoint_NJ3.shape[1], composer.persons.keypoint_NJ3.shape[1]
        if not len(train_K) or joints != own or persons.parts not in ((), composer.persons.parts):
            raise DataError(
                f"--also {name} has {len(train_K)} people for training, {joints} joints and the "
                f"parts {', '.join(persons.parts) or 'none'}; --data has {own} joints and "
                f"{', '.join(composer.persons.parts) or 'none'}. Give people with the same labels"
            )
        other = dataclasses.replace(composer, persons=persons, around=composer.lenders)
        among.append(Among(other, train_K, config.also_share / len(config.also)))
    return among
