"""The points of a sweep: `points.csv`, one row a finished cell.

    points = read_points(folder / "points.csv")
    write_points(folder / "points.csv", points)

UTF-8 with a header; an empty field is unknown; further columns may follow. A column `metric.NAME`
holds a metric of the cell, and `metric.NAME.trials` how many trials a share in 0 to 1 is of.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError, printable
from edgehuman.files import decoded, unix_ends, write_whole
from edgehuman.limits.sizes import read_bounded
from edgehuman.placing import why
from edgehuman.reading.parsers import foreign
from edgehuman.reading.values import shown

POINTS = "points.csv"
MOST_TABLE = 1 << 26
"""Of a table of points, bytes."""
MOST_POINTS, MOST_COLUMNS = 100_000, 400
SMALLEST, LARGEST = 1e-30, 1e30
"""Of amounts and losses: beyond, powers of them are no numbers of a computer."""
STATUSES = ("done", "diverged", "failed")
_METRIC, _TRIALS = "metric.", ".trials"
_FLAGS = {"0": False, "1": True, "false": False, "true": True, "": False}
# What a cell gave; the other columns say what it was.
_RESULTS = frozenset(
    {"cell", "loss", "train_loss", "status", "commit", "seconds", "folder", "command"}
)


@dataclass(frozen=True, slots=True)
class Point:
    """One cell of a sweep: what was trained on how much, and what came of it.

    None and "" are unknown.

    Attributes:
        cell: its name, which no other cell of the sweep has.
        method, arch, augment, protocol: of the training. `protocol` is a hash of all that has to be
            equal for points to be comparable.
        sampling: how its data were chosen: user, random, top or all.
        share: of the data, 0 to 1.
        seed, fold: of the training, and which people were held out.
        lr, batch, steps, samples: learning rate, batch size, steps, and samples seen in training.
        params, params_all: of the encoder without its embedding, and of all that was trained.
        width, depth: of the encoder.
        people, hours, items: the data: people, hours, and windows, sequences or images.
        flops: of the training in all: 3 x forward of what is trained x samples, decoder included,
            without the embedding.
        loss, train_loss: on held-out people, and at the end of the training.
        status: done, diverged or failed.
        trunk: the run whose weights it went on from, so that it is dependent on its other points.
        simulated: its data were made.
        commit, seconds, folder, command: of the code; of the run.
        metrics: name -> value. trials: name -> the number of trials behind a share.
        more: further columns, as text.
        line: of the table, for messages; 0 where it was not read.
    """

    cell: str
    method: str = ""
    arch: str = ""
    sampling: str = ""
    share: float | None = None
    seed: int | None = None
    fold: str = ""
    augment: str = ""
    lr: float | None = None
    batch: int | None = None
    steps: int | None = None
    samples: int | None = None
    params: int | None = None
    params_all: int | None = None
    width: int | None = None
    depth: int | None = None
    people: float | None = None
    hours: float | None = None
    items: float | None = None
    flops: float | None = None
    loss: float | None = None
    train_loss: float | None = None
    status: str = "done"
    protocol: str = ""
    trunk: str = ""
    simulated: bool = False
    commit: str = ""
    seconds: float | None = None
    folder: str = ""
    command: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    trials: Mapping[str, int] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    line: int = 0


_NOT_COLUMNS = frozenset({"metrics", "trials", "more", "line"})
COLUMNS = tuple(f.name for f in dataclasses.fields(Point) if f.name not in _NOT_COLUMNS)
_KINDS: Mapping[str, Any] = {
    name: hint for name, hint in typing.get_type_hints(Point).items() if name in COLUMNS
}


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file as text: its header, and per row the line it begins in and its fields."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def read_table(path: Path) -> Table:
    """Read a CSV file of points, of whichever columns; blank lines are skipped.

    Raises:
        DataError: it is not there, too large, no CSV, or has rows of another length, a column
            twice, or no row.
    """
    fix = "give a table of points with a header"
    try:
        text = unix_ends(read_bounded(path, MOST_TABLE, DataError, "table of points"))
        lines = decoded(text.removeprefix(b"\xef\xbb\xbf")).split("\n")
        with foreign():
            reader = csv.reader(lines, strict=True)
            read = [(reader.line_num, row) for row in _few(reader, path) if any(row)]
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; {fix}") from None
    except OSError as error:
        raise DataError(f"{path}: {why(error)}; {fix}") from None
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: cannot be read ({error}); {fix}") from None
    if len(read) < 2:
        raise DataError(f"{path}: has no row of points; {fix} and a row per point")
    columns = tuple(name.strip() for name in read[0][1])
    _require_columns(path, columns)
    rows = []
    for line, row in read[1:]:
        if len(row) != len(columns):
            raise DataError(
                f"{path}, line {line}: has {len(row)} fields, the header {len(columns)}; fix that "
                "line"
            )
        rows.append((line, {name: value.strip() for name, value in zip(columns, row, strict=True)}))
    return Table(path, columns, tuple(rows))


def _few(reader: Any, path: Path) -> typing.Iterator[list[str]]:
    for number, row in enumerate(reader):
        if number > MOST_POINTS:
            raise DataError(f"{path}: has over {MOST_POINTS:,} points; split it")
        yield row


def _require_columns(path: Path, columns: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise DataError(f"{path}: has {len(columns)} columns; at most {MOST_COLUMNS} are read")
    for place, name in enumerate(columns, 1):
        if not name:
            raise DataError(f"{path}: column {place} has no name; name it in the first line")
        if columns.index(name) < place - 1:
            raise DataError(f"{path}: has two columns {name!r}; remove or rename one")


def read_points(path: Path) -> tuple[Point, ...]:
    """Read the points of a sweep.

    Raises:
        DataError: as `read_table`; a field is no number or out of its range; a cell is there twice,
            by its name or by all of its settings; a done cell has a loss that is not above 0.
    """
    return points_of(read_table(path))


def points_of(table: Table) -> tuple[Point, ...]:
    """The points of a table that was read; errors as `read_points`."""
    if "cell" not in table.columns:
        raise DataError(
            f"{table.path}: has no column 'cell' but {_listed(table.columns)}; a sweep's table "
            f"has {', '.join(COLUMNS[:6])}, …"
        )
    points = tuple(_point(table.path, line, row) for line, row in table.rows)
    _require_once(table, points)
    return points


def number_of(
    text: str, where: str, name: str, rule: str = "finite, or empty where unknown"
) -> float | None:
    """A field as a number; None where it is empty. `rule` says what it must be.

    Raises:
        DataError: it is no number, or infinite or not a number.
    """
    if not text:
        return None
    try:
        value = float(text.replace("_", "x"))  # Python takes 1_0 for ten
    except ValueError:
        raise DataError(f"{where}: {name} is {shown(text)}; it must be a number") from None
    if not math.isfinite(value):
        raise DataError(f"{where}: {name} is {text}; it must be {rule}")
    if value and not SMALLEST <= abs(value) <= LARGEST:
        raise DataError(
            f"{where}: {name} is {text}; it must be from {SMALLEST:g} to {LARGEST:g}; give it in "
            "another unit"
        )
    return value


def _point(path: Path, line: int, row: Mapping[str, str]) -> Point:
    where = f"{path}, line {line}"
    given: dict[str, Any] = {"line": line}
    status = row.get("status") or "done"
    if status not in STATUSES:
        raise DataError(f"{where}: status is {shown(status)}; it must be {', '.join(STATUSES)}")
    metrics: dict[str, float] = {}
    trials: dict[str, int] = {}
    more: dict[str, str] = {}
    for name, text in row.items():
        if name in _KINDS:
            given[name] = _field(where, name, text, status)
        elif name.startswith(_METRIC) and name.endswith(_TRIALS):
            if (count := whole_of(text, where, name, least=1)) is not None:
                trials[name[len(_METRIC) : -len(_TRIALS)]] = count
        elif name.startswith(_METRIC):
            if (value := number_of(text, where, name)) is not None:
                metrics[name[len(_METRIC) :]] = value
        else:
            more[name] = text
    for name in trials:
        if not 0 <= metrics.get(name, 0.0) <= 1:
            raise DataError(
                f"{where}: {_METRIC}{name} is {metrics[name]:g} of {trials[name]} trials; a share "
                "must be from 0 to 1"
            )
    given["status"] = status
    if not given["cell"]:
        raise DataError(f"{where}: cell is empty; name every cell")
    return Point(**given, metrics=metrics, trials=trials, more=more)


def _field(where: str, name: str, text: str, status: str) -> Any:
    kind = _KINDS[name]
    if kind is str:
        return text
    if kind is bool:
        if text.lower() not in _FLAGS:
            raise DataError(f"{where}: {name} is {shown(text)}; it must be 0 or 1")
        return _FLAGS[text.lower()]
    if int in typing.get_args(kind):
        return whole_of(text, where, name, least=0 if name == "seed" else 1)
    if status != "done" and name in ("loss", "train_loss") and text.lower() in ("nan", "inf"):
        return None
    value = number_of(text, where, name)
    if value is not None and value <= 0 and name != "train_loss":
        raise DataError(
            f"{where}: {name} is {value:g}; it must be above 0, or empty where unknown"
            + (" (a cell that diverged has status diverged)" if name == "loss" else "")
        )
    if name == "share" and value is not None and value > 1:
        raise DataError(f"{where}: share is {value:g}; it must be at most 1")
    return value


def whole_of(text: str, where: str, name: str, least: int) -> int | None:
    """A field as a whole number; None where it is empty.

    Raises:
        DataError: it is none, below `least`, or beyond what a float counts by ones.
    """
    value = number_of(text, where, name)
    if value is None:
        return None
    if value != int(value) or not least <= value < 1 << 53:
        raise DataError(
            f"{where}: {name} is {shown(text)}; it must be a whole number >= {least}, below 2^53"
        )
    return int(value)


def _require_once(table: Table, points: Sequence[Point]) -> None:
    """Raise DataError where a cell is there twice: by its name, or by everything that it was."""
    held = [name for name in table.columns if name not in _RESULTS and not name.startswith(_METRIC)]
    cells: dict[str, int] = {}
    settings: dict[tuple[str, ...], Point] = {}
    for point, (line, row) in zip(points, table.rows, strict=True):
        if point.cell in cells:
            raise DataError(
                f"{table.path}: lines {cells[point.cell]} and {line} are one cell, "
                f"{shown(point.cell)}; remove one"
            )
        cells[point.cell] = line
        key = tuple(row[name] for name in held)
        if held and any(key) and point.status == "done":
            first = settings.setdefault(key, point)
            if first is not point:
                raise DataError(
                    f"{table.path}: lines {first.line} and {line} ({first.cell}, {point.cell}) are "
                    "equal in all settings, also in their seed; remove one, or give its seed"
                )


def _listed(names: Sequence[str], most: int = 8) -> str:
    return printable(", ".join(names[:most]) + (", …" if len(names) > most else ""))


def write_points(path: Path, points: Sequence[Point]) -> None:
    """Write points as a table that `read_points` reads back unchanged, whole or not at all.

    Raises:
        ArtefactError: the path cannot be written.
    """
    metrics = sorted({name for point in points for name in point.metrics})
    counted = sorted({name for point in points for name in point.trials})
    more = sorted({name for point in points for name in point.more})
    header = [
        *COLUMNS,
        *(f"{_METRIC}{name}" for name in metrics),
        *(f"{_METRIC}{name}{_TRIALS}" for name in counted),
        *more,
    ]
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(header)
    for point in points:
        values: list[object] = [getattr(point, name) for name in COLUMNS]
        values += [point.metrics.get(name) for name in metrics]
        values += [point.trials.get(name) for name in counted]
        values += [point.more.get(name) for name in more]
        rows.writerow([_written(value) for value in values])
    write_whole(path, text.getvalue().encode("utf-8"))


def _written(value: object) -> str:
    """A field: numbers by their shortest form that reads back the same."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    return str(value)
