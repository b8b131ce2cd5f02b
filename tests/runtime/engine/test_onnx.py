"""Where onnxruntime runs a graph, and that no fallback stays unsaid.

CUDA's answers are played: a session of the CPU under another name.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from edgehuman.card import OutputSpec, Precision
from edgehuman.errors import ArtefactError, EngineError
from edgehuman.runtime.engine import onnx as onnx_engine
from edgehuman.runtime.engine.onnx import CPU, CUDA, TENSORRT, OnnxRuntimeEngine
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
