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


class Noise(Greys):
    """Pictures of which each pixel differs, so that every crop is another."""

    def read(self, index: int) -> Uint8:
        super().read(index)
        return np.random.default_rng(index).integers(0, 256, (64, 32, 3), np.uint8)


def test_a_photo_shows_its_numbered_draws_in_turn() -> None:
    """Epochs of four photos, two a step, in two draws: photo by photo, the third is the first."""
    filler = Filler(Noise(4), SMALL, 2, seed=3, draws=2)
    shown: dict[tuple[int, int], list[bytes]] = {}
    for step in range(8):
        global_, local = room(2)
        index_N = filler.fill(step, 0, global_, local)
        epoch = step // 2
        assert filler.numbers(step, range(2)).tolist() == [epoch % 2] * 2
        for place, index in enumerate(index_N.tolist()):
            shown.setdefault((index, epoch), []).append(global_[place].tobytes())
            again, other = room(1)
            filler.one(index, epoch % 2, again[0], other[0])
            assert np.array_equal(again[0], global_[place])
            assert np.array_equal(other[0], local[place])
    for index in range(4):
        epochs = [shown[index, epoch][0] for epoch in range(4)]
        assert epochs[:2] == epochs[2:]
        assert epochs[0] != epochs[1]


def test_numbered_draws_depend_on_neither_process_nor_place() -> None:
    alone, room_ = Filler(Noise(4), SMALL, 4, seed=3, draws=2), room(4)
    whose_N = alone.fill(1, 0, *room_).tolist()
    for rank in range(2):
        half = room(2)
        index_N = Filler(Noise(4), SMALL, 2, 3, rank, 2, draws=2).fill(1, 0, *half)
        for place, index in enumerate(index_N.tolist()):
            assert np.array_equal(half[0][place], room_[0][whose_N.index(index)])


def test_a_photo_that_cannot_be_read_is_replaced_by_the_same_draw_of_the_next() -> None:
    filler = Filler(Noise(4, broken=(1,)), SMALL, 4, seed=3, draws=2)
    global_, local = room(4)
    index_N = filler.fill(0, 0, global_, local)
    assert sorted(index_N.tolist()) == [0, 2, 2, 3]
    both = np.flatnonzero(index_N == 2)
    assert np.array_equal(global_[both[0]], global_[both[1]])
    with pytest.raises(ImageError, match="1: cut short"):
        filler.one(1, 0, global_[0], local[0])


def test_without_numbers_each_step_has_its_own_draw() -> None:
    filler = Filler(Noise(2), SMALL, 2, seed=3)
    assert filler.numbers(5, range(2)).tolist() == [0, 0]
    first, second = room(2), room(2)
    one_N, two_N = filler.fill(0, 0, *first), filler.fill(1, 0, *second)
    place = two_N.tolist().index(one_N[0])
    assert not np.array_equal(first[0][0], second[0][place])
