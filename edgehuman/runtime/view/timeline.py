"""A stream as one picture: acceleration, true and recognised labels, and the network's
probabilities over time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import DataError
from edgehuman.pictures.figure import blank, save_png
from edgehuman.records import Float32, Float64
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.view.palette import UNLABELLED_RGB, colours, hexadecimal

_MOST_HOPS = 20_000  # 3.5 hours at a hop of 0.64 s; older ones are dropped
_AXIS_COLOURS = ("#333333", "#8c8c8c", "#c4c4c4")


class Timeline:
    """A sink that keeps what the picture needs from each hop.

    Args:
        labels: class names, in the order of the probabilities.
        hop_s: stream time between windows.
        rate_hz: samples per second of the windows.
    """

    name = "timeline"
    may_skip = False

    def __init__(self, labels: Sequence[str], hop_s: float, rate_hz: float) -> None:
        self.labels = tuple(labels)
        self.hop_s = hop_s
        self.rate_hz = rate_hz
        self.hops: deque[ImuResult] = deque(maxlen=_MOST_HOPS)
        self.accel: deque[Float32] = deque(maxlen=_MOST_HOPS)

    def write(self, results: Sequence[ImuResult]) -> None:
        fresh = max(1, round(self.hop_s * self.rate_hz))
        for result in results:
            self.hops.append(result)
            empty = np.empty((0, 3), np.float32)
            self.accel.append(
                empty if result.window is None else result.window.imu_TC[-fresh:, :3].copy()
            )

    def close(self) -> None:
        """Nothing to close; `draw_timeline` draws the picture."""


def draw_timeline(timeline: Timeline, path: Path, title: str) -> None:
    """Write the picture as PNG.

    Raises:
        DataError: nothing was recognised.
        ArtefactError: the path cannot be written.
        MissingDependencyError: matplotlib is not installed.
    """
    if not timeline.hops:
        raise DataError(f"{path}: no window was recognised, so there is nothing to draw")
    figure = blank(14, 7.2)
    rows = figure.subplots(3, 1, sharex=True, height_ratios=(2.2, 1.5, 2.3))
    _draw_acceleration(rows[0], timeline)
    _draw_labels(rows[1], timeline)
    _draw_probabilities(rows[2], timeline)
    rows[0].set_xlim(timeline.hops[0].t_s - timeline.hop_s, timeline.hops[-1].t_s)
    rows[2].set_xlabel("stream time (s)")
    figure.suptitle(title, fontsize=13, fontweight="bold", x=0.01, ha="left")
    _draw_legend(figure, timeline)
    save_png(figure, path)


def _draw_acceleration(axes: Any, timeline: Timeline) -> None:
    for k, (name, colour) in enumerate(zip("xyz", _AXIS_COLOURS, strict=True)):
        t_s, accel = _trace(timeline, k)
        axes.plot(t_s, accel, color=colour, linewidth=0.6, label=name)
    axes.set_ylabel("acceleration (g)")
    axes.grid(axis="y", color="#eeeeee")
    axes.legend(loc="lower right", bbox_to_anchor=(1.0, 0.99), ncols=3, frameon=False)
    _plain(axes)


def _trace(timeline: Timeline, axis: int) -> tuple[Float64, Float64]:
    """Times and values of one axis, hop after hop, with a break before each pause."""
    t_parts: list[Float64] = []
    parts: list[Float64] = []
    last_s = -np.inf
    for result, accel_T3 in zip(timeline.hops, timeline.accel, strict=True):
        if result.t_s - last_s > 1.5 * timeline.hop_s:
            t_parts.append(np.array([result.t_s - timeline.hop_s]))
            parts.append(np.array([np.nan]))
        ago = np.arange(len(accel_T3) - 1, -1, -1) / timeline.rate_hz
        t_parts.append(result.t_s - ago)
        parts.append(accel_T3[:, axis].astype(np.float64))
        last_s = result.t_s
    return np.concatenate(t_parts), np.concatenate(parts)


def _draw_labels(axes: Any, timeline: Timeline) -> None:
    rgb = colours(timeline.labels)
    tracks = [
        ("network", [result.raw_label for result in timeline.hops]),
        ("smoothed", [result.label for result in timeline.hops]),
    ]
    if _has_truth(timeline):
        tracks.append(("true", [result.true_label or "" for result in timeline.hops]))
    for row, (_, said) in enumerate(tracks):
        for start_s, length_s, label in label_runs(timeline, said):
            face = hexadecimal(rgb.get(label, UNLABELLED_RGB))
            axes.broken_barh([(start_s, length_s)], (row - 0.4, 0.8), facecolor=face, linewidth=0)
    axes.set_yticks(range(len(tracks)), [name for name, _ in tracks])
    axes.set_ylim(-0.5, len(tracks) - 0.5)
    axes.tick_params(axis="y", length=0)
    _plain(axes)


def label_runs(timeline: Timeline, said: Sequence[str]) -> list[tuple[float, float, str]]:
    """Start, length and label of each run; a hop covers the time since the one before it."""
    spans = []
    stamped = [(result.t_s, label) for result, label in zip(timeline.hops, said, strict=True)]
    for label, run in groupby(stamped, key=lambda pair: pair[1]):
        times_s = [t_s for t_s, _ in run]
        start_s = times_s[0]
        for before_s, t_s in zip(times_s, [*times_s[1:], np.inf], strict=True):
            if t_s - before_s > 1.5 * timeline.hop_s:
                spans.append((start_s - timeline.hop_s, before_s - start_s + timeline.hop_s, label))
                start_s = t_s
    return spans


def _draw_probabilities(axes: Any, timeline: Timeline) -> None:
    """One cell per hop and class, from white (0) to the class's colour (1), on a regular grid.

    Pauses and windows without an answer are grey.
    """
    first_s, last_s = timeline.hops[0].t_s, timeline.hops[-1].t_s
    columns = round((last_s - first_s) / timeline.hop_s) + 1
    prob_CN = np.full((len(timeline.labels), columns), np.nan)
    for result in timeline.hops:
        if result.prob_C is not None:
            prob_CN[:, round((result.t_s - first_s) / timeline.hop_s)] = result.prob_C
    rgb = colours(timeline.labels)
    colour_C3 = np.array([rgb[label] for label in timeline.labels]) / 255.0
    image_CN3 = 1.0 - prob_CN[:, :, None] * (1.0 - colour_C3[:, None, :])
    image_CN3[np.isnan(prob_CN)] = np.array(UNLABELLED_RGB) / 255.0
    left_s = first_s - timeline.hop_s
    extent = (left_s, left_s + columns * timeline.hop_s, len(timeline.labels) - 0.5, -0.5)
    axes.imshow(image_CN3, aspect="auto", extent=extent, interpolation="none")
    axes.set_yticks(range(len(timeline.labels)), [_words(label) for label in timeline.labels])
    axes.set_ylabel("network's probability\n(white 0, colour 1)", fontsize=9)
    axes.tick_params(axis="y", length=0)
    _plain(axes)


def _draw_legend(figure: Any, timeline: Timeline) -> None:
    from matplotlib.patches import Patch

    seen = {result.label for result in timeline.hops} | {
        result.raw_label for result in timeline.hops
    }
    handles = [
        Patch(facecolor=hexadecimal(rgb), label=_words(label))
        for label, rgb in colours(timeline.labels).items()
        if label in timeline.labels or label in seen
    ]
    if _has_truth(timeline):
        handles.append(
            Patch(facecolor=hexadecimal(UNLABELLED_RGB), label="transition or unlabelled")
        )
    figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 8), frameon=False
    )


def _has_truth(timeline: Timeline) -> bool:
    return any(result.true_label is not None for result in timeline.hops)


def _words(label: str) -> str:
    return label.replace("_", " ")


def _plain(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
