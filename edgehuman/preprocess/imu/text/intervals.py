"""Which activity when: `anna.labels.csv` with start,end,label beside `anna.csv`.

Times are seconds since the recording's start, or in its own stamps (seconds).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.errors import DataError
from edgehuman.files import decoded, unix_ends
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.preprocess.imu.text.columns import label_name, plain
from edgehuman.preprocess.imu.text.documents import stem_of
from edgehuman.reading.parsers import foreign
from edgehuman.records import Float64

INTERVALS = ".labels.csv"
_COLUMNS = ("start", "end", "label")


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start_s` to before `end_s`: an activity."""

    start_s: float
    end_s: float
    label: str


def intervals_of(recording: Path) -> list[Interval] | None:
    """Read the intervals of a recording; None without such a file.

    Raises:
        DataError: other columns, an interval that ends before it starts, or two activities at once.
    """
    path = recording.with_name(stem_of(recording) + INTERVALS)
    if not path.is_file():
        return None
    try:
        content = unix_ends(read_bounded(path, MOST_NOTE, DataError))
        with foreign():
            rows = list(csv.DictReader([decoded(line) for line in content.split(b"\n") if line]))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}); write it again") from None
    if not rows or not set(_COLUMNS) <= {plain(name or "") for name in rows[0]}:
        raise DataError(f"{path}: its header must be start,end,label, with a line per activity")
    spans = [
        _interval(path, i, {plain(k or ""): v for k, v in row.items()})
        for i, row in enumerate(rows, 2)
    ]
    _require_apart(path, spans)
    return spans


def _require_apart(path: Path, spans: list[Interval]) -> None:
    """Raise DataError if two intervals of different activities overlap."""
    latest: tuple[int, Interval] | None = None  # that ends last, of those before
    for line, span in sorted(enumerate(spans, 2), key=lambda one: (one[1].start_s, one[0])):
        if latest and span.start_s < latest[1].end_s and span.label != latest[1].label:
            one, other = sorted([latest, (line, span)], key=lambda each: each[0])
            raise DataError(
                f"{path}: line {one[0]} ({_said(one[1])}) and line {other[0]} ({_said(other[1])}) "
                "overlap; each moment has one activity"
            )
        if latest is None or span.end_s > latest[1].end_s:
            latest = line, span


def _said(span: Interval) -> str:
    return f"{span.label or 'no activity'}, {span.start_s:g} to {span.end_s:g} s"


def _interval(path: Path, line: int, row: dict[str, str]) -> Interval:
    try:
        start_s, end_s = float(row["start"]), float(row["end"])
    except (TypeError, ValueError):
        raise DataError(
            f"{path}, line {line}: start {row['start']!r} and end {row['end']!r} must be seconds"
        ) from None
    if not start_s < end_s:
        raise DataError(f"{path}, line {line}: ends at {end_s:g} s, before its start {start_s:g} s")
    return Interval(start_s, end_s, label_name(row["label"] or ""))


def labels_between(spans: list[Interval], stamp_s_T: Float64, path: Path) -> tuple[str, ...]:
    """Return the label of each row, "" between intervals.

    By the clock, the recording's stamps or seconds since its start, that labels more rows.

    Raises:
        DataError: no row lies in any interval, by either clock.
    """
    if not len(stamp_s_T):
        return ()
    labelled = []
    for clock_T in (stamp_s_T - stamp_s_T[0], stamp_s_T):
        label_T = np.full(len(clock_T), "", dtype=object)
        for span in spans:
            label_T[(clock_T >= span.start_s) & (clock_T < span.end_s)] = span.label
        labelled.append(label_T)
    best_T = max(labelled, key=lambda label_T: np.count_nonzero(label_T != ""))
    if (best_T != "").any():
        return tuple(best_T.tolist())
    raise DataError(
        f"{stem_of(path)}{INTERVALS}: no row lies in its intervals, {spans[0].start_s:g} to "
        f"{spans[-1].end_s:g} s; the recording lasts {stamp_s_T[-1] - stamp_s_T[0]:g} s. Give "
        "seconds since its start"
    )
