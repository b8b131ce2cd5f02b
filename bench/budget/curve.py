"""Laws as `edgehuman scale fit DIR --out LAWS` writes them, and what more data would buy by them.

A law says nothing about what it was not fitted on: a place outside its points is refused, and a
step from inside them to outside is marked as extrapolated.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from edgehuman.bench.note import read_note
from edgehuman.bench.scale.points import POINTS, read_points
from edgehuman.errors import DataError, UsageError
from edgehuman.reading.values import is_name, shown

FILE = "laws.json"
SIZES = ("params", "params_all", "N", "width", "depth")
NOT_DATA = (*SIZES, "flops", "C")
TIMES = (2.0, 4.0)
_STEEPEST = 100.0
"""Exponent that no law of learning has."""
_NEAR = 1 + 1e-9
"""The x of a point is a mean of seeds, so that 128 may be 127.99999999999997."""
HOW = "run `edgehuman scale fit DIR --out LAWS`"
Parameters = Mapping[str, float]
Value = Callable[[Parameters, float], float]


def _power(given: Parameters, x: float) -> float:
    return float(given.get("E", given.get("floor", 0.0)) + given["a"] * x ** -given["b"])


def _logit(given: Parameters, x: float) -> float:
    return 1.0 / (1.0 + math.exp(-given["c"] - given["k"] * math.log(x)))


def _error(given: Parameters, x: float) -> float:
    return 1.0 - math.exp(given["c"] + given["k"] * math.log(x))


def _log2(given: Parameters, x: float) -> float:
    return given["a"] * math.log2(x) + given["E"]


# Form of a law, with x for its variable -> its value at x; as `bench.laws` writes them.
_FORMS: tuple[tuple[re.Pattern[str], Value], ...] = (
    (re.compile(r"\S+ = (E \+ )?a x\^-b|power(\+floor)?"), _power),
    (re.compile(r"logit \S+ = c \+ k ln x"), _logit),
    (re.compile(r"1 - \S+ = e\^c x\^k"), _error),
    (re.compile(r"\S+ = a log2 x \+ E"), _log2),
)


def _value_of(form: str, x: str) -> Value | None:
    """What computes a form over x; None: another form, such as one of two variables."""
    plain = re.sub(rf"(?<!\w){re.escape(x)}(?!\w)", "x", form)
    return next((value for known, value in _FORMS if known.fullmatch(plain)), None)


@dataclass(frozen=True, slots=True)
class Law:
    """One fitted law of one variable.

    Attributes:
        x: what it is over: people, hours, items, params, ...
        metric: what it gives: "loss", or a metric's name.
        form: as its fit writes it; value: what computes it of its parameters and x.
        interval: of the exponent; None: not known.
        low, high: the x of the points that it was fitted on.
        group: what its points have in common: arch, sampling, fold, ...
        held_out: predicted, interval and measured value of the largest point, fitted without it.
        sizes: the architectures of its points -> their x in a law over size, otherwise 0.
        warnings: of its fit.
    """

    x: str
    metric: str
    form: str
    value: Value
    parameters: Parameters
    exponent: float | None
    interval: tuple[float, float] | None
    low: float
    high: float
    group: Mapping[str, Any]
    held_out: Mapping[str, Any] | None
    simulated: bool
    sizes: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def at(self, x: float) -> float:
        """Its value."""
        return self.value(self.parameters, x)

    @property
    def is_of_size(self) -> bool:
        """Whether it is over the network's size in place of its data."""
        return self.x in SIZES

    @property
    def is_of_data(self) -> bool:
        """Whether it is over an amount of data, neither of a network nor of computing."""
        return self.x not in NOT_DATA

    @property
    def said(self) -> str:
        """For people: "loss over people (sampling user)"."""
        made = " of simulated data" if self.simulated else ""
        return f"{self.metric} over {self.x}{made}" + (
            f" ({group})" if (group := self.of()) else ""
        )

    def of(self, *less: str) -> str:
        """Its group, for people, without these columns."""
        held = {name: value for name, value in self.group.items() if value not in ("", None)}
        return ", ".join(f"{name} {value}" for name, value in held.items() if name not in less)


