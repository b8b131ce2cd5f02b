"""One cell of a sweep: an ordinary `edgehuman pretrain`, and what follows it, in its own folder.

    cells/NAME/cell.json     what it is, how far it is, what came of it; written whole
    cells/NAME/train/        the checkpoint, as of any training
    cells/NAME/NAME2/        a fine-tuning of it
    cells/NAME/log.txt       what the commands said

Killed at any moment, it goes on from its last checkpoint; what is finished is never run again.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from edgehuman.bench.scale.counts import counts_of
from edgehuman.bench.scale.sweep import Cell, finetuning, words_of
from edgehuman.errors import DataError, UsageError, printable
from edgehuman.files import write_whole
from edgehuman.install import code_line
from edgehuman.limits.sizes import read_bounded
from edgehuman.outcome import to_json
from edgehuman.placing import why
from edgehuman.reading.parsers import json_of, reason_of
from edgehuman.runtime.lock import locked

STATE, LOG, TRAIN = "cell.json", "log.txt", "train"
SCHEMA = 1
WAITING, RUNNING, DONE, FAILED, DIVERGED, STOPPED = (
    "waiting", "running", "done", "failed", "diverged", "stopped"
)  # fmt: skip
ENDED = (DONE, DIVERGED)
"""What is never run again."""
_MOST_STATE = 1 << 22
_GRACE_S = 60.0
# Where Linux can, a command is told to end when the sweep is killed, and saves before it does.
_COMMAND = """import runpy, signal, sys
if sys.platform == "linux":
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
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


def read_state(folder: Path) -> CellState | None:
    """What a cell's folder says; None if there is nothing.

    Raises:
        DataError: `cell.json` is damaged or of another schema.
    """
    path = folder / STATE
    try:
        row = json_of(read_bounded(path, _MOST_STATE, DataError))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DataError(f"{path}: {why(error)}; fix its permissions") from None
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {reason_of(error)}; delete the cell's folder") from None
    if not isinstance(row, dict) or row.pop("schema", None) != SCHEMA:
        raise DataError(f"{path}: is of another schema than {SCHEMA}; delete the cell's folder")
    try:
        steps = tuple(
            Step(one["name"], tuple(one["words"]), tuple(one["metrics"]), dict(one["trials"]))
            for one in row.pop("steps")
        )
        return CellState(**{**row, "words": tuple(row["words"]), "steps": steps})
    except (TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path}: {reason_of(error)}; delete the cell's folder") from None


def write_state(folder: Path, state: CellState) -> None:
    """Write `cell.json` whole."""
    folder.mkdir(parents=True, exist_ok=True)
    text = to_json({"schema": SCHEMA, **asdict(state)}, indent=1)
    write_whole(folder / STATE, text.encode(), DataError)


class Stop:
    """Asks the commands that run here to end: they save, and go on another time."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.RLock()  # a signal's handler may ask, in the thread that has it

    @property
    def asked(self) -> bool:
        """Whether everything is to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End what runs, and what would begin."""
        with self._lock:
            self._asked.set()
            for process in self._running:
                process.terminate()

    def wait(self, most_s: float = _GRACE_S) -> None:
        """Wait until what was asked to end has saved and ended, in the handler of a signal too."""
        until = time.monotonic() + most_s
        for process in tuple(self._running):
            while process.returncode is None and time.monotonic() < until:
                # Not `process.wait`, whose lock the code that the signal interrupted may hold.
                if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                    break
                time.sleep(0.05)

    def run(self, line: Sequence[str], log: Path, threads: int) -> tuple[int, str]:
        """Run a command; its exit code and what it printed. What it says goes to the log."""
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        with log.open("ab") as said:
            with self._lock:
                if self._asked.is_set():
                    return -signal.SIGTERM, ""
                process = subprocess.Popen(
                    line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                    env=environment, start_new_session=True,
                )  # fmt: skip
                self._running.add(process)
            try:
                printed, _ = process.communicate()
            except BaseException:
                process.terminate()
                try:
                    process.communicate(timeout=_GRACE_S)
                except subprocess.TimeoutExpired:
                    process.kill()
                raise
            finally:
                with self._lock:
                    self._running.discard(process)
        return process.returncode, printed.decode("utf-8", "replace")


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
        ended = _run(folder, state, stop)
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
        steps = int(outcome.get("steps") or 0)
        state = replace(state, outcome={**outcome, **counts_of(folder / TRAIN, steps)})
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


def _command(
    folder: Path, state: CellState, words: Sequence[str], stop: Stop
) -> tuple[CellState, Mapping[str, Any] | None]:
    """Run one command; the state, and its outcome: None where it did not end well."""
    threads = int(words[words.index("--threads") + 1]) if "--threads" in words else 2
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
    """The object that a command printed; None if it printed none."""
    try:
        found = json_of(printed.strip())
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _metric(outcome: Mapping[str, Any], name: str) -> float | None:
    """A number of an outcome: of its metrics, or of its own."""
    metrics = outcome.get("metrics")
    for row in (metrics if isinstance(metrics, dict) else {}, outcome):
        value = row.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
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
