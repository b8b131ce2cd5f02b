"""The measurements as a Markdown table, a self-contained HTML page, and a PNG: p50, p95 and p99 of
every contestant on one axis from zero.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.pictures.figure import blank, save_png

Row = Mapping[str, Any]
ABSENT = "not measured"

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
       color: #1b1f24; background: #fff; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; border-bottom: 1px solid #d0d7de; text-align: right; }
th:first-child, td:first-child { text-align: left; }
.note { color: #57606a; } svg { width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; } th, td { border-color: #30363d; }
  .note { color: #8b949e; } svg text { fill: #e6edf3; } }
"""


def measured(rows: Sequence[Row]) -> list[Row]:
    """The rows that were measured."""
    return [row for row in rows if "latency_ms" in row]


_METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "mean_ap": "mAP",
    "mean_accuracy": "mA",
    "mean_oks": "mean OKS",
    "mean_iou": "mIoU",
}


def head(rows: Sequence[Row] = ()) -> list[str]:
    """The table's columns; the last is the task's metric."""
    first = next((name for row in measured(rows) for name in row["metrics"] or ()), "macro_f1")
    return [
        "model",
        "engine",
        "precision",
        "p50 ms (95 %)",
        "p95 ms (95 %)",
        "p99 ms (95 %)",
        "records/s",
        "memory MB",
        "file MB",
        "energy mJ",
        _METRIC_NAMES.get(first, first),
    ]


def cells(row: Row) -> list[str]:
    """One row's cells, in the order of `head`."""
    file_bytes = row["file_bytes"]
    metrics = row["metrics"] or {}
    return [
        row["model"],
        row["version"],
        row["precision"],
        *(_interval(row["latency_ms"][key]) for key in ("p50", "p95", "p99")),
        f"{row['records_per_s']:,.0f}",
        _number(row["memory_mb"], ".1f"),
        "-" if file_bytes is None else f"{file_bytes / 1e6:.2f}",
        _number(row["energy_mj"], ".2f"),
        f"{next(iter(metrics.values())):.4f}" if metrics else ABSENT,
    ]


def _interval(each: Mapping[str, float]) -> str:
    return f"{each['value']:.3f} ({each['low']:.3f} to {each['high']:.3f})"


def _number(value: float | None, form: str) -> str:
    return ABSENT if value is None else format(value, form)