@dataclass(frozen=True, slots=True)
class Step:
    """What so many times as much gives.

    Attributes:
        value: None: refused, as the form does not hold outside of its points.
        ratio: of its value to today's, with the interval that the exponent's gives; that is exact
            for a pure power law, and None for others.
        state: where x is: within the points, extrapolated, refused.
    """

    times: float
    x: float
    value: float | None
    ratio: float | None
    interval: tuple[float, float] | None
    state: Literal["within", "extrapolated", "refused"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place on a law's curve, and the steps from there."""

    law: Law
    today: float
    value: float
    steps: tuple[Step, ...]

    def predicts(self, arch: str) -> float | None:
        """Of an architecture of the law's points: at today's data, or at its size; None: nothing,
        or its size is outside of the points.
        """
        size = self.law.sizes.get(arch)
        if size is None or not self.law.is_of_size:
            return None if size is None else self.value
        return self.law.at(size) if self.law.low <= size <= self.law.high else None

    def as_table(self) -> dict[str, Any]:
        """For JSON."""
        law = self.law
        return {
            "x": law.x,
            "metric": law.metric,
            "form": law.form,
            "group": dict(law.group),
            "said": law.of("family") if law.group.get("arch") else law.of(),
            "archs": list(law.sizes),
            "simulated": law.simulated,
            "range": [law.low, law.high],
            "today": self.today,
            "predicted": self.value,
            "more": [
                {
                    "times": each.times,
                    "x": each.x,
                    "predicted": each.value,
                    "ratio": each.ratio,
                    "ratio_interval": each.interval,
                    "state": each.state,
                }
                for each in self.steps
            ],
            "held_out": law.held_out,
            "warnings": list(law.warnings),
        }


def read_laws(path: Path) -> list[Law]:
    """The laws of one variable in a file, or in laws.json of a sweep's folder. Its points, beside
    it, then say which architectures they are of. Laws of other forms are left out.

    Raises:
        DataError: no such file, damaged, or a law lacks what makes it usable.
    """
    file = path / FILE if path.is_dir() else path
    found = read_note(file, "file of laws", HOW)
    rows = found.get("laws") if isinstance(found, dict) else None
    if not isinstance(rows, list):
        raise DataError(f"{file}: has no list 'laws'; {HOW}")
    archs = _archs_of(file, found.get("points"))
    laws = []
    for number, row in enumerate(rows, start=1):
        try:
            value = _value_of(str(row["form"]), str(row["x"]))
            if value is not None:
                laws.append(_law(row, value, archs))
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            said = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise DataError(f"{file}: law {number}: {said}; {HOW} again") from None
    return laws


def _archs_of(file: Path, table: object) -> dict[str, str]:
    """Cell -> architecture, of the points beside the laws, or of those that the laws name."""
    places = [
        file.parent / POINTS,
        *([Path(table)] if isinstance(table, str) and is_name(table) else []),
    ]
    points = next((each for each in places if each.name == POINTS and each.is_file()), None)
    if points is None:
        return {}
    return {point.cell: point.arch for point in read_points(points) if point.arch}


def _law(row: Mapping[str, Any], value: Value, archs: Mapping[str, str]) -> Law:
    low, high = _numbers(row["range"], "range")
    if not 0 < low <= high:
        raise ValueError(f"its range is {low} to {high}; it must rise from above 0")
    given = dict(row["parameters"] if "parameters" in row else row["coefficients"])
    interval, group = row.get("interval"), dict(row.get("group") or {})
    law = Law(
        x=str(row["x"]),
        metric=str(row["metric"] if "metric" in row else row.get("y", "loss")),
        form=str(row["form"]),
        value=value,
        parameters={name: float(each) for name, each in given.items()},
        exponent=None if row.get("exponent") is None else float(row["exponent"]),
        interval=None if interval is None else _numbers(interval, "interval"),
        low=low,
        high=high,
        group=group,
        held_out=_held_out(row.get("held_out")),
        simulated=bool(row.get("simulated", False)),
        warnings=tuple(map(str, row.get("warnings") or ())),
    )
    for x in (low, high, max(TIMES) * high):
        at = law.at(x)
        if not math.isfinite(at) or (x <= high and at <= 0):
            raise ValueError(f"its value at {x:g} is {at}; it must be a finite number above 0")
    for end in (law.exponent or 0.0, *(law.interval or ())):
        if not abs(end) <= _STEEPEST:
            raise ValueError(f"its exponent is or may be {end}; it must be within {_STEEPEST:g}")
    cells = {str(each["cell"]): float(each["x"]) for each in row.get("points") or ()}
    sizes = {archs[cell]: x for cell, x in cells.items() if cell in archs}
    return replace(law, sizes=_sizes(law, sizes))


def _held_out(found: Any) -> Mapping[str, Any] | None:
    if found is None:
        return None
    values = {name: float(found[name]) for name in ("predicted", "measured")}
    if not all(map(math.isfinite, values.values())):
        raise ValueError(f"its held_out is {shown(found)}; it must be of finite numbers")
    return {**found, **values}


def _sizes(law: Law, sizes: Mapping[str, float]) -> Mapping[str, float]:
    """Of the architectures of its points those that a law is of: all of one over size; of one over
    data the only one. "best of 3" is none.
    """
    if law.is_of_size:
        return sizes
    named = law.group.get("arch")
    if named:
        return {str(named): 0.0} if named in sizes or not sizes else {}
    return dict.fromkeys(sizes, 0.0) if len(sizes) == 1 else {}


def _numbers(pair: Sequence[Any], name: str) -> tuple[float, float]:
    low, high = map(float, pair)
    if not (math.isfinite(low) and math.isfinite(high)):
        raise ValueError(f"its {name} is {shown(pair)}; it must be two finite numbers")
    return low, high


def place_on(law: Law, today: float | None = None) -> Place:
    """Where somebody stands on a law, and what 2 and 4 times as much gives.

    Args:
        today: how much there is; None: as much as the law's largest point.

    Raises:
        UsageError: that is outside the law's points.
    """
    here = law.high if today is None else today
    if not law.low / _NEAR <= here <= law.high * _NEAR:
        raise UsageError(
            f"--have {here:g} {law.x} is outside of what {law.said} was fitted on, {law.low:g} to "
            f"{law.high:g}; a law is not extrapolated silently: give a number inside, or add "
            "points with `edgehuman scale run` and fit again"
        )
    value = law.at(here)
    steps = tuple(_step(law, here, value, times) for times in TIMES)
    return Place(law, here, value, steps)


def _step(law: Law, here: float, value: float, times: float) -> Step:
    x = times * here
    is_outside = x > law.high * _NEAR
    if is_outside and law.value is _log2:  # it leaves 0 to 1, and the gait paper stays inside
        return Step(times, x, None, None, None, "refused")
    predicted = law.at(x)
    state: Literal["within", "extrapolated"] = "extrapolated" if is_outside else "within"
    return Step(times, x, predicted, predicted / value, _ratio(law, times), state)


def _ratio(law: Law, times: float) -> tuple[float, float] | None:
    """The interval of y(times x) / y(x): of a pure power law the exponent's alone decides it."""
    given = law.parameters
    is_pure = law.value is _power and not given.get("E") and not given.get("floor")
    if not is_pure or law.interval is None or law.exponent is None:
        return None
    falls = abs(law.exponent - given["b"]) < abs(law.exponent + given["b"])
    ends = sorted(times ** (-end if falls else end) for end in law.interval)
    return ends[0], ends[1]
