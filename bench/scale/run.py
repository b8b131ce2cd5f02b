"""`edgehuman scale run SWEEP.toml`: a grid of pretrainings, cell by cell, resumable at any moment.

    edgehuman scale run recipes/scale_wearable.toml --out runs/scale/wearable --processes 2

Each cell is an ordinary `edgehuman pretrain` in a folder of its own. A finished cell is never run
again; one that was stopped or killed goes on from its checkpoint. `points.csv` is written whole
after every cell. A cell that diverges, or whose loss is far off its neighbours', is run once more
with half its learning rate, as a cell of its own, and both are kept and said.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.util
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from edgehuman.bench.scale import cells, estimate, slurm
from edgehuman.bench.scale.cells import CellState
from edgehuman.bench.scale.commands import Stop
from edgehuman.bench.scale.facts import off_their_neighbours, point_of
from edgehuman.bench.scale.names import RETRY
from edgehuman.bench.scale.points import POINTS, Point, write_points
from edgehuman.bench.scale.sweep import Cell, Sweep, read_sweep, without_a_value
from edgehuman.bench.scale.watch import Watch, table_of
from edgehuman.config import require
from edgehuman.errors import DataError, UsageError, printable
from edgehuman.files import require_usable_folder, write_whole
from edgehuman.install import not_installed
from edgehuman.limits.sizes import MOST_RECIPE, read_bounded
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.runtime.lock import locked
from edgehuman.training.ledger import commit

CELLS, JOBS, COPY = "cells", "jobs", "sweep.toml"


@dataclass(frozen=True, slots=True)
class ScaleRunConfig:
    """Run what is left of a sweep."""

    sweep: Positional[Path]
    """The sweep's TOML file."""
    out: Path = Path("runs/scale/NAME")
    """Folder of the cells; by default runs/scale/NAME, named for the file."""
    processes: int = 1
    """Cells that run at once on this machine."""
    cluster: Literal["here", "slurm", "local"] = "here"
    """Where cells run: here; as an array of Slurm jobs; or as submitit's processes of this
    machine, to try the jobs."""
    job: tuple[str, ...] = ()
    """Parameters of the jobs, as submitit has them: slurm_partition=gpu timeout_min=240."""
    estimate: Literal["first", "only", "no"] = "first"
    """Measure ten steps of every network and say what the sweep will cost: first, or nothing else,
    or not at all."""
    status: bool = False
    """Only show how far the cells are."""
    mixed_code: bool = False
    """Allow cells of another version of the code, which the table of points records."""
    retry: bool = True
    """Run cells that diverged, or lie far off their neighbours, again with half the learning
    rate."""

    def __post_init__(self) -> None:
        if self.out == Path("runs/scale/NAME"):
            object.__setattr__(self, "out", self.out.with_name(self.sweep.stem))
        pairs = all(0 < each.find("=") < len(each) - 1 for each in self.job)
        rules = (
            (self.processes > 0, "processes", "at least 1"),
            (pairs, "job", "pairs, as slurm_partition=gpu"),
            (not self.job or self.cluster != "here", "job", "given with --cluster slurm or local"),
        )
        require(self, rules)


def run(config: ScaleRunConfig) -> Outcome:
    """Run what is left of a sweep, and write its table of points.

    Raises:
        UsageError: see `read_sweep`; the folder has another sweep, or cells of other code; another
            process runs it.
        DataError: a cell's state is damaged.
        MissingDependencyError: PyTorch is not installed.
    """
    if importlib.util.find_spec("torch") is None:
        raise not_installed("torch", "a sweep")
    sweep = read_sweep(config.sweep)
    if config.status:
        return _outcome(config, sweep, _states(config.out, sweep), ())
    require_usable_folder(config.out, "--out")
    refusal = f"--out {config.out}: another sweep runs in it ({{holder}}); wait, or take another"
    with locked(config.out / POINTS, tell, wait_s=0.0, refusal=refusal):
        return _run_alone(config, sweep)


