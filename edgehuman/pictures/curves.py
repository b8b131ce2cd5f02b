"""Draw curves in panels side by side, such as the numbers of a training by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from edgehuman.pictures.figure import blank, plain, save_png


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes:
        title: above it.
        unit: of its values.
        curves: label -> the curve's x and y.
    """

    title: str
    unit: str
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]]


def draw_curves(panels: Sequence[Panel], x_label: str, path: Path) -> Path:
    """Write the panels as a PNG; its folder is created.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = blank(4.5 * len(panels), 3.5)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(1, len(panels), number)
        for label, (x, y) in panel.curves.items():
            axes.plot(x, y, marker=".", label=plain(label))
        axes.set_title(plain(panel.title))
        axes.set_xlabel(x_label)
        axes.set_ylabel(panel.unit)
        axes.grid(alpha=0.3)
        axes.legend()
    save_png(figure, path, dpi=120)
    return path
