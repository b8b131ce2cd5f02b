"""What a target is: a reader, files for it to begin from, and the form that changes keep."""

from __future__ import annotations

import importlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from edgehuman.errors import EdgehumanError

SLOW_S = 3.0
"""One input of at most 64 KiB may take as long."""
GROWTH_MB = 1024
"""One input may raise the peak memory of the process by as much."""
INPUT_BYTES = 65_536
_KB = 1 << 20 if sys.platform == "darwin" else 1 << 10


@dataclass(frozen=True, slots=True)
class Target:
    """A reader under attack.

    Attributes:
        read: what is attacked: bytes, and a folder for it to write them into; it may raise our
            errors, if it refuses, and no others.
        seeds: files that it reads, small.
        form: see `mutate`; "bytes" where there is no form.
        needs: a package that it cannot do without.
        refuses: whether it may raise our errors.
    """

    read: Callable[[bytes, Path], object]
    seeds: Callable[[], Sequence[bytes]]
    form: str = "bytes"
    needs: str = ""
    refuses: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What went wrong with an input.

    Attributes:
        kind: the exception, or "slow", "memory".
        place: file and line of ours nearest to it.
        words: the traceback, or the number.
    """

    kind: str
    place: str
    words: str


@dataclass(slots=True)
class Tally:
    """Counts of a run: inputs, and of them those that were read and those that were refused."""

    inputs: int = 0
    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)


def attempt(target: Target, content: bytes, folder: Path, tally: Tally) -> Finding | None:
    """Let the target read one input; a finding of a kind and place that was not seen before."""
    tally.inputs += 1
    before_mb, start_s = peak_mb(), time.perf_counter()
    found = None
    try:
        target.read(content, folder)
        tally.read += 1
    except Exception as error:
        if target.refuses and isinstance(error, EdgehumanError):
            tally.refused += 1
        else:
            words = "".join(traceback.format_exception(error, limit=-8))
            found = Finding(type(error).__name__, _place(error), words)
    took_s, grown_mb = time.perf_counter() - start_s, peak_mb() - before_mb
    tally.slowest_s = max(tally.slowest_s, took_s)
    if found is None and took_s > SLOW_S:
        found = Finding("slow", "", f"{took_s:.1f} s for {len(content)} bytes")
    if found is None and grown_mb > GROWTH_MB:
        found = Finding("memory", "", f"{grown_mb:.0f} MB for {len(content)} bytes")
    if found is None or (found.kind, found.place) in tally.findings:
        return None
    tally.findings[found.kind, found.place] = found
    return found


def written(content: bytes, folder: Path, name: str) -> Path:
    """The input as a file of this name."""
    path = folder / name
    path.write_bytes(content)
    return path


def joined(modules: Sequence[ModuleType]) -> Mapping[str, Target]:
    """The targets of all modules by name."""
    return {name: target for module in modules for name, target in module.TARGETS.items()}


def peak_mb() -> float:
    """The most memory that the process has held; 0 on Windows, which does not tell it so."""
    try:
        resource = importlib.import_module("resource")
    except ImportError:
        return 0.0
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / _KB


def _place(error: BaseException) -> str:
    """The innermost line of ours, or that of the target."""
    here = ""
    for frame in traceback.extract_tb(error.__traceback__):
        name = frame.filename
        if "site-packages" not in name and any(part in name for part in _OURS):
            here = f"{name[name.rfind(os.sep + 'edgehuman' + os.sep) + 1 :]}:{frame.lineno}"
    return here


_OURS = tuple(
    f"{os.sep}{name}{os.sep}"
    for name in ("edgehuman", "export", "distill", "pretrain", "bench", "tests")
)