def _run_alone(config: ScaleRunConfig, sweep: Sweep) -> Outcome:
    here, folder = commit(), config.out / CELLS
    _require_its_own(config.out, sweep)
    if not config.mixed_code:
        cells.require_same_code(config.out, [*_states(config.out, sweep).values()], here)
    _keep_copy(config.out, sweep)
    _prepare(folder, sweep, here)
    if blind := without_a_value(sweep):
        tell(
            f"{len(blind)} of {len(sweep.cells)} cells will have neither a loss nor a metric, such "
            f"as {blind[0]}: no law can be fitted; add an exam (--exam-people, --valid-share) or a "
            "[[downstream]]"
        )
    costs = None
    if config.estimate != "no":
        costs = estimate.measured(config.out, sweep, here)
        tell(estimate.in_words(sweep, _states(config.out, sweep), costs, config.processes))
        if config.estimate == "only":
            return _outcome(config, sweep, _states(config.out, sweep), ())
    states = _states(config.out, sweep)
    points = _Points(config.out, states)
    watch = Watch(sweep, states, costs, config.processes)
    with _stopping() as stop, contextlib.closing(watch):
        for state in _ended(config, [each.name for each in sweep.cells], stop):
            watch.add(state)
            points.add(state)
        if config.retry and not stop.asked:
            again = _retried(config, sweep, here, points.odd())
            for state in _ended(config, [each.name for each in again], stop):
                watch.add(state)
                points.add(state)
    return _outcome(config, sweep, _states(config.out, sweep), points.odd())


def _require_its_own(out: Path, sweep: Sweep) -> None:
    """Check that the folder's cells are of this sweep: a grid may grow, not change.

    Raises:
        UsageError: a cell of the folder has the name of one of the sweep, and other words.
    """
    for cell in sweep.cells:
        for one in (cell, slower(cell)):
            folder = out / CELLS / one.name
            state = cells.read_state(folder)
            if state is None or state.words == (words := tuple(one.words(folder / cells.TRAIN))):
                continue
            before, now = set(_with_values(state.words)), set(_with_values(words))
            was = printable(" ".join(sorted(before - now)))[:1000] or "fewer flags"
            raise UsageError(
                f"{folder}: was another training: it has {was}, the sweep "
                f"{' '.join(sorted(now - before)) or 'fewer flags'}; take another --out"
            )


def _with_values(words: Sequence[str]) -> list[str]:
    """The flags of a command, each with its values: "--steps 4"."""
    found = [""]
    for word in words:
        if word.startswith("--"):
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


def _keep_copy(out: Path, sweep: Sweep) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_whole(out / COPY, read_bounded(sweep.path, MOST_RECIPE, UsageError, "sweep"), DataError)


def _prepare(folder: Path, sweep: Sweep, here: str) -> None:
    """Write the state of every cell that has none, or that was not begun by this code; one that
    goes on by other code says both. What each is comes from the sweep alone, not from its folder.
    """
    for cell in sweep.cells:
        for one in (cell, slower(cell)):
            place, state = folder / one.name, cells.read_state(folder / one.name)
            is_retry = one.name != cell.name
            if state is None and is_retry:
                continue
            own = cells.begin(place, one, here, sweep.protocol, cell.name if is_retry else "")
            kept = own if state is None else cells.adopted(state, own)
            if not kept.attempts:
                kept = dataclasses.replace(kept, commit=here)
            elif here not in kept.commit.split("+") and kept.status not in cells.ENDED:
                kept = dataclasses.replace(kept, commit=f"{kept.commit}+{here}")
            if kept != state:
                cells.write_state(place, kept)


def _states(out: Path, sweep: Sweep) -> dict[str, CellState]:
    """The cells' states by name; those of retries too."""
    found = {}
    for cell in sweep.cells:
        for name in (cell.name, retry_name(cell.name)):
            state = cells.read_state(out / CELLS / name)
            if state is not None:
                found[name] = state
    return found


@contextlib.contextmanager
def _stopping() -> Iterator[Stop]:
    """Ctrl-C and SIGTERM end the cells that run, which save, and then the sweep; a second one kills
    them.
    """
    stop = Stop()
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, lambda *_: _asked(stop))
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _asked(stop: Stop) -> None:
    if stop.asked:
        stop.kill()
    else:
        stop.ask()
        tell("the cells that run save and end; Ctrl-C again kills them")


