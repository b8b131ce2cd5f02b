"""Crowd scenes composed of people cut out of photos, endless: index -> frame, boxes and parts.

    frames = ccp_scenes("ccp")
    frames.frames[7], frames.people[7].box_M4, frames.parts[7].part_HW

People of photos, and some simulated walkers, are pasted with their true boxes over streets from
which they were cut, drawn surroundings and plain grounds. A scene depends on seed and index alone;
scenes for testing are of other photos, people and surroundings than those for training. People of a
scene are known without drawing it. After "Simple Copy-Paste" (Ghiasi et al., CVPR 2021) and "Cut,
Paste and Learn" (Dwibedi et al., ICCV 2017); shadows, perspective and colours are ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.cache import Cache
from edgehuman.data.image.crowds.clean import CCP_STREETS
from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.grounds import (
    NUM_DRAWN,
    drawn_ground,
    plain_ground,
    street_ground,
)
from edgehuman.data.image.crowds.paint import paint_scene
from edgehuman.data.image.crowds.parts import Labelled, label_scene
from edgehuman.data.image.crowds.plan import Choices, Plan, sample_plan
from edgehuman.data.image.crowds.seen import Seen, see
from edgehuman.data.image.crowds.stock import NoPhotos, Source, Stock
from edgehuman.data.image.crowds.walkers import NUM_WALKERS, walker
from edgehuman.data.image.frames.set import FrameGarments, FrameParts, FrameSet, People
from edgehuman.data.image.garments.drawn import DrawnGarments, garments_of
from edgehuman.data.image.load import load_persons
from edgehuman.data.image.part_groups import LABELS, places
from edgehuman.data.image.set import PersonSet
from edgehuman.data.image.simulated import LICENCE, TEST_EVERY
from edgehuman.errors import DataError, UsageError
from edgehuman.geometry import mirror_order
from edgehuman.metrics.crowds.people import PersonParts, people_in
from edgehuman.records import Index, Uint8
from edgehuman.simulate.body.seeding import child_seed
from edgehuman.simulate.image.figure.parts import PARTS

TRAIN_SCENES, TEST_SCENES = 20_000, 400
SIMULATED_SHARE = 0.22
_KEPT_PLANS = 4096
_LEAST_SIDE_PX = 1.0
# Frames of simulated people: one to learn from, one for testing.
FEWEST = 2


class Scenes:
    """Scenes of one stock: frames by index, `people` by index.

    Args:
        stock: people and streets of photos.
        count: how many.
        seed: other seeds give other scenes.
        simulated: share of people who are simulated.
        portraits: share of scenes that show one to three people, who fill the picture.

    Attributes:
        part_names: of the parts of `parts`; none: those of the photos are in no group.
    """

    def __init__(
        self,
        stock: Source,
        count: int,
        seed: int,
        simulated: float = SIMULATED_SHARE,
        portraits: float = 0.0,
    ) -> None:
        self.stock, self._count, self._seed = stock, count, seed
        self._choices = Choices(
            people=(len(stock), NUM_WALKERS),
            simulated=simulated,
            streets=len(stock),
            drawn=NUM_DRAWN,
            is_person=lambda source, number: self.person(source, number) is not None,
            is_street=lambda number: stock.street(number) is not None,
            portraits=portraits,
        )
        self._people: OrderedDict[int, tuple[People, Index]] = OrderedDict()
        self._walkers: Cache[CutOut | None] = Cache()
        self.part_names, self._tables = shared_parts(stock.parts)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Uint8:
        """Draw a scene, uint8 RGB (H, W, 3)."""
        plan = self.plan(index)
        return paint_scene(plan, self._ground(plan), self.person)

    def plan(self, index: int) -> Plan:
        """What is in a scene."""
        if not 0 <= index < self._count:
            raise IndexError(f"scene {index} is out of range; there are {self._count}")
        return sample_plan(self._seed, index, self._choices)

    def seen(self, index: int) -> Seen:
        """Where its people are seen, wherever they reach."""
        return see(self.plan(index), self.person)

    def people(self, index: int) -> People:
        """Boxes, clipped to the frame."""
        return self._listed(index)[0]

    def garments(self, index: int) -> FrameGarments:
        """What the simulated people wear."""
        plan, labels = self._labelled(index)
        return garments_of(plan, labels, self.person, *self._listed(index))

    def _labelled(self, index: int) -> tuple[Plan, Labelled]:
        plan = self.plan(index)
        mirrored = mirror_order(self.part_names)
        return plan, label_scene(plan, self.person, self._tables, mirrored)

    def parts(self, index: int) -> FrameParts:
        """The parts of everybody."""
        _, labels = self._labelled(index)
        by_number = dict(
            zip(
                (np.unique(labels.who_HW[labels.who_HW > 0]) - 1).tolist(),
                people_in(labels.part_HW, labels.who_HW),
                strict=True,
            )
        )
        nobody = PersonParts(0, 0, np.zeros((0, 0), np.uint8))
        numbers = self._listed(index)[1].tolist()
        return FrameParts([by_number.get(each, nobody) for each in numbers], labels.part_HW)

    def _listed(self, index: int) -> tuple[People, Index]:
        """Boxes, and which of the plan's people they are of."""
        if index not in self._people:
            plan = self.plan(index)
            seen = see(plan, self.person)
            size_2 = (plan.camera.width, plan.camera.height)
            box_M4 = np.clip(seen.full_M4, 0.0, np.array(size_2 * 2, np.float32))
            # Of some, only a bag is in the frame.
            there_M = (box_M4[:, 2:] - box_M4[:, :2]).min(axis=1, initial=np.inf) >= _LEAST_SIDE_PX
            people = People(box_M4[there_M], seen.ignore_M[there_M])
            self._people[index] = people, seen.number_M[there_M]
            while len(self._people) > _KEPT_PLANS:
                self._people.popitem(last=False)
            return people, seen.number_M[there_M]
        return self._people[index]

    def person(self, source: int, number: int) -> CutOut | None:
        """A cut-out: of the photos, or simulated."""
        if source == 0:
            return self.stock.person(number)
        if number in self._walkers:
            return self._walkers[number]
        drawn = walker(self._seed, number)
        self._walkers.keep(number, drawn, 0 if drawn is None else drawn.num_bytes)
        return drawn

    def _ground(self, plan: Plan) -> Uint8:
        background, camera = plan.background, plan.camera
        if background.kind == "street":
            street_HWC = self.stock.street(background.number)
            assert street_HWC is not None
            return street_ground(street_HWC, camera, background.seed)
        if background.kind == "drawn":
            return drawn_ground(self._seed, background.number, camera, background.seed)
        return plain_ground(camera, background.seed)


