"""What a sweep will cost, from ten measured steps of each of its networks on this machine."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from edgehuman.bench.scale import cells
from edgehuman.bench.scale.sweep import Cell, Sweep
from edgehuman.errors import DataError
from edgehuman.files import write_whole
from edgehuman.limits.sizes import read_bounded
from edgehuman.outcome import to_json
from edgehuman.progress import progress_bar, tell
from edgehuman.reading.parsers import json_of
from edgehuman.runtime import machine

FILE = "estimate.json"
WARM_STEPS, COUNTED_STEPS = 3, 10
_MOST = 1 << 22


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one network and batch: seconds of a step, and of all that is not steps."""

    step_s: float
    rest_s: float


def shape_of(cell: Cell) -> str:
    """Cells of one shape take equally long a step."""
    config = cell.config
    said = (getattr(config, "arch", ""), config.batch, config.accumulate, config.threads)
    return " ".join(map(str, (*said, getattr(config, "frames", ""))))


def measured(out: Path, sweep: Sweep, commit: str) -> dict[str, Cost]:
    """Measure every shape once; what was measured by this code on this machine is kept."""
    key = f"{commit} {machine.cpu_model()}"
    kept = _kept(out / FILE, key)
    shapes = {shape_of(cell): cell for cell in sweep.cells}
    missing = {shape: cell for shape, cell in shapes.items() if shape not in kept}
    bar = progress_bar(missing.items(), desc="measuring steps", unit="network") if missing else ()
    for shape, cell in bar:
        cost = _measure(out, cell)
        if cost is not None:
            kept[shape] = cost
    rows = {shape: asdict(cost) for shape, cost in kept.items()}
    write_whole(out / FILE, to_json({"of": key, "costs": rows}, indent=1).encode(), DataError)
    return kept


def _kept(path: Path, key: str) -> dict[str, Cost]:
    try:
        row = json_of(read_bounded(path, _MOST, DataError))
        return {k: Cost(**v) for k, v in row["costs"].items()} if row["of"] == key else {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def _measure(out: Path, cell: Cell) -> Cost | None:
    """Run a few steps of a cell in a folder of its own; None if it cannot train."""
    place = out / "estimate"
    if os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    steps = WARM_STEPS + COUNTED_STEPS
    config = dataclasses.replace(cell.config, log_every=1, save_every=steps)
    # Where a decay begins, from what, and what is kept are of the whole length.
    config = dataclasses.replace(config, steps=steps, decay_from=0, trunk=None, keep_at=())
    begun = time.monotonic()
    words = dataclasses.replace(cell, config=config).words(place / cells.TRAIN)
    state = cells.CellState(cell.name, {}, tuple(words))
    cells.write_state(place, state)
    ended = cells.run_cell(place)
    took = time.monotonic() - begun
    try:
        if ended.status != cells.DONE:
            tell(f"{cell.name}: {ended.error}")
            return None
        rates = _rates(place / cells.TRAIN / "metrics.jsonl")[WARM_STEPS:]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    step_s = cell.config.batch / (sorted(rates)[len(rates) // 2])
    return Cost(step_s, max(0.0, took - steps * step_s))


def _rates(path: Path) -> list[float]:
    lines = read_bounded(path, _MOST, DataError).splitlines()
    return [row["samples_per_s"] for row in map(json_of, lines) if "samples_per_s" in row]


def seconds_of(cell: Cell, costs: Mapping[str, Cost]) -> float | None:
    """What a cell's pretraining takes; None if its network was not measured."""
    cost = costs.get(shape_of(cell))
    if cost is None:
        return None
    config = cell.config
    kept = config.decay_from if config.trunk else 0
    return cost.rest_s + (config.steps - kept) * cost.step_s


def in_words(
    sweep: Sweep, states: Mapping[str, cells.CellState], costs: Mapping[str, Cost], processes: int
) -> str:
    """The estimate: hours, and of which networks."""
    ended = {n for n, each in states.items() if each.status in cells.ENDED}
    left = [each for each in sweep.cells if each.name not in ended]
    known = [value for each in left if (value := seconds_of(each, costs)) is not None]
    said = f"{len(left)} of {len(sweep.cells)} cells are left: about "
    said += f"{hours(sum(known) / processes)} in {processes} process"
    said += f"{'es' if processes > 1 else ''}, from {COUNTED_STEPS} measured steps of each network"
    if len(known) < len(left):
        said += f"; {len(left) - len(known)} could not be measured"
    if any(each.downstream for each in left):
        said += "; fine-tunings come on top"
    rows = [
        f"  {shape}: {1e3 * cost.step_s:.1f} ms a step, {cost.rest_s:.1f} s beside"
        for shape, cost in costs.items()
    ]
    return "\n".join([said, *rows])


def hours(seconds: float) -> str:
    """A duration for people."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
