"""`edgehuman bench`: latency, accuracy, memory and energy of models and engines, side by side.

One run, one machine, the same records for all. What could not be measured is listed with the
reason; nothing is estimated. `--out DIR` writes bench.md, bench.json, bench.png and bench.html;
`--save FILE` adds the latencies to a table that `edgehuman plan` reads on any machine.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.bench.budget.latencies import (
    Accuracy,
    Latency,
    accuracy_of,
    require_same_machine,
    save_rows,
)
from edgehuman.bench.budget.timed import UNTAUGHT, latency_of
from edgehuman.bench.contestants import (
    Contestant,
    Entry,
    NotMeasured,
    Records,
    entries_of,
    open_contestant,
    parse_engines,
)
from edgehuman.bench.energy import Meter, Stretch, open_meter
from edgehuman.bench.evaluate.evaluate import Split
from edgehuman.bench.latency import (
    CALLS_PER_BLOCK,
    ENERGY_STRETCH_S,
    Footprint,
    Sustained,
    Timing,
    cut_batches,
    footprint,
    measure,
    sustain,
)
from edgehuman.bench.page import as_html, as_markdown, draw_latency
from edgehuman.bench.trial import Trial, Words
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.errors import DataError, EdgehumanError, MissingDependencyError, UsageError
from edgehuman.files import require_usable_file, require_usable_folder, writing_tree
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime import machine
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.model import load
from edgehuman.runtime.zoo import file_of


@dataclass(frozen=True, slots=True)
class BenchConfig:
    """Measure models side by side."""

    models: Positional[tuple[str, ...]]
    """zoo:NAME, paths, or names from `edgehuman models` (random weights)."""
    against: str = ""
    """More engines, separated by commas: torch, compile, tensorrt; onnxruntime always runs."""
    data: str = SIMULATED
    """The records to run: a dataset's path, or the word `simulated`."""
    dataset: str | None = None
    """Require the data to be this dataset of `edgehuman data list`; only wearables."""
    split: Split = "test"
    """Part of a labelled dataset: the official test people, the others, or all."""
    shared_labels: bool = False
    """Do not score records of classes that a model does not know."""
    threads: int = 1
    """Threads inside one operator."""
    batch: int = 1
    """Records per call."""
    rounds: int = 20
    """Interleaved blocks per contestant, of 20 counted calls each."""
    minutes: float = 0.0
    """After the rounds, run each contestant back to back for this many minutes."""
    out: Path | None = None
    """Folder for the tables, the picture and the page."""
    save: Path | None = None
    """Latency table to begin or to add to, for `edgehuman plan --device FILE`."""
    seed: int = 0
    """Seed of random weights and of the order inside a round."""

    def __post_init__(self) -> None:
        if not self.models:
            raise UsageError("no model given; give zoo:activity, a path, or a catalogue name")
        counted = ("threads", "batch", "rounds")
        rules = [(getattr(self, name) >= 1, name, "at least 1") for name in counted]
        require(self, [*rules, (self.minutes >= 0, "minutes", "0 or more")])


def bench(config: BenchConfig) -> Outcome:
    """`edgehuman bench`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model or data, before anything is
            measured.
    """
    engines = parse_engines(config.against)
    if config.out is not None:
        require_usable_folder(config.out, "--out")
    if config.save is not None:
        require_usable_file(config.save, "--save")
        require_same_machine(config.save, "--save")
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        entries = [
            entry
            for model in dict.fromkeys(config.models)
            for entry in entries_of(model, engines, config.threads, config.seed, Path(folder))
        ]
        data, latencies = _measure_all(config, entries, _load(config, entries))
    try:
        written = _save(config.save, latencies) + _write(data, config.out)
    except EdgehumanError:
        _say(as_markdown(data))  # a folder that cannot be written must not lose the measurements
        raise
    return Outcome(data, as_markdown(data) + "".join(f"\n{line}" for line in written))


