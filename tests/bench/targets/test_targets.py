"""The targets' table: met, missed, not measured; and the measurements on things of known speed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edgehuman.bench.contestants import FailedRun, NotMeasured
from edgehuman.bench.entry import main
from edgehuman.bench.target import Target
from edgehuman.bench.targets import targets
from edgehuman.bench.targets.targets import TargetsConfig, check, choose, measure_targets
from edgehuman.errors import (
    DataError,
    EngineError,
    MissingDependencyError,
    NoGpuError,
    ParityError,
    UsageError,
)

MakeModel = Callable[..., Path]


def target(value: float, sense: str = "at least", name: str = "toy") -> Target:
    return Target(name, "a toy", sense, 2.0, "x", lambda config: value)  # type: ignore[arg-type]


def run(*words: str) -> int:
    return main(TargetsConfig, measure_targets, words)


def raising(error: Exception) -> Target:
    """A target whose measurement ends in this error."""

    def fail(config: TargetsConfig) -> float:
        raise error

    return dataclasses.replace(target(0), measure=fail)


def absent(config: TargetsConfig) -> float:
    raise NotMeasured("no GPU here")


@pytest.mark.parametrize(
    ("value", "sense", "met"),
    [
        (2.0, "at least", True),
        (1.9, "at least", False),
        (2.0, "at most", True),
        (2.1, "at most", False),
    ],
)
def test_a_goal_is_a_least_or_a_most(value: float, sense: str, met: bool) -> None:
    row = check(target(value, sense), TargetsConfig())
    assert (row["value"], row["met"], row["goal"]) == (value, met, f"{sense} 2 x")


def test_what_cannot_be_measured_says_why_and_is_not_missed() -> None:
    row = check(dataclasses.replace(target(0), measure=absent), TargetsConfig())
    assert (row["value"], row["met"]) == (None, None)
    assert row["note"] == "not measured: no GPU here"
    assert targets.as_line(row).startswith("  -")


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (MissingDependencyError("onnx is needed"), "not measured: onnx is needed"),
        (NoGpuError("the driver finds none"), "not measured: the driver finds none"),
        (
            ModuleNotFoundError("No", name="onnx"),
            "not measured: onnx is not installed; the extra `train`",
        ),
    ],
)
def test_what_this_machine_lacks_is_not_measured(error: Exception, note: str) -> None:
    row = check(raising(error), TargetsConfig())
    assert row["met"] is None
    assert row["note"].startswith(note)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (ParityError("max abs 3 is over 1\nthe layers"), "failed: max abs 3 is over 1"),
        (EngineError("onnxruntime cannot run it"), "failed: onnxruntime cannot run it"),
        (DataError("no such file"), "failed: no such file"),
        (UsageError("--samples is 3"), "failed: --samples is 3"),
        (FailedRun("the process died"), "failed: the process died"),
        (ModuleNotFoundError("No edge", name="edgehuman.nope"), "failed: ModuleNotFoundError: No"),
        (ZeroDivisionError(), "failed: ZeroDivisionError: ZeroDivisionError"),
    ],
)
def test_an_error_misses_its_target_and_ends_no_other(
    error: Exception, note: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(targets, "TARGETS", (raising(error), target(3.0, name="good")))
    assert run() == 1
    said = capsys.readouterr().out
    assert "MISSED  toy" in said
    assert note in said
    assert "met     good" in said


def test_the_exit_code_is_that_of_the_worst(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = target(3.0, name="good"), target(1.0, name="bad")
    unknown = dataclasses.replace(target(0, name="unknown"), measure=absent)
    monkeypatch.setattr(targets, "TARGETS", (good, bad, unknown))
    assert run("--only", "good", "unknown") == 0
    assert "met" in capsys.readouterr().out
    assert run() == 1
    assert "MISSED  bad" in capsys.readouterr().out
    assert run("--json") == 1
    rows = json.loads(capsys.readouterr().out)["targets"]
    assert [row["met"] for row in rows] == [True, False, None]


def test_an_unknown_name_lists_the_valid_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(
        UsageError,
        match=r"--only is 'nope', but no target begins with it; choose from .*onnxruntime",
    ):
        choose(["nope"])
    assert run("--only", "nope") == 2
    assert "nope" in capsys.readouterr().err


def test_a_memory_run_that_fails_misses_its_target(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert run("--only", "memory") == 1
    assert "failed: the process died" in capsys.readouterr().out


def test_data_that_was_asked_for_and_is_not_there_misses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEHUMAN_DATA", "/nowhere")
    assert run("--only", "int8-metric", "views") == 1
    assert capsys.readouterr().out.count("failed: EDGEHUMAN_DATA is '/nowhere'") == 2
    monkeypatch.setenv("EDGEHUMAN_DATA", str(tmp_path))
    assert run("--only", "int8-metric") == 1
    assert "uci_har.npz: no such file" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "nope.onnx"), "nope.onnx"),
        (("--model", "zoo:nope"), "unknown model 'zoo:nope'"),
        (("--hours", "0"), "it must be over 0"),
    ],
)
def test_wrong_words_end_in_a_line_and_not_in_a_traceback(
    words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words)
    assert said in capsys.readouterr().err