def _ended(config: ScaleRunConfig, names: Sequence[str], stop: Stop) -> Iterator[CellState]:
    """Run the cells that are not finished, and yield each as it ends."""
    folder = config.out / CELLS
    left = [
        name
        for name in names
        if (state := cells.read_state(folder / name)) is not None
        and state.status not in cells.ENDED
    ]
    if config.cluster != "here":
        here = commit()
        jobs = [slurm.CellJob(str((folder / name).absolute()), here) for name in left]
        parameters = dict(each.split("=", 1) for each in config.job)
        logs = config.out / JOBS
        for job, said in slurm.submitted(jobs, logs, config.cluster, parameters) if jobs else ():
            state = cells.read_state(Path(job.folder))
            if state is not None:
                yield state if said == state.status else dataclasses.replace(state, error=said)
        return
    with ThreadPoolExecutor(config.processes) as pool:
        running = {pool.submit(cells.run_cell, folder / name, stop) for name in left}
        try:
            while running:
                # A wait without end would keep Ctrl-C waiting on Windows.
                done, running = wait(running, timeout=1.0, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done if not future.cancelled())
                for future in running if stop.asked else ():
                    future.cancel()  # what has begun ends by itself
        except BaseException:  # a full disk, say: the pool would run all that is left
            for future in running:
                future.cancel()
            stop.ask()
            raise


def retry_name(name: str) -> str:
    """The name of a cell that is another one with half its learning rate."""
    return name + RETRY


def slower(cell: Cell) -> Cell:
    """The cell that runs another one again."""
    lr = cell.config.lr / 2
    config = dataclasses.replace(cell.config, lr=lr, min_lr=min(lr, cell.config.min_lr))
    return dataclasses.replace(cell, name=retry_name(cell.name), config=config)


def _retried(
    config: ScaleRunConfig, sweep: Sweep, here: str, odd: Sequence[str]
) -> tuple[Cell, ...]:
    """The cells to run again, prepared; those that were are among them."""
    folder = config.out / CELLS
    states = {each.name: cells.read_state(folder / each.name) for each in sweep.cells}
    again = []
    for cell in sweep.cells:
        state = states[cell.name]
        if state is None or not (state.status == cells.DIVERGED or cell.name in odd):
            continue
        retry = slower(cell)
        place = folder / retry.name
        if cells.read_state(place) is None:
            tell(f"{cell.name}: is run again with half the learning rate, {retry.config.lr:g}")
            made = cells.begin(place, retry, here, sweep.protocol, retry_of=cell.name)
            cells.write_state(place, made)
        again.append(retry)
    return tuple(again)


class _Points:
    """The table of points: written whole whenever a cell has ended."""

    def __init__(self, out: Path, states: Mapping[str, CellState]) -> None:
        self._out = out
        self._points: dict[str, Point] = {}
        for state in states.values():
            self._take(state)
        self._write()

    def add(self, state: CellState) -> None:
        """A cell has ended."""
        self._take(state)
        self._write()

    def odd(self) -> list[str]:
        """The cells that lie far off their neighbours."""
        return [point.cell for point in off_their_neighbours([*self._points.values()])]

    def _take(self, state: CellState) -> None:
        point = point_of(state)
        if point is not None:
            self._points[state.name] = point

    def _write(self) -> None:
        if self._points:
            write_points(self._out / POINTS, [self._points[name] for name in sorted(self._points)])


def _outcome(
    config: ScaleRunConfig, sweep: Sweep, states: dict[str, CellState], flagged: Sequence[str]
) -> Outcome:
    count = Counter(state.status for state in states.values())
    count[cells.WAITING] += sum(cell.name not in states for cell in sweep.cells)
    failed = {n: s.error for n, s in states.items() if s.status in (cells.FAILED, cells.DIVERGED)}
    left = sum(states[c.name].status not in cells.ENDED if c.name in states else 1
               for c in sweep.cells)  # fmt: skip
    data: dict[str, Any] = {
        "out": str(config.out),
        "cells": len(sweep.cells),
        "left": left,
        **{name: count[name] for name in (cells.DONE, cells.FAILED, cells.DIVERGED)},
        "retried": sum(bool(state.retry_of) for state in states.values()),
        "flagged": list(flagged),
        "seconds": round(sum(state.seconds for state in states.values())),
        "points": str(config.out / POINTS),
        "errors": failed,
    }
    lines = [table_of(sweep, states)]
    lines += [f"{name}: {error}" for name, error in failed.items()]
    if flagged:
        lines.append(f"over 3 sd off their neighbours: {', '.join(flagged)}")
    said = f"{config.out}: {count[cells.DONE]} of {len(sweep.cells)} cells are done"
    if left and not config.status and config.estimate != "only":
        said += "; the same command goes on"
    elif not left:
        said += f"; the law: edgehuman scale fit {config.out}"
    ended = config.status or config.estimate == "only" or not left
    return Outcome(data, "\n".join([*lines, said]), exit_code=0 if ended else 1)
