"""Buffers, shapes and recorded graphs of a TensorRT engine, on a GPU that is played in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.card import InputSpec
from edgehuman.errors import ArtefactError, EngineError
from edgehuman.records import Float32
from edgehuman.runtime.engine import plan_file as engine_file
from edgehuman.runtime.engine import tensorrt as tensorrt_engine
from edgehuman.runtime.engine.open import EngineRequest, open_engine
from edgehuman.runtime.engine.plan_file import EngineMismatchError, read_engine
from edgehuman.runtime.engine.tensorrt import TensorRtEngine, open_tensorrt
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.played_gpu import GPU, PlayedDevice, PlayedLibrary, write_played


@pytest.fixture
def device() -> PlayedDevice:
    return PlayedDevice()


@pytest.fixture
def library(device: PlayedDevice) -> PlayedLibrary:
    return PlayedLibrary(device)


@pytest.fixture
def engine(tiny: Path, library: PlayedLibrary) -> TensorRtEngine:
    return TensorRtEngine(read_engine(write_played(tiny)), library, library.device)


def records(*heights: float) -> Float32:
    """One record per height: az is that height all along, so logit 2 is four times it."""
    record_NTC = np.zeros((len(heights), 128, 6), np.float32)
    record_NTC[:, :, 2] = np.array(heights)[:, None]
    return record_NTC


def third(logits_NC: Float32) -> list[float]:
    assert logits_NC.dtype == np.float32
    assert not logits_NC[:, :2].any()
    return [float(x) for x in logits_NC[:, 2]]


def test_the_second_run_of_a_shape_is_recorded_and_the_third_is_one_launch(
    engine: TensorRtEngine, device: PlayedDevice
) -> None:
    assert third(engine.run(records(1.0))) == [4.0]
    assert device.calls == ["in", "run", "out", "await"]
    assert not engine.describe()["cuda_graph"]
    device.calls.clear()
    assert third(engine.run(records(2.0))) == [8.0]
    assert device.calls == ["record", "in", "run", "out", "launch", "await"]
    assert engine.describe()["cuda_graph"]
    device.calls.clear()
    assert third(engine.run(records(0.5))) == [2.0]
    assert device.calls == ["launch", "await"]


def test_another_shape_drops_the_graph_of_the_old_one(
    engine: TensorRtEngine, device: PlayedDevice
) -> None:
    for _ in range(2):
        engine.run(records(1.0))
    device.calls.clear()
    assert third(engine.run(records(1.0, 0.25))) == [4.0, 1.0]
    assert device.calls == ["drop", "in", "run", "out", "await"]
    assert third(engine.run(records(0.5, 0.75))) == [2.0, 3.0]
    assert len(device.graphs) == 1


def test_an_answer_is_not_overwritten_by_the_next(engine: TensorRtEngine) -> None:
    first = engine.run(records(1.0))
    engine.run(records(2.0))
    assert third(first) == [4.0]


def test_a_batch_over_the_largest_runs_in_equal_parts(
    engine: TensorRtEngine, device: PlayedDevice
) -> None:
    heights = [0.25 * k for k in range(6)]
    assert third(engine.run(records(*heights))) == [4 * height for height in heights]
    assert device.calls.count("await") == 2  # 3 and 3, not 4 and 2


def test_a_shape_outside_the_profile(engine: TensorRtEngine) -> None:
    with pytest.raises(
        EngineError, match=r"\(1, 64, 6\).*built for \(1, 128, 6\) to \(4, 128, 6\)"
    ):
        engine.run(np.zeros((1, 64, 6), np.float32))
    with pytest.raises(EngineError, match=r"found a batch of shape \(0, 128, 6\)"):
        engine.run(records())
    assert third(engine.run(records(1.0))) == [4.0]


def test_a_batch_under_the_smallest(tiny: Path, library: PlayedLibrary) -> None:
    library.low = (2, 128, 6)
    engine = TensorRtEngine(read_engine(write_played(tiny)), library, library.device)
    with pytest.raises(
        EngineError, match=r"shape \(1, 128, 6\), but tiny\.engine was built for \(2,"
    ):
        engine.run(records(1.0))
    assert third(engine.run(records(0, 0.25, 0.5, 0.75, 1.0))) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("capturable", [True, False])
def test_a_library_that_can_be_asked_is_asked(
    tiny: Path, library: PlayedLibrary, capturable: bool
) -> None:
    library.capturable = capturable
    engine = TensorRtEngine(read_engine(write_played(tiny)), library, library.device)
    assert [third(engine.run(records(h))) for h in (1.0, 2.0, 3.0)] == [[4.0], [8.0], [12.0]]
    assert ("launch" in library.device.calls) is capturable
    assert engine.describe()["cuda_graph"] is capturable
    assert ("cannot record this engine" in engine.describe()["no_cuda_graph"]) is not capturable


def test_a_recording_that_fails_is_told_and_not_tried_again(tiny: Path) -> None:
    device = PlayedDevice(capture_fails=True)
    engine = TensorRtEngine(read_engine(write_played(tiny)), PlayedLibrary(device), device)
    assert [third(engine.run(records(h))) for h in (1.0, 2.0, 3.0)] == [[4.0], [8.0], [12.0]]
    assert device.calls.count("record") == 1
    assert "StreamCaptureInvalidated" in engine.describe()["no_cuda_graph"]


def test_a_run_that_fails_tells_what_tensorrt_said(
    engine: TensorRtEngine, library: PlayedLibrary
) -> None:
    library.runs = False
    with pytest.raises(EngineError, match=r"tiny\.engine did not run: out of memory"):
        engine.run(records(1.0))


def test_a_plan_that_the_card_does_not_describe(make_model: MakeModel) -> None:
    library = PlayedLibrary(PlayedDevice())
    file = read_engine(write_played(make_model()))
    library.outputs = 4
    with pytest.raises(ArtefactError, match=r"outputs \(4, 4\), but its card has 3 labels"):
        TensorRtEngine(file, library, library.device)
    assert library.device.closed
    library.outputs, library.dtype = 3, np.uint8
    with pytest.raises(ArtefactError, match=r"takes uint8 .* card says float32 \(N, 128, 6\)"):
        TensorRtEngine(file, library, library.device)
    library.dtype, library.high = np.float32, (4, 64, 6)
    with pytest.raises(ArtefactError, match="its plan takes"):
        TensorRtEngine(file, library, library.device)


def test_a_record_of_any_length_needs_a_profile_and_not_one_length(make_model: MakeModel) -> None:
    library = PlayedLibrary(PlayedDevice())
    library.low, library.high = (1, 8, 6), (4, 128, 6)
    card = tiny_card(input=InputSpec("ImuWindow", (0, 6), "float32", "g and rad/s", 50.0))
    file = read_engine(write_played(make_model(card=card)))
    engine = TensorRtEngine(file, library, library.device)
    assert third(engine.run(records(1.0)[:, :32])) == [4.0]


def test_memory_goes_back_when_the_engine_does(tiny: Path, device: PlayedDevice) -> None:
    engine = TensorRtEngine(read_engine(write_played(tiny)), PlayedLibrary(device), device)
    assert not device.closed
    del engine
    assert device.closed


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, library: PlayedLibrary) -> list[str]:
    """A machine with the played GPU and TensorRT; gives the modules that were asked for."""
    asked: list[str] = []

    def load(module: str, version: str | None = None) -> Any:
        asked.append(f"{module} {version}")
        return library

    monkeypatch.setattr(engine_file, "find_gpu", lambda: GPU)
    monkeypatch.setattr(tensorrt_engine, "load_library", load)
    monkeypatch.setattr(tensorrt_engine, "load_runtime", lambda driver: driver)
    monkeypatch.setattr(tensorrt_engine, "CudaDevice", lambda runtime: library.device)
    return asked


def test_a_path_and_a_word_open_it(tiny: Path, machine: list[str]) -> None:
    path = write_played(tiny)
    assert third(open_engine(path).run(records(1.0))) == [4.0]
    assert open_engine(path).describe()["engine"] == "tensorrt"
    assert open_engine(tiny).describe()["engine"] == "onnxruntime"
    assert open_engine(tiny, EngineRequest("tensorrt")).describe()["engine"] == "tensorrt"
    assert open_engine(path, EngineRequest("onnxruntime")).describe()["path"] == str(tiny)
    assert set(machine) == {"tensorrt 10.3.0"}


def test_a_remark_reaches_who_asked(tiny: Path, machine: list[str]) -> None:
    told: list[str] = []
    open_tensorrt(write_played(tiny, gpu="Twin GPU"), EngineRequest(notify=told.append))
    assert told == [
        "tiny.engine was tuned for a Twin GPU, but this is a Made GPU of the same "
        "capability: it may be slower than an engine built here"
    ]


def test_the_other_flavour_by_force(tiny: Path, machine: list[str]) -> None:
    with pytest.raises(EngineMismatchError, match="cannot read its plans"):
        open_tensorrt(write_played(tiny), EngineRequest("tensorrt-rtx"))
    assert machine == ["tensorrt_rtx None"]
