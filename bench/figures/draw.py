"""Draw a figure as PNG: points with intervals, laws with bands, stars; colour-blind-safe."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.bench.figures.parts import MOST_CURVES, MOST_PANELS, Figure, Panel, Trace
from edgehuman.pictures.figure import blank, plain
from edgehuman.runtime.view.palette import colours, hexadecimal

_WIDTH_IN, _HEIGHT_IN, _DPI = 8.6, 4.6, 110
_LEAST_DECADES, _FEW_DECADES = 0.8, 3.0
_MARKERS = "os^Dv<>Pph"
# Of Okabe and Ito's: those that lie far apart first; without yellow, hardly seen on white.
_ORDER = (0, 5, 2, 3, 6, 1, 7)
_GREY = "#9aa4af"
_LABEL = 44


def draw(figure: Figure) -> bytes:
    """The PNG; the same figure gives the same bytes.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    panels = figure.panels[:MOST_PANELS]
    drawn = blank(_WIDTH_IN, _HEIGHT_IN * len(panels))
    for place, panel in enumerate(panels, 1):
        _panel(drawn.add_subplot(len(panels), 1, place), panel)
    if figure.simulated:
        drawn.suptitle("SIMULATED DATA", color="#a3260f", fontsize=11, fontweight="bold")
    content = io.BytesIO()
    drawn.savefig(content, format="png", dpi=_DPI, metadata={"Software": None})
    return content.getvalue()


def _palette(names: Sequence[str]) -> Mapping[str, str]:
    slots = [hexadecimal(rgb) for rgb in colours([str(k) for k in range(20)]).values()]
    safe = [slots[k] for k in _ORDER] + slots[8:20]
    return {name: safe[k % len(safe)] for k, name in enumerate(dict.fromkeys(names))}


def _panel(axes: Any, panel: Panel) -> None:
    traces = panel.traces[:MOST_CURVES]
    colour = _palette([trace.colour or trace.label for trace in traces if not trace.grey])
    markers = list(dict.fromkeys(trace.marker for trace in traces))
    for label, x, y in panel.contours:
        axes.plot(x, y, color=_GREY, linewidth=0.8, linestyle=":", zorder=0)
        axes.annotate(
            plain(label), (x[-1], y[-1]), fontsize=6, color="#6b7682", ha="right", va="bottom"
        )
    places = [dot.x for trace in traces for dot in trace.dots]
    decades = math.log10(max(places) / min(places)) if places else 0.0
    for place, trace in enumerate(traces):
        marker = _MARKERS[markers.index(trace.marker) % len(_MARKERS)]
        shade = _GREY if trace.grey else colour[trace.colour or trace.label]
        _trace(axes, trace, shade, marker, 10.0 ** (decades * (0.014 + 0.005 * place)))
    axes.set_xscale("log")
    _ticks(axes.xaxis, *axes.get_xlim())
    if panel.log_y:
        axes.set_yscale("log")
        _ticks(axes.yaxis, *axes.get_ylim())
    axes.set_title(plain(panel.title), fontsize=10)
    axes.set_xlabel(plain(panel.x_label))
    axes.set_ylabel(plain(panel.y_label))
    axes.grid(alpha=0.25, which="both", linewidth=0.5)
    _legend(axes, len(panel.traces) - len(traces), any(trace.star for trace in traces))


def _ticks(axis: Any, low: float, high: float) -> None:
    """Numbers as they are read, such as 0.045 and 200k; a loss spans less than a decade."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    axis.set_minor_formatter(NullFormatter())
    axis.set_major_formatter(FuncFormatter(lambda value, _: _said(value)))
    if math.log10(high / low) < _LEAST_DECADES:
        axis.set_major_locator(MaxNLocator(nbins=6))
        axis.set_minor_locator(MaxNLocator(nbins=12))
    elif math.log10(high / low) < _FEW_DECADES:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    else:
        axis.set_major_locator(LogLocator())


def _said(value: float) -> str:
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}"
    return f"{value:.4g}"


def _trace(axes: Any, trace: Trace, colour: str, marker: str, beside: float) -> None:
    if len(trace.x_G):
        axes.plot(trace.x_G, trace.y_G, color=colour, linewidth=1.4)
    if len(trace.low_G):
        axes.fill_between(trace.x_G, trace.low_G, trace.high_G, color=colour, alpha=0.14, lw=0)
    x = np.array([dot.x for dot in trace.dots])
    y = np.array([dot.y for dot in trace.dots])
    below = np.array([dot.y - dot.low if math.isfinite(dot.low) else 0.0 for dot in trace.dots])
    above = np.array([dot.high - dot.y if math.isfinite(dot.high) else 0.0 for dot in trace.dots])
    label = trace.label if len(trace.label) <= _LABEL else f"{trace.label[: _LABEL - 1]}…"
    joined = "-" if trace.joined and not len(trace.x_G) else ""
    if len(x):
        axes.errorbar(  # what is not known has no bar
            *(x, y, np.maximum([below, above], 0.0)),
            fmt=marker + joined,
            color=colour,
            markersize=5,
            elinewidth=1.0,
            capsize=2,
            label=plain(label),
        )
    else:
        axes.plot([], [], color=colour, label=plain(label))
    star = trace.star
    if star is None:
        return
    ends = [[max(star.predicted - star.low, 0.0)], [max(star.high - star.predicted, 0.0)]]
    axes.errorbar(
        *([star.x * beside], [star.predicted], ends),
        fmt="_",
        color=colour,
        elinewidth=2.4,
        markersize=9,
        capsize=4,
        alpha=0.7,
    )
    axes.plot([star.x], [star.measured], "*", color=colour, markersize=13, markeredgecolor="black")


def _legend(axes: Any, hidden: int, has_star: bool) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if has_star:
        from matplotlib.lines import Line2D

        handles.append(Line2D([], [], marker="*", color="black", linestyle="", markersize=9))
        labels.append("measured\n(bar: predicted without it)")
    if hidden > 0:
        from matplotlib.lines import Line2D

        handles.append(Line2D([], [], linestyle=""))
        labels.append(f"{hidden} more in the table")
    if handles:
        axes.legend(
            handles, labels, fontsize=7, loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False
        )
