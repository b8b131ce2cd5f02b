"""`make bench`: the project's targets for speed and memory, measured on this machine.

    python -m edgehuman.bench.targets.targets [--only stream help] [--model zoo:activity] [--json]

Where possible, a target is a ratio of two things measured in one run, so that it holds on any
machine. The exit code is 1 if a target is missed; an error counts as a miss. A target that needs
what this machine lacks (a library, a GPU) is not measured; the row says why, and it is no miss.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgehuman.bench.contestants import FailedRun, NotMeasured
from edgehuman.bench.entry import main
from edgehuman.bench.target import Target
from edgehuman.bench.targets.table import TARGETS
from edgehuman.config import require
from edgehuman.errors import EdgehumanError, MissingDependencyError, NoGpuError, UsageError
from edgehuman.export.catalogued import load
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime import machine
from edgehuman.runtime.zoo import ZOO, zoo_names


@dataclass(frozen=True, slots=True)
class TargetsConfig:
    """Measure the project's targets."""

    only: tuple[str, ...] = ()
    """Targets to measure, by the start of their names; default: all."""
    model: str = "zoo:activity"
    """The model for the targets of the live stream."""
    hours: float = 10.0
    """Simulated hours of the memory target."""
    minutes: float = 10.0
    """Minutes of the camera that is twice as fast as the machine."""
    quick: bool = False
    """In targets about every network, take those of up to 5 M parameters; in the INT8 target, only
    the first."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        require(self, ((getattr(self, name) > 0, name, "over 0") for name in ("hours", "minutes")))


def choose(only: Sequence[str]) -> list[Target]:
    """The targets whose name begins with one of the words.

    Raises:
        UsageError: no name begins with a word.
    """
    for word in only:
        if not any(target.name.startswith(word) for target in TARGETS):
            names = ", ".join(target.name for target in TARGETS)
            raise UsageError(
                f"--only is {word!r}, but no target begins with it; choose from {names}"
            )
    return [t for t in TARGETS if not only or any(t.name.startswith(word) for word in only)]


def check(target: Target, config: TargetsConfig) -> dict[str, Any]:
    """Measure one target: the value and whether it reaches the goal, or why there is none.

    An error counts as a miss; the next targets are still measured.
    """
    row: dict[str, Any] = {
        "name": target.name,
        "what": target.what,
        "goal": f"{target.sense} {target.goal:g} {target.unit}",
        "value": None,
        "met": None,
        "note": "",
    }
    start_s = time.perf_counter()
    try:
        value = target.measure(config)
        row |= {"value": value, "met": target.met_by(value)}
    except Exception as error:
        row |= {"met": None if _is_absence(error) else False, "note": _in_words(error)}
    row["took_s"] = round(time.perf_counter() - start_s, 1)
    return row


def _is_absence(error: Exception) -> bool:
    """Whether the error only means that this machine lacks a library or a GPU."""
    if isinstance(error, ModuleNotFoundError):
        return error.name is not None and not error.name.startswith("edgehuman")
    return isinstance(error, (NotMeasured, MissingDependencyError, NoGpuError))


def _in_words(error: Exception) -> str:
    """The error in one line; with its type if it is not one of ours, as it is a bug then."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    if _is_absence(error):
        if isinstance(error, ModuleNotFoundError):
            line = str(not_installed(error.name or ""))
        return f"not measured: {line}"
    ours = isinstance(error, (FailedRun, EdgehumanError))
    return f"failed: {line}" if ours else f"failed: {type(error).__name__}: {line}"


def _digits(value: float) -> str:
    """Two decimals; six digits for values under 1, such as a cosine."""
    return f"{value:.2f}" if value >= 1 or not value else f"{value:.6g}"


def as_line(row: dict[str, Any]) -> str:
    """One row for people."""
    mark = {True: "met   ", False: "MISSED", None: "  -   "}[row["met"]]
    value = "-" if row["value"] is None else f"{_digits(row['value'])} {row['goal'].split()[-1]}"
    return f"{mark}  {row['name']:<23}{value:>12}   {row['goal']:<22}{row['what']}  {row['note']}"


def measure_targets(config: TargetsConfig) -> Outcome:
    """Measure and print row by row; the exit code is 1 if a target is missed.

    Raises:
        UsageError: no target's name begins with a word, or no such model.
        ArtefactError: the model's file is missing or broken.
    """
    chosen = choose(config.only)
    # Without any zoo, the model is not installed; with one, its name is wrong.
    if zoo_names() or not config.model.startswith(ZOO):
        load(config.model)
    where = f"{machine.cpu_model()}, {machine.usable_cores()} cores"
    if config.quick:
        where += "; --quick: networks of up to 5 M parameters, one network in int8"
    if not config.json:
        print(where)
    rows = []
    for target in chosen:
        tell(f"measuring {target.name} ...")
        rows.append(check(target, config))
        if not config.json:
            print(as_line(rows[-1]), flush=True)
    data = {"machine": where, "targets": rows}
    missed = any(row["met"] is False for row in rows)
    return Outcome(data, to_json(data) if config.json else "", int(missed))


if __name__ == "__main__":
    sys.exit(main(TargetsConfig, measure_targets))
