"""`make fuzz`: every target under atheris, each in a process of its own, and a table at the end.

    make fuzz                                   a minute each
    make fuzz TARGET=gallery FUZZ_SECONDS=600   one of them, ten minutes
    .venv/bin/python -m tests.fuzz.run --json .cache/fuzz/results.json --target card --target npz

A target fails on an error that is none of ours, on a crash of the interpreter, an input that takes
over three seconds, and one that takes a gigabyte. The inputs that did it are kept in
.cache/fuzz/TARGET/found, each with the line that reads it again. The exit code is 1 if any failed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehuman.files import write_whole
from edgehuman.outcome import to_json
from edgehuman.progress import progress_bar
from tests.fuzz.one import CACHE, targets
from tests.leaving import start

_ROOT = Path(__file__).parents[2]
_COVERAGE = re.compile(r"^#\d+\s.*?cov: (\d+)", re.MULTILINE)
# What libFuzzer calls the inputs of which a process died.
_DIED = {"crash": "crash", "timeout": "hang", "oom": "memory"}
_SPARE_S = 120
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Row:
    """What one target did.

    Attributes:
        inputs, read, refused: inputs tried, and of them those that were read, and refused in words.
        seconds: of attack, without the start.
        branches: edges of our own code that were reached.
        failed: what went wrong, each kind and place once.
    """

    target: str
    inputs: int
    read: int
    refused: int
    seconds: float
    branches: int
    slowest_s: float
    peak_mb: int
    failed: tuple[str, ...]

    @property
    def words(self) -> str:
        """A line of the table."""
        rate = self.inputs / max(self.seconds, 1.0)
        verdict = "held" if not self.failed else f"FAILED: {'; '.join(self.failed)}"
        return (
            f"{self.target:16} {self.inputs:>9,} {rate:>8,.0f} {self.branches:>6} "
            f"{self.slowest_s:>7.2f} {self.peak_mb:>6}  {verdict}"
        )


HEAD = f"{'target':16} {'inputs':>9} {'a second':>8} {'edges':>6} {'slowest':>7} {'MB':>6}  result"


def main() -> int:
    """Run the targets; returns the exit code."""
    words = argparse.ArgumentParser(description="Attack every parser with mutated files.")
    words.add_argument("--seconds", type=int, default=60, help="of each target")
    words.add_argument("--target", action="append", default=[], help="only this; may be repeated")
    words.add_argument("--json", type=Path, help="write the results here too")
    given = words.parse_args()
    if given.seconds < 1:  # libFuzzer takes 0 for no end
        print(f"make fuzz: FUZZ_SECONDS is {given.seconds}; give 1 or more", file=sys.stderr)
        return 2
    if importlib.util.find_spec("atheris") is None:
        print("make fuzz: atheris is not installed; it needs Linux on x86-64 and Python 3.11 or "
              "newer: pip install atheris", file=sys.stderr)  # fmt: skip
        return 1
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # and clean up
    known = targets()
    unknown = [name for name in given.target if name not in known]
    if unknown:
        print(f"make fuzz: no target {unknown[0]!r}; one of {', '.join(known)}", file=sys.stderr)
        return 2
    rows = []
    print(HEAD)
    for name in given.target or known:
        rows.append(attack(name, given.seconds))
        print(rows[-1].words, flush=True)
    failed = [row for row in rows if row.failed]
    total = sum(row.inputs for row in rows)
    print(f"{len(rows)} targets, {total:,} inputs, {len(failed)} failed")
    for row in failed:
        print(f"  {CACHE / row.target / 'found'}")
    if given.json:
        table = {"machine": _machine(), "seconds": given.seconds, "rows": [asdict(r) for r in rows]}
        write_whole(given.json, (to_json(table, indent=1) + "\n").encode())
    return 1 if failed else 0


def attack(name: str, seconds: int) -> Row:
    """Run one target in a process of its own, and show how far it is."""
    place = CACHE / name
    (place / "found").mkdir(parents=True, exist_ok=True)
    for file in [*(place / "found").iterdir(), place / "status.json", place / "log.txt"]:
        file.unlink(missing_ok=True)
    started = [sys.executable, "-m", "tests.fuzz.one", name, "--seconds", str(seconds)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), "OMP_NUM_THREADS": "1"}
    # Memory first: the files of an input are small, and disks are slow. The process ends without
    # cleaning up, however it ends.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as folder,
        (place / "start.txt").open("wb") as out,
    ):
        started += ["--folder", folder]
        process = start(started, cwd=_ROOT, env=environment, stdout=out, stderr=out)
        code = _watched(process, place, seconds)
    return _row(name, place, code)


def _watched(process: subprocess.Popen[str], place: Path, seconds: int) -> int:
    """The exit code; a process that does not end by itself is killed."""
    end_s = time.monotonic() + seconds + _SPARE_S
    try:
        with progress_bar(total=seconds, desc=place.name, unit="s", leave=False) as bar:
            while process.poll() is None and time.monotonic() < end_s:
                time.sleep(_POLL_S)
                now = min(seconds, int(_status(place).get("seconds", 0)))
                bar.update(max(0, now - bar.n))  # a line each 30 s in a log
    finally:
        if process.poll() is None:
            process.kill()
    return process.wait()


def _status(place: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = json.loads((place / "status.json").read_text(encoding="utf-8"))
        return table
    except (OSError, ValueError):
        return {}


def _row(name: str, place: Path, code: int) -> Row:
    found, log = _status(place), place / "log.txt"
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    coverage = _COVERAGE.findall(text)
    failed = [f"{kind} {where}".strip() for kind, where in found.get("findings", [])]
    failed += [
        f"{_DIED[kind]} {file.name}"
        for file in sorted((place / "found").iterdir())
        if (kind := file.name.partition("-")[0]) in _DIED
    ]
    if code and not failed:
        failed = [f"its process ended with {code}; see {place.relative_to(_ROOT)}"]
    return Row(
        target=name,
        inputs=found.get("inputs", 0),
        read=found.get("read", 0),
        refused=found.get("refused", 0),
        seconds=found.get("seconds", 0.0),
        branches=int(coverage[-1]) if coverage else 0,
        slowest_s=found.get("slowest_s", 0.0),
        peak_mb=found.get("peak_mb", 0),
        failed=tuple(failed),
    )


def _machine() -> str:
    processor = platform.processor() or platform.machine()
    return f"{os.cpu_count()} cores {processor}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
