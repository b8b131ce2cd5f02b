"""The measurements behind the targets, on things of known speed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.cell import Cell, Status
from edgehuman.bench.contestants import Contestant, FailedRun, NotMeasured
from edgehuman.bench.latency import Timing
from edgehuman.bench.targets import ratios
from edgehuman.card import Precision
from edgehuman.outcome import Outcome

MakeModel = Callable[..., Path]


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


def test_a_process_that_gives_no_first_result_misses(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratios, "footprint", lambda entry: "no result within 300 s")
    with pytest.raises(FailedRun, match="no result within 300 s"):
        ratios.cold_start_seconds(str(make_model()))


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


@pytest.fixture
def torch_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells of these tests are made up, so nothing asks PyTorch for anything."""
    monkeypatch.setattr(ratios, "require_torch", lambda: None)


def cells(*each: Cell) -> Callable[..., Cell]:
    rest = list(each)
    return lambda *words: rest.pop(0)


@pytest.mark.usefixtures("torch_is_here")
def test_the_worst_network_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ratios, "networks", lambda largest_params: ["a", "b"])
    near = Cell("a", "ONNX", "fp32", "done", parity={"max_abs": 4e-5, "scale": 8.0, "cosine": 1.0})
    far = Cell("b", "ONNX", "fp32", "done", parity={"max_abs": 2e-5, "scale": 0.5, "cosine": 0.9})
    monkeypatch.setattr(ratios, "measure_cell", cells(near, far))
    assert ratios.worst_max_abs(quick=True) == 2e-5
    monkeypatch.setattr(ratios, "measure_cell", cells(near, far))
    assert ratios.worst_cosine(quick=True) == 0.9


@pytest.mark.parametrize("status", ["refused", "failed"])
@pytest.mark.usefixtures("torch_is_here")
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


@pytest.mark.usefixtures("torch_is_here")
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


@pytest.mark.usefixtures("torch_is_here")
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
