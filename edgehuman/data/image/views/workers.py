"""Processes that make views into memory shared with the one that trains.

A worker is a fresh Python that loads numpy and OpenCV and nothing else; it is not forked, so no
lock held by a thread of the trainer is held in it for ever. It is given rows to fill over a pipe,
and the pixels never travel: both sides map the same anonymous memory. The pipe is also the leash:
where the trainer closes it or dies, however it dies, the worker reads the end of it and leaves.
Ctrl-C reaches only the trainer, for workers have a session of their own.
"""

from __future__ import annotations

import json
import mmap
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import numpy as np

from edgehuman.data.image.views.make import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.errors import EdgehumanError, UsageError
from edgehuman.records import Index, Uint8

_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from edgehuman.data.image.views.workers import serve; "
    "serve(int(sys.argv[2]), int(sys.argv[3]))"
)
_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Task:
    """Rows of a step to be made, and the slot they go into."""

    step: int
    slot: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task: the photos taken, and those newly found corrupt.

    Attributes:
        error: why nothing can be made of the source; empty: all went well.
        bug: the worker's traceback, where something went wrong that should not.
    """

    task: Task
    index_N: Index
    corrupt: dict[int, str]
    error: str = ""
    bug: str = ""


class Slots:
    """Room for the views of several steps, in one piece of memory.

    Attributes:
        global_SNVHWC, local_SNVHWC: uint8, slot by slot.
    """

    def __init__(self, descriptor: int, num_slots: int, batch: int, config: ViewConfig) -> None:
        big = (num_slots, batch, 2, config.height, config.width, 3)
        small = (num_slots, batch, config.locals_, config.height // 2, config.width // 2, 3)
        room = int(np.prod(big)), int(np.prod(small))
        if os.fstat(descriptor).st_size != sum(room):
            os.ftruncate(descriptor, sum(room))
        memory = mmap.mmap(descriptor, sum(room))
        self.global_SNVHWC: Uint8 = np.frombuffer(memory, np.uint8, room[0]).reshape(big)
        self.local_SNVHWC: Uint8 = np.frombuffer(memory, np.uint8, room[1], room[0]).reshape(small)


def anonymous_memory() -> int:
    """A descriptor of memory without a name: nothing is left behind, whoever dies.

    Linux has it apart from /dev/shm, which containers keep small; elsewhere it is a file that no
    folder lists.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create("edgehuman-views")
    with tempfile.TemporaryFile(prefix="edgehuman-views-") as file:
        return os.dup(file.fileno())


@dataclass(frozen=True, slots=True)
class Worker:
    """One process and the pipe to it."""

    process: subprocess.Popen[bytes]
    pipe: Connection


def start(descriptor: int) -> Worker:
    """A worker that waits for a filler and the number of slots in the memory.

    Raises:
        UsageError: this system cannot hand memory to a process.
    """
    if os.name != "posix":
        raise UsageError("view workers need Linux or macOS; give workers=0")
    ours, theirs = Pipe()
    words = [json.dumps(sys.path), str(theirs.fileno()), str(descriptor)]
    process = subprocess.Popen(
        [sys.executable, "-c", _START, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), descriptor),
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    theirs.close()
    return Worker(process, ours)


def stop(workers: list[Worker]) -> None:
    """Close the pipes and wait until everyone has left; who does not leave is killed."""
    for worker in workers:
        worker.pipe.close()
    for worker in workers:
        try:
            worker.process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def serve(pipe_number: int, descriptor: int) -> None:
    """A worker's whole life: fill rows until the pipe ends."""
    import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    pipe = Connection(pipe_number)
    try:
        filler, num_slots = pipe.recv()
        slots = Slots(descriptor, num_slots, filler.batch, filler.config)
        while True:
            pipe.send(_work(pipe.recv(), filler, slots))
    except (EOFError, OSError):
        return


def _work(task: Task, filler: Filler, slots: Slots) -> Done:
    known = set(filler.corrupt)
    index_N: Index = np.empty(0, np.int64)
    error = bug = ""
    rows = slice(task.first, task.last)
    try:
        index_N = filler.fill(
            task.step,
            task.first,
            slots.global_SNVHWC[task.slot, rows],
            slots.local_SNVHWC[task.slot, rows],
        )
    except EdgehumanError as wrong:
        error = str(wrong)
    except Exception:
        bug = traceback.format_exc()
    new = {number: why for number, why in filler.corrupt.items() if number not in known}
    return Done(task, index_N, new, error, bug)
