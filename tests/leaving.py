"""Processes of tests that leave with the test run, however it ends."""

from __future__ import annotations

import ctypes
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Have Linux kill this process when its parent ends, in whatever session it is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, by)


def _begin(by: signal.Signals = signal.SIGKILL) -> None:
    die_with_parent(by)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a test run in the background ignores it


def run(
    command: Sequence[str | Path], leaves_by: signal.Signals = signal.SIGKILL, **named: Any
) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` of a process that never outlives the test run.

    Args:
        leaves_by: SIGTERM for one that then ends its own children.
    """
    return subprocess.run(command, preexec_fn=lambda: _begin(leaves_by), **named)


def leaving_words(command: Sequence[str]) -> list[str]:
    """The command for a shell's script: it leaves when the shell does, where util-linux is here."""
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return [*([setpriv, "--pdeathsig", "KILL"] if setpriv else []), *command]


def start(command: Sequence[str], **named: Any) -> subprocess.Popen[str]:
    """`subprocess.Popen` of a process that never outlives the test run."""
    return subprocess.Popen(command, text=True, preexec_fn=_begin, **named)
