"""Processes of tests that leave with the test run, however it ends."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Have Linux kill this process when its parent ends, in whatever session it is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def start(command: Sequence[str], **named: Any) -> subprocess.Popen[str]:
    """`subprocess.Popen` of a process that never outlives the test run."""
    return subprocess.Popen(command, text=True, preexec_fn=die_with_parent, **named)
