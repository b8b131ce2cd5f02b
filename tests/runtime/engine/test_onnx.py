"""Where onnxruntime runs a graph, and that no fallback stays unsaid.

CUDA's answers are played: a session of the CPU under another name.
"""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from edgehuman.card import CARD_KEY, InputSpec, OutputSpec, Precision
from edgehuman.errors import ArtefactError, EngineError
from edgehuman.limits.sizes import read_bounded
from edgehuman.runtime.engine import onnx as onnx_engine
from edgehuman.runtime.engine import onnx_file
from edgehuman.runtime.engine.onnx import CPU, CUDA, TENSORRT, OnnxRuntimeEngine
from edgehuman.runtime.engine.onnx_file import sealed
from edgehuman.runtime.engine.open import EngineRequest, open_engine
from tests.runtime.conftest import MakeModel, tiny_card
from tests.runtime.played_gpu import GPU

REAL_SESSION = onnxruntime.InferenceSession


class PlayedSession:
    """An onnxruntime with CUDA: what starts, and which operators it leaves to the CPU."""

    starts: tuple[str, ...] = (TENSORRT, CUDA, CPU)
    left_to_cpu: tuple[str, ...] = ()

    def __init__(self, path: str, options: Any, providers: list[str], **words: Any) -> None:
        assert words == {"enable_fallback": 0}
        self._real = REAL_SESSION(path, options, providers=[CPU])
        self._providers = [name for name in providers if name in self.starts]

    def get_providers(self) -> list[str]:
        return self._providers

    def get_provider_graph_assignment_info(self) -> list[Any]:
        return [
            SimpleNamespace(
                ep_name=CPU if node.op_type in self.left_to_cpu else self._providers[0],
                get_nodes=lambda node=node: [node],
            )
            for part in self._real.get_provider_graph_assignment_info()
            for node in part.get_nodes()
        ]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> type[PlayedSession]:
    """A machine with a GPU and onnxruntime-gpu."""

    class Session(PlayedSession):
        pass

    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [TENSORRT, CUDA, CPU])
    monkeypatch.setattr(onnx_engine, "find_gpu", lambda: GPU)
    return Session


def opened(path: Path, name: Any = "auto") -> tuple[list[str], list[str]]:
    """The providers in use, and what was told."""
    told: list[str] = []
    engine = open_engine(path, EngineRequest(name, notify=told.append))
    assert engine.run(np.ones((1, 128, 6), np.float32)).tolist() == [[4, 4, 4]]
    return list(engine.describe()["providers"]), told


def test_the_cpu_is_what_a_machine_without_a_gpu_has(tiny: Path) -> None:
    assert opened(tiny) == ([CPU], [])
    assert opened(tiny, "onnxruntime-cpu") == ([CPU], [])


def test_a_provider_that_is_not_installed_is_an_error(tiny: Path) -> None:
    with pytest.raises(EngineError, match=r"has no MoonExecutionProvider.*edgehuman doctor"):
        OnnxRuntimeEngine(tiny, providers=["MoonExecutionProvider", CPU])
    with pytest.raises(EngineError, match=r"has no CUDAExec.*pip install onnxruntime-gpu"):
        opened(tiny, "onnxruntime-cuda")


@pytest.mark.usefixtures("cuda")
def test_cuda_is_chosen_where_it_is(tiny: Path) -> None:
    assert opened(tiny) == ([CUDA, CPU], [])
    assert opened(tiny, "onnxruntime-tensorrt") == ([TENSORRT, CUDA, CPU], [])
    assert opened(tiny, "onnxruntime-cpu") == ([CPU], [])


@pytest.mark.usefixtures("cuda")
def test_an_int8_graph_stays_on_the_cpu_that_it_is_made_for(make_model: MakeModel) -> None:
    assert opened(make_model(card=tiny_card(precision=Precision("int8")))) == ([CPU], [])


