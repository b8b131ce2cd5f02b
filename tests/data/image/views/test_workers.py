"""Processes that fill shared memory: the rows asked for, what went wrong, and how they leave."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.image.views.load import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.data.image.views.workers import Slots, Task, Worker, anonymous_memory, start, stop
from tests.data.pictures import cut_short, photos

SMALL = ViewConfig(height=32, width=16, num_locals=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return photos(tmp_path / "photos", 7)


@pytest.fixture
def memory() -> Iterator[int]:
    descriptor = anonymous_memory()
    yield descriptor
    os.close(descriptor)


def serving(folder: Path, descriptor: int) -> Worker:
    """A worker that has its filler, for two slots of three rows."""
    worker = start(descriptor)
    worker.pipe.send((Filler(open_images(folder), SMALL, 3, seed=1), 2))
    return worker


def test_both_sides_see_the_same_memory(memory: int) -> None:
    ours, theirs = Slots(memory, 2, 3, SMALL), Slots(memory, 2, 3, SMALL)
    assert ours.global_SNVHWC.shape == (2, 3, 2, 32, 16, 3)
    assert ours.local_SNVHWC.shape == (2, 3, SMALL.locals_, 16, 8, 3)
    assert os.fstat(memory).st_size == ours.global_SNVHWC.size + ours.local_SNVHWC.size
    ours.global_SNVHWC[1, 2] = 7
    ours.local_SNVHWC[0, 0] = 9
    assert (theirs.global_SNVHWC[1, 2] == 7).all()
    assert (theirs.local_SNVHWC[0, 0] == 9).all()
    assert not theirs.global_SNVHWC[0].any()


def test_a_worker_fills_the_rows_that_it_is_given(folder: Path, memory: int) -> None:
    slots = Slots(memory, 2, 3, SMALL)
    worker = serving(folder, memory)
    worker.pipe.send(Task(step=4, slot=1, first=1, last=3))
    done = worker.pipe.recv()
    stop([worker])
    big, small = np.zeros_like(slots.global_SNVHWC[1]), np.zeros_like(slots.local_SNVHWC[1])
    alone = Filler(open_images(folder), SMALL, 3, seed=1)
    assert done.index_N.tolist() == alone.fill(4, 0, big, small)[1:].tolist()
    assert np.array_equal(slots.global_SNVHWC[1, 1:], big[1:])
    assert np.array_equal(slots.local_SNVHWC[1, 1:], small[1:])
    assert not slots.global_SNVHWC[0].any()
    assert not slots.global_SNVHWC[1, 0].any()
    assert (done.error, done.bug, done.corrupt) == ("", "", {})


def test_what_cannot_be_read_is_said_once(folder: Path, memory: int) -> None:
    for path in sorted(folder.iterdir()):
        cut_short(path)
    worker = serving(folder, memory)
    made = []
    for _ in range(2):
        worker.pipe.send(Task(0, 0, 0, 3))
        made.append(worker.pipe.recv())
    stop([worker])
    assert "7 images in a row cannot be read" in made[0].error
    assert len(made[0].corrupt) == 7
    assert made[1].corrupt == {}


def test_a_worker_leaves_when_the_pipe_ends(folder: Path, memory: int) -> None:
    workers = [serving(folder, memory) for _ in range(2)]
    stop(workers)
    assert [worker.process.returncode for worker in workers] == [0, 0]