@dataclass(frozen=True)
class Joined:
    """Scenes for training, then those for testing."""

    train: Scenes
    test: Scenes

    def __len__(self) -> int:
        return len(self.train) + len(self.test)

    def __getitem__(self, index: int, /) -> Uint8:
        scenes, own = self.at(index)
        return scenes[own]

    def at(self, index: int) -> tuple[Scenes, int]:
        if not 0 <= index < len(self):
            raise IndexError(f"scene {index} is out of range; there are {len(self)}")
        index = int(index)
        short = index - len(self.train)
        return (self.train, index) if short < 0 else (self.test, short)


class _People(Sequence[People]):
    """People of each scene, found when they are asked for."""

    def __init__(self, scenes: Joined) -> None:
        self._scenes = scenes

    def __len__(self) -> int:
        return len(self._scenes)

    @overload
    def __getitem__(self, index: int) -> People: ...

    @overload
    def __getitem__(self, index: slice) -> list[People]: ...

    def __getitem__(self, index: int | slice) -> People | list[People]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        scenes, own = self._scenes.at(index + len(self) if index < 0 else index)
        return scenes.people(own)

    def __iter__(self) -> Iterator[People]:
        return (self[index] for index in range(len(self)))


@dataclass(frozen=True)
class _Parts:
    """Parts of each scene, painted when they are asked for."""

    scenes: Joined
    names: tuple[str, ...]

    def __getitem__(self, index: int, /) -> FrameParts:
        scenes, own = self.scenes.at(index)
        return scenes.parts(own)


