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
class Text:
    """The graph of sentences beside one of pictures: as the fields of `Report`."""

    precision: Precision
    verdict: Verdict
    latency_ms: Mapping[str, float]


@dataclass(frozen=True)
class Report:
    """Attributes:
    path: the exported file; files: it and its companions.
    precision, verdict: of the graph inside.
    latency_ms: measured here; empty for engines.
    notes: remarks, such as which precisions were refused and why.
    layers: the layer table, or empty.
    engine: the engine's entry of the side file, or empty.
    text: of the graph of sentences beside it; None: there is none.
    """

    path: Path
    files: Sequence[Path]
    precision: Precision
    verdict: Verdict
    latency_ms: Mapping[str, float]
    notes: Sequence[str]
    layers: str
    engine: Mapping[str, Any]
    text: Text | None = None


def outcome(report: Report) -> Outcome:
    """The outcome that `edgehuman export` prints."""
    verdict = report.verdict
    data = {
        "path": str(report.path),
        "files": [str(file) for file in report.files],
        "precision": report.precision.name,
        **_judged(verdict),
        "float_layers": list(report.precision.float_layers),
        "calibration": report.precision.calibration,
        "latency_ms": dict(report.latency_ms),
        "bytes": _bytes(report.path),
        "engine": dict(report.engine),
        "notes": list(report.notes),
    }
    if report.text is not None:
        data["text"] = {
            "precision": report.text.precision.name,
            **_judged(report.text.verdict),
            "float_layers": list(report.text.precision.float_layers),
            "latency_ms": dict(report.text.latency_ms),
        }
    return Outcome(data, "\n".join(_lines(report)))


def _lines(report: Report) -> list[str]:
    lines = [report.layers, ""] if report.layers else []
    lines += [
        f"{report.path} ({_bytes(report.path) / 1e6:.2f} MB, {report.precision.name})",
        *_in_words(report.verdict),
    ]
    if report.latency_ms:
        times = (f"{name} {value:.3f} ms" for name, value in report.latency_ms.items())
        lines.append(f"median latency of one sample on onnxruntime: {', '.join(times)}")
    if report.engine:
        lines += engine_proof.as_lines(report.engine)
    if report.precision.float_layers:
        lines.append(f"kept in float: {_summary(report.precision.float_layers)}")
    if report.text is not None:
        lines.append(f"its graph of sentences ({report.text.precision.name})")
        lines += _in_words(report.text.verdict)
    return [*lines, *report.notes]


def _judged(verdict: Verdict) -> dict[str, Any]:
    return {
        "parity": verdict.parity.as_dict(),
        **verdict.said(),
    }


def _in_words(verdict: Verdict) -> list[str]:
    parity, last = verdict.parity, verdict.to_student or verdict
    against = ", beside the float student" if verdict.to_student else ""
    return [
        f"parity on {parity.samples} samples: cosine {parity.cosine:.6f}, "
        f"max abs {parity.max_abs:.2e}{_agreement(parity)}",
        f"{last.metric} {last.value:.4f}, {abs(last.drop):.2f} points "
        f"{'lost' if last.drop >= 0 else 'gained'}{against}",
    ]


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
