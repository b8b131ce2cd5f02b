"""One cell of a sweep: an ordinary `edgehuman pretrain`, and what follows it, in its own folder.

    cells/NAME/cell.json     what it is, how far it is, what came of it; written whole
    cells/NAME/train/        the checkpoint, as of any training
    cells/NAME/NAME2/        a fine-tuning of it
    cells/NAME/log.txt       what the commands said

Killed at any moment, it goes on from its last checkpoint; what is finished is never run again.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehuman.bench.note import read_note
from edgehuman.bench.scale.commands import Stop, require_file
from edgehuman.bench.scale.counts import counts_of
from edgehuman.bench.scale.names import words_of
from edgehuman.bench.scale.points import LARGEST
from edgehuman.bench.scale.sweep import Cell, finetuning
from edgehuman.errors import DataError, EdgehumanError, UsageError, printable
from edgehuman.files import write_whole
from edgehuman.install import code_line
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of, reason_of
from edgehuman.reading.values import require_types, shown
from edgehuman.runtime.lock import locked

STATE, LOG, TRAIN = "cell.json", "log.txt", "train"
SCHEMA = 1
WAITING, RUNNING, DONE, FAILED, DIVERGED, STOPPED = (
    "waiting", "running", "done", "failed", "diverged", "stopped"
)  # fmt: skip
ENDED = (DONE, DIVERGED)
"""What is never run again."""
STATUSES = (WAITING, RUNNING, DONE, FAILED, DIVERGED, STOPPED)
_MOST_STATE = 1 << 22
_MOST_S = 1e10
_CODE = re.compile(r"[\w.+-]{0,400}", re.ASCII)
# Where Linux can, a command is told to end when the sweep is killed, and saves before it does.
_COMMAND = """import runpy, signal, sys
if sys.platform == "linux":
    import ctypes, os
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    if os.getppid() != int(os.environ["EDGEHUMAN_SWEEP"]):
        sys.exit("edgehuman: the sweep was killed")
