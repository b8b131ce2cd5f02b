"""Worker processes that make views in memory shared with the trainer.

A worker is a new Python process that loads only numpy and OpenCV; it is not forked, so it cannot
inherit a lock held by a thread of the trainer. It receives the rows to fill over a pipe; pixels are
not copied, as both sides map the same anonymous memory. When the trainer closes the pipe or dies,
the worker reads end-of-file and exits. Ctrl-C reaches only the trainer, because workers run in
their own session.
"""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import tempfile
import traceback
from dataclasses import dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection

import numpy as np

from edgehuman.data.image.views.make import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.errors import EdgehumanError, UsageError
from edgehuman.install import code_line
from edgehuman.records import Index, Uint8

_START = (
    "from edgehuman.data.image.views.workers import serve; "
    "serve(int(sys.argv[1]), int(sys.argv[2]))"
)
_LEAVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Task:
    """Rows of a step to make, and the slot for them."""

    step: int
    slot: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Done:
    """Result of a task: the photos used, and the newly found corrupt ones.

    Attributes:
        error: why the source is unusable; empty on success.
        bug: the worker's traceback after an unexpected error.
    """

    task: Task
    index_N: Index
    corrupt: dict[int, str]
    error: str = ""
    bug: str = ""


class Slots:
    """Buffers for the views of several steps, in one block of memory.

    Attributes:
        global_SNVHWC, local_SNVHWC: uint8, one slot after the other.
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
    """Descriptor of anonymous memory: nothing is left behind if a process dies.

    On Linux it is independent of /dev/shm, which is small in containers; elsewhere it is an
    unlinked file.
    """
    if hasattr(os, "memfd_create"):
        return os.memfd_create("edgehuman-views")
    with tempfile.TemporaryFile(prefix="edgehuman-views-") as file:
        return os.dup(file.fileno())


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker process and the pipe to it."""

    process: subprocess.Popen[bytes]
    pipe: Connection


def start(descriptor: int) -> Worker:
    """Start a worker, which waits for a filler and the number of slots in the memory.

    Raises:
        UsageError: this system cannot pass memory to a process.
    """
    if os.name != "posix":
        raise UsageError("view workers need Linux or macOS; use workers=0")
    ours, theirs = Pipe()
    process = subprocess.Popen(
        code_line(_START, str(theirs.fileno()), str(descriptor)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(theirs.fileno(), descriptor),
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    theirs.close()
    return Worker(process, ours)


def stop(workers: list[Worker]) -> None:
    """Close the pipes and wait for the workers to exit; kill those that do not."""
    for worker in workers:
        worker.pipe.close()
    for worker in workers:
        try:
            worker.process.wait(_LEAVE_S)
        except subprocess.TimeoutExpired:
            worker.process.kill()
            worker.process.wait()


def serve(pipe_number: int, descriptor: int) -> None:
    """Main loop of a worker: fill rows until the pipe is closed."""
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
