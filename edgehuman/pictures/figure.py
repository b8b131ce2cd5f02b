"""Create an empty matplotlib figure without a display; matplotlib is imported on first use."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from edgehuman.errors import safe_name
from edgehuman.files import write_whole
from edgehuman.install import not_installed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def require_pictures() -> None:
    """Check, before the work, that pictures can be drawn.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise not_installed("matplotlib", "this picture")


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


def plain(text: str) -> str:
    """A name from outside as matplotlib draws it letter by letter: "$" begins no formula, and "_"
    hides nothing from a legend.
    """
    said = safe_name(text).replace("$", r"\$")
    return f" {said}" if said.startswith("_") else said


def save_png(figure: Figure, path: Path, dpi: int = 110) -> None:
    """Write the figure whole or not at all; the same figure gives the same bytes.

    Raises:
        ArtefactError: the path cannot be written.
    """
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=dpi, metadata={"Software": None})
    write_whole(path, drawn.getvalue())
