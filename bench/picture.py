"""The benchmark's picture: p50, p95 and p99 of every contestant on one axis from zero, as a PNG."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehuman.bench.page import measured
from edgehuman.pictures.figure import blank


def draw_latency(data: Mapping[str, Any], path: Path) -> Path:
    """Bars to p50 with the 95 % interval, marks at p95 and p99.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    rows = measured(data["rows"])[::-1]
    figure = blank(9.0, 1.4 + 0.45 * len(rows))
    axes = figure.add_subplot()
    place = list(range(len(rows)))
    latency = [row["latency_ms"] for row in rows]
    p50 = [each["p50"]["value"] for each in latency]
    reach = [
        [each["p50"]["value"] - each["p50"]["low"] for each in latency],
        [each["p50"]["high"] - each["p50"]["value"] for each in latency],
    ]
    axes.barh(place, p50, xerr=reach, color="#4c8fd6", label="p50 with its 95 % interval")
    for key, colour in (("p95", "#d29922"), ("p99", "#d1242f")):
        values = [each[key]["value"] for each in latency]
        axes.scatter(values, place, marker="|", s=160, c=colour, label=key, zorder=3)
    axes.set_yticks(place, [f"{row['model']} · {row['engine']}" for row in rows])
    axes.set_xlim(left=0)
    axes.set_xlabel(f"ms per call of {data['settings']['batch']} window(s)")
    axes.legend(loc="best", fontsize=8)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    return path
