"""One target under atheris, in a process of its own: `make fuzz` starts it.

    python -m tests.fuzz.one gallery --seconds 60
    python -m tests.fuzz.one gallery --again .cache/fuzz/gallery/found/KeyError-0.bin

The process has bounds for memory and for the time of one input; what it did stands in status.json
beside its corpus, each second, so that a crash of the interpreter loses nothing.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.fuzz.target import Finding, Tally, Target

CACHE = Path(__file__).parents[2] / ".cache" / "fuzz"
ADDRESS_SPACE = 8 << 30
RSS_MB = 2048
HANG_S = 10
MODULES = (
    *("wearable", "live", "poses", "models", "signed", "pictures", "frames", "lists", "kept"),
    "scale",
)
MOST_CORPUS = 4 << 20


def targets() -> dict[str, Target]:
    """All targets by name; the readers are imported here, so that atheris sees them."""
    from tests.fuzz.target import joined

    return dict(joined([importlib.import_module(f"tests.fuzz.targets.{m}") for m in MODULES]))


def main() -> None:
    """Attack one target for so long, or read one file again."""
    words = argparse.ArgumentParser()
    words.add_argument("target")
    words.add_argument("--seconds", type=int, default=60)
    words.add_argument("--again", type=Path)
    words.add_argument("--seed", type=int, default=0)
    words.add_argument(
        "--folder", type=Path, help="for the files of an input; emptied by the caller"
    )
    given = words.parse_args()
    if given.seconds < 1:
        words.error(f"--seconds is {given.seconds}; give 1 or more")
    resource = importlib.import_module("resource")  # not on Windows
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    if given.again is not None:
        with tempfile.TemporaryDirectory() as folder:
            targets()[given.target].read(given.again.read_bytes(), Path(folder))
        return
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["edgehuman"]):
        folder = given.folder or CACHE / given.target / "work"
        _fuzz(atheris, given.target, given.seconds, given.seed, folder)


def _fuzz(atheris: ModuleType, name: str, seconds: int, seed: int, folder: Path) -> None:
    from tests.fuzz.mutate import mutated
    from tests.fuzz.target import INPUT_BYTES, Tally, attempt

    target, tally = targets()[name], Tally()
    place = CACHE / name
    corpus, found = place / "corpus", place / "found"
    _prepare(corpus, target)
    found.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    status = _Status(place / "status.json", tally)

    for content in target.seeds():  # imports take their time here
        with contextlib.suppress(Exception):
            target.read(content, folder)

    def one(content: bytes) -> None:
        finding = attempt(target, content, folder, tally)
        if finding is not None:
            _keep(found, name, finding, content, len(tally.findings))
        status.write()

    def change(content: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        if rng.random() < 0.3:
            return bytes(atheris.Mutate(content, most))
        return mutated(content, target.form, rng, most)

    gc.freeze()
    log = os.open(place / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 2)
    words = [sys.argv[0], f"-max_total_time={seconds}", f"-rss_limit_mb={RSS_MB}",
             f"-timeout={HANG_S}", f"-max_len={INPUT_BYTES}", f"-seed={seed}", "-len_control=20",
             f"-artifact_prefix={found}/", "-print_final_stats=1", str(corpus)]  # fmt: skip
    atheris.Setup(words, one, custom_mutator=change)
    atheris.Fuzz()


def _prepare(corpus: Path, target: Target) -> None:
    """The seeds in the folder of inputs; inputs of earlier runs stay while they are few."""
    if corpus.is_dir() and sum(file.stat().st_size for file in corpus.iterdir()) > MOST_CORPUS:
        for file in corpus.iterdir():
            file.unlink()
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(content)


def _keep(found: Path, name: str, finding: Finding, content: bytes, number: int) -> None:
    path = found / f"{finding.kind}-{number}.bin"
    path.write_bytes(content)
    path.with_suffix(".txt").write_text(
        f"{finding.words}\nagain: python -m tests.fuzz.one {name} --again {path}\n",
        encoding="utf-8",
    )


class _Status:
    """What the run did so far, as a file that is whole at any time."""

    def __init__(self, path: Path, tally: Tally) -> None:
        self._path, self._tally = path, tally
        self._next_s, self._start_s = 0.0, time.monotonic()

    def write(self) -> None:
        """Write it, once a second."""
        now = time.monotonic()
        if now < self._next_s:
            return
        self._next_s = now + 1.0
        from tests.fuzz.target import peak_mb

        tally = self._tally
        table: dict[str, Any] = {
            "inputs": tally.inputs,
            "read": tally.read,
            "refused": tally.refused,
            "seconds": round(now - self._start_s, 1),
            "slowest_s": round(tally.slowest_s, 2),
            "peak_mb": round(peak_mb()),
            "findings": [[each.kind, each.place] for each in tally.findings.values()],
        }
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(table), encoding="utf-8")
        with contextlib.suppress(OSError):
            os.replace(partial, self._path)


if __name__ == "__main__":
    main()