@pytest.mark.parametrize(("precision", "in_float"), [("int8", "0"), ("int8-tensorrt", "1")])
def test_the_integers_of_a_tensorrt_graph_are_multiplied_in_float_on_a_cpu(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch, precision: str, in_float: str
) -> None:
    asked: list[str] = []

    def session(path: str, options: Any, **words: Any) -> Any:
        asked.append(options.get_session_config_entry("session.disable_quant_qdq"))
        return REAL_SESSION(path, options, **words)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    OnnxRuntimeEngine(make_model(card=tiny_card().replace(precision=Precision(precision))))
    assert asked == [in_float]


@pytest.mark.usefixtures("cuda")
def test_cuda_without_a_gpu_is_told(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_engine, "find_gpu", lambda: None)
    providers, told = opened(tiny)
    assert providers == [CPU]
    assert told == ["onnxruntime has CUDA but there is no NVIDIA GPU; running on the CPU"]


def test_a_cuda_that_does_not_start_is_told_by_choice_and_an_error_by_name(
    tiny: Path, cuda: type[PlayedSession]
) -> None:
    cuda.starts = (CPU,)
    providers, told = opened(tiny)
    assert providers == [CPU]
    assert len(told) == 1
    assert "tiny.onnx runs on the CPU: onnxruntime could not start CUDAExec" in told[0]
    with pytest.raises(EngineError, match=r"could not start CUDAExec.*fell back to CPUExec"):
        opened(tiny, "onnxruntime-cuda")


def test_nodes_that_fall_back_are_counted_and_told(tiny: Path, cuda: type[PlayedSession]) -> None:
    cuda.left_to_cpu = ("Slice",)
    providers, told = opened(tiny)
    assert providers == [CUDA, CPU]
    assert told == [
        "tiny.onnx on CUDAExecutionProvider: 1 of 3 nodes fall back to the CPU: 1 Slice"
    ]