def reasons(rows: Sequence[Row]) -> list[str]:
    """Why something was not measured: each reason once, with everything it applies to."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for what, why in row["not_measured"].items():
            found.setdefault((what, why), []).append(f"{row['model']} on {row['engine']}")
    return [
        f"{ABSENT}: {'' if what == 'all' else what + ' of '}{_listed(of, rows)}: {why}"
        for (what, why), of in found.items()
    ]


def _listed(names: Sequence[str], rows: Sequence[Row]) -> str:
    return "all" if len(names) == len(measured(rows)) > 1 else ", ".join(names)


def sustained_lines(rows: Sequence[Row]) -> list[str]:
    """One line per contestant that ran for minutes."""
    return [
        f"{row['model']} on {row['engine']}, {long['seconds'] / 60:.1f} min back to back: "
        f"{long['records_per_s']:,.0f} records/s, p50 {long['p50_first_ms']:.3f} ms in the first "
        f"tenth and {long['p50_last_ms']:.3f} ms in the last, p99 {long['p99_ms']:.3f} ms"
        for row in measured(rows)
        if (long := row["sustained"]) is not None
    ]


def conditions(data: Mapping[str, Any]) -> list[str]:
    """The conditions of the measurement: machine, data, settings."""
    machine, settings = data["machine"], data["settings"]
    clocks = [f"{mhz:.0f}" for mhz in machine["clock_mhz"].values() if mhz is not None]
    clock = f"{' and '.join(clocks)} MHz before and after" if clocks else f"clock {ABSENT}"
    idle = "" if machine["idle_w"] is None else f", {machine['idle_w']:.1f} W idle"
    return [
        f"{machine['board'] or machine['cpu']}, {machine['cores']} cores, {clock}, "
        f"governor {machine['governor'] or 'not said'}, Python {machine['python']}",
        f"{settings['timed_records']} {settings['records']}, batch "
        f"{settings['batch']}, {settings['threads']} thread(s), {settings['rounds']} interleaved "
        f"rounds of {settings['calls_per_round']} counted calls; outliers are included",
        f"warm-up: {settings['warm_up']}",
        f"energy: {machine['energy']}{idle}; memory: growth of a separate process",
    ]


def as_markdown(data: Mapping[str, Any]) -> str:
    """The table, followed by the conditions and what was not measured."""
    columns = head(data["rows"])
    lines = ["| " + " | ".join(columns) + " |", "|---|---|---|" + "---:|" * (len(columns) - 3)]
    lines += ["| " + " | ".join(cells(row)) + " |" for row in measured(data["rows"])]
    notes = [*conditions(data), *sustained_lines(data["rows"]), *reasons(data["rows"])]
    return "\n".join([*lines, "", *(f"- {note}" for note in notes)])


def as_html(data: Mapping[str, Any]) -> str:
    """One self-contained page with the picture as inline SVG."""
    rows = measured(data["rows"])
    notes = [*conditions(data), *sustained_lines(data["rows"]), *reasons(data["rows"])]
    table_head = "".join(f"<th>{html.escape(text)}</th>" for text in head(rows))
    table_rows = "\n".join(
        "<tr>" + "".join(f"<td>{_unbroken(text)}</td>" for text in cells(row)) + "</tr>"
        for row in rows
    )
    listed = "\n".join(f"<li>{html.escape(note)}</li>" for note in notes)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>edgehuman bench</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>edgehuman bench</h1>\n"
        f'<p class="note">{html.escape(data["settings"]["measured_at"])}</p>\n'
        f"{as_svg(rows)}\n<table>\n<tr>{table_head}</tr>\n{table_rows}\n</table>\n"
        f'<ul class="note">\n{listed}\n</ul>\n</body>\n</html>\n'
    )


def _unbroken(text: str) -> str:
    """A cell; its interval stays on one line."""
    return html.escape(text).replace(" to ", "&nbsp;to&nbsp;")


def as_svg(rows: Sequence[Row]) -> str:
    """One bar per contestant up to its p50, with marks at p95 and p99, on one axis from zero."""
    longest = max((row["latency_ms"]["p99"]["value"] for row in rows), default=1.0)
    left, width, step = 300, 560, 30
    parts = [
        f'<svg viewBox="0 0 {left + width + 90} {step * len(rows) + 40}" role="img" '
        f'aria-label="latency of each contestant" font-size="13" font-family="sans-serif">'
    ]
    for index, row in enumerate(rows):
        top = step * index + 8
        at = {key: each["value"] / longest * width for key, each in row["latency_ms"].items()}
        name = html.escape(f"{row['model']} · {row['engine']}")
        parts.append(
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{name}</text>'
            f'<rect x="{left}" y="{top}" width="{at["p50"]:.1f}" height="18" fill="#2f81f7"/>'
            + "".join(
                f'<line x1="{left + at[key]:.1f}" x2="{left + at[key]:.1f}" y1="{top - 2}" '
                f'y2="{top + 20}" stroke="{colour}" stroke-width="2"/>'
                for key, colour in (("p95", "#d29922"), ("p99", "#f85149"))
            )
            + f'<text x="{left + at["p99"] + 8:.1f}" y="{top + 14}">'
            f"{row['latency_ms']['p50']['value']:.3f} ms</text>"
        )
    key = "bar: p50 · yellow: p95 · red: p99 · milliseconds a batch, from zero"
    parts.append(f'<text x="{left}" y="{step * len(rows) + 28}">{key}</text></svg>')
    return "".join(parts)


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
    save_png(figure, path, dpi=120)
    return path
