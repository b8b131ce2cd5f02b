"""Metrics as they come: metrics.jsonl during a training, TensorBoard, and loggers of one's own."""

from __future__ import annotations

import importlib.machinery
import json
import sys
import types
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import MissingDependencyError, TrainingError, UsageError
from edgehuman.training import loggers
from edgehuman.training.loggers import log_to
from edgehuman.training.loop import train_steps
from edgehuman.training.settings import TrainingConfig
from tests.training.toy import line_config, line_job

LOGGED: list[tuple[Any, ...]] = []


class Kept:
    """A logger that keeps what it is told."""

    def __init__(self, config: TrainingConfig | None = None) -> None:
        LOGGED.append(("open", config))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        LOGGED.append(("log", step, dict(metrics)))

    def close(self) -> None:
        LOGGED.append(("close",))


class Half:
    """An object that is no logger."""

    def __init__(self, config: TrainingConfig) -> None:
        pass

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        pass


@pytest.fixture(autouse=True)
def nothing_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    LOGGED.clear()
    monkeypatch.setitem(sys.modules, "made_loggers", sys.modules[__name__])


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_metrics_can_be_read_while_the_training_runs(tmp_path: Path) -> None:
    seen: list[list[float]] = []
    job = line_job()
    batch = job.batch

    def look(step, place):  # type: ignore[no-untyped-def]
        if step in (0, 5, 19, 20):
            seen.append([line["step"] for line in lines(tmp_path / "run")])
        return batch(step, place)

    config = line_config(tmp_path / "run", save_every=1000)
    train_steps(type(job)(job.model, look, job.product, job.card), config)
    assert seen == [[], [5], [5, 10, 15], [5, 10, 15, 20]]
    assert [line["step"] for line in lines(tmp_path / "run")] == [*range(5, 41, 5)]


def test_resuming_drops_the_lines_after_the_checkpoint(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path / "run", steps=20))
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 25, "loss": 1.0}\n')
    train_steps(line_job(), line_config(tmp_path / "run", steps=30, resume=True))
    assert [line["step"] for line in lines(tmp_path / "run")] == [5, 10, 15, 20, 25, 30]


@pytest.mark.parametrize("way", ["flag", "python"])
def test_your_own_logger_is_told_what_the_file_is_told(tmp_path: Path, way: str) -> None:
    config = line_config(tmp_path / "run")
    if way == "flag":
        train_steps(line_job(), replace(config, logger=("made_loggers:Kept",)))
        assert LOGGED[0][1].out == tmp_path / "run"
    else:
        with log_to(Kept()):
            train_steps(line_job(), config)
    assert LOGGED[-1] == ("close",)
    assert [{"step": step, **numbers} for _, step, numbers in LOGGED[1:-1]] == lines(config.out)
    LOGGED.clear()
    train_steps(line_job(), line_config(tmp_path / "another"))
    assert LOGGED == []


def test_a_logger_is_closed_when_the_training_fails(tmp_path: Path) -> None:
    with log_to(Kept()), pytest.raises(TrainingError):
        train_steps(line_job(poison_from=3), line_config(tmp_path / "run"))
    assert LOGGED[-1] == ("close",)


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("wandb", "--logger is 'wandb'; give tensorboard, or the dotted path"),
        ("made_loggers:Kep", r"module made_loggers has no Kep\. Did you mean 'Kept'"),
        ("no_such_package.loggers:Mine", "there is no module no_such_package; install its"),
        ("made_loggers:LOGGED", "is list; name a class or function"),
        ("made loggers:Kept", "your own is named package.module:name"),
        ("made_loggers:Half", r"gave Half, which has no close\(\)"),
    ],
)
def test_what_is_no_logger_is_refused_before_the_first_step(
    tmp_path: Path, word: str, said: str
) -> None:
    job = line_job(poison_from=0)
    with pytest.raises(UsageError, match=said):
        train_steps(job, replace(line_config(tmp_path / "run"), logger=(word,)))


def test_tensorboard_names_its_extra_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loggers, "is_missing", lambda module: module == "tensorboard")
    with pytest.raises(MissingDependencyError, match=r"extra `tensorboard` brings it; run: pip"):
        train_steps(line_job(), replace(line_config(tmp_path / "run"), logger=("tensorboard",)))
    assert not (tmp_path / "run" / "model.safetensors").exists()


def test_tensorboard_gets_every_scalar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scalars: list[tuple[str, float, int]] = []

    class SummaryWriter:
        """The part of torch's writer that is used."""

        def __init__(self, folder: str) -> None:
            assert folder == str(tmp_path / "run" / "tensorboard")

        def add_scalar(self, name: str, value: float, step: int) -> None:
            scalars.append((name, value, step))

        def flush(self) -> None:
            pass

        def close(self) -> None:
            scalars.append(("closed", 0.0, 0))

    for name in ("tensorboard", "torch.utils.tensorboard"):
        module = types.ModuleType(name)
        module.__spec__ = importlib.machinery.ModuleSpec(name, None)
        module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, name, module)
    config = replace(line_config(tmp_path / "run"), logger=("tensorboard",))
    train_steps(line_job(), config)
    assert scalars.pop() == ("closed", 0.0, 0)
    assert scalars == [
        (name, value, line["step"])
        for line in lines(config.out)
        for name, value in line.items()
        if name != "step"
    ]