def _load(config: BenchConfig, entries: Sequence[Entry]) -> Trial:
    """Load the records that all models take; the trial also knows how to score a model.

    Raises:
        UsageError: models of different records, or a flag that their record does not have.
        DataError: no such data, or it holds no such records.
    """
    begins_at = {f"{entry.record} {tuple(entry.shape)}" for entry in entries}
    if len(begins_at) > 1:
        raise UsageError(
            f"the models take {' and '.join(sorted(begins_at))}; one run can only time models that "
            "take the same records"
        )
    card = load(entries[0].path, engine="onnxruntime").card
    words = Words(config.data, config.dataset, config.split, config.shared_labels)
    trial: Trial = catalogue.step(card.input.record, "score")(card, words)
    return trial


def _measure_all(
    config: BenchConfig, entries: Sequence[Entry], trial: Trial
) -> tuple[dict[str, Any], list[Latency]]:
    """The report's data, and the rows of a latency table."""
    sample = cut_batches(trial.timed, config.batch)[0]
    clock_before = machine.clock_mhz()
    opened: dict[Entry, Contestant | str] = {}
    for entry in entries:
        _say(f"opening {entry.name}")
        try:
            opened[entry] = open_contestant(entry, sample)
        except NotMeasured as reason:
            opened[entry] = str(reason)
    contestants = [each for each in opened.values() if isinstance(each, Contestant)]
    _say(f"timing {len(contestants)} contestants, {config.rounds} rounds")
    timings = measure(contestants, trial.timed, config.rounds, config.batch, config.seed)
    meter, meter_words = open_meter()
    clock_after = machine.clock_mhz()
    try:
        idle_w = _idle_watts(meter)
        rows = [
            _row(each, timing, config, trial, meter, meter_words)
            for each, timing in zip(contestants, timings, strict=True)
        ]
    finally:
        if meter is not None:
            meter.close()
    latencies = [
        _latency(each, timing, sample, row["metrics"], trial, config)
        for each, timing, row in zip(contestants, timings, rows, strict=True)
    ]
    rows += [
        {"model": entry.model, "engine": entry.engine, "not_measured": {"all": reason}}
        for entry, reason in opened.items()
        if isinstance(reason, str)
    ]
    return {
        "machine": _machine(clock_before, clock_after, meter_words, idle_w),
        "settings": _settings(config, trial),
        "rows": rows,
    }, latencies


def _latency(
    contestant: Contestant,
    timing: Timing,
    sample: Records,
    metrics: dict[str, float] | None,
    trial: Trial,
    config: BenchConfig,
) -> Latency:
    """A row of a latency table: with the metrics of this run, otherwise with those of the card."""
    entry, model = contestant.entry, contestant.model
    card = read_card(file_of(entry.path)) if model is None else model.card
    said = f"{trial.dataset}, split {config.split}: {trial.scored} records, as bench scored them"
    found = tuple(
        Accuracy(name, float(value), said)
        for name, value in (metrics or {}).items()
        if math.isfinite(value)
    )
    carried = () if card.random_weights or entry.engine in UNTAUGHT else accuracy_of(card)
    return latency_of(entry, card, timing, sample, found or carried)


def _save(path: Path | None, latencies: Sequence[Latency]) -> list[str]:
    """Add to the latency table; a line that says so."""
    if path is None:
        return []
    table = save_rows(path, latencies, "--save")
    return [f"wrote {path}: {len(latencies)} of its {len(table.rows)} measurements are new"]


def _row(
    contestant: Contestant,
    timing: Timing,
    config: BenchConfig,
    trial: Trial,
    meter: Meter | None,
    meter_words: str,
) -> dict[str, Any]:
    """One contestant's row of the report."""
    entry, missing = contestant.entry, dict[str, str]()
    _say(f"memory, energy and score of {entry.name}")
    cost = footprint(entry)
    if isinstance(cost, str):
        missing["memory"] = cost
    long = _sustained(contestant, config, trial, meter)
    if meter is None:
        missing["energy"] = meter_words
    metrics = _metrics(contestant, config, trial, missing)
    precision = contestant.model.card.precision.name if contestant.model else "fp32"
    return {
        "model": entry.model,
        "engine": entry.engine,
        "version": contestant.version,
        "arch": entry.arch,
        "precision": precision,
        "random_weights": contestant.model is None or contestant.model.card.random_weights,
        "latency_ms": {
            key: {"value": each.value, "low": each.low, "high": each.high}
            for key, each in timing.percentiles().items()
        },
        "calls": len(timing.latency_ms_R),
        "records_per_s": timing.records_per_s,
        "memory_mb": cost.growth_mb if isinstance(cost, Footprint) else None,
        "cold_start_s": cost.first_result_s if isinstance(cost, Footprint) else None,
        "first_result_s": contestant.first_result_s,
        "file_bytes": contestant.file_bytes,
        "energy_mj": None
        if long is None or long.joules_per_record is None
        else 1e3 * long.joules_per_record,
        "sustained": asdict(long) if long is not None and config.minutes else None,
        "metrics": metrics,
        "not_measured": missing,
    }


