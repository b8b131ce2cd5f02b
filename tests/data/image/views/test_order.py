"""Which photo goes into which row: by hand, and the same from any process."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.image.unlabelled.images import Images
from edgehuman.data.image.views.load import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.errors import DataError, ImageError
from edgehuman.records import Uint8

SMALL = ViewConfig(height=32, width=16, num_locals=2)


class Greys:
    """Pictures of one grey each, of which some cannot be read."""

    source = "greys"

    def __init__(self, count: int, broken: tuple[int, ...] = ()) -> None:
        self.count, self.broken = count, broken
        self.simulated_N = np.zeros(count, np.bool_)

    def __len__(self) -> int:
        return self.count

    def name(self, index: int) -> str:
        return str(index)

    def encoded(self, index: int) -> None:
        return None

    def read(self, index: int) -> Uint8:
        if index in self.broken:
            raise ImageError(f"{index}: cut short")
        return np.full((64, 32, 3), 20 * index, np.uint8)


def room(rows: int) -> tuple[Uint8, Uint8]:
    return (
        np.zeros((rows, 2, 32, 16, 3), np.uint8),
        np.zeros((rows, SMALL.locals_, 16, 8, 3), np.uint8),
    )


def wanted(images: Images, step: int, rank: int = 0, world: int = 1) -> list[int]:
    filler = Filler(images, SMALL, 2, seed=3, rank=rank, world=world)
    return list(map(int, filler.wanted(step, range(2))))


def test_every_epoch_is_a_shuffle_of_all() -> None:
    images = Greys(6)
    epochs = [[index for step in range(3 * e, 3 * e + 3) for index in wanted(images, step)]
              for e in range(3)]  # fmt: skip
    assert [sorted(epoch) for epoch in epochs] == [[0, 1, 2, 3, 4, 5]] * 3
    assert epochs[0] != epochs[1]


def test_processes_share_a_step_without_a_photo_in_common() -> None:
    images = Greys(8)
    alone = [index for step in range(4) for index in wanted(images, step)]
    shared = [index for step in range(2) for rank in range(2)
              for index in wanted(images, step, rank, 2)]  # fmt: skip
    assert shared == alone


def test_any_part_of_a_step_is_as_in_the_whole() -> None:
    images = Greys(6)
    whole, part = room(4), room(2)
    filler = Filler(images, SMALL, 4, seed=0)
    taken_N = filler.fill(1, 0, *whole)
    assert filler.fill(1, 2, *part).tolist() == taken_N[2:].tolist()
    assert np.array_equal(part[0], whole[0][2:])
    assert np.array_equal(part[1], whole[1][2:])


def test_the_next_photo_takes_the_place_of_one_that_cannot_be_read() -> None:
    filler = Filler(Greys(4, broken=(1, 2)), SMALL, 4, seed=0)
    order = Filler(Greys(4), SMALL, 4, seed=0).wanted(0, range(4)).tolist()
    taken = filler.fill(0, 0, *room(4)).tolist()
    assert taken == [{1: 3, 2: 3}.get(index, index) for index in order]
    assert filler.corrupt == {1: "1: cut short", 2: "2: cut short"}


def test_a_source_of_which_nothing_can_be_read_is_an_error() -> None:
    filler = Filler(Greys(3, broken=(0, 1, 2)), SMALL, 2, seed=0)
    with pytest.raises(DataError, match="greys: 3 images in a row cannot be read; the first"):
        filler.fill(0, 0, *room(2))