def shared_parts(of_photos: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Uint8, Uint8]]:
    """The parts that people of photos and simulated ones share: their names, none if the photos'
    are in no group; and, for both, the shared part (256,) of each own one.
    """
    if of_photos in ((), PARTS):
        same = np.arange(256, dtype=np.uint8)
        return PARTS, (same, same)
    tables = []
    for names in (of_photos, PARTS):
        table = np.zeros(256, np.uint8)
        try:
            table[: len(names)] = places(names, "garments")
        except DataError:
            return (), (table, table)
        tables.append(table)
    return LABELS["garments"], (tables[0], tables[1])


def ccp_scenes(
    path: Path | str, train: int = TRAIN_SCENES, test: int = TEST_SCENES, seed: int = 0
) -> FrameSet:
    """Compose scenes of the people of CCP.

    Args:
        path: CCP's folder: photos, masks and labels.txt.
        train, test: how many scenes of each role.

    Raises:
        DataError: no such folder, or too few photos with a mask.
    """
    return scenes_of(load_persons(path, "parsing"), train, test, seed, CCP_STREETS)


def scenes_of(
    persons: PersonSet, train: int, test: int, seed: int, clean: frozenset[int] | None = None
) -> FrameSet:
    """Compose scenes of people who are labelled by part, one a photo.

    Args:
        clean: see `Stock`.

    Raises:
        DataError: no photo for a role that scenes are asked for.
    """
    made: list[Scenes] = []
    for role, count in (("train", train), ("test", test)):
        index_N = np.flatnonzero(persons.role_N == role)
        if count and not len(index_N):
            raise DataError(
                f"none of the {len(persons)} photos is for {role}ing; scenes need some of each role"
            )
        stock = Stock(persons, index_N, clean)
        made.append(Scenes(stock, count, child_seed(seed, 0x5CE, len(made))))
    return frame_set(
        Joined(*made), f"{persons.dataset} + {SIMULATED}", persons.licence, persons.url
    )


def simulated_frames(count: int, seed: int, portraits: float = 0.0) -> FrameSet:
    """Compose `count` scenes of simulated people.

    Args:
        portraits: share that show one to three people, who fill the picture; the rest are crowds.

    Raises:
        UsageError: fewer than two scenes, which leaves none for testing; a negative seed, or no
            share.
    """
    if not 0 <= portraits <= 1:
        raise UsageError(f"--portraits is {portraits:g}; it must be a share, from 0 to 1")
    if count < FEWEST:
        raise UsageError(f"got {count} simulated frames; there must be at least {FEWEST}")
    test = max(1, count // TEST_EVERY)
    train, held = (
        Scenes(NoPhotos(), each, child_seed(seed, 0x51A, role), 1.0, portraits)
        for role, each in enumerate((count - test, test))
    )
    return frame_set(Joined(train, held), SIMULATED, LICENCE, "", simulated=True)


def frame_set(
    scenes: Joined, dataset: str, licence: str, url: str, simulated: bool = False
) -> FrameSet:
    """The set of frames of composed scenes."""
    names = [f"scene-{index:05d}" for index in range(len(scenes))]
    parts = scenes.train.part_names
    return FrameSet(
        frames=scenes,
        people=_People(scenes),
        names=names,
        role_N=np.repeat(np.array(["train", "test"]), (len(scenes.train), len(scenes.test))),
        sequence_N=np.array(names, np.str_),
        dataset=dataset,
        licence=licence,
        url=url,
        simulated=simulated,
        parts=_Parts(scenes, parts) if parts else None,
        garments=DrawnGarments(scenes) if simulated else None,
    )
