"""The text of a plan: its conditions, its tables, and what they rest on."""

from __future__ import annotations

from typing import Any

from edgehuman.bench.budget.printed import as_text

MS = {"p50": {"value": 2.0, "low": 2.0, "high": 2.0}, "p95": {"value": 3.0, "low": 3, "high": 3}}


def a_row(model: str = "zoo:a", **changes: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "model": model,
        "task": "activity",
        "precision": "fp32",
        "threads": 1,
        "latency": "measured",
        "why": "",
        "random_weights": False,
        "waited": None,
        "measured_at": "2026-11-30T12:00:00+00:00",
        "versions": {"edgehuman": "0.1.0"},
        "batch": 1,
        "calls": 1,
        "frame_ms": MS,
        "fits": "yes",
        "busy": None,
        "fits_core": None,
        "accuracy": [{"name": "macro_f1", "own": True}],
        "score": 0.9,
        "pareto": True,
        "place": [],
    }
    return row | changes


def a_plan(*rows: dict[str, Any], **changes: Any) -> str:
    device: dict[str, Any] = {
        "cpu": "a core",
        "board": None,
        "cores": 4,
        "gpus": [],
        "system": "Linux",
        "source": "here",
    }
    data: dict[str, Any] = {
        "device": {**device, "source": "here"},
        "budget_ms": 8.0,
        "quantile": "p95",
        "people": 1,
        "fps": None,
        "rows": list(rows),
        "fastest": {},
        "comparisons": [],
        "laws": {"given": False, "places": [], "said": "no laws given"},
    }
    return as_text(data | changes)


def test_a_table_stands_under_its_task_the_fastest_first() -> None:
    slow = {key: {"value": 12.0, "low": 12.0, "high": 12.0} for key in MS}
    text = a_plan(a_row("slow", frame_ms=slow, fits="no", pareto=False), a_row())
    lines = text.splitlines()
    assert lines[:2] == [
        "a core, 4 cores, Linux: here",
        "budget: 8 ms for a frame of one person; p95 decides",
    ]
    assert lines[3] == "activity"
    assert lines[5].split() == [
        *("zoo:a", "fp32", "1", "measured", "2.000", "3.000", "yes", "macro_f1", "0.9000", "*")
    ]
    assert lines[6].split()[:7] == ["slow", "fp32", "1", "measured", "12.0", "12.0", "no"]
    assert "- no laws given" in lines
    assert "- measured 2026-11-30T12:00:00+00:00 with edgehuman 0.1.0" in lines


def test_a_score_of_the_network_has_a_tilde_and_none_a_reason() -> None:
    text = a_plan(
        a_row("a8", accuracy=[{"name": "macro_f1", "own": False}], pareto=None),
        a_row("r", accuracy=[], score=None, random_weights=True, pareto=False),
        a_row("p", accuracy=[], score=None, place=[{"metric": "loss", "predicted": 0.25}]),
    )
    assert "law: loss 0.25" in text
    assert "~macro_f1 0.9000  ?" in text
    assert "random weights" in text
    assert "measured of its FP32 network" in text


def test_a_device_that_was_busy_says_so() -> None:
    assert "busy" not in a_plan(a_row(waited=0.05)).partition("measured 2026")[2]
    assert "took up to 40 % of the timed seconds" in a_plan(a_row(), a_row("b", waited=0.4))


def test_people_and_frames_have_columns() -> None:
    row = a_row(calls=2, batch=4, busy=1.2, fits_core=False)
    text = a_plan(row, people=8, fps=25.0)
    assert "a frame of 8 people, 25 frames a second" in text
    assert "2x4  120.0 %" in text
    assert "cannot keep up, busy 100 % and more: zoo:a" in text
    assert "each was timed alone" in text


def test_where_nothing_fits_the_fastest_is_named() -> None:
    fastest = {
        "activity": {
            "model": "zoo:a",
            "precision": "fp32",
            "frame_ms": 3.0,
            "params": 1000,
            "flops": 2e6,
        }
    }
    text = a_plan(a_row(fits="no"), budget_ms=1.0, fastest=fastest)
    assert "nothing fits into 1 ms; the fastest there is:" in text
    assert "activity: zoo:a fp32 takes 3.000 ms at p95, with 1,000 parameters, 2.0 MFLOPs" in text


def test_what_is_between_or_refused_says_so() -> None:
    text = a_plan(
        a_row(),
        a_row("n", latency="interpolated", why="between x, y, z"),
        a_row("m", latency="refused", why="none was measured", frame_ms=None, measured_at=None),
    )
    assert "- n fp32: between x, y, z" in text
    assert "  m  refused: none was measured" in text


def a_place(**changes: Any) -> dict[str, Any]:
    step = {"times": 2.0, "x": 200.0, "predicted": 0.5, "ratio": 0.7, "ratio_interval": [0.6, 0.8]}
    place: dict[str, Any] = {
        "x": "people",
        "metric": "loss",
        "form": "L = a people^-b",
        "said": "sampling user",
        "simulated": True,
        "range": [4.0, 100.0],
        "today": 50.0,
        "predicted": 0.71,
        "more": [
            {**step, "state": "within"},
            {**step, "state": "extrapolated", "ratio_interval": None},
        ],
        "held_out": {"predicted": 0.7, "interval": [0.6, 0.8], "measured": 0.72},
        "warnings": ["no floor seen"],
    }
    return place | changes


def test_a_law_says_its_range_and_marks_what_leaves_it() -> None:
    text = a_plan(a_row(), laws={"given": True, "places": [a_place()]})
    line = next(line for line in text.splitlines() if "~loss over people" in line)
    assert " ".join(line.split()) == (
        "~loss over people sampling user L = a people^-b 4 to 100 50 0.71 "
        "0.5 x 0.700 (0.600 to 0.800) 0.5! x 0.700 0.7 / 0.72"
    )
    assert "SIMULATED" in text
    assert "1 of 1 laws: no floor seen" in text


def test_a_step_that_its_form_does_not_hold_for_is_refused() -> None:
    refused = {"times": 4.0, "x": 400.0, "predicted": None, "ratio": None, "ratio_interval": None}
    place = a_place(more=[{**refused, "state": "refused"}] * 2, held_out=None, x="params")
    text = a_plan(a_row(), laws={"given": True, "places": [place]})
    assert "refused" in text
    assert "as its teacher, no law here says" in text
