"""Latency tables made by hand: times that a person can compute with."""

from __future__ import annotations

from typing import Any

from edgehuman.bench.budget.latencies import Latency, Machine, Span, Table

BOARD = Machine("a small core", 4, 8.0, "Board 1", (), "Linux aarch64")


def made_row(model: str = "zoo:a", p50: float = 2.0, **changes: Any) -> Latency:
    """A row whose p95 is 1.5 and whose p99 2 times its p50, each known to 1 %."""
    spans = {"p50": p50, "p95": 1.5 * p50, "p99": 2.0 * p50}
    given: dict[str, Any] = {
        "model": model,
        "task": "activity",
        "record": "ImuWindow",
        "kind": "classes",
        "arch": "imuconv_292k",
        "family": "imuconv",
        "precision": "fp32",
        "format": "onnxruntime",
        "threads": 1,
        "batch": 1,
        "shape": (128, 6),
        "calls": 400,
        "params": 300_000,
        "flops": 17_000_000,
        "random_weights": False,
        "pruned": False,
        "digest": "0" * 64,
        "versions": {"edgehuman": "0.1.0", "onnxruntime": "1.31.1"},
        "measured_at": "2026-11-30T12:00:00+00:00",
        **{name: Span(ms, 0.99 * ms, 1.01 * ms) for name, ms in spans.items()},
    }
    return Latency(**{**given, **changes})


def made_table(*rows: Latency) -> Table:
    """A table of the board."""
    return Table(BOARD, ()).with_rows(rows)
