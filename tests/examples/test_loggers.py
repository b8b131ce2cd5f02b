"""The loggers shown: Weights & Biases and MLflow, played, get what metrics.jsonl gets."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.examples.running import imported


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wandb", "mlflow"])
@pytest.mark.long
def test_a_training_is_logged(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[Any, ...]] = []

    def init(*, project: str, name: str, dir: str, config: dict[str, Any]) -> SimpleNamespace:
        calls.append(("begin", name, config))
        return SimpleNamespace(
            log=lambda metrics, step: calls.append(("log", step, metrics)),
            finish=lambda: calls.append(("end",)),
        )

    played = {
        "wandb": {"init": init},
        "mlflow": {
            "set_experiment": lambda name: None,
            "start_run": lambda run_name: None,
            "log_params": lambda params: calls.append(("begin", "run", params)),
            "log_metrics": lambda metrics, step: calls.append(("log", step, metrics)),
            "end_run": lambda: calls.append(("end",)),
        },
    }
    example = imported("loggers", monkeypatch, **{name: played[name]})
    out = tmp_path / "run"
    example.main(["--logger", name, "--steps", "5", "--out", str(out)])
    lines = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert calls[0][:2] == ("begin", "run")
    assert calls[0][2]["steps"] == 5
    assert [{"step": step, **metrics} for _, step, metrics in calls[1:-1]] == lines
    assert calls[-1] == ("end",)
