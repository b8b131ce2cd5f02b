"""`edgehuman scale plot`: the papers' figures from our points, as PNG and one HTML page.

    edgehuman scale plot runs/sweep --out figures

Each figure is named for what it shows. One whose points lack something is not drawn; the page says
what it lacks. Beside the pictures stand index.html, with all numbers, and laws.json.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tyro.conf import Positional

from edgehuman.bench.figures import curves, gait, wearable
from edgehuman.bench.figures.draw import draw
from edgehuman.bench.figures.page import as_html
from edgehuman.bench.figures.parts import Figure
from edgehuman.bench.fits.fits import Wanted, fits_of
from edgehuman.bench.fits.study import Dependent
from edgehuman.bench.fits.values import as_data
from edgehuman.bench.laws import resample
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.fit import place_of, require_draws
from edgehuman.bench.scale.points import Table, points_of, read_table
from edgehuman.errors import UsageError
from edgehuman.files import require_own_folder, write_together
from edgehuman.install import not_installed
from edgehuman.outcome import Outcome, to_json
from edgehuman.pictures.figure import require_pictures

PAGE, LAWS = "index.html", "laws.json"
PICTURES = (
    *("loss_by_data", "loss_by_parameters", "metric_by_data", "metric_by_parameters"),
    *("best_capacity_by_data", "augmentation", "model_scaling", "data_scaling", "data_quality"),
    *("isoflop_by_parameters", "isoflop_by_samples", "isoaccuracy", "most_efficient"),
    *(*curves.NAMES.values(), "joint_law"),
)


@dataclass(frozen=True, slots=True)
class PlotConfig:
    """Draw the papers' figures of a sweep, or the curves of a table."""

    path: Positional[Path]
    """A sweep's folder (its points.csv), or a CSV file as of `edgehuman scale fit`."""
    out: Path | None = None
    """New folder for the pictures, the page and the laws; required."""
    metric: str = ""
    """Draw this metric alone; by default the loss and every metric."""
    dependent: Dependent = "once"
    """Points that share a trunk: count the longest of each trunk once, or all."""
    level: float = 0.9
    """Of the intervals."""
    draws: int = resample.DRAWS
    """Of the bootstrap."""
    seed: int = 0
    """Of the draws."""

    def __post_init__(self) -> None:
        if self.out is None:
            raise UsageError("--out is missing; give a new folder for the pictures and the page")
        require_draws(self)


def plot(config: PlotConfig) -> Outcome:
    """`edgehuman scale plot`.

    Raises:
        UsageError: no such metric, or --out has other files.
        DataError: as of `edgehuman scale fit`.
        MissingDependencyError: scipy or matplotlib is not installed.
    """
    if find_spec("scipy") is None:
        raise not_installed("scipy", "fitting a law")
    require_pictures()
    assert config.out is not None
    names = {PAGE, LAWS, *(f"{name}.png" for name in PICTURES)}
    require_own_folder(config.out, names, "--out")
    table = read_table(place_of(config.path))
    rules = Rules(config.level, config.draws, config.seed)
    fits = fits_of(table, Wanted(metric=config.metric, dependent=config.dependent), rules)
    data = as_data(table, fits, rules)
    if "cell" in table.columns:
        figures = [*wearable.figures(fits, rules), *gait.figures(fits, rules)]
    else:
        figures = curves.figures(fits, rules)
    figures.append(curves.joint(fits, rules))
    pictures = {figure.name: draw(figure) for figure in figures if figure.panels}
    commands = [_own_command(config), *_run_commands(table)]
    contents = {f"{name}.png": picture for name, picture in pictures.items()}
    contents[LAWS] = (to_json(data, indent=1) + "\n").encode()
    contents[PAGE] = as_html(figures, pictures, data, commands).encode()
    write_together({config.out / name: each for name, each in contents.items()}, shown=config.out)
    for stale in names - set(contents):  # of an earlier run, whose points had more
        (config.out / stale).unlink(missing_ok=True)
    return _outcome(config.out, figures)


def _own_command(config: PlotConfig) -> str:
    words = ["edgehuman", "scale", "plot", str(config.path), "--out", str(config.out)]
    return shlex.join(words + (["--metric", config.metric] if config.metric else []))


def _run_commands(table: Table) -> list[str]:
    points = points_of(table) if "cell" in table.columns else ()
    return list(dict.fromkeys(point.command for point in points if point.command))


def _outcome(folder: Path, figures: Sequence[Figure]) -> Outcome:
    drawn = [figure for figure in figures if figure.panels]
    lacking = [figure for figure in figures if not figure.panels]
    data = {
        "page": str(folder / PAGE),
        "figures": [
            {"file": f"{figure.name}.png", "shows": figure.title, "as": figure.paper}
            for figure in drawn
        ],
        "not_drawn": [
            {"shows": figure.title, "as": figure.paper, "lacks": figure.lacks} for figure in lacking
        ],
        "simulated": any(figure.simulated for figure in figures),
    }
    lines = [f"{folder / PAGE}: {len(drawn)} figures"]
    lines += [f"  {figure.name}.png: {figure.title} ({figure.paper})" for figure in drawn]
    if lacking:
        lines += ["not drawn, as the points lack"]
        lines += [f"  {figure.title} ({figure.paper}): {figure.lacks}" for figure in lacking]
    return Outcome(data, "\n".join(lines) + "\n")
