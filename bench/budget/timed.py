"""Latency of models on this machine, kept in the user's cache so that a second call is quick.

A kept row is used while the machine, the versions, the model's bytes, threads and batch are the
same. What was timed while other programs had the core is not kept. All that is missing is timed
together, in interleaved rounds (`bench.latency`).
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.bench.budget.latencies import (
    BUSY,
    Accuracy,
    Latency,
    Table,
    accuracy_of,
    digest_of_builder,
    family_of,
    read_table,
    save_rows,
    spans_of,
    this_machine,
    versions_of,
)
from edgehuman.bench.contestants import Contestant, Entry, Records, entries_of, open_contestant
from edgehuman.bench.latency import Blocks, Timing, time_calls
from edgehuman.card import Card, sha256_of_file
from edgehuman.errors import DataError, MissingDependencyError, UsageError
from edgehuman.files import own_folder
from edgehuman.progress import progress_bar, tell
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.zoo import file_of

_FORMAT = "onnxruntime"
UNTAUGHT = ("torch", "compile")
"""Engines whose networks have random weights: an ONNX file holds none that torch could load."""
_BLOCK_S = 0.05
"""Counted calls of one block take about this long."""
_LEAST_CALLS, _MOST_CALLS = 2, 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to time: `zoo:NAME`, a path or a catalogue name, each with these records per call."""

    model: str
    batches: tuple[int, ...]


def timed_here(
    wanted: Sequence[Wanted], threads: int, rounds: int, fresh: bool = False
) -> tuple[Table, dict[str, str]]:
    """Latency of each model on onnxruntime here, from the cache where it is there.

    Args:
        threads: inside one operator.
        rounds: interleaved blocks of each.
        fresh: time all of it again.

    Returns:
        the table, and model -> why it could not be opened here: a catalogue name without torch.

    Raises:
        UsageError, ArtefactError: no such model, or a broken file.
    """
    here, place = this_machine(), cache_file()
    digests = {each.model: _digest(each.model) for each in wanted}
    versions = versions_of(_FORMAT)
    kept = () if fresh else _kept(place)
    fitting = {
        (row.model, row.batch): row
        for row in kept
        if row.digest == digests.get(row.model)
        and row.versions == versions
        and row.threads == threads
        and row.format == _FORMAT
    }
    missing = [
        replace(each, batches=left)
        for each in wanted
        if (left := tuple(b for b in each.batches if (each.model, b) not in fitting))
    ]
    new, absent = _time(missing, digests, threads, rounds) if missing else ([], {})
    sound = [row for row in new if (row.waited or 0.0) <= BUSY]
    if sound and place is not None:
        _keep(place, sound)
    asked = {(each.model, batch) for each in wanted for batch in each.batches}
    rows = [row for key, row in fitting.items() if key in asked]
    return Table(here, ()).with_rows([*rows, *new]), absent


def cache_file() -> Path | None:
    """Where rows of this machine are kept; None for a user without a home."""
    digest = hashlib.sha256(repr(this_machine().identity).encode()).hexdigest()[:16]
    try:
        return own_folder("XDG_CACHE_HOME", ".cache") / "latencies" / f"{digest}.json"
    except UsageError:
        return None


def _kept(place: Path | None) -> tuple[Latency, ...]:
    if place is None or not place.is_file():
        return ()
    try:
        table = read_table(place)
    except DataError as error:
        tell(f"the kept latencies are measured again: {error}")
        place.unlink(missing_ok=True)
        return ()
    return table.rows if table.machine.identity == this_machine().identity else ()


def _keep(place: Path, rows: Sequence[Latency]) -> None:
    try:
        save_rows(place, rows, "the cache")
    except (DataError, UsageError) as error:
        tell(f"the latencies are not kept for the next call: {error}")


def _digest(model: str) -> str:
    if model in catalogue.NETWORKS:
        return digest_of_builder(model)
    path = file_of(model)
    try:
        return sha256_of_file(path)
    except OSError:
        read_card(path)  # says what is wrong with the file
        raise


