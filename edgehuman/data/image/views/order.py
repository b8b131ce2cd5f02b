"""Which photo goes into which row of which step, and how to replace unreadable ones.

Everything depends only on seed and step, so any process can make any row, and a resumed training
sees the same data as an uninterrupted one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from edgehuman.data.image.unlabelled.images import Images
from edgehuman.data.image.unlabelled.shards import LostShard
from edgehuman.data.image.views.make import ViewConfig, make_views
from edgehuman.errors import DataError, ImageError
from edgehuman.records import Index, Uint8

_NUMBERED = 31  # of random numbers, beside those of the steps
# After this many unreadable images in a row the whole source counts as unreadable.
_MOST_IN_A_ROW = 1000


@runtime_checkable
class Ordered(Protocol):
    """Images that say in which order an epoch takes them."""

    def order(self, draw: np.random.Generator) -> Index:
        """Every index once."""


@dataclass
class Filler:
    """Fill rows of batches; every process has one.

    Attributes:
        images: the photos.
        config: which views to make of each.
        batch: rows of a step in this process.
        seed, rank, world: of the training; a step's rows are this process's share of it.
        draws: how many draws of views a photo has: its first in the first epoch, and so on around;
            0: a new one in every step.
        corrupt: unreadable photos, by index, with the reason.
    """

    images: Images
    config: ViewConfig
    batch: int
    seed: int
    rank: int = 0
    world: int = 1
    draws: int = 0
    corrupt: dict[int, str] = field(default_factory=dict)
    _orders: dict[int, Index] = field(default_factory=dict, init=False)

    def fill(
        self,
        step: int,
        first: int,
        global_NVHWC: Uint8,
        local_NVHWC: Uint8,
    ) -> Index:
        """Make a step's rows from `first` on; return the indices of the photos used.

        Raises:
            DataError: nothing in the source is readable.
        """
        rows = range(first, first + len(global_NVHWC))
        taken_N = self.wanted(step, rows)
        for place, row in enumerate(rows):
            globals_, locals_ = global_NVHWC[place], local_NVHWC[place]
            taken_N[place] = self._make(step, row, int(taken_N[place]), globals_, locals_)
        return taken_N

    def wanted(self, step: int, rows: range) -> Index:
        """First choice of photo for each row of a step: every epoch is a new shuffle of all."""
        epoch_N, within_N = self._places(step, rows)
        chosen_N = np.empty(len(rows), np.int64)
        for epoch in np.unique(epoch_N).tolist():
            here_N = epoch_N == epoch
            chosen_N[here_N] = self._order(epoch)[within_N[here_N]]
        return chosen_N

    def numbers(self, step: int, rows: range) -> Index:
        """Which of its draws each row of a step shows; 0 where each is drawn anew."""
        return self._places(step, rows)[0] % max(self.draws, 1)

    def one(self, index: int, number: int, global_VHWC: Uint8, local_VHWC: Uint8) -> None:
        """Make a row: a numbered draw of one photo, the same whenever it is asked for.

        Raises:
            ImageError: the photo cannot be read.
        """
        rng = np.random.default_rng((self.seed, _NUMBERED, number, index))
        make_views(self.images, index, self.config, rng, global_VHWC, local_VHWC)

    def _places(self, step: int, rows: range) -> tuple[Index, Index]:
        """Epoch and place in it of each row of a step."""
        start = (step * self.world + self.rank) * self.batch
        place_N = np.arange(start + rows.start, start + rows.stop)
        return place_N // len(self.images), place_N % len(self.images)

    def _order(self, epoch: int) -> Index:
        if epoch not in self._orders:
            self._orders = {e: order for e, order in self._orders.items() if abs(e - epoch) == 1}
            draw = np.random.default_rng((self.seed, epoch))
            images = self.images
            self._orders[epoch] = (
                images.order(draw) if isinstance(images, Ordered) else draw.permutation(len(images))
            )
        return self._orders[epoch]

    def _make(self, step: int, row: int, index: int, global_VHWC: Uint8, local_VHWC: Uint8) -> int:
        """Make one row; an unreadable photo is recorded and replaced by the next readable one."""
        num_images, number = len(self.images), index - 1
        for _ in range(min(num_images, _MOST_IN_A_ROW)):
            number = (number + 1) % num_images
            if number in self.corrupt:
                continue
            try:
                if self.draws:
                    drawn = int(self.numbers(step, range(row, row + 1))[0])
                    self.one(number, drawn, global_VHWC, local_VHWC)
                else:
                    # By the row in the step's batch of all processes, whoever makes it.
                    entropy = (self.seed, step, 0, self.rank * self.batch + row)
                    rng = np.random.default_rng(entropy)
                    make_views(self.images, number, self.config, rng, global_VHWC, local_VHWC)
                return number
            except ImageError as error:
                self.corrupt[number] = str(error)
                if isinstance(error, LostShard):  # nothing up to the next shard can be read
                    number = error.next - 1
        reasons = list(self.corrupt.values())
        raise DataError(
            f"{self.images.source}: {min(num_images, _MOST_IN_A_ROW)} images in a row cannot be "
            f"read; the first: {reasons[0]}. Use a folder of readable images"
        )
