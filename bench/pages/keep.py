"""Keep the finished cells and trainings of a page, so that an interrupted page resumes."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgehuman.bench.cell import Cell
from edgehuman.card import WEIGHTS
from edgehuman.errors import DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar, tell
from edgehuman.runtime import machine
from edgehuman.runtime.lock import locked

Where = tuple[str, str, str]
PACKAGES = ("torch", "onnx", "onnxruntime", "tensorrt-rtx", "tensorrt", "torch-tensorrt")
_KEPT = "outcome.json"
# A checkpoint's files by name: this module is read without torch.
_STATE = "state.pt"


def versions() -> dict[str, str]:
    """Versions of the packages that a cell depends on; `-`: not installed."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "-"
    return found


def write_table(folder: Path, text: str, data: Any) -> str:
    """Write a page as table.md and its numbers as table.json; return the text.

    Raises:
        DataError: the folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "table.md", f"{text}\n".encode(), DataError)
    write_whole(folder / "table.json", json.dumps(data, indent=1).encode(), DataError)
    return text


class KeptCells:
    """Finished cells in one JSON file, by arch, format, precision and everything they depend on.

    A cell that was refused, failed or was not measured is kept for the page, and tried again.

    Args:
        work: its folder.
        depends: network -> what its cells depend on besides this machine's processor, as JSON.
    """

    def __init__(self, work: Path, depends: Callable[[str], Sequence[Any]]) -> None:
        self._file, self._depends = work / "cells.json", depends
        self._cells = self._read()

    def _read(self) -> dict[str, dict[str, Any]]:
        if not self._file.exists():
            return {}
        try:
            found: dict[str, dict[str, Any]] = json.loads(self._file.read_text(encoding="utf-8"))
        except ValueError:
            raise UsageError(
                f"{self._file} is not the JSON that this command keeps; delete it, or choose "
                "another --work"
            ) from None
        return found

    def _key(self, arch: str, format: str, precision: str) -> str:
        depends = [*self._depends(arch), machine.cpu_model()]
        digest = hashlib.sha256(json.dumps(depends).encode()).hexdigest()[:16]
        return f"{arch} {format} {precision} {digest}"

    def get(self, arch: str, format: str, precision: str) -> Cell | None:
        """The cell kept from an earlier call, or None."""
        found = self._cells.get(self._key(arch, format, precision))
        return None if found is None else Cell(**found)

    def put(self, cell: Cell) -> None:
        """Keep a cell, beside those that another program kept since; replaced in one step."""
        with locked(self._file, tell):
            self._cells |= self._read()
            self._cells[self._key(cell.arch, cell.format, cell.precision)] = asdict(cell)
            write_whole(self._file, json.dumps(self._cells, indent=1).encode(), UsageError)

    def all_of(self, plan: Sequence[Where]) -> dict[Where, Cell]:
        """The cells of a plan; those not kept are `not run`."""
        return {
            where: self.get(*where) or Cell(*where, "not run", "the same command goes on here")
            for where in plan
        }


def measure_missing(
    kept: KeptCells,
    plan: Sequence[Where],
    measure: Callable[[str, str, str], Cell],
    write: Callable[[Sequence[Cell]], str],
    minutes: float = 0.0,
) -> tuple[list[Cell], str]:
    """Measure every cell of a plan, and write the page after each.

    Args:
        minutes: start no cell after this many; 0: no limit.
    """
    stop_s = time.monotonic() + 60 * minutes if minutes else float("inf")
    cells = kept.all_of(plan)
    bar = progress_bar(plan, unit="cell")
    for where in bar:
        if cells[where].status == "done" or time.monotonic() > stop_s:
            continue
        bar.set_description(" ".join(where))
        cells[where] = measure(*where)
        kept.put(cells[where])
        write(list(cells.values()))
    found = list(cells.values())
    return found, write(found)


def once(
    folder: Path, words: Sequence[str], recipe: Path | None, run: Callable[[bool], Outcome]
) -> dict[str, Any]:
    """The data of a run's outcome: kept from an earlier call with the same words and recipe, or
    run now.

    Args:
        folder: the run's folder.
        words, recipe: what the result depends on; if they differ, it runs again from the start.
            No recipe: it depends on the words only.
        run: runs it; its argument says whether to resume from the folder's checkpoint.

    Raises:
        KeyboardInterrupt: the run was stopped; the next call goes on.
    """
    asked = hashlib.sha256(
        json.dumps([*words, recipe.read_text() if recipe else ""]).encode()
    ).hexdigest()
    kept, begun = folder / _KEPT, folder / "asked.txt"
    same = begun.is_file() and begun.read_text() == asked
    if not (same and kept.is_file()):
        resume = same and (folder / _STATE).is_file()
        if begun.is_file() and not resume:
            # The checkpoint is ours, but of other words: nobody needs it now.
            for name in (WEIGHTS, _STATE):
                (folder / name).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        kept.unlink(missing_ok=True)
        write_whole(begun, asked.encode(), UsageError)
        outcome = run(resume)
        if outcome.exit_code:
            raise KeyboardInterrupt
        write_whole(kept, json.dumps(outcome.data).encode(), UsageError)
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


def mean_and_spread(scores: Sequence[float]) -> str:
    """Shares as percent: "87.6 ± 1.6"; without a spread for one seed."""
    mean = 100 * sum(scores) / len(scores)
    if len(scores) == 1:
        return f"{mean:.1f}"
    square = sum((100 * score - mean) ** 2 for score in scores) / (len(scores) - 1)
    return f"{mean:.1f} ± {square**0.5:.1f}"
