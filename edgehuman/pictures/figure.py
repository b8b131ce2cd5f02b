"""Create an empty matplotlib figure without a display; matplotlib is imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehuman.install import not_installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def blank(width_in: float, height_in: float) -> Figure:
    """Return an empty figure of this size, in inches, that can be saved as a PNG.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise not_installed("matplotlib", "this picture") from None
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
