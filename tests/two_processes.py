"""Trainings of two processes, with and without `torchrun`, for tests."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from tests import leaving, warm
from tests.leaving import die_with_parent

ROOT = Path(__file__).parents[1]


def torchrun(*words: str) -> None:
    """Run a script, or `-m` and a module, in two processes; both must end well."""
    command = ["-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    with tempfile.TemporaryDirectory() as folder:
        python = warm.program(Path(folder) / "python")
        done = leaving.run(
            [str(python), *command, *words],
            capture_output=True, text=True, cwd=ROOT, check=False,
            env={**environment, "PYTHON_EXEC": str(python)}, leaves_by=signal.SIGTERM,
        )  # fmt: skip
    # The first process to fail speaks first, the agent's own traceback comes after it.
    assert done.returncode == 0, done.stderr[:4000]


def in_two_processes(work: Callable[..., object], *given: object) -> None:
    """Call a module's function in two processes of one group; both must end well.

    They are forked from a server that has imported torch once, which takes longer than the work.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "torch._dynamo", work.__module__])
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
        group |= {"MASTER_PORT": str(free.getsockname()[1])}
    started = [
        context.Process(
            target=_one_of_two, args=({**group, "RANK": r, "LOCAL_RANK": r}, work, given)
        )
        for r in "01"
    ]
    for process in started:
        process.start()
    try:
        for process in started:
            process.join(timeout=120)
    finally:
        codes = [process.exitcode for process in started]
        for process in started:
            process.kill()
    assert codes == [0, 0]


def _one_of_two(
    group: dict[str, str], work: Callable[..., object], given: tuple[object, ...]
) -> None:
    die_with_parent()
    os.environ.update(group)
    torch.set_num_threads(1)
    work(*given)
    require_no_exchange_threads()


def require_no_exchange_threads() -> None:
    """Fails while threads of the process group are left: on Linux, where they have names.

    Such a thread lets go of tensors on its own, which needs the interpreter's lock; when the
    interpreter ends at that moment, the process aborts, once in a hundred times.
    """
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()]
    left = [name for name in names if "gloo" in name]
    assert not left, f"threads of the process group are left: {left}"