def test_an_onnxruntime_that_cannot_tell_says_so(
    tiny: Path, cuda: type[PlayedSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Older:
        def __init__(self, *words: Any, **named: Any) -> None:
            self.session = cuda(*words, **named)

        def __getattr__(self, name: str) -> Any:
            if name == "get_provider_graph_assignment_info":
                raise AttributeError(name)
            return getattr(self.session, name)

    monkeypatch.setattr(onnxruntime, "InferenceSession", Older)
    assert "cannot report nodes that fall back" in opened(tiny)[1][0]


def test_one_read_gives_the_card_the_seal_and_the_session(
    tiny: Path, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = make_model(gain=-4.0, name="evil.onnx").read_bytes()
    read, reads = read_bounded, []

    def swapped_after(path: Path, *given: Any) -> bytes:
        content = read(path, *given)
        reads.append(path)
        path.write_bytes(evil)  # whoever reads again gets another model
        return content

    monkeypatch.setattr(onnx_file, "read_bounded", swapped_after)
    engine = open_engine(tiny)
    assert reads == [tiny]
    assert engine.run(np.ones((1, 128, 6), np.float32)).tolist() == [[4, 4, 4]]


def test_a_file_that_is_swapped_all_the_time_serves_what_was_checked(
    tiny: Path, make_model: MakeModel
) -> None:
    good, unsealed = tiny.read_bytes(), make_model(gain=-4.0, name="evil.onnx", seal=False)
    evil, stop = unsealed.read_bytes(), threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for content in (evil, good):
                made = tiny.with_suffix(".new")
                made.write_bytes(content)
                made.replace(tiny)

    swapping = threading.Thread(target=swap)
    swapping.start()
    answers, refused = [], 0
    try:
        for _ in range(200):
            try:
                answers.append(open_engine(tiny).run(np.ones((1, 128, 6), np.float32)).tolist())
            except ArtefactError:
                refused += 1
    finally:
        stop.set()
        swapping.join()
    assert answers == [[[4, 4, 4]]] * len(answers)
    assert 0 < len(answers) < 200
    assert refused


def test_the_bytes_are_not_kept_beside_the_session(tiny: Path) -> None:
    engine = OnnxRuntimeEngine(tiny)
    assert engine._session._model_bytes == b""


def test_bytes_of_onnxruntime_s_other_format_are_not_opened_as_such(
    tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options: list[Any] = []

    def session(content: bytes, given: Any, **words: Any) -> Any:
        options.append(given)
        return REAL_SESSION(content, given, **words)

    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    OnnxRuntimeEngine(tiny)
    assert options[0].get_session_config_entry("session.load_model_format") == "ONNX"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "MemoryError"),
        (RuntimeError("std::bad_alloc"), "std::bad_alloc"),
        ("onnxruntime", "Non-zero status code"),
    ],
)
def test_a_failure_while_it_runs_is_told_with_the_model(
    tiny: Path, error: Exception | str, said: str
) -> None:
    engine = OnnxRuntimeEngine(tiny)

    class Failing:
        def run(self, *given: object) -> None:
            if isinstance(error, str):
                own = onnxruntime.capi.onnxruntime_pybind11_state.RuntimeException
                raise own("Non-zero status code returned while running Mul\nmore")
            raise error

    engine._session = Failing()
    with pytest.raises(EngineError, match=rf"tiny.onnx: onnxruntime failed .*2 records: {said}"):
        engine.run(np.zeros((2, 128, 6), np.float32))


def test_a_fault_of_ours_stays_one(tiny: Path) -> None:
    with pytest.raises(ValueError, match="invalid") as found:
        _raising(OnnxRuntimeEngine(tiny))
    assert not isinstance(found.value, EngineError)


def _raising(engine: OnnxRuntimeEngine) -> None:
    class Wrong:
        def run(self, *given: object) -> None:
            raise ValueError("invalid feed")

    engine._session = Wrong()
    engine.run(np.zeros((2, 128, 6), np.float32))


@pytest.mark.parametrize(
    ("output", "axes"),
    [
        (OutputSpec("segmentation", ("a", "b", "c")), 4),
        (OutputSpec("heatmaps", ("a", "b", "c")), 4),
        (OutputSpec("embedding", distance="cosine", dim=3, parts=2), 3),
    ],
)
def test_a_graph_whose_output_has_other_axes_is_refused(
    output: OutputSpec, axes: int, make_model: MakeModel
) -> None:
    with pytest.raises(ArtefactError, match=f"outputs .*, but {output.kind} have {axes} axes"):
        OnnxRuntimeEngine(make_model(card=tiny_card(output=output)))


def test_other_axes_that_only_the_answer_shows_are_refused(make_model: MakeModel) -> None:
    engine = OnnxRuntimeEngine(make_model())
    record_NTC = np.zeros((1, 128, 6), np.float32)
    assert engine.run(record_NTC).shape == (1, 3)
    engine._session = SimpleNamespace(run=lambda names, given: [np.zeros((1, 3, 1), np.float32)])
    with pytest.raises(ArtefactError, match=r"outputs \(1, 3, 1\), but classes have 2 axes"):
        engine.run(record_NTC)


@pytest.mark.parametrize("woven", [True, False])
def test_parts_of_an_earlier_head_are_refused_with_what_to_do(tmp_path: Path, woven: bool) -> None:
    """It has the axes of today's, and its maps lie otherwise."""
    nodes = [helper.make_node("Identity", ["frame"], ["person_parts"])]
    if woven:
        nodes.append(helper.make_node("DepthToSpace", ["map"], ["maps"], blocksize=2))
    shape = ("batch", 4, 4)
    given = [
        helper.make_tensor_value_info("frame", TensorProto.FLOAT, shape),
        *([helper.make_tensor_value_info("map", TensorProto.FLOAT, (1, 4, 2, 2))] if woven else []),
    ]
    graph = helper.make_graph(
        nodes, "g", given, [helper.make_tensor_value_info("person_parts", TensorProto.FLOAT, shape)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    taken = InputSpec("ImuWindow", (4, 4), "float32", "g", 50.0)
    card = tiny_card(input=taken, output=OutputSpec("person_parts", ("background", "body")))
    helper.set_model_props(model, {CARD_KEY: card.to_json()})
    path = tmp_path / "parts.onnx"
    path.write_bytes(sealed(model.SerializeToString()))
    assert onnx_file.open_file(path).operators >= {"Identity"}
    if woven:
        with pytest.raises(ArtefactError, match=r"row by row.* Train it again"):
            OnnxRuntimeEngine(path)
    else:
        OnnxRuntimeEngine(path)
