"""Trainings of two processes, as `torchrun` starts them, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def torchrun(*words: str) -> None:
    """Run a script, or `-m` and a module, in two processes; both must end well."""
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [*command, *words],
        capture_output=True, text=True, env=environment, cwd=ROOT, check=False,
    )  # fmt: skip
    # The first process to fail speaks first, the agent's own traceback comes after it.
    assert done.returncode == 0, done.stderr[:4000]


def require_no_exchange_threads() -> None:
    """Fails while threads of the process group are left: on Linux, where they have names.

    Such a thread lets go of tensors on its own, which needs the interpreter's lock; when the
    interpreter ends at that moment, the process aborts, once in a hundred times.
    """
    tasks = Path("/proc/self/task")
    names = [(task / "comm").read_text().strip() for task in tasks.iterdir()]
    left = [name for name in names if "gloo" in name]
    assert not left, f"threads of the process group are left: {left}"
