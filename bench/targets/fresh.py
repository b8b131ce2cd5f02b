"""What a fresh machine costs: seconds of `make demo` from nothing, MB of a slim device.

Both begin with the tracked files of this clone in an empty folder, and install from the package
index, so they hold the network's time too.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from edgehuman.bench.contestants import FailedRun, NotMeasured
from edgehuman.install import CHECKOUT

_SLIM_PAGE = "docs/howto/slim.md"
_INSTALLED_BY = re.compile(r"## Install\n.*?```sh\n(.*?)```", re.DOTALL)
_MEGABYTE = 1e6


def demo_s(checkout: Path = CHECKOUT) -> float:
    """Seconds of `make demo` in a fresh clone, its environment and its page included.

    Raises:
        NotMeasured: not a git clone, or no `make`.
        FailedRun: it ended with an error, or without its page.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = _fresh_copy(checkout, Path(folder) / "clone")
        start = time.monotonic()
        _run(["make", "demo"], copy)
        seconds = time.monotonic() - start
        if not (copy / "demo" / "demo.html").is_file():
            raise FailedRun("make demo ended without demo/demo.html")
    return seconds


def slim_mb(checkout: Path = CHECKOUT) -> float:
    """MB of the environment that the page of the slim device makes; it has to run a stream.

    Raises:
        NotMeasured: not a git clone.
        FailedRun: a command of the page failed, or the stream did.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = _fresh_copy(checkout, Path(folder) / "clone")
        block = _INSTALLED_BY.search((copy / _SLIM_PAGE).read_text(encoding="utf-8"))
        if block is None:
            raise FailedRun(f"{_SLIM_PAGE} has no block of commands under Install")
        _run(["bash", "-ec", block[1]], copy)
        environment = copy / "slim"
        size = sum(
            path.lstat().st_size
            for path in environment.rglob("*")
            if path.is_file() and not path.is_symlink()
        )
        words = ["run", "zoo:activity", "--source", "simulated", "--seconds", "5"]
        _run([str(environment / "bin" / "edgehuman"), *words], copy)
    return size / _MEGABYTE


def _fresh_copy(checkout: Path, copy: Path) -> Path:
    if not (checkout / ".git").exists() or shutil.which("git") is None:
        raise NotMeasured(f"{checkout} is not a git clone")
    if shutil.which("make") is None:
        raise NotMeasured("make is not installed")
    listed = subprocess.run(
        ["git", "-C", str(checkout), "ls-files", "-z"], capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (checkout / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(checkout / name, copy / name)
    return copy


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_outside(os.environ), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise FailedRun(f"{' '.join(command)[:60]}: {said[-1]}")


def _outside(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables of a shell that knows nothing of this environment."""
    own = str(Path(sys.executable).parent)
    path = [place for place in environment["PATH"].split(os.pathsep) if place != own]
    kept = {
        name: value
        for name, value in environment.items()
        if name not in ("PYTHONPATH", "VIRTUAL_ENV", "DISPLAY")
    }
    return {**kept, "PATH": os.pathsep.join(path)}
