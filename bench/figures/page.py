"""One HTML page of the figures: pictures inside, the numbers behind every point, the commands.

It needs nothing from outside and runs no script; dark where the reader's system is, and readable on
a phone.
"""

from __future__ import annotations

import base64
import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from edgehuman.bench.figures.parts import Figure, Panel, Trace
from edgehuman.errors import printable

_OPEN_ROWS = 12
_MOST_COMMANDS = 200
_STYLE = """
:root { color-scheme: light dark; --ground: #f5f6f8; --card: #fff; --ink: #16202c; --soft: #51606f;
  --line: #d5dbe2; --accent: #0b5cad; --bad: #a3260f; }
@media (prefers-color-scheme: dark) { :root { --ground: #0f151c; --card: #18212b; --ink: #e8eef5;
  --soft: #a6b4c3; --line: #2f3c4a; --accent: #7cbcff; --bad: #ff9a82; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui,
  -apple-system, "Segoe UI", Roboto, sans-serif; font-variant-numeric: tabular-nums; }
header, main, footer { max-width: 1080px; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 1.4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .4rem; }
h2 { font-size: 1.15rem; margin: 0 0 .2rem; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px;
  padding: 1rem; margin: 1rem 0; }
img { display: block; width: 100%; height: auto; background: #fff; border-radius: 8px;
  margin: .6rem 0; }
.note { color: var(--soft); font-size: .92rem; margin: 0 0 .4rem; }
.simulated { color: var(--bad); font-weight: 700; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .86rem; width: 100%; }
th, td { text-align: left; padding: .28rem .7rem .28rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; }
td.num { text-align: right; white-space: nowrap; }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
summary { cursor: pointer; color: var(--accent); padding: .3rem 0; }
summary:focus-visible { outline: 3px solid var(--accent); }
pre { overflow-x: auto; background: var(--ground); padding: .6rem; border-radius: 8px;
  font-size: .82rem; }
dt { color: var(--soft); } dd { margin: 0 0 .4rem; overflow-wrap: anywhere; }
"""
_HEAD = ("curve", "x", "y", "low", "high", "seeds", "cell")


def as_html(
    figures: Sequence[Figure],
    pictures: Mapping[str, bytes],
    data: Mapping[str, Any],
    commands: Sequence[str],
) -> str:
    """The page.

    Args:
        pictures: name of a figure -> its PNG.
        data: what `scale fit --json` prints: laws and checklists.
        commands: of this page, and of the runs behind it.
    """
    made = any(figure.simulated for figure in figures) or bool(data["simulated"])
    banner = '<p class="simulated">Simulated data: nothing here was measured on people.</p>'
    drawn = [figure for figure in figures if figure.panels]
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "img-src data:; style-src 'unsafe-inline'\">",
        f"<title>Scaling laws</title><style>{_STYLE}</style></head><body>",
        "<header><h1>Scaling laws</h1>",
        f'<p class="note">{_said(data["points"])}: {len(data["laws"])} laws, '
        f"{len(drawn)} of {len(figures)} figures.</p>",
        banner if made else "",
        "</header><main>",
        *(_section(figure, pictures[figure.name]) for figure in drawn),
        _missing([figure for figure in figures if not figure.panels]),
        _laws(data["laws"]),
        *(_checklist(y, answers) for y, answers in data["checklist"].items()),
        _commands(commands),
        "</main><footer></footer></body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _said(text: object) -> str:
    return html.escape(printable(str(text)))


def _section(figure: Figure, picture: bytes) -> str:
    encoded = base64.b64encode(picture).decode("ascii")
    notes = "".join(f'<p class="note">{_said(note)}</p>' for note in figure.notes)
    tag = ' <span class="simulated">simulated</span>' if figure.simulated else ""
    return (
        f'<section id="{_said(figure.name)}"><h2>{_said(figure.title)}{tag}</h2>'
        f'<p class="note">as {_said(figure.paper)}; {_said(figure.name)}.png</p>'
        f'<img alt="{_said(figure.title)}" src="data:image/png;base64,{encoded}">'
        f"{notes}{_numbers(figure)}</section>"
    )


