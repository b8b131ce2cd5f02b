"""Create an empty matplotlib figure without a display; matplotlib is imported on first use."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from edgehuman.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NEEDED = (
    "this picture needs matplotlib, which is not installed; run: pip install 'edgehuman[plot]'"
)


def require_pictures() -> None:
    """Check, before the work, that pictures can be drawn.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise MissingDependencyError(_NEEDED)


def blank(width_in: float, height_in: float) -> Figure:
    """Return an empty figure of this size, in inches, that can be saved as a PNG.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError(_NEEDED) from None
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure
