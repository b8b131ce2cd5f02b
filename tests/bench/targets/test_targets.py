"""The targets' table: met, missed, not measured; and the measurements on things of known speed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.cell import Cell, Status
from edgehuman.bench.contestants import Contestant, FailedRun, NotMeasured
from edgehuman.bench.entry import main
from edgehuman.bench.latency import Timing
from edgehuman.bench.targets import ratios, targets
from edgehuman.bench.targets.endurance import endure_elsewhere
from edgehuman.bench.targets.targets import (
    TARGETS,
    Target,
    TargetsConfig,
    check,
    choose,
    measure_targets,
)
from edgehuman.card import Precision
from edgehuman.errors import (
    DataError,
    EngineError,
    MissingDependencyError,
    NoGpuError,
    ParityError,
    UsageError,
)
from edgehuman.outcome import Outcome

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
        (ModuleNotFoundError("No", name="onnx"), "not measured: onnx is not installed (pip"),
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
    with pytest.raises(UsageError, match="--only names 'nope'; the targets are onnxruntime"):
        choose(["nope"])
    assert run("--only", "nope") == 2
    assert "nope" in capsys.readouterr().err


def test_names_are_unique() -> None:
    assert len({each.name for each in TARGETS}) == len(TARGETS)
    assert [each.name for each in choose(["real"])] == ["real-time"]


def test_turns_are_taken_and_the_first_is_not_counted() -> None:
    log: list[str] = []
    now_s = 0

    def side(name: str, first_s: int, then_s: int) -> Callable[[], None]:
        def run() -> None:
            nonlocal now_s
            now_s += then_s if name in log else first_s
            log.append(name)

        return run

    sides = {"slow": side("slow", 200, 30), "fast": side("fast", 0, 1)}
    seconds = ratios.in_turns(sides, rounds=3, clock=lambda: now_s)
    assert log == ["slow", "fast"] * 4
    assert seconds == {"slow": 30.0, "fast": 1.0}


def test_a_zoo_model_that_is_not_here_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratios, "zoo_names", list)
    with pytest.raises(NotMeasured, match="zoo:activity is not in this installation"):
        ratios.require_model("zoo:activity")
    ratios.require_model("x.onnx")


def test_without_torch_its_targets_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    for measure in (ratios.onnxruntime_over_torch, ratios.mae_visible_over_all):
        with pytest.raises(NotMeasured, match="PyTorch is not installed"):
            measure("imuvit_512x5")


def test_the_stream_is_measured_beside_the_bare_model_and_beside_life(
    make_model: MakeModel,
) -> None:
    """How fast it has to be is asked by `make bench`, on a machine with nothing else to do."""
    model = str(make_model())
    assert ratios.stream_over_run(model) > 0
    assert ratios.real_time_factor(model) > 0


@pytest.mark.slow
def test_the_endurance_run_counts_its_hours_and_its_memory(make_model: MakeModel) -> None:
    found = endure_elsewhere(str(make_model()), hours=0.25)
    assert found.stream_s == pytest.approx(900, abs=5)
    assert found.results == pytest.approx((900 + 300) / 0.64, rel=0.02)
    assert -5 < found.growth_mb < 50


def test_an_endurance_run_that_fails_says_why() -> None:
    with pytest.raises(FailedRun, match="no such file"):
        endure_elsewhere("nowhere.onnx", hours=0.01)


def test_a_memory_run_that_fails_misses_its_target(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert run("--only", "memory") == 1
    assert "failed: the process died" in capsys.readouterr().out


def test_a_process_that_gives_no_first_result_misses(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratios, "footprint", lambda entry: "no result within 300 s")
    with pytest.raises(FailedRun, match="no result within 300 s"):
        ratios.cold_start_seconds(str(make_model()))


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
    try:
        code = run(*words)
    except SystemExit as left:  # what the parser of the words refuses itself
        code = int(left.code or 0)
    assert code
    assert said in capsys.readouterr().err


def test_fp32_over_another_precision_is_timed_after_both_exports(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx")
    asked: list[Any] = []

    def export(config: Any) -> None:
        asked.append(config)
        made = make_model(precision=Precision("fp16" if config.precision == "auto" else "fp32"))
        config.out.write_bytes(made.read_bytes())

    def played(contestants: list[Contestant], record_N: Any) -> list[Timing]:
        names = [each.model.card.precision.name for each in contestants if each.model]
        assert names == ["fp32", "fp16"]
        return [Timing(np.array([ms]), 1) for ms in (3.0, 2.0)]

    monkeypatch.setattr("edgehuman.export.export.export", export)
    monkeypatch.setattr(ratios, "measure", played)
    assert ratios.fp32_over("imuvit_512x5", precision="auto", samples=64) == 1.5
    assert [(c.precision, c.data) for c in asked] == [("fp32", None), ("auto", "simulated")]
    assert "imuvit_512x5 auto: fp16, FP32 / it 1.50" in capsys.readouterr().err


def test_the_worst_network_of_a_precision_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    faster = {"a": 2.5, "b": 1.25, "c": 2.0}
    monkeypatch.setattr(ratios, "fp32_over", lambda arch, **asked: faster[arch])
    assert ratios.int8_over_fp32(["a", "b", "c"]) == 1.25
    assert ratios.auto_over_fp32(["a", "b", "c"]) == 0.8  # 1 / 1.25: b saves least


def test_int8_is_timed_at_its_size_wider_and_deeper(monkeypatch: pytest.MonkeyPatch) -> None:
    [int8] = choose(["int8"])[:1]
    monkeypatch.setattr(ratios, "int8_over_fp32", lambda archs: float(len(archs)))
    assert (int8.measure(TargetsConfig()), int8.measure(TargetsConfig(quick=True))) == (3.0, 1.0)


def test_auto_may_be_slower_by_the_noise_of_the_clock_alone() -> None:
    precision = pytest.importorskip("edgehuman.export.proof.precision")
    [auto] = choose(["auto"])
    assert precision.FASTER == 1 - targets.CLOCK_NOISE
    assert auto.met_by(1.0 + targets.CLOCK_NOISE)
    assert not auto.met_by(1.04)


def cells(*each: Cell) -> Callable[..., Cell]:
    rest = list(each)
    return lambda *words: rest.pop(0)


def test_the_worst_network_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratios, "networks", lambda largest_params: ["a", "b"])
    near = Cell("a", "ONNX", "fp32", "done", parity={"max_abs": 4e-5, "scale": 8.0, "cosine": 1.0})
    far = Cell("b", "ONNX", "fp32", "done", parity={"max_abs": 2e-5, "scale": 0.5, "cosine": 0.9})
    monkeypatch.setattr(ratios, "measure_cell", cells(near, far))
    assert ratios.worst_max_abs(quick=True) == 2e-5
    monkeypatch.setattr(ratios, "measure_cell", cells(near, far))
    assert ratios.worst_cosine(quick=True) == 0.9


@pytest.mark.parametrize("status", ["refused", "failed"])
def test_a_failed_network_misses_and_says_so(
    status: Status, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ratios, "networks", lambda largest_params: ["a"])
    broken = Cell("a", "ONNX", "fp32", status, "max abs 3 is over 1")
    good = Cell("a", "TensorRT-RTX", "fp16", "done")
    monkeypatch.setattr(ratios, "measure_cell", cells(broken, broken, good, broken, broken))
    assert ratios.worst_max_abs(quick=False) == float("inf")
    assert ratios.engine_failures(quick=False) == 2
    assert ratios.worst_cosine(quick=False) == -1
    assert "max abs 3 is over 1" in capsys.readouterr().err


def test_the_slowest_export_counts_and_a_failed_one_misses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = [Cell("a", "ONNX", p, "done", took_s=s) for p, s in (("fp32", 2), ("fp16", 5), ("", 3))]
    broken = Cell("a", "ONNX", "fp16", "refused", "max abs 3 is over 1")
    absent = Cell("a", "ONNX", "fp32", "not measured", "onnx is not installed")
    monkeypatch.setattr(ratios, "measure_cell", cells(*done))
    assert ratios.export_seconds("a") == 5
    monkeypatch.setattr(ratios, "measure_cell", cells(done[0], broken, done[2]))
    with pytest.raises(FailedRun, match="a in fp16 refused: max abs 3 is over 1"):
        ratios.export_seconds("a")
    monkeypatch.setattr(ratios, "measure_cell", cells(absent, absent, absent))
    with pytest.raises(NotMeasured, match="onnx is not installed"):
        ratios.export_seconds("a")


def test_a_format_that_this_machine_cannot_make_is_not_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    absent = Cell("a", "TensorRT-RTX", "fp32", "not measured", "tensorrt_rtx is not installed")
    monkeypatch.setattr(ratios, "measure_cell", lambda *words: absent)
    with pytest.raises(NotMeasured, match="tensorrt_rtx is not installed"):
        ratios.engine_failures(quick=True)


def test_the_int8_metric_is_a_difference_in_points(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGEHUMAN_DATA", raising=False)
    found = {"toy": 0.981, "toy-int8": 0.984}

    def evaluate(config: Any) -> Outcome:
        assert config.data == "simulated"
        return Outcome({"metrics": {"macro_f1": found[config.model]}}, "")

    monkeypatch.setattr("edgehuman.bench.evaluate.imu.evaluate", evaluate)
    assert ratios.int8_metric_change("toy") == pytest.approx(0.3)


def test_help_takes_less_than_a_while() -> None:
    assert 0.01 < ratios.help_seconds(rounds=1) < 30
