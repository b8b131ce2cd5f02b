"""Batches of views for pretraining, made ahead of time by worker processes.

    with ViewLoader(open_images("photos"), batch=256, workers=8) as loader:
        for step in range(steps):
            views = loader.batch(step)          Views: uint8 arrays, no torch

A step's views depend only on seed and step, not on the number of workers. Unreadable photos are
counted, and each is replaced by the next readable one.

Axes: N photo, V view, H height, W width, C channel; S slot.
"""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

import numpy as np

from edgehuman.data.image.unlabelled.images import Images
from edgehuman.data.image.views.make import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.data.image.views.workers import (
    Done,
    Slots,
    Task,
    Worker,
    anonymous_memory,
    start,
    stop,
)
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Index, Uint8

__all__ = ["ViewConfig", "ViewLoader", "Views"]

# Parts that a worker's share of a step is divided into, so that a slow worker delays little.
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Views:
    """The views of one step.

    Attributes:
        global_NVHWC: uint8 (N, 2, 256, 128, 3).
        local_NVHWC: uint8 (N, 8, 128, 64, 3); the last is the whole first global, downscaled.
        index_N: index of each row's photo.
        number_N: which of its numbered draws that is; 0 where each is drawn anew.
    """

    global_NVHWC: Uint8
    local_NVHWC: Uint8
    index_N: Index
    number_N: Index


class ViewLoader:
    """Views of any step.

    Args:
        images: the photos.
        config: which views to make of each.
        batch: photos per step of this process.
        workers: number of worker processes; 0 makes views in this process, on demand.
        seed: of the order and of all augmentations.
        rank, world: rank of this training process and number of them; each gets its own photos.
        ahead: steps prepared ahead, at 393 kB per photo.
        draws: how many draws a photo has, see `Filler`; 0: a new one in every step.

    Raises:
        UsageError: a value is out of range.
    """

    def __init__(
        self,
        images: Images,
        config: ViewConfig | None = None,
        batch: int = 64,
        workers: int = 0,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        ahead: int = 2,
        draws: int = 0,
    ) -> None:
        for name, value, least in (
            ("batch", batch, 1),
            ("workers", workers, 0),
            ("seed", seed, 0),
            ("ahead", ahead, 1),
            ("draws", draws, 0),
        ):
            if value < least:
                raise UsageError(f"{name} is {value}; it must be at least {least}")
        self.config = ViewConfig() if config is None else config
        self.batch_size = batch
        self._filler = Filler(images, self.config, batch, seed, rank, world, draws)
        self._ahead = ahead
        self._pool = _Pool(self._filler, workers, ahead) if workers else None

    @property
    def corrupt(self) -> dict[int, str]:
        """The photos that could not be read so far, by index, with the reason."""
        return self._filler.corrupt

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers; empty without any."""
        return () if self._pool is None else self._pool.process_ids

    def batch(self, step: int) -> Views:
        """Return the views of a step; consecutive steps are made ahead, others on demand.

        Raises:
            DataError: nothing in the source is readable, or a worker died.
        """
        if self._pool is not None:
            return self._pool.take(step)
        high, wide = self.config.height, self.config.width
        global_NVHWC = np.empty((self.batch_size, 2, high, wide, 3), np.uint8)
        shape = (self.batch_size, self.config.locals_, high // 2, wide // 2, 3)
        local_NVHWC = np.empty(shape, np.uint8)
        index_N = self._filler.fill(step, 0, global_NVHWC, local_NVHWC)
        number_N = self._filler.numbers(step, range(len(index_N)))
        return Views(global_NVHWC, local_NVHWC, index_N, number_N)

    def close(self) -> None:
        """Stop the workers; also done when the loader is garbage-collected or Python exits."""
        if self._pool is not None:
            self._pool.close()

    def __enter__(self) -> ViewLoader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class _Pool:
    """Workers, their shared memory, and which step is in which slot."""

    def __init__(self, filler: Filler, num_workers: int, ahead: int) -> None:
        self._filler = filler
        descriptor = anonymous_memory()
        try:
            self._slots = Slots(descriptor, ahead, filler.batch, filler.config)
            self._workers: list[Worker] = []
            self.close = weakref.finalize(self, stop, self._workers)
            self._workers += [start(descriptor) for _ in range(num_workers)]
        finally:
            os.close(descriptor)
        for worker in self._workers:
            self._send(worker, (filler, ahead))
        self._by_pipe = {worker.pipe: worker for worker in self._workers}
        self._index_SN = np.zeros((ahead, filler.batch), np.int64)
        self._left_S = np.zeros(ahead, np.int64)
        self._slot_of: dict[int, int] = {}

    @property
    def process_ids(self) -> tuple[int, ...]:
        return tuple(worker.process.pid for worker in self._workers)

    def take(self, step: int) -> Views:
        """Wait for a step, copy it out, and reuse its slot for the next step to prepare."""
        if step not in self._slot_of:
            self._begin_at(step)
        slot = self._slot_of[step]
        self._receive_until(slot)
        views = Views(
            self._slots.global_SNVHWC[slot].copy(),
            self._slots.local_SNVHWC[slot].copy(),
            self._index_SN[slot].copy(),
            self._filler.numbers(step, range(self._filler.batch)),
        )
        del self._slot_of[step]
        self._order(max(self._slot_of, default=step) + 1, slot)
        return views

    def _begin_at(self, step: int) -> None:
        """Discard the prepared steps, because the requested step is not the next one."""
        for slot in self._slot_of.values():
            self._receive_until(slot)
        self._slot_of.clear()
        for slot in range(len(self._left_S)):
            self._order(step + slot, slot)

    def _order(self, step: int, slot: int) -> None:
        """Distribute a step's rows among the workers."""
        batch, num_workers = self._filler.batch, len(self._workers)
        parts = min(batch, _PARTS * num_workers)
        edges = np.linspace(0, batch, parts + 1).astype(int).tolist()
        self._slot_of[step] = slot
        self._left_S[slot] = parts
        for number in range(parts):
            task = Task(step, slot, edges[number], edges[number + 1])
            self._send(self._workers[number % num_workers], task)

    def _send(self, worker: Worker, message: object) -> None:
        try:
            worker.pipe.send(message)
        except OSError:
            raise self._death(worker) from None

    def _receive_until(self, slot: int) -> None:
        """Receive results from the workers until a slot is full."""
        while self._left_S[slot]:
            for pipe in wait(list(self._by_pipe)):
                assert isinstance(pipe, Connection)
                try:
                    done: Done = pipe.recv()
                except (EOFError, OSError):
                    raise self._death(self._by_pipe[pipe]) from None
                self._note(done)

    def _note(self, done: Done) -> None:
        if done.bug:
            raise RuntimeError(f"a view worker failed:\n{done.bug}")
        if done.error:
            raise DataError(done.error)
        task = done.task
        self._index_SN[task.slot, task.first : task.last] = done.index_N
        self._left_S[task.slot] -= 1
        self._filler.corrupt.update(done.corrupt)

    def _death(self, worker: Worker) -> DataError:
        self.close()
        code = worker.process.returncode
        return DataError(
            f"a view worker died (exit code {code}); code -9 means out of memory: use "
            "fewer workers or a smaller batch"
        )