runpy.run_module("edgehuman", run_name="__main__", alter_sys=True)"""
# How `TrainingError` says that a loss is no number.
_NOT_FINITE = ("no finite loss", "not finite")


@dataclass(frozen=True, slots=True)
class Step:
    """A fine-tuning of a cell: its name and words, and the metrics of its outcome to keep, which
    are shares of so many trials where `trials` says so.
    """

    name: str
    words: tuple[str, ...]
    metrics: tuple[str, ...]
    trials: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CellState:
    """What `cell.json` holds.

    Attributes:
        name, labels: of the cell; see `sweep.Cell`.
        words: of its pretraining.
        steps: its fine-tunings.
        commit: of the code that runs it. protocol: see `sweep.Sweep`.
        status: waiting, running, done, failed, diverged or stopped.
        outcome: of the pretraining, as `--json` prints it; None until it is done.
        found: name of a fine-tuning -> its metrics.
        seconds: that it ran, of all attempts.
        attempts: how often it was begun.
        error: the last line of what failed.
        retry_of: the cell that this one runs again with another learning rate; "": none.
    """

    name: str
    labels: Mapping[str, str]
    words: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    commit: str = ""
    protocol: str = ""
    status: str = WAITING
    outcome: Mapping[str, Any] | None = None
    found: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seconds: float = 0.0
    attempts: int = 0
    error: str = ""
    retry_of: str = ""


def begin(folder: Path, cell: Cell, commit: str, protocol: str, retry_of: str = "") -> CellState:
    """The state of a cell that has not run yet; nothing is written."""
    where = f"cell {cell.name}"
    steps = []
    for each in cell.downstream:
        config = finetuning(each, cell.config, folder / TRAIN, folder / each.name, where)
        words = ("finetune", "--task", str(each.flags.get("task", "activity")), *words_of(config))
        steps.append(Step(each.name, words, each.metrics, each.trials))
    words = tuple(cell.words(folder / TRAIN))
    return CellState(
        cell.name, dict(cell.labels), words, tuple(steps), commit, protocol, retry_of=retry_of
    )


def adopted(state: CellState, own: CellState) -> CellState:
    """How far a cell is, as its folder says, and what it is, as the sweep says: nothing that only a
    folder says is run. What an unchanged fine-tuning found is kept; others are to run.

    Args:
        own: of `begin`, with the same words.
    """
    assert state.words == own.words
    before = {each.name: each for each in state.steps}
    found = {
        each.name: state.found[each.name]
        for each in own.steps
        if before.get(each.name) == each and set(state.found.get(each.name, ())) == {*each.metrics}
    }
    status = state.status
    is_whole = state.outcome is not None and len(found) == len(own.steps)
    if status == DONE and not is_whole:
        status = WAITING
    return replace(
        own, commit=state.commit, status=status, outcome=state.outcome, found=found,
        seconds=state.seconds, attempts=state.attempts, error=state.error,
    )  # fmt: skip


def read_state(folder: Path) -> CellState | None:
    """What a cell's folder says; None if there is nothing.

    Raises:
        DataError: `cell.json` is damaged or of another schema.
    """
    path = folder / STATE
    require_file(path)
    if not path.exists():
        return None
    row = read_note(path, "state of a cell", "delete the cell's folder", _MOST_STATE)
    if not isinstance(row, dict) or row.pop("schema", None) != SCHEMA:
        raise DataError(f"{path}: is of another schema than {SCHEMA}; delete the cell's folder")
    try:
        steps = tuple(
            Step(one["name"], tuple(one["words"]), tuple(one["metrics"]), dict(one["trials"]))
            for one in row.pop("steps")
        )
        state = CellState(**{**row, "words": tuple(row["words"]), "steps": steps})
        require_types(state)
        _require_sound(state)
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: {reason_of(error)}; delete the cell's folder") from None
    return replace(state, error=printable(state.error)[:1000])


def _require_sound(state: CellState) -> None:
    """Raise ValueError for a state that no sweep writes."""
    if state.status not in STATUSES:
        raise ValueError(f"its status is {shown(state.status)}")
    if not 0 <= state.seconds < _MOST_S:
        raise ValueError(f"its seconds are {state.seconds}")
    if not _CODE.fullmatch(state.commit):
        raise ValueError(f"its commit is {shown(state.commit)}")


def write_state(folder: Path, state: CellState) -> None:
    """Write `cell.json` whole."""
    folder.mkdir(parents=True, exist_ok=True)
    text = to_json({"schema": SCHEMA, **asdict(state)}, indent=1)
    write_whole(folder / STATE, text.encode(), DataError)


def run_cell(folder: Path, stop: Stop | None = None) -> CellState:
    """Run what is left of a cell, and return how it ended.

    Raises:
        UsageError: another process runs it.
        DataError: nothing says what it is, or its state is damaged.
    """
    stop = Stop() if stop is None else stop
    refusal = f"{folder}: this cell is run by another process ({{holder}})"
    with locked(folder / STATE, lambda words: None, wait_s=0.0, refusal=refusal):
        state = read_state(folder)
        if state is None:
            raise DataError(f"{folder}: has no {STATE}; run the sweep again")
        if state.status in ENDED or stop.asked:
            return state
        state = replace(state, status=RUNNING, attempts=state.attempts + 1, error="")
        write_state(folder, state)
        begun, before = time.monotonic(), state.seconds
        try:
            ended = _run(folder, state, stop)
        except _NoResult as error:
            ended = replace(state, status=FAILED, error=printable(str(error))[:1000])
        ended = replace(ended, seconds=before + time.monotonic() - begun)
        write_state(folder, ended)
        return ended


def _run(folder: Path, state: CellState, stop: Stop) -> CellState:
    if state.outcome is None:
        words = [*state.words, "--json"]
        if (folder / TRAIN / "state.pt").is_file():
            words.append("--resume")
        state, outcome = _command(folder, state, words, stop)
        if outcome is None:
            return state
        state = replace(state, outcome={**outcome, **_counts(folder / TRAIN, outcome)})
        write_state(folder, state)
    for step in state.steps:
        if step.name in state.found:
            continue
        words = [*step.words, "--json"]
        if (folder / step.name / "state.pt").is_file():
            words.append("--resume")
        state, outcome = _command(folder, state, words, stop)
        if outcome is None:
            return state
        said = {name: _metric(outcome, name) for name in step.metrics}
        kept = {name: value for name, value in said.items() if value is not None}
        if absent := sorted(set(said) - set(kept)):
            held = outcome.get("metrics")
            error = f"{step.name}: its outcome has no metric {', '.join(absent)}; it has "
            error += ", ".join(held) if isinstance(held, dict) else ", ".join(outcome)
            return replace(state, status=FAILED, error=printable(error))
        state = replace(state, found={**state.found, step.name: kept})
        write_state(folder, state)
    return replace(state, status=DONE)


class _NoResult(Exception):
    """A command ended well and left nothing to make a point of."""


def _counts(folder: Path, outcome: Mapping[str, Any]) -> dict[str, Any]:
    steps = outcome.get("steps")
    if not isinstance(steps, int) or not 0 < steps < 1 << 53:
        raise _NoResult(f"{folder}: printed an outcome without steps")
    try:
        return counts_of(folder, steps)
    except (EdgehumanError, OSError) as error:
        raise _NoResult(str(error)) from None


def _command(
    folder: Path, state: CellState, words: Sequence[str], stop: Stop
) -> tuple[CellState, Mapping[str, Any] | None]:
    """Run one command; the state, and its outcome: None where it did not end well."""
    threads = int(words[words.index("--threads") + 1]) if "--threads" in words else 2
    require_file(folder / LOG)
    with (folder / LOG).open("ab") as log:
        log.write(f"== edgehuman {' '.join(words)}\n".encode())
    code, printed = stop.run(code_line(_COMMAND, *words), folder / LOG, threads)
    outcome = _outcome(printed)
    if code == 0 and outcome is not None:
        return state, outcome
    if stop.asked or (outcome is not None and outcome.get("finished") is False):
        return replace(state, status=STOPPED), None
    error = _last_line(folder / LOG) or f"ended with code {code}"
    lost = any(words in error for words in _NOT_FINITE)
    return replace(state, status=DIVERGED if lost else FAILED, error=error), None


def _outcome(printed: str) -> Mapping[str, Any] | None:
    """The object that a command printed; None if it printed none. Libraries print, too: then it is
    the last line.
    """
    whole = printed.strip()
    for text in (whole, whole.rpartition("\n")[2]):
        with contextlib.suppress(ValueError):
            found = json_of(text)
            if isinstance(found, dict):
                return found
    return None


def _metric(outcome: Mapping[str, Any], name: str) -> float | None:
    """A number of an outcome: of its metrics, or of its own."""
    metrics = outcome.get("metrics")
    for row in (metrics if isinstance(metrics, dict) else {}, outcome):
        value = row.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            continue
        if abs(value) <= LARGEST:  # nor NaN
            return float(value)
    return None


def _last_line(log: Path) -> str:
    """The last line of our own in a log: what went wrong."""
    with log.open("rb") as file:
        file.seek(max(0, os.path.getsize(log) - 8192))
        lines = file.read().decode("utf-8", "replace").splitlines()
    ours = [line for line in lines if line.startswith("edgehuman: ")] or lines
    return printable(ours[-1])[:1000] if ours else ""


def require_same_code(folder: Path, states: Sequence[CellState], commit: str) -> None:
    """Check that the cells of a sweep were run by the code that runs now.

    Raises:
        UsageError: some were run by other code.
    """
    others = sorted({each.commit for each in states if each.attempts and each.commit != commit})
    if others:
        raise UsageError(
            f"{folder}: has cells of the code {', '.join(others)}, and this is {commit}; check "
            "that one out, take another --out, or allow it by --mixed-code, which is recorded"
        )
