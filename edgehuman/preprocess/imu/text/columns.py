"""Which column of a text stream is which: the seven names, their aliases, labels."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError

MAX_LABELS, LONGEST_LABEL = 1000, 200
MAX_COLUMNS = 1000
REQUIRED = ("t", "ax", "ay", "az", "gx", "gy", "gz")
LABEL = "label"
# How tables write that there is no value.
_MISSING = ("", "nan", "na", "<na>", "n/a", "null")
_NUMBER = re.compile(r"[-+]?\d+([.,]\d*)?")


def _axis_names(axis: str) -> dict[str, tuple[str, ...]]:
    accel = ("acc", "accel", "accelerometer", "acceleration", "accelerometeracceleration", "a")
    gyro = ("gyr", "gyro", "gyroscope", "rotation_rate", "rotationrate", "gyrorotation", "w", "g")
    return {
        f"a{axis}": (*_written(accel, axis), f"gf{axis}"),
        f"g{axis}": _written(gyro, axis),
    }


def _written(stems: Sequence[str], axis: str) -> tuple[str, ...]:
    """The ways to write one axis of a sensor: acc_x, accx, x_acc."""
    after = [f"{stem}{join}{axis}" for stem in stems for join in ("_", "")]
    return (*after, *(f"{axis}_{stem}" for stem in stems if len(stem) > 1))


# A header is compared in lower case, with (units) left out and other signs as "_".
ALIASES: Mapping[str, tuple[str, ...]] = {
    # If several are there, the first of these is the clock.
    "t": (
        "t",
        "seconds_elapsed",
        "elapsed",
        "sampletimefine",
        "seconds",
        "time",
        "timestamp",
        "time_stamp",
        "stamp",
        "ts",
        "epoc",
        "epoch",
        "accelerometertimestamp_sincereboot",
        "loggingtime",
    ),
    **_axis_names("x"),
    **_axis_names("y"),
    **_axis_names("z"),
    LABEL: ("label", "activity", "true_label", "class"),
}


NO_GYROSCOPE = "An accelerometer alone is not enough: the model needs a gyroscope too"
# Names of a column that says of which sensor a row is.
_LONG = ("sensor", "sensor_type", "sensor_name", "type", "name", "source")
_LISTED, _NAME = 20, 40  # names in a message, and characters of one
_GUESSED = 100  # names that are compared with those wanted, which is slow


@dataclass(frozen=True, slots=True)
class Columns:
    """Positions of the columns.

    Attributes:
        place: of t ax ay az gx gy gz: positions in a row (CSV) or the names themselves (JSON).
        names: the names as given, in the same order.
        label: position of the true label, if there is one.
        width: columns in a row; 0 for JSON.
        clock, clock_name: position and name of the stamps, read or not, if there are any.
        timed: False where the rows have no stamps: `place` and `names` are then of ax ... gz.
    """

    place: tuple[int, ...]
    names: tuple[str, ...]
    label: int | None
    label_name: str | None
    width: int
    timed: bool = True
    clock: int | None = None
    clock_name: str | None = None


DEFAULT = Columns(tuple(range(7)), REQUIRED, None, None, 7, clock=0, clock_name="t")


def plain(name: str) -> str:
    """A header's name as it is compared: "Accel X (m/s^2)" -> "accel_x"."""
    bare = re.sub(r"\([^()]*\)|\[[^][]*\]", "", name).strip().lower()
    return re.sub(r"[^a-z0-9]+", "_", bare).strip("_")


def label_name(text: str) -> str:
    """An activity's name as it is compared: "Walking up" -> "walking_up"; a number stays as it is
    written, "1.0"; "" for no activity, as `nan`.
    """
    bare = text.strip()
    if is_missing(bare):
        return ""
    return bare if _NUMBER.fullmatch(bare) else plain(bare) or bare.casefold()


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return text.strip().casefold() in _MISSING


class LabelNames:
    """The names of true labels in order of appearance, at most a thousand of 200 characters.

    Attributes:
        names: so far.
    """

    def __init__(self) -> None:
        self.names: tuple[str, ...] = ()
        self._index: dict[str, int] = {}

    def numbers(self, texts: Sequence[str]) -> NDArray[np.int16]:
        """The number of each label; -1 for an empty one, `nan`, and new ones after the
        thousandth.
        """
        texts = [text[:LONGEST_LABEL] for text in texts]
        for text in dict.fromkeys(texts):
            if not is_missing(text) and text not in self._index and len(self.names) < MAX_LABELS:
                self._index[text] = len(self.names)
                self.names = (*self.names, text)
        return np.array([self._index.get(text, -1) for text in texts], np.int16)


