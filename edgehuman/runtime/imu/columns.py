"""Which column of a text stream is which: the seven names, their aliases, labels."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgehuman.errors import DataError

REQUIRED = ("t", "ax", "ay", "az", "gx", "gy", "gz")
LABEL = "label"


def _axis_names(axis: str) -> dict[str, tuple[str, ...]]:
    accel = ("acc", "accel", "accelerometer", "acceleration", "a")
    gyro = ("gyr", "gyro", "gyroscope", "rotation_rate", "rotationrate", "w", "g")
    return {
        f"a{axis}": tuple(f"{stem}{join}{axis}" for stem in accel for join in ("_", "")),
        f"g{axis}": tuple(f"{stem}{join}{axis}" for stem in gyro for join in ("_", "")),
    }


# A header is compared in lower case, with (units) left out and other signs as "_".
ALIASES: Mapping[str, tuple[str, ...]] = {
    "t": ("t", "time", "timestamp", "time_stamp", "stamp", "ts", "seconds", "seconds_elapsed"),
    **_axis_names("x"),
    **_axis_names("y"),
    **_axis_names("z"),
    LABEL: ("label", "activity", "true_label", "class"),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the columns.

    Attributes:
        place: of t ax ay az gx gy gz: positions in a row (CSV) or the names themselves (JSON).
        names: the names as given, in the same order.
        label: position of the true label, if there is one.
        width: columns in a row; 0 for JSON.
    """

    place: tuple[int, ...]
    names: tuple[str, ...]
    label: int | None
    label_name: str | None
    width: int


DEFAULT = Columns(tuple(range(7)), REQUIRED, None, None, 7)


def plain(name: str) -> str:
    """A header's name as it is compared: "Accel X (m/s^2)" -> "accel_x"."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", "", name).strip().lower()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")


def match(header: Sequence[str], where: str) -> Columns:
    """The columns of a header (or of a JSON object's keys).

    Raises:
        DataError: a column is missing, or given twice.
    """
    found = [plain(name) for name in header]
    place = {name: _find(name, found, header, where) for name in (*REQUIRED, LABEL)}
    missing = [name for name in REQUIRED if place[name] is None]
    if missing:
        raise DataError(_what_is_missing(missing, header, found, where))
    seven = tuple(index for name in REQUIRED if (index := place[name]) is not None)
    label = place[LABEL]
    return Columns(
        seven,
        tuple(header[index] for index in seven),
        label,
        None if label is None else header[label],
        len(header),
    )


def _find(name: str, found: Sequence[str], header: Sequence[str], where: str) -> int | None:
    """Position of a column: by its own name, else by one of its aliases."""
    places = [i for i, given in enumerate(found) if given == name]
    places = places or [i for i, given in enumerate(found) if given in ALIASES[name]]
    if len(places) > 1:
        same = ", ".join(repr(header[i]) for i in places)
        raise DataError(f"{where}: {same} could each be the column {name!r}; keep one of them")
    return places[0] if places else None


def _what_is_missing(
    missing: Sequence[str], header: Sequence[str], found: Sequence[str], where: str
) -> str:
    noun = "column" if len(missing) == 1 else "columns"
    text = f"{where}: no {noun} {', '.join(missing)}; found {', '.join(header) or 'nothing'}"
    known = {alias: name for name in missing for alias in (name, *ALIASES[name])}
    guesses: list[str] = []
    for given, name in zip(found, header, strict=True):
        near = difflib.get_close_matches(given, known, n=1, cutoff=0.7)
        if near and not any(guess.endswith(f" -> {known[near[0]]}") for guess in guesses):
            guesses.append(f"{name} -> {known[near[0]]}")
    advice = f"; rename {', '.join(guesses)}?" if guesses else "."
    return (
        f"{text}{advice} The header names {','.join(REQUIRED)} in any order (also accel_x, acc_x, "
        "gyro_x, time, timestamp); other columns are ignored"
    )


def column_rows() -> tuple[tuple[str, str], ...]:
    """What a column is called, and what it holds with its other names: for the help."""
    said = {
        "t": "time; s, ms, µs or ns, told by the step",
        "ax": "acceleration with gravity; g or m/s², told by gravity, or --accel-unit",
        "gx": "rotation; rad/s or deg/s, told by how it turns gravity, or --gyro-unit",
        LABEL: "the true activity, if known: it is scored, never read by the model",
    }
    rows = []
    for name, what in said.items():
        also = ", ".join(alias for alias in ALIASES[name] if alias != name)
        three = f"{name} {name[0]}y {name[0]}z" if name.endswith("x") else name
        rows.append((three, f"{what}. Also: {also}"))
    return tuple(rows)
