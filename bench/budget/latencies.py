"""Latency tables: what one machine measured, as JSON that another machine can read.

    {"schema": "edgehuman.latencies", "version": 1,
     "machine": {"cpu": "...", "cores": 4, ...},
     "rows": [{"model": "zoo:activity", "precision": "fp32", "batch": 1, "p50": {...}, ...}]}

`edgehuman bench --save FILE` writes them and `edgehuman plan --device FILE` reads them. A file
holds rows of one machine: a row measured again replaces the one of its key, another machine is
refused.
"""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from edgehuman import catalogue
from edgehuman.bench.note import read_note
from edgehuman.card import Card
from edgehuman.errors import DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.install import VERSION
from edgehuman.metrics.bootstrap import Interval
from edgehuman.outcome import to_json
from edgehuman.progress import tell
from edgehuman.reading.values import require_types, shown
from edgehuman.runtime import machine
from edgehuman.runtime.lock import locked

SCHEMA = "edgehuman.latencies"
TABLE_VERSION = 1
MOST_ROWS = 5000
"""Of a table: 38 networks in four precisions, with eight batches and four counts of threads."""
BUSY = 0.1
"""Of a sound measurement, other programs took at most this share of its time."""
OF_FP32 = "; of the FP32 network, not of this file"
"""How the protocol ends of a metric that an export carried over from its network."""
Key = tuple[str, str, str, int, int, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Span:
    """Milliseconds of one call, with their interval: 95 % bootstrap where measured."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Span:
        """The same, so many times."""
        return Span(factor * self.value, factor * self.low, factor * self.high)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """One metric of a model.

    Attributes:
        name: such as "macro_f1".
        value: as its record's score has it.
        protocol: on what it was measured: only metrics of one name and protocol compare.
        own: whether it is this file's; otherwise its FP32 network's, less what the export measured
            that the file loses, in `lost`.
        lost: None: nobody measured it.
    """

    name: str
    value: float
    protocol: str
    own: bool = True
    lost: float | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a table was measured; see `runtime.machine`."""

    cpu: str
    cores: int
    memory_gb: float | None
    board: str | None
    gpus: tuple[str, ...]
    system: str

    @property
    def identity(self) -> tuple[Any, ...]:
        """What tells machines apart; memory is rounded differently by each system."""
        return (self.cpu, self.cores, self.board, self.gpus, self.system)

    @property
    def said(self) -> str:
        """For people."""
        gpus = f", {', '.join(self.gpus)}" if self.gpus else ""
        return f"{self.board or self.cpu}, {self.cores} cores{gpus}"


@dataclass(frozen=True, slots=True)
class Latency:
    """One model on one engine, measured.

    Attributes:
        model: `zoo:NAME`, a file's path, or a catalogue name (random weights).
        kind: of its output, from its card.
        family: of its architecture; "": not in the catalogue.
        format: the engine: onnxruntime, torch, compile, tensorrt.
        threads: inside one operator.
        batch: records per call.
        shape: of one timed record, its dynamic axes as they were timed.
        p50, p95, p99: ms per call.
        calls: counted ones.
        pruned: whether its layers are narrower than `arch` says.
        digest: SHA-256 of the file, or of a random network's builder.
        versions: of the packages that ran it.
        measured_at: UTC, ISO 8601.
        waited: share of the timed seconds in which this process did not compute, because others
            did; None: not measured, as with several threads.
    """

    model: str
    task: str
    record: str
    kind: str
    arch: str
    family: str
    precision: str
    format: str
    threads: int
    batch: int
    shape: tuple[int, ...]
    p50: Span
    p95: Span
    p99: Span
    calls: int
    params: int
    flops: int
    random_weights: bool
    pruned: bool
    digest: str
    versions: dict[str, str]
    measured_at: str
    accuracy: tuple[Accuracy, ...] = ()
    waited: float | None = None

    @property
    def key(self) -> Key:
        """What a newer measurement of replaces this one."""
        return (self.model, self.format, self.precision, self.threads, self.batch, self.shape)

    @property
    def said(self) -> str:
        """For messages."""
        return f"{self.model} {self.precision} on {self.format}, batch {self.batch}"


@dataclass(frozen=True, slots=True)
class Table:
    """The measurements of one machine."""

    machine: Machine
    rows: tuple[Latency, ...]

    def with_rows(self, rows: Sequence[Latency]) -> Table:
        """The table with rows added; one of the same key is replaced."""
        kept = {row.key: row for row in (*self.rows, *rows)}
        return replace(self, rows=tuple(kept.values()))


def this_machine() -> Machine:
    """The machine that this process runs on."""
    jetson, memory = machine.find_jetson(), machine.memory_gb()
    return Machine(
        machine.cpu_model(),
        machine.usable_cores(),
        None if memory is None else round(memory[0], 1),
        jetson.model if jetson else machine.board_model(),
        tuple(machine.nvidia_gpus()),
        f"{platform.system()} {platform.machine()}",
    )


_PACKAGES = {
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "torch": ("torch",),
    "compile": ("torch",),
    "tensorrt": ("tensorrt", "tensorrt-rtx"),
}


def versions_of(format: str) -> dict[str, str]:
    """Versions of edgehuman and of what runs a format."""
    found = {"edgehuman": VERSION}
    for name in _PACKAGES[format]:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def family_of(arch: str) -> str:
    """The family of a catalogued architecture; "" for any other."""
    row = catalogue.NETWORKS.get(arch)
    return "" if row is None else row.family


def spans_of(percentiles: Mapping[str, Interval]) -> dict[str, Span]:
    """p50, p95 and p99 of `Timing.percentiles`."""
    return {name: Span(each.value, each.low, each.high) for name, each in percentiles.items()}


def accuracy_of(card: Card) -> tuple[Accuracy, ...]:
    """The metrics on a model's card. Of a quantised file they are those of its network, and the
    export measured on fewer records what the file loses, in percentage points.
    """
    parity = card.parity
    found = []
    for each in card.metrics:
        own = not each.protocol.endswith(OF_FP32)
        drop = parity.get("metric_drop") if parity.get("metric") == each.name else None
        is_drop = isinstance(drop, (int, float)) and math.isfinite(drop) and not own
        lost = float(drop) / 100 if is_drop and drop is not None else None
        if math.isfinite(each.value):
            protocol = each.protocol.removesuffix(OF_FP32)
            found.append(Accuracy(each.name, each.value, protocol, own, lost))
    return tuple(found)


# Files --------------------------------------------------------------------------------------------


def read_table(path: Path) -> Table:
    """Read a latency table.

    Raises:
        DataError: no such file, damaged, of another schema or version, without rows, with a time
            that is none, or with one measurement twice.
    """
    again = "measure again with `edgehuman bench MODEL --save FILE`"
    found = read_note(path, "latency table", again)
    schema = found.get("schema") if isinstance(found, dict) else None
    if schema != SCHEMA:
        said = "has no schema" if schema is None else f"has the schema {shown(schema)}"
        raise DataError(f"{path}: {said}; a latency table has {SCHEMA!r}: {again}")
    if found.get("version") != TABLE_VERSION:
        raise DataError(
            f"{path}: is a latency table of version {shown(found.get('version'))}; this edgehuman "
            f"reads {TABLE_VERSION}. Install the edgehuman that wrote it, or {again}"
        )
    table = _built(found, path, again)
    if not table.rows:
        raise DataError(f"{path}: has no measurement; {again}")
    return table


def _built(found: dict[str, Any], path: Path, again: str) -> Table:
    where = "machine"
    try:
        given = dict(found["machine"])
        where_measured = Machine(**{**given, "gpus": tuple(given["gpus"])})
        require_types(where_measured)
        rows: dict[Key, Latency] = {}
        where = "rows"
        if len(found["rows"]) > MOST_ROWS:
            raise ValueError(f"there are {len(found['rows']):,}; at most {MOST_ROWS:,} are read")
        for number, each in enumerate(list(found["rows"]), start=1):
            where = f"row {number}"
            row = _row(dict(each))
            where = f"row {number} ({row.said})"
            _require_times(row)
            if row.key in rows:
                raise ValueError("was measured twice; a table has one row of it")
            rows[row.key] = row
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{path}: {where}: {said}; {again}") from None
    return Table(where_measured, tuple(rows.values()))


def _row(each: dict[str, Any]) -> Latency:
    for name in ("p50", "p95", "p99"):
        each[name] = Span(**each[name])
    each["shape"] = tuple(each["shape"])
    each["accuracy"] = tuple(Accuracy(**one) for one in each.get("accuracy", ()))
    row = Latency(**each)
    require_types(row)
    return row


def _require_times(row: Latency) -> None:
    """Raise ValueError for what no clock measures."""
    for name in ("p50", "p95", "p99"):
        span: Span = getattr(row, name)
        for value in (span.value, span.low, span.high):
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is {value} ms; a time is a finite number above 0")
        if span.low > span.high:
            raise ValueError(f"{name} is from {span.low} to {span.high} ms; low exceeds high")
    if not row.p50.value <= row.p95.value <= row.p99.value:
        raise ValueError(
            f"p50, p95, p99 are {row.p50.value}, {row.p95.value}, {row.p99.value}; they must rise"
        )
    for name in ("threads", "batch", "calls"):
        if getattr(row, name) < 1:
            raise ValueError(f"{name} is {getattr(row, name)}; it must be at least 1")
    for name in ("params", "flops"):
        if getattr(row, name) < 0:
            raise ValueError(f"{name} is {getattr(row, name)}; it must be 0 or more")
    if row.waited is not None and not 0 <= row.waited <= 1:
        raise ValueError(f"waited is {row.waited}; it must be a share from 0 to 1")
    for one in row.accuracy:
        if not math.isfinite(one.value):
            raise ValueError(f"{one.name} is {one.value}; it must be a finite number")


def require_same_machine(path: Path, flag: str) -> None:
    """Check, before anything is measured, that a file can take rows of this machine.

    Raises:
        UsageError: it holds another machine's.
        DataError: it is no latency table.
    """
    if path.exists():
        _require_of(read_table(path), path, this_machine(), flag)


def _require_of(table: Table, path: Path, here: Machine, flag: str) -> None:
    if table.machine.identity != here.identity:
        raise UsageError(
            f"{flag}: {path} was measured on {table.machine.said} ({table.machine.system}), and "
            f"this is {here.said} ({here.system}); a table holds one machine: choose another file"
        )


def save_rows(path: Path, rows: Sequence[Latency], flag: str) -> Table:
    """Add rows of this machine to a file, or begin it; written whole or not at all.

    Raises:
        UsageError: the file holds another machine's rows, or would have too many.
        DataError: it is no latency table, or cannot be written.
    """
    here = this_machine()
    with locked(path, tell):
        table = Table(here, ())
        if path.exists():
            table = read_table(path)
            _require_of(table, path, here, flag)
        table = table.with_rows(rows)
        if len(table.rows) > MOST_ROWS:
            raise UsageError(
                f"{flag}: {path} would have {len(table.rows):,} measurements; a table has at most "
                f"{MOST_ROWS:,}: begin another file"
            )
        write_whole(path, as_json(table).encode(), DataError)
    return table


def as_json(table: Table) -> str:
    """The file's text."""
    head = {"schema": SCHEMA, "version": TABLE_VERSION}
    return to_json({**head, **asdict(table)}, indent=1) + "\n"


def digest_of_builder(arch: str) -> str:
    """What a random network depends on: its row of the catalogue."""
    row = catalogue.NETWORKS[arch]
    words = repr((row.build, sorted(row.arguments.items()), row.input, row.task))
    return hashlib.sha256(words.encode()).hexdigest()