def match(header: Sequence[str], where: str, timed: bool = True, brief: bool = False) -> Columns:
    """The columns of a header (or of a JSON object's keys).

    Args:
        timed: False: the rate is known, and a column of stamps is not looked for.
        brief: nobody reads why it fails: names are not compared, which takes milliseconds.

    Raises:
        DataError: a column is missing, or given twice, or there are too many to be a recording's.
    """
    if len(header) > MAX_COLUMNS:
        raise DataError(
            f"{where}: found {len(header):,} columns, {listed(header)}; a recording has at most "
            f"{MAX_COLUMNS:,}. Write one row an instant, with the columns {','.join(REQUIRED)}"
        )
    found = [plain(name) for name in header]
    wanted = REQUIRED if timed else REQUIRED[1:]
    place = {name: _find(name, found, header, where) for name in (*wanted, LABEL)}
    missing = [name for name in wanted if place[name] is None]
    if missing and brief:
        raise DataError(f"{where}: no {', '.join(missing)}")
    if missing:
        raise DataError(_what_is_missing(missing, header, found, where))
    seven = tuple(index for name in wanted if (index := place[name]) is not None)
    label = place[LABEL]
    clock = place["t"] if timed else _first_clock(found)
    return Columns(
        seven,
        tuple(header[index] for index in seven),
        label,
        None if label is None else header[label],
        len(header),
        timed,
        clock,
        None if clock is None else header[clock],
    )


def listed(names: Sequence[str]) -> str:
    """Names for a message: the first of them, and the beginning of each."""
    first = [name if len(name) <= _NAME else f"{name[:_NAME]}…" for name in names[:_LISTED]]
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(first) + more


def axis_of(name: str) -> str:
    """x, y or z, from a plain name that begins or ends with it; else nothing."""
    parts = name.split("_")
    return next((part for part in (parts[-1], parts[0]) if part in ("x", "y", "z")), "")


def _find(name: str, found: Sequence[str], header: Sequence[str], where: str) -> int | None:
    """Position of a column: by its own name, else by one of its aliases."""
    places = [i for i, given in enumerate(found) if given == name]
    places = places or [i for i, given in enumerate(found) if given in ALIASES[name]]
    if name == "t" and len({found[i] for i in places}) == len(places) > 1:
        places = [i for i in places if i == _first_clock(found)]
    if len(places) > 1:
        same = listed([repr(header[i]) for i in places])
        raise DataError(f"{where}: {same} could each be the column {name!r}; keep one of them")
    return places[0] if places else None


def _first_clock(found: Sequence[str]) -> int | None:
    """Position of the column of stamps that is preferred; None if there is none."""
    places = [i for i, given in enumerate(found) if given in ALIASES["t"]]
    return min(places, key=lambda i: ALIASES["t"].index(found[i]), default=None)


def _what_is_missing(
    missing: Sequence[str], header: Sequence[str], found: Sequence[str], where: str
) -> str:
    if len(missing) >= 6 and {axis_of(name) for name in found} >= {"x", "y", "z"}:
        raise DataError(_one_sensor(header, found, where))
    noun = "column" if len(missing) == 1 else "columns"
    text = f"{where}: no {noun} {', '.join(missing)}; found {listed(header) or 'nothing'}"
    known = {alias: name for name in missing for alias in (name, *ALIASES[name])}
    guesses: list[str] = []
    for given, name in zip(found[:_GUESSED], header, strict=False):
        near = difflib.get_close_matches(given, known, n=1, cutoff=0.7)
        if near and not any(guess.endswith(f" -> {known[near[0]]}") for guess in guesses):
            guesses.append(f"{name} -> {known[near[0]]}")
    advice = f"; rename {listed(guesses)}?" if guesses else "."
    if list(missing) == ["t"]:
        advice += (
            " Rows without stamps: give `run` --rate-hz, the rows per second, or write a column t."
        )
    if list(missing) == ["gx", "gy", "gz"]:
        advice += f" {NO_GYROSCOPE}."
    return (
        f"{text}{advice} The header names {','.join(REQUIRED)} in any order (also accel_x, acc_x, "
        "gyro_x, time, timestamp); other columns are ignored"
    )


def _one_sensor(header: Sequence[str], found: Sequence[str], where: str) -> str:
    """What to say of a file with the three axes of one sensor, or of one sensor a row."""
    kinds = [name for name, given in zip(header, found, strict=True) if given in _LONG]
    text = f"{where}: found {listed(header)}: "
    if kinds:
        return (
            f"{text}one sensor a row, named in {kinds[0]!r}. Write one row an instant, with the "
            f"columns {','.join(REQUIRED)}"
        )
    return (
        f"{text}one sensor alone. {NO_GYROSCOPE}; if both are in files of their own in a folder, "
        "give the folder"
    )


def column_rows() -> tuple[tuple[str, str], ...]:
    """What a column is called, and what it holds with its other names: for the help."""
    said = {
        "t": "time; s, ms, µs or ns, told by the step, or ISO 8601 with or without a zone",
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