def _sustained(
    contestant: Contestant, config: BenchConfig, trial: Trial, meter: Meter | None
) -> Sustained | None:
    """Run the requested minutes, or two seconds if only energy is measured."""
    seconds = max(60 * config.minutes, ENERGY_STRETCH_S if meter is not None else 0.0)
    if not seconds:
        return None
    return sustain(contestant, trial.timed, seconds, config.batch, meter)


def _metrics(
    contestant: Contestant,
    config: BenchConfig,
    trial: Trial,
    missing: dict[str, str],
) -> dict[str, float] | None:
    """Task metrics of the artefact; None, with the reason in `missing`, if there are none."""
    if contestant.model is None:
        missing["metrics"] = (
            "the torch network has random weights: an ONNX file holds none that torch could load"
        )
        return None
    if contestant.entry.model != contestant.entry.path:
        missing["metrics"] = "random weights"
        return None
    try:
        return trial.score(contestant.model)
    except DataError as error:
        missing["metrics"] = str(error)
        return None


def _idle_watts(meter: Meter | None) -> float | None:
    """Power of the machine while this process waits: the table's energy includes it."""
    if meter is None:
        return None
    with Stretch(meter) as stretch:
        time.sleep(ENERGY_STRETCH_S)
    return stretch.joules / stretch.seconds


def _machine(
    clock_before: float | None, clock_after: float | None, meter: str, idle_w: float | None
) -> dict[str, Any]:
    jetson = machine.find_jetson()
    memory = machine.memory_gb()
    return {
        "cpu": machine.cpu_model(),
        "cores": machine.usable_cores(),
        "memory_gb": None if memory is None else round(memory[0], 1),
        "board": jetson.model if jetson else machine.board_model(),
        "clock_mhz": {"before": clock_before, "after": clock_after},
        "governor": machine.governor(),
        "energy": meter,
        "idle_w": idle_w,
        "python": sys.version.split()[0],
    }


def _settings(config: BenchConfig, trial: Trial) -> dict[str, Any]:
    return {
        "data": config.data,
        "dataset": trial.dataset,
        "records": trial.said,
        "simulated": config.data == SIMULATED,
        "split": config.split,
        "timed_records": len(trial.timed),
        "scored_records": trial.scored,
        "threads": config.threads,
        "batch": config.batch,
        "rounds": config.rounds,
        "calls_per_round": CALLS_PER_BLOCK,
        "warm_up": "one run when opened, and one uncounted call at the head of every block",
        "minutes": config.minutes,
        "seed": config.seed,
        "measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
    }


def _write(data: dict[str, Any], out: Path | None) -> list[str]:
    """Write the four files, all or none; return a line for each, or why the picture is missing."""
    if out is None:
        return []
    texts = {
        "bench.json": to_json(data, indent=2) + "\n",
        "bench.md": as_markdown(data) + "\n",
        "bench.html": as_html(data),
    }
    lines = [f"wrote {out / name}" for name in (*texts, "bench.png")]
    with writing_tree(out, "--out") as partial:
        for name, text in texts.items():
            (partial / name).write_text(text, encoding="utf-8")
        try:
            draw_latency(data, partial / "bench.png")
        except MissingDependencyError as error:
            lines[-1] = f"bench.png was not drawn: {error}"
    return lines


def _say(text: str) -> None:
    tell(text)
