"""`edgehuman scale fit`: the laws that a sweep's points, or a user's, allow; with their intervals.

    edgehuman scale fit runs/sweep --json
    edgehuman scale fit points.csv --x D --out laws

Before the fit the largest point of each curve is predicted by the others, with an interval. Every
fit is printed with what has to be known to judge it (`checklist`).
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from tyro.conf import Positional

from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.fits.report import as_text
from edgehuman.bench.fits.study import Dependent
from edgehuman.bench.fits.values import as_data
from edgehuman.bench.laws import resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import POINTS, read_table
from edgehuman.config import require
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_folder, write_together
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome, to_json

_LEAST_DRAWS = 100
_MOST_DRAWS = 100_000


@dataclass(frozen=True, slots=True)
class FitConfig:
    """Fit the laws of a sweep, or of a table of points."""

    path: Positional[Path]
    """A sweep's folder (its points.csv), or a CSV file: x, y[, group]; N, D, loss[, group]; x,
    accuracy, trials[, group]."""
    x: str = ""
    """What to fit against: people, hours, items, samples, params, flops; N, D or C; all that vary
    by default."""
    least: float = 0.0
    """Leave out points whose --x is smaller: a law may bend where data is shortest."""
    metric: str = ""
    """Fit this metric alone; by default the loss and every metric."""
    group: str = ""
    """Columns, separated by commas, whose values make a curve each; by default all but x."""
    hold_out: Literal["largest", "none"] = "largest"
    """Predict the largest point of each curve by the others."""
    dependent: Dependent = "once"
    """Points that share a trunk: count the longest of each trunk once, or all."""
    level: float = 0.9
    """Of the intervals."""
    draws: int = resample.DRAWS
    """Of the bootstrap."""
    seed: int = 0
    """Of the draws."""
    out: Path | None = None
    """Folder for laws.json and laws.txt."""

    def __post_init__(self) -> None:
        require_draws(self)
        require(self, [(self.least >= 0, "least", "0 or more")])
        if self.least and not self.x:
            raise UsageError(f"--least {self.least:g} is of one x; add --x, such as --x people")


def require_draws(config: Any) -> None:
    """Check level, draws and seed.

    Raises:
        UsageError: one is outside its range.
    """
    draws = f"from {_LEAST_DRAWS} to {_MOST_DRAWS}"
    rules = [
        (0.5 <= config.level < 1.0, "level", "from 0.5 to below 1"),
        (_LEAST_DRAWS <= config.draws <= _MOST_DRAWS, "draws", draws),
        (0 <= config.seed < 1 << 32, "seed", "from 0 to 4294967295"),
    ]
    require(config, rules)


def fit(config: FitConfig) -> Outcome:
    """`edgehuman scale fit`.

    Raises:
        UsageError: no such x, metric or column.
        DataError: no table, points that cannot be compared, or fewer than three for every curve.
        MissingDependencyError: scipy is not installed.
    """
    if find_spec("scipy") is None:
        raise not_installed("scipy", "fitting a law")
    if config.out is not None:
        require_usable_folder(config.out, "--out")
    table = read_table(place_of(config.path))
    columns = tuple(name.strip() for name in config.group.split(",") if name.strip())
    rules = Rules(config.level, config.draws, config.seed, config.hold_out == "largest")
    wanted = Wanted(config.x, config.metric, columns, config.dependent, config.least)
    data = as_data(table, fits_of(table, wanted, rules), rules)
    text = as_text(data)
    if config.out is not None:
        files = {"laws.json": to_json(data, indent=1) + "\n", "laws.txt": text}
        write_together({config.out / name: each.encode() for name, each in files.items()})
    return Outcome(data, text)


def place_of(path: Path) -> Path:
    """The table of a sweep's folder, or the file itself.

    Raises:
        DataError: a folder without a table.
    """
    if not path.is_dir():
        return path
    if not (path / POINTS).is_file():
        raise DataError(
            f"{path}: has no {POINTS}; give the folder of a sweep (edgehuman scale run), or a CSV "
            "file"
        )
    return path / POINTS
