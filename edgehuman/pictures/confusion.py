"""Draw a confusion matrix: counts in the cells, shaded by share of the true class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehuman.pictures.figure import blank, plain, save_png


def draw_confusion(
    counts_CC: NDArray[np.integer], labels: Sequence[str], path: Path, title: str = ""
) -> Path:
    """Write the matrix as a PNG.

    Args:
        counts_CC: rows true, columns predicted, as returned by `classification.confusion`.
        labels: the C class names.
        path: of the PNG; its folder is created.
        title: one line above the matrix.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    counts_CC = np.asarray(counts_CC)
    share_CC = counts_CC / np.maximum(counts_CC.sum(axis=1, keepdims=True), 1)
    side_in = 2.0 + 0.6 * len(labels)
    figure = blank(side_in + 0.6, side_in)
    axes = figure.add_subplot()
    axes.imshow(share_CC, cmap="Blues", vmin=0.0, vmax=1.0)
    names = [plain(label) for label in labels]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right")
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(plain(title))
    for (row, column), count in np.ndenumerate(counts_CC):
        colour = "white" if share_CC[row, column] > 0.5 else "black"
        axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=8)
    save_png(figure, path, dpi=120)
    return path