def _numbers(figure: Figure) -> str:
    rows = [row for panel in figure.panels for row in _panel_rows(panel)]
    is_open = " open" if len(rows) <= _OPEN_ROWS else ""
    laws = [
        f"<li>{_said(trace.label)}: {_said(trace.law)}</li>"
        for panel in figure.panels
        for trace in panel.traces
        if trace.law
    ]
    listed = f"<ul>{''.join(laws)}</ul>" if laws else ""
    return (
        f"<details{is_open}><summary>the numbers behind every point ({len(rows)})</summary>"
        f'<div class="scroll">{_table(_HEAD, rows)}</div>{listed}</details>'
    )


def _panel_rows(panel: Panel) -> list[list[str]]:
    rows = []
    for trace in panel.traces:
        rows += [
            [
                trace.label,
                _number(dot.x),
                _number(dot.y),
                _number(dot.low),
                _number(dot.high),
                str(dot.seeds),
                dot.cell,
            ]
            for dot in trace.dots
        ]
        rows += _star_row(trace)
    return rows


def _star_row(trace: Trace) -> list[list[str]]:
    star = trace.star
    if star is None:
        return []
    said = f"predicted; measured {_number(star.measured)}"
    ends = [_number(star.low), _number(star.high)]
    return [[f"{trace.label} ★", _number(star.x), _number(star.predicted), *ends, "", said]]


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    numeric = {"x", "y", "low", "high", "seeds", "points", "exponent"}
    top = "".join(f"<th>{_said(name)}</th>" for name in head)
    lines = [
        "".join(
            f'<td class="num">{_said(value)}</td>'
            if name in numeric
            else f"<td>{_said(value)}</td>"
            for name, value in zip(head, row, strict=True)
        )
        for row in rows
    ]
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _missing(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    rows = [[figure.title, figure.paper, figure.lacks] for figure in figures]
    table = _table(("figure", "as", "the points lack"), rows)
    return f'<section><h2>Not drawn</h2><div class="scroll">{table}</div></section>'


def _laws(laws: Sequence[Mapping[str, Any]]) -> str:
    rows = []
    for law in laws:
        exponent, interval = law["exponent"], law["interval"]
        if isinstance(exponent, Mapping):
            said = ", ".join(f"{name} {value:.4f}" for name, value in exponent.items())
            ends = ", ".join(f"{low:.4f} to {high:.4f}" for low, high in interval.values())
        else:
            said, ends = f"{exponent:.4f}", f"{interval[0]:.4f} to {interval[1]:.4f}"
        group = ", ".join(f"{name} {value}" for name, value in law["group"].items()) or "all"
        points = str(len(law["points"])) if law["points"] else ""
        warnings = "; ".join(law["warnings"])
        kind = "simulated" if law["simulated"] else ""
        rows.append(
            [*(law["y"], group, law["form"], said, ends, points), f"{kind} {warnings}".strip()]
        )
    head = ("of", "curve", "form", "exponent", "interval", "points", "warnings")
    is_open = " open" if len(rows) <= _OPEN_ROWS else ""
    return (
        f"<section><h2>Laws</h2><details{is_open}><summary>all {len(rows)}</summary>"
        f'<div class="scroll">{_table(head, rows)}</div></details></section>'
    )


def _checklist(y: str, answers: Mapping[str, str]) -> str:
    rows = "".join(f"<dt>{_said(key)}</dt><dd>{_said(said)}</dd>" for key, said in answers.items())
    return f"<section><h2>What the fits of {_said(y)} rest on</h2><dl>{rows}</dl></section>"


def _commands(commands: Sequence[str]) -> str:
    kept = commands[:_MOST_COMMANDS]
    more = len(commands) - len(kept)
    said = "\n".join(kept) + (f"\n… and {more} more, in points.csv" if more > 0 else "")
    return (
        f"<section><h2>Commands</h2><details{' open' if len(kept) <= _OPEN_ROWS else ''}>"
        f"<summary>of this page and its runs</summary><pre>{_said(said)}</pre></details></section>"
    )
