"""The laws as text: first the predicted largest points, then the fits, then the checklist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from edgehuman.errors import printable

_MOST_ROWS, _MOST_JOINT = 30, 3
_MOST_REASONS = 12


def as_text(data: Mapping[str, Any]) -> str:
    """What people read of what `--json` prints."""
    lines = []
    if data["simulated"]:
        lines += ["SIMULATED data: these numbers say nothing about people.", ""]
    laws = data["laws"]
    lines += _stars(laws)
    lines += ["Laws", *_table([_law_row(law) for law in laws], _LAW_HEAD), ""]
    joint = [law for law in laws if "approach_3" in law]
    for law in joint[:_MOST_JOINT]:
        lines += [*_joint_lines(law), ""]
    if len(joint) > _MOST_JOINT:
        lines += [f"and {len(joint) - _MOST_JOINT} more joint laws (--json has them)", ""]
    lines += _section("Warnings", _warnings(laws))
    lines += _section("Comparisons of what is equal in all else", _contrasts(data["contrasts"]))
    lines += _section("Best network for each amount of data", _capacity(data["capacity"]))
    lines += _section("Compute: C = gamma N D, and equal accuracy", _compute(data["compute"]))
    lines += _section("Not fitted", [f"  {reason}" for reason in data["not_fitted"]])
    for y, answers in data["checklist"].items():
        lines += [f"Checklist of {y}", *(f"  {key}: {said}" for key, said in answers.items()), ""]
    return printable("\n".join(lines).rstrip() + "\n")


def _section(title: str, lines: Sequence[str]) -> list[str]:
    if not lines:
        return []
    more = len(lines) - _MOST_REASONS
    kept = list(lines[:_MOST_REASONS]) if more > 1 else list(lines)
    return [title, *kept, *([f"  and {more} more (--json has them)"] if more > 1 else []), ""]


def _warnings(laws: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each warning once, with the curves that have it."""
    found: dict[str, list[str]] = {}
    for law in laws:
        for warning in law["warnings"]:
            found.setdefault(warning, []).append(f"{law['y']} against {law['x']}, {_group(law)}")
    return [
        f"  {warning}: {of[0]}" + (f", and {len(of) - 1} more" if len(of) > 1 else "")
        for warning, of in found.items()
    ]


_STAR_HEAD = ("curve", "x", "predicted", "interval", "measured", "")
_LAW_HEAD = ("y", "x", "curve", "points", "form", "exponent", "interval")


def _stars(laws: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for law in laws:
        star = law["held_out"]
        if star is not None:
            low, high = star["interval"]
            rows.append(
                [
                    f"{law['y']} against {law['x']}, {_group(law)}",
                    _at(star["x"]),
                    f"{star['predicted']:.4g}",
                    f"{low:.4g} to {high:.4g}",
                    f"{star['measured']:.4g}",
                    "inside" if star["inside"] else "OUTSIDE",
                ]
            )
    if not rows:
        return []
    inside = sum(row[-1] == "inside" for row in rows)
    title = f"Largest points, predicted by the others ({inside} of {len(rows)} inside)"
    return [title, *_table(rows, _STAR_HEAD), ""]


def _at(x: Any) -> str:
    if isinstance(x, Mapping):
        return ", ".join(f"{name} {value:.4g}" for name, value in x.items())
    return f"{x:.6g}"


def _group(law: Mapping[str, Any]) -> str:
    said = ", ".join(f"{name} {value}" for name, value in law["group"].items()) or "all"
    return f"{said} (simulated)" if law["simulated"] else said


def _law_row(law: Mapping[str, Any]) -> list[str]:
    exponent, interval = law["exponent"], law["interval"]
    if isinstance(exponent, Mapping):
        said = ", ".join(f"{name} {value:.4f}" for name, value in exponent.items())
        between = ", ".join(f"{low:.4f} to {high:.4f}" for low, high in interval.values())
    else:
        said, between = f"{exponent:.4f}", f"{interval[0]:.4f} to {interval[1]:.4f}"
    points = str(len(law["points"])) if law["points"] else "-"
    return [law["y"], law["x"], _group(law), points, law["form"], said, between]


def _joint_lines(law: Mapping[str, Any]) -> list[str]:
    check = law["approach_3"]
    lines = [f"Joint law, {_group(law)}"]
    lines += _table(
        [
            [
                name,
                f"{law['parameters'][name]:.5g}",
                "{:.5g} to {:.5g}".format(*law["intervals"][name]),
                f"{check[name]:.5g}",
            ]
            for name in law["parameters"]
        ],
        ("", "value", "interval", "Approach 3"),
    )
    optimum = law["optimum"]
    lines.append(
        f"  Approach 3: sum Huber {check['sum_huber']:.6e}; {check['starts_agreeing']} of "
        f"{check['starts']} starts agree"
    )
    gamma = f", gamma {optimum['gamma']:.4g}" if optimum["gamma"] else ""
    lines.append(f"  optimum: N* = {optimum['N']}, D* = {optimum['D']}{gamma}")
    return lines


def _contrasts(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        value = row.get("value", row.get("difference"))
        low, high = row["interval"]
        group = ", ".join(f"{name} {held}" for name, held in row.get("group", {}).items())
        pairs = f", {row['pairs']} pairs" if "pairs" in row else ""
        where = f" ({group})" if group else ""
        lines.append(
            f"  {row['y']}: {row['what']}{where}: {value:.4g} ({low:.4g} to {high:.4g}){pairs}"
        )
    return lines


def _compute(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        plane = row.get("iso_accuracy")
        said = ""
        if plane:
            said = f"; P = {plane['a']:.4g} log2 N + {plane['b']:.4g} log2 D + {plane['E']:.4g}"
        budgets = f"; {len(row['iso_flop'])} curves of equal compute" if row["iso_flop"] else ""
        lines.append(f"  {row['y']}, {row['group']}: gamma {row['gamma']:.4g}{said}{budgets}")
    return lines


def _capacity(groups: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = []
    for each in groups:
        held = ", ".join(f"{name} {value}" for name, value in each["group"].items())
        best = "; ".join(f"{row['x']:.3g}: {row['params']:.3g}" for row in each["rows"])
        lines.append(f"  {each['y']}, {held}: parameters by {each['x']}: {best}")
    return lines


def _table(rows: Sequence[Sequence[str]], head: Sequence[str]) -> list[str]:
    more = len(rows) - _MOST_ROWS
    kept = rows[:_MOST_ROWS] if more > 1 else rows
    widths = [max(len(row[k]) for row in [head, *kept]) for k in range(len(head))]
    lines = [
        "  " + "  ".join(f"{value:<{width}}" for value, width in zip(row, widths, strict=True))
        for row in [head, *kept]
    ]
    if more > 1:
        lines.append(f"  and {more} more (--json has them)")
    return [line.rstrip() for line in lines]