def latency_of(
    entry: Entry,
    card: Card,
    timing: Timing,
    sample: Records,
    accuracy: tuple[Accuracy, ...],
    digest: str = "",
) -> Latency:
    """The row of one timed model.

    Args:
        sample: timed records (N, ...).
        digest: of the model; "": of its file, or of its builder.
    """
    is_torch = entry.engine in UNTAUGHT
    spans = spans_of(timing.percentiles())
    return Latency(
        model=entry.model,
        task=card.task,
        record=entry.record,
        kind=entry.kind,
        arch=entry.arch,
        family=family_of(entry.arch),
        precision="fp32" if is_torch else card.precision.name,
        format=entry.engine,
        threads=entry.threads,
        batch=timing.batch,
        shape=tuple(int(size) for size in sample.shape[1:]),
        p50=spans["p50"],
        p95=spans["p95"],
        p99=spans["p99"],
        calls=len(timing.latency_ms_R),
        params=card.params,
        flops=card.flops,
        random_weights=is_torch or card.random_weights,
        pruned=card.pruned,
        digest=digest or _digest(entry.model),
        versions=versions_of(entry.engine),
        measured_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        accuracy=accuracy,
        waited=timing.waited if entry.threads == 1 and entry.engine != "tensorrt" else None,
    )


@dataclass(slots=True)
class _Timed:
    """One model with one batch, while it is timed."""

    contestant: Contestant
    batches: list[Records]
    calls: int
    blocks: Blocks


def _time(
    missing: Sequence[Wanted], digests: Mapping[str, str], threads: int, rounds: int
) -> tuple[list[Latency], dict[str, str]]:
    absent: dict[str, str] = {}
    tell(f"timing {len(missing)} model(s) on this machine; kept for the next call")
    with tempfile.TemporaryDirectory(prefix="edgehuman-plan-") as folder:
        opened: list[tuple[_Timed, Entry, Card]] = []
        for each in missing:
            try:
                [entry] = entries_of(each.model, (_FORMAT,), threads, 0, Path(folder))
            except MissingDependencyError as error:
                absent[each.model] = str(error)
                continue
            sample = entry.noise(max(4, *each.batches))
            contestant = open_contestant(entry, sample[:1])
            card = read_card(file_of(entry.path))
            opened += [(_begun(contestant, sample, size), entry, card) for size in each.batches]
        interleave([timed for timed, _, _ in opened], rounds)
        rows = [
            latency_of(
                entry,
                card,
                timed.blocks.timing(len(timed.batches[0])),
                timed.batches[0],
                () if card.random_weights else accuracy_of(card),
                digests[entry.model],
            )
            for timed, entry, card in opened
        ]
    return rows, absent


def _begun(contestant: Contestant, sample: Records, size: int) -> _Timed:
    """A model with the records of its calls, and how many calls a block has."""
    whole = len(sample) // size
    batches = [np.ascontiguousarray(sample[i * size : (i + 1) * size]) for i in range(whole)]
    first_ms = float(time_calls(contestant.call, batches[:1] * 2)[1])
    calls = int(min(_MOST_CALLS, max(_LEAST_CALLS, _BLOCK_S * 1e3 / first_ms)))
    return _Timed(contestant, batches, calls, Blocks())


def interleave(timed: Sequence[_Timed], rounds: int, seed: int = 0) -> None:
    """Time all of them in `rounds` rounds, each in a new order; the first call of a block is an
    uncounted warm-up, as in `bench.latency.measure`.
    """
    rng, start_s = np.random.default_rng(seed), time.perf_counter()
    bar = progress_bar(range(rounds), unit="round", desc="timing")
    for number in bar:
        for index in rng.permutation(len(timed)):
            one = timed[index]
            block = [
                one.batches[(number * one.calls + i) % len(one.batches)]
                for i in range(one.calls + 1)
            ]
            one.blocks.add(one.contestant.call, block)
    bar.close()
    tell(f"timed {len(timed)} contestants in {time.perf_counter() - start_s:.0f} s")
