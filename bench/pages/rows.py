"""The rows of a page on formats: what was measured of each cell, or why it was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from edgehuman.bench.cell import Cell
from edgehuman.outcome import Outcome
from edgehuman.runtime import machine


@dataclass(frozen=True, slots=True)
class Column:
    """A column of finished cells: its name, the text of a cell, and whether that is a number."""

    name: str
    text: Callable[[Cell], str]
    is_number: bool = True


# The notes on `COSTS`, the same on every page of formats.
OF_COSTS = (
    "- **MB**: of the file, 1e6 bytes. TensorRT-RTX engines are built on the CPU for compute",
    "  capability 8.6, and compiled for the GPU when they are loaded.",
    "- **p50 ms**: one record on onnxruntime, one thread; in brackets FP32, which took turns with",
    "  it in the same run, and **FP32 / this** is their ratio. Rows were measured at different",
    "  times on a shared machine: compare precisions by the ratio, and not networks by the ms.",
    "- **export s**: the whole command's work, data and proof included; in brackets the processor",
    "  time, which other work on the machine changes less. A network is traced once, in its first",
    "  row.",
)


def conditions(about: Mapping[str, str]) -> str:
    """The machine and the packages, as a sentence."""
    packages = ", ".join(f"{name} {each}" for name, each in about.items() if each != "-")
    cores = machine.usable_cores()
    return f"{machine.cpu_model()}, {cores} core{'s' * (cores > 1)}; {packages}."


def write_page(out: Path, text: str) -> str:
    """Write the text to its file, and return it."""
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    return text


def page_outcome(cells: Sequence[Cell], about: Mapping[str, str], out: Path, text: str) -> Outcome:
    """The command's outcome; exit code 1 if a cell was refused or failed."""
    wrong = any(cell.status in ("refused", "failed") for cell in cells)
    data = {"cells": [asdict(cell) for cell in cells], "versions": dict(about), "out": str(out)}
    return Outcome(data, text, int(wrong))


def table(cells: Sequence[Cell], columns: Sequence[Column]) -> list[str]:
    """The Markdown table; a reason that holds for every network is said once, at the end.

    Args:
        columns: those after network, format and precision; for a cell that is not done, the first
            says why.
    """
    everywhere = _said_of_all(cells)
    rest = [cell for cell in cells if (cell.format, cell.precision) not in everywhere]
    empty = " |" * (len(columns) - 1)
    names = " | ".join(column.name for column in columns)
    lines = [
        f"| network | format | precision | {names} |",
        "|---|---|---|" + "".join("---:|" if c.is_number else "---|" for c in columns),
    ]
    for arch in dict.fromkeys(cell.arch for cell in rest):
        own = [cell for cell in rest if cell.arch == arch]
        if all(cell.status == "not run" for cell in own):
            lines.append(f"| {arch} | all | all | {_state(own[0])} |{empty}")
            continue
        for cell in own:
            done = cell.status == "done"
            said = " | ".join(c.text(cell) for c in columns) if done else _state(cell)
            last = " |" if done else f" |{empty}"
            lines.append(f"| {arch} | {cell.format} | {cell.precision} | {said}{last}")
    return lines + [
        f"| every network | {format} | {precision} | {reason} |{empty}"
        for (format, precision), reason in everywhere.items()
    ]


def _said_of_all(cells: Iterable[Cell]) -> dict[tuple[str, str], str]:
    """Forms that were measured for no network reached, all for the same reason."""
    found: dict[tuple[str, str], set[str]] = {}
    for cell in cells:
        if cell.status == "not run":
            continue
        text = _state(cell) if cell.status == "not measured" else ""
        found.setdefault((cell.format, cell.precision), set()).add(text)
    return {where: min(texts) for where, texts in found.items() if len(texts) == 1 and min(texts)}


def _state(cell: Cell) -> str:
    return f"{cell.status}: {cell.reason}".replace("|", "\\|")


def _own_ms(cell: Cell) -> float | None:
    return cell.latency_ms.get(cell.precision, cell.latency_ms.get("engine"))


def _p50(cell: Cell) -> str:
    own_ms, base_ms = _own_ms(cell), cell.latency_ms.get("fp32")
    if own_ms is None:
        return cell.latency
    beside = "" if base_ms is None or cell.precision == "fp32" else f" ({base_ms:.2f})"
    return f"{own_ms:.2f}{beside}"


def _ratio(cell: Cell) -> str:
    own_ms, base_ms = _own_ms(cell), cell.latency_ms.get("fp32")
    return "-" if own_ms is None or base_ms is None else f"{base_ms / own_ms:.2f}"


COSTS = (
    Column("MB", lambda cell: f"{cell.bytes / 1e6:.2f}"),
    Column("p50 ms", _p50),
    Column("FP32 / this", _ratio),
    Column("export s (CPU s)", lambda cell: f"{cell.took_s:.0f} ({cell.cpu_s:.0f})"),
)


def agreement(cell: Cell) -> str:
    """Share of answers, read from the outputs, that stay the same, and the layers that INT8 left in
    float for that.
    """
    count = cell.float_layers
    kept = f", {count} layer{'s' * (count > 1)} in float" if count else ""
    for key, said in (
        ("top1_agreement", "same class"),
        ("neighbours_kept", "same neighbours"),
        ("retrieval_agreement", "neighbours in the same order"),
        ("label_agreement", "same answer"),
    ):
        if key in cell.parity:
            return f"{said} {100 * cell.parity[key]:.1f} %{kept}"
    return f"joints moved {cell.parity['joint_shift_px']:.2f} px{kept}"
