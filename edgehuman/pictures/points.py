"""Draw named points, such as what models reach against what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehuman.pictures.figure import blank, plain, save_png

_MARKERS = "os^vD<>Pphd8"


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its name in the legend, and where it is."""

    name: str
    x: float
    y: float


def draw_points(points: Sequence[Point], x_label: str, y_label: str, path: Path) -> Path:
    """Write the points as a PNG, x by its logarithm; its folder is created.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(7.5, 4.0)
    axes = figure.add_subplot(1, 1, 1)
    for number, point in enumerate(points):
        axes.plot(
            [point.x],
            [point.y],
            _MARKERS[number % len(_MARKERS)],
            markersize=9,
            label=plain(point.name),
        )
    axes.set_xscale("log")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    save_png(figure, path, dpi=120)
    return path
