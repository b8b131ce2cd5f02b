"""`edgehuman diff A B`: are two runs' results the same, and if not, where and in what.

    edgehuman diff before.jsonl after.jsonl --score 1e-3 --pixels 0.5

Rows belong together by their source, track and frame or time; rows of one run alone are counted.
Times of the wall are not compared, as no two runs share them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome, to_json
from edgehuman.reading.parsers import json_of

TIMES = ("latency_ms", "person_ms", "frame_ms", "age_ms", "wall_s", "stream_s")
"""Keys that are of the wall clock."""
MOST_LINE = 1 << 24
MOST_ROWS = 5_000_000
ONLY_FIRST, ONLY_SECOND, LENGTH, TYPE = "only in A", "only in B", "length", "type"
_KEY = ("source", "track", "photo", "frame", "event", "t_s")
_SHOWN = 120
_SCORES = frozenset({"score", "prob", "probability"})
_PIXELS = frozenset({"box", "joints", "mask_pixels"})
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DiffConfig:
    """Compare the results of two runs; the exit code is 1 if they differ.

    Attributes:
        before: JSON lines of a run, as `edgehuman run --json` prints them.
        after: those of another.
        score: scores may differ by this much.
        pixels: boxes and joints may differ by this many pixels.
        number: other numbers may differ by this much.
        times: compare latencies and other times of the wall clock too.
    """

    before: Positional[Path]
    after: Positional[Path]
    score: float = 0.0
    pixels: float = 0.0
    number: float = 0.0
    times: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs.

    Attributes:
        kind: where in a row, without the place in a list: "people.box".
        row: the key of its row.
        before, after: the values; None where there is none.
        by: the distance of two numbers.
    """

    kind: str
    row: str
    before: Any
    after: Any
    by: float | None = None


def diff(config: DiffConfig) -> Outcome:
    """Compare row by row.

    Raises:
        UsageError: a tolerance below 0.
        DataError: a file that is no lines of results.
    """
    for name in ("score", "pixels", "number"):
        if not getattr(config, name) >= 0:
            raise UsageError(f"--{name} is {getattr(config, name):g}; give 0 or more")
    compare = _Comparison(config)
    for difference in _differences(config, compare):
        compare.count(difference)
    return compare.outcome()


class _Comparison:
    """Totals of one comparison."""

    def __init__(self, config: DiffConfig) -> None:
        self._config = config
        self.rows = [0, 0]
        self.same = 0
        self._counts: Counter[str] = Counter()
        self._largest: dict[str, float] = {}
        self._first: Difference | None = None

    def count(self, difference: Difference) -> None:
        self._first = self._first or difference
        self._counts[difference.kind] += 1
        if difference.by is not None:
            by = max(self._largest.get(difference.kind, 0.0), difference.by)
            self._largest[difference.kind] = by

    def outcome(self) -> Outcome:
        first = self._first
        kinds = {
            kind: {"count": count, "largest": self._largest.get(kind)}
            for kind, count in self._counts.most_common()
        }
        shown = None
        if first is not None:
            shown = {
                "row": first.row,
                "kind": first.kind,
                "before": first.before,
                "after": first.after,
            }
        data = {
            "same": first is None,
            "rows": {"before": self.rows[0], "after": self.rows[1], "same": self.same},
            "differences": kinds,
            "first": shown,
        }
        return Outcome(data, "\n".join(self._lines(kinds)), exit_code=int(first is not None))

    def _lines(self, kinds: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
        before, after = self.rows
        yield f"{before:,} and {after:,} rows, {self.same:,} the same"
        if self._first is None:
            return
        for kind, found in kinds.items():
            largest = found["largest"]
            most = "" if largest is None else f", at most {largest:.6g} apart"
            yield f"{kind}: {found['count']:,}{most}"
        yield f"first: {self._first.row}: {self._first.kind}"
        for name, value in (("A", self._first.before), ("B", self._first.after)):
            text = to_json(value)
            yield f"  {name}: {text[:_SHOWN]}{'…' if len(text) > _SHOWN else ''}"


def _differences(config: DiffConfig, totals: _Comparison) -> Iterator[Difference]:
    """All differences, in the order of the first file's rows; then those of the second alone."""
    others: defaultdict[str, deque[Row]] = defaultdict(deque)
    for row in _rows(config.after):
        others[_key(row)].append(row)
        totals.rows[1] += 1
    for row in _rows(config.before):
        totals.rows[0] += 1
        key = _key(row)
        if not others[key]:
            del others[key]
            yield Difference(ONLY_FIRST, key, row, None)
            continue
        other = others[key].popleft()
        is_same = True
        for difference in _compared(row, other, "", key, config):
            is_same = False
            yield difference
        totals.same += is_same
    for key, left in others.items():
        for row in left:
            yield Difference(ONLY_SECOND, key, None, row)


def _compared(
    before: Any, after: Any, kind: str, row: str, config: DiffConfig
) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            if name in TIMES and not config.times:
                continue
            inner = f"{kind}.{name}" if kind else name
            if (name in before) != (name in after):
                yield Difference(inner, row, before.get(name), after.get(name))
            else:
                yield from _compared(before[name], after[name], inner, row, config)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield Difference(f"{kind} {LENGTH}", row, len(before), len(after))
        for one, other in zip(before, after, strict=False):
            yield from _compared(one, other, kind, row, config)
    elif _is_number(before) and _is_number(after):
        by = abs(before - after)
        if before != after and not by <= _tolerance(kind, config):
            yield Difference(kind, row, before, after, by if math.isfinite(by) else None)
    elif type(before) is not type(after):
        yield Difference(f"{kind} {TYPE}", row, before, after)
    elif before != after:
        yield Difference(kind, row, before, after)


def _tolerance(kind: str, config: DiffConfig) -> float:
    parts = kind.split(".")
    if _SCORES.intersection(parts[-1:]):
        return config.score
    return config.pixels if _PIXELS.intersection(parts) else config.number


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _key(row: Row) -> str:
    """What says which row it is, in words."""
    said = [f"{name} {row[name]}" for name in _KEY if row.get(name) not in (None, "")]
    return ", ".join(said) or "a row without a time"


def _rows(path: Path) -> Iterator[Row]:
    """The rows of a file of JSON lines.

    Raises:
        DataError: it cannot be read, or a line is no object.
    """
    try:
        stream = path.open("rb")
    except OSError as error:
        raise DataError(
            f"cannot read {path} ({error.strerror}); give JSON lines of a run"
        ) from None
    with stream:
        number = 0
        while line := stream.readline(MOST_LINE + 1):
            number += 1
            if len(line) > MOST_LINE or number > MOST_ROWS:
                raise DataError(f"{path}: over {MOST_LINE:,} bytes in a line, or too many lines")
            if not line.strip():
                continue
            try:
                row = json_of(line)
            except ValueError as error:
                raise DataError(f"{path}: line {number} is no JSON ({error})") from None
            if not isinstance(row, dict):
                raise DataError(f"{path}: line {number} is no result, which is a JSON object")
            yield row
