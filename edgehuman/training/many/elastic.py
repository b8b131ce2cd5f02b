"""Restarts by torchrun: a training that it starts again goes on from its last checkpoint.

    torchrun --nnodes=1:4 --max-restarts=3 --rdzv-id=JOB ... -m edgehuman pretrain ... --out DIR

When a process dies, or a machine comes or goes, torchrun starts all processes again, perhaps
another number of them. They have the same command, without --resume. So the first process leaves in
the folder which job it is of, and a folder of the same job is resumed. Without a checkpoint there
it begins again. A folder of another job is refused as always.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from edgehuman.errors import CheckpointError
from edgehuman.files import writing

MARK = ".torchrun"
_LONGEST = 512


def job() -> str:
    """What identifies this torchrun among others; empty if no torchrun started the process.

    The same --rdzv-id is the same job. Without one it is this agent, the parent of the process.
    """
    given = os.environ.get("TORCHELASTIC_RUN_ID", "")
    if not given:
        return ""
    own = f"{socket.gethostname()}:{os.getppid()}"
    return (own if given == "none" else given)[:_LONGEST]


def is_started_again(folder: Path) -> bool:
    """Whether a folder is of the job that this process belongs to: an earlier start left it."""
    path = folder / MARK
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return bool(job()) and file.read(_LONGEST + 1).strip() == job()
    except OSError:
        return False


def mark(folder: Path) -> None:
    """Leave in the folder which job it is of.

    Raises:
        CheckpointError: it cannot be written to.
    """
    if not job():
        return
    path = folder / MARK
    try:
        with writing(path) as partial:
            partial.write_text(f"{job()}\n", encoding="utf-8")
    except OSError as error:
        raise CheckpointError(f"cannot write {path} ({error}); choose another --out") from error
