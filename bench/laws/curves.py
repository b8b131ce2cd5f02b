"""One law of one variable: its form, its intervals, and the largest point predicted without it.

    law = fit_curve(x_P, y_P, kind="loss", letter="L", ...)

Axes: B draws, P points (cells, their seeds averaged), G places of x where the curve is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.bench.laws import accuracy, compare, power, resample
from edgehuman.records import Float64

LEAST = 3
LEAST_HELD_OUT = 4
LEAST_FOR_A_FLOOR = 6
_PLACES = 48


@dataclass(frozen=True, slots=True)
class Rules:
    """How laws are fitted: the level of intervals, the draws, their seed, and whether the largest
    point is predicted.
    """

    level: float = 0.9
    draws: int = resample.DRAWS
    seed: int = 0
    hold_out: bool = True


@dataclass(frozen=True, slots=True)
class Family:
    """A form, for many fits at once.

    Attributes:
        form: with {x} and {y}.
        parameters: numbers fitted.
        fits: (x_P, y_BP, weight_BP) -> B x parameters.
        values: (B x parameters, x_G) -> B x G.
        exponent: the column of the exponent, and its sign.
        inner: values -> what the noise is added to, and back.
        rows: the derivatives of the inner values: (parameters, x_P) -> P x K.
    """

    form: str
    names: tuple[str, ...]
    fits: Callable[[Float64, Float64, Float64], Float64]
    values: Callable[[Float64, Float64], Float64]
    exponent: tuple[int, float]
    inner: tuple[Callable[[Float64], Float64], Callable[[Float64], Float64]]
    rows: Callable[[Float64, Float64], Float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """A fitted law of one variable.

    Attributes:
        form: "L = a hours^-b".
        exponent: of x, so below 0 where the loss falls; of a logit or log2 form its slope.
        interval: of the exponent. method: percentile or BCa.
        parameters: name -> value.
        held_out: x, predicted, interval, measured, inside, error; None where it was not done.
        tried: form, AICc and held-out error of each.
        floor: value, interval, seen; None where no floor was tried.
        warnings: in words.
        x_G, y_G, low_G, high_G: the curve and its band.
        draws_B: the exponent's draws, of equal seeds in all laws of a fit.
    """

    form: str
    exponent: float
    interval: tuple[float, float]
    method: str
    parameters: Mapping[str, float]
    held_out: Mapping[str, Any] | None
    tried: Sequence[compare.Trial]
    floor: Mapping[str, Any] | None
    warnings: tuple[str, ...]
    x_G: Float64 = field(repr=False)
    y_G: Float64 = field(repr=False)
    low_G: Float64 = field(repr=False)
    high_G: Float64 = field(repr=False)
    draws_B: Float64 = field(repr=False)


def _power_fits(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> Float64:
    laws = power.power_fits(x_P, y_BP, weight_BP)
    return np.stack([laws.a_B, laws.b_B], axis=1)


def _floor_fits(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> Float64:
    laws = power.floor_fits(x_P, y_BP, weight_BP)
    return np.stack([laws.a_B, laws.b_B, laws.floor_B], axis=1)


def _powers(theta_BK: Float64, x_G: Float64) -> Float64:
    with np.errstate(over="ignore"):
        part = theta_BK[:, :1] * np.exp(-theta_BK[:, 1:2] * np.log(x_G))
    return np.asarray(part + theta_BK[:, 2:3] if theta_BK.shape[1] == 3 else part)


def _power_rows(theta_K: Float64, x_P: Float64) -> Float64:
    floor = float(theta_K[2]) if len(theta_K) == 3 else 0.0
    law = power.PowerLaw(float(theta_K[0]), float(theta_K[1]), floor, len(theta_K) == 3)
    return power.jacobian(law, x_P)


_LOGS = (np.log, np.exp)
POWERS = Family("{y} = a {x}^-b", ("a", "b"), _power_fits, _powers, (1, -1.0), _LOGS, _power_rows)
FLOORS = Family(
    "{y} = E + a {x}^-b", ("a", "b", "E"), _floor_fits, _powers, (1, -1.0), _LOGS, _power_rows
)


def _shares(form: str, words: str, names: tuple[str, str]) -> Family:
    """A form of shares; its noise is added to what is a line."""

    def fits(x_P: Float64, y_BP: Float64, weight_BP: Float64) -> Float64:
        slope_B, level_B = accuracy.share_fits(form, x_P, y_BP, weight_BP)
        return np.stack([slope_B, level_B], axis=1)

    def values(theta_BK: Float64, x_G: Float64) -> Float64:
        return accuracy.values(form, theta_BK[:, :1], theta_BK[:, 1:], x_G)

    def rows(theta_K: Float64, x_P: Float64) -> Float64:
        return np.stack([np.log(x_P), np.ones(len(x_P))], axis=1)

    def forward(y: Float64) -> Float64:
        return accuracy.transformed(form, y)

    def back(line: Float64) -> Float64:
        # A line at slope 0 and this level is the share itself.
        return accuracy.values(form, np.zeros(1), line, 1.0)

    return Family(words, names, fits, values, (0, 1.0), (forward, back), rows)


SHARES = (
    _shares(accuracy.LOGIT, "logit {y} = c + k ln {x}", ("k", "c")),
    _shares(accuracy.ERROR, "1 - {y} = e^c {x}^k", ("k", "c")),
    _shares(accuracy.LOG2, "{y} = a log2 {x} + E", ("a", "E")),
)


def fit_curve(
    x_P: Float64,
    y_P: Float64,
    kind: str,
    words: tuple[str, str],
    rules: Rules,
    trials_P: Float64 | None = None,
) -> Curve:
    """Fit the forms that the points allow, and choose one.

    Args:
        x_P, y_P: the points, above 0; at least `LEAST` values of x.
        kind: loss or score (power law; with a floor where it falls), or share.
        words: the names of x and y for the forms.
        trials_P: behind each share, NaN where unknown.
    """
    if kind == "share":
        known_P = np.full(len(x_P), math.nan) if trials_P is None else trials_P
        inside_P = np.clip(accuracy.shrunk(y_P, known_P), 1e-6, 1.0 - 1e-6)
        families: tuple[Family, ...] = SHARES
    else:
        inside_P, families = y_P, _families(x_P, y_P)
    tried, held = _tried(families, x_P, inside_P, y_P, (kind, *words), trials_P, rules)
    place = compare.choose(tried)
    chosen = families[place]
    curve = _with_intervals(chosen, x_P, inside_P, rules)
    floor = None
    warnings: list[str] = []
    if FLOORS in families:
        floor = _floor(x_P, inside_P, rules)
        if not floor["seen"]:
            warnings.append("no floor seen: the interval of E reaches 0")
            place, chosen = 0, families[0]
            curve = _with_intervals(chosen, x_P, inside_P, rules)
    if kind == "loss" and FLOORS not in families and len(np.unique(x_P)) < LEAST_FOR_A_FLOOR:
        warnings.append(
            f"too few values of {words[0]} for a floor, which needs {LEAST_FOR_A_FLOOR}"
        )
    if kind == "share" and chosen is SHARES[2]:
        warnings.append("a log2 law holds inside the measured range alone")
    theta_K, interval, band, x_G, draws_B = curve
    column, sign = chosen.exponent
    return Curve(
        tried[place].form,
        sign * float(theta_K[column]),
        (interval.low, interval.high),
        interval.method,
        {name: float(value) for name, value in zip(chosen.names, theta_K, strict=True)},
        held[place],
        tried,
        floor,
        tuple(warnings),
        x_G,
        band[0],
        band[1],
        band[2],
        draws_B,
    )


def in_plain_form(
    x_P: Float64, y_P: Float64, kind: str, rules: Rules, trials_P: Float64
) -> tuple[str, float, Float64]:
    """The form that every curve of a kind has (a power law; of a share its logit), with {x} and
    {y}; the exponent of x, and its draws: for comparing curves whose own forms differ.
    """
    family = SHARES[0] if kind == "share" else POWERS
    if kind == "share":
        y_P = np.clip(accuracy.shrunk(y_P, trials_P), 1e-6, 1.0 - 1e-6)
    theta_K, _, _, _, draws_B = _with_intervals(family, x_P, y_P, rules)
    column, sign = family.exponent
    return family.form, sign * float(theta_K[column]), draws_B


def _tried(
    families: Sequence[Family],
    x_P: Float64,
    inside_P: Float64,
    y_P: Float64,
    words: tuple[str, str, str],
    trials_P: Float64 | None,
    rules: Rules,
) -> tuple[list[compare.Trial], list[dict[str, Any] | None]]:
    """AICc of each form, and the largest point predicted by it."""
    kind, x_name, y_name = words
    tried, held = [], []
    for family in families:
        held_out = None
        if rules.hold_out:
            held_out = _held_out(family, x_P, inside_P, y_P, trials_P, rules)
        theta_K = family.fits(x_P, inside_P, np.ones((1, len(x_P))))[0]
        fitted_P = family.values(theta_K[None], x_P)[0]
        residual_P = y_P - fitted_P if kind == "share" else np.log(y_P / fitted_P)
        tried.append(
            compare.Trial(
                family.form.format(x=x_name, y=y_name),
                len(family.names),
                compare.aicc(residual_P, len(family.names)),
                math.nan if held_out is None else held_out["error"],
            )
        )
        held.append(held_out)
    return tried, held


def _families(x_P: Float64, y_P: Float64) -> tuple[Family, ...]:
    """The floor is tried where y falls with x, and enough values of x show a bend."""
    falls = power.fit_power(x_P, y_P).b > 0
    enough = len(np.unique(x_P)) >= LEAST_FOR_A_FLOOR
    return (POWERS, FLOORS) if falls and enough else (POWERS,)


def _draws(
    family: Family, x_P: Float64, y_P: Float64, rules: Rules
) -> tuple[Float64, Float64, Float64, bool]:
    """Parameters K, those of the draws B x K, residuals drawn B x P, and whether of residuals."""
    ones = np.ones((1, len(x_P)))
    theta_K = family.fits(x_P, y_P, ones)[0]
    inner, back = family.inner
    fitted_P = inner(np.clip(family.values(theta_K[None], x_P)[0], *_inside(family)))
    residual_P = inner(y_P) - fitted_P
    noise_BP = resample.draw_residuals(
        residual_P, family.rows(theta_K, x_P), rules.draws, rules.seed
    )
    if len(x_P) < resample.BCA_FROM:
        made_BP = np.clip(back(fitted_P + noise_BP), *_inside(family))
        return theta_K, family.fits(x_P, made_BP, ones), noise_BP, True
    enough = resample.distinct(x_P, len(family.names))
    weight_BP = resample.draw_weights(range(len(x_P)), rules.draws, rules.seed, enough)
    return theta_K, family.fits(x_P, y_P[None], weight_BP), noise_BP, False


def _inside(family: Family) -> tuple[float, float]:
    return (1e-9, 1.0 - 1e-9) if family in SHARES else (1e-300, 1e300)


def _interval(
    family: Family,
    column: int,
    sign: float,
    x_P: Float64,
    y_P: Float64,
    drawn: tuple[Float64, Float64, Float64, bool],
    rules: Rules,
) -> resample.Interval:
    theta_K, theta_BK, _, of_residuals = drawn
    jackknife_K = None
    if not of_residuals:
        without = resample.leave_one_out(range(len(x_P)))
        jackknife_K = sign * family.fits(x_P, y_P[None], without)[:, column]
    return resample.interval(
        sign * theta_BK[:, column],
        rules.level,
        len(x_P),
        len(family.names),
        sign * float(theta_K[column]),
        jackknife_K,
        of_residuals,
    )


def _with_intervals(
    family: Family, x_P: Float64, y_P: Float64, rules: Rules
) -> tuple[Float64, resample.Interval, list[Float64], Float64, Float64]:
    drawn = _draws(family, x_P, y_P, rules)
    theta_K, theta_BK, _, of_residuals = drawn
    column, sign = family.exponent
    interval = _interval(family, column, sign, x_P, y_P, drawn, rules)
    x_G = np.geomspace(x_P.min(), x_P.max(), _PLACES)
    values_BG = family.values(theta_BK, x_G)
    y_G = family.values(theta_K[None], x_G)[0]
    low_G, high_G = resample.band(
        values_BG, y_G, rules.level, len(x_P), len(family.names), of_residuals
    )
    band = [y_G, np.clip(low_G, *_inside(family)), np.clip(high_G, *_inside(family))]
    return theta_K, interval, band, x_G, sign * theta_BK[:, column]


def _floor(x_P: Float64, y_P: Float64, rules: Rules) -> dict[str, Any]:
    """E of the law with a floor, and whether its interval keeps away from 0."""
    drawn = _draws(FLOORS, x_P, y_P, rules)
    interval = _interval(FLOORS, 2, 1.0, x_P, y_P, drawn, rules)
    return {
        "value": float(drawn[0][2]),
        "interval": [interval.low, interval.high],
        "seen": bool(interval.low > 1e-3 * float(y_P.min())),
    }


def _held_out(
    family: Family,
    x_P: Float64,
    inside_P: Float64,
    y_P: Float64,
    trials_P: Float64 | None,
    rules: Rules,
) -> dict[str, Any] | None:
    """The points at the largest x, predicted by the others: one new cell's value, with the noise of
    a cell in its interval, and of a share the binomial noise of its trials. None where too few are
    left.
    """
    last = x_P == x_P.max()
    left = ~last
    if len(np.unique(x_P)) < max(LEAST_HELD_OUT, len(family.names) + 1):
        return None
    if len(np.unique(x_P[left])) <= len(family.names):
        return None
    drawn = _draws(family, x_P[left], inside_P[left], rules)
    theta_K, theta_BK, noise_BP, of_residuals = drawn
    at = x_P[last][:1]
    inner, back = family.inner
    line_B = inner(np.clip(family.values(theta_BK, at)[:, 0], *_inside(family)))
    rng = np.random.default_rng(rules.seed + 1)
    new_B = back(line_B + rng.permutation(noise_BP[:, 0]))
    trials = math.nan if trials_P is None else float(np.min(trials_P[last]))
    if math.isfinite(trials):
        new_B = rng.binomial(round(trials), np.clip(new_B, 0.0, 1.0)) / round(trials)
    predicted = float(family.values(theta_K[None], at)[0, 0])
    interval = resample.interval(
        new_B,
        rules.level,
        int(left.sum()),
        len(family.names),
        predicted,
        of_residuals=of_residuals,
    )
    measured = float(np.mean(y_P[last]))
    low, high = interval.low, interval.high
    if family in SHARES:  # Student's t of draws knows no ends
        low, high = max(0.0, low), min(1.0, high)
    return {
        "x": float(at[0]),
        "predicted": predicted,
        "interval": [low, high],
        "measured": measured,
        "inside": bool(low <= measured <= high),
        "error": abs(predicted / measured - 1.0) if measured else math.inf,
    }
