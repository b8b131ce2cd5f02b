"""The result of an export: JSON for machines, a few lines of text for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.card import Precision
from edgehuman.export.engine import proof as engine_proof
from edgehuman.export.proof.judge import Verdict
from edgehuman.metrics.parity import LEAST_NEIGHBOURS, Parity
from edgehuman.outcome import Outcome


@dataclass(frozen=True)
class Report:
    """Attributes:
    path: the exported file; files: it and its companions.
    precision, verdict: of the graph inside.
    latency_ms: measured here; empty for engines.
    notes: remarks, such as which precisions were refused and why.
    layers: the layer table, or empty.
    engine: the engine's entry of the side file, or empty.
    """

    path: Path
    files: Sequence[Path]
    precision: Precision
    verdict: Verdict
    latency_ms: Mapping[str, float]
    notes: Sequence[str]
    layers: str
    engine: Mapping[str, Any]


def outcome(report: Report) -> Outcome:
    """The outcome that `edgehuman export` prints."""
    verdict = report.verdict
    data = {
        "path": str(report.path),
        "files": [str(file) for file in report.files],
        "precision": report.precision.name,
        "parity": verdict.parity.as_dict(),
        "metric": verdict.metric,
        "metric_value": verdict.value,
        "metric_drop": verdict.drop,
        "float_layers": list(report.precision.float_layers),
        "calibration": report.precision.calibration,
        "latency_ms": dict(report.latency_ms),
        "bytes": _bytes(report.path),
        "engine": dict(report.engine),
        "notes": list(report.notes),
    }
    return Outcome(data, "\n".join(_lines(report)))


def _lines(report: Report) -> list[str]:
    parity, verdict = report.verdict.parity, report.verdict
    same = _agreement(parity)
    lines = [report.layers, ""] if report.layers else []
    lines += [
        f"{report.path} ({_bytes(report.path) / 1e6:.2f} MB, {report.precision.name})",
        f"parity on {parity.samples} samples: cosine {parity.cosine:.6f}, "
        f"max abs {parity.max_abs:.2e}{same}",
        f"{verdict.metric} {verdict.value:.4f}, {abs(verdict.drop):.2f} points "
        f"{'lost' if verdict.drop >= 0 else 'gained'}",
    ]
    if report.latency_ms:
        times = (f"{name} {value:.3f} ms" for name, value in report.latency_ms.items())
        lines.append(f"median latency of one sample on onnxruntime: {', '.join(times)}")
    if report.engine:
        lines += engine_proof.as_lines(report.engine)
    if report.precision.float_layers:
        lines.append(f"kept in float: {_summary(report.precision.float_layers)}")
    return [*lines, *report.notes]


def _agreement(parity: Parity) -> str:
    """How far the answers agree, as text; empty if no measure applies."""
    if parity.neighbours_kept is not None:
        kept, ranks = 100 * parity.neighbours_kept, 100 * (parity.retrieval_agreement or 0)
        few = f", under {100 * LEAST_NEIGHBOURS:.0f} %" if kept < 100 * LEAST_NEIGHBOURS else ""
        return f", same neighbours {kept:.1f} %{few} (in the same order {ranks:.1f} %)"
    for value, said in (
        (parity.top1_agreement, "same class"),
        (parity.label_agreement, "same answer"),
        (parity.boxes_found, "same people"),
    ):
        if value is not None:
            return f", {said} {100 * value:.1f} %"
    if parity.joint_shift_px is not None:
        return f", joints moved {parity.joint_shift_px:.2f} px"
    return ""


def _summary(names: Sequence[str]) -> str:
    """Up to eight names, or the number of layers of each operator."""
    if len(names) <= 8:
        return ", ".join(names)
    kinds = Counter(name.rpartition("/")[2].partition("_")[0] for name in names)
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(file.stat().st_size for file in path.iterdir())
    return path.stat().st_size
