"""An engine that does not belong here is built again while its ONNX serves; the new one must prove
itself.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.card import sha256_of_file
from edgehuman.errors import EngineError
from edgehuman.records import Float32
from edgehuman.runtime.engine import plan_file as engine_file
from edgehuman.runtime.engine import rebuild
from edgehuman.runtime.engine import tensorrt as tensorrt_engine
from edgehuman.runtime.engine.onnx import OnnxRuntimeEngine
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.open import EngineRequest, open_engine
from edgehuman.runtime.engine.plan_file import EngineMismatchError, read_engine, side_path
from edgehuman.runtime.engine.rebuild import RebuildingEngine, plan_build
from edgehuman.runtime.provenance.trusted import Trust
from tests.runtime.played_gpu import (
    GPU,
    PLAN,
    PlayedDevice,
    PlayedLibrary,
    edit_side,
    write_played,
)
from tests.runtime.provenance.signed import make_key, public_of, sign_with

RECORD_NTC: Float32 = np.ones((1, 128, 6), np.float32)


class PlayedBuilder:
    """A build that is done when it is told to be.

    Attributes:
        go: tell the newest one.
    """

    go = threading.Event()

    def __init__(self, onnx: Path, folder: Path, *reports: Mapping[str, Any]) -> None:
        folder.mkdir()
        self.folder, self.onnx = folder, onnx
        PlayedBuilder.go = threading.Event()
        self._reports = reports or ({"share": 0.5, "phase": "tactics"}, {"done": 12.0})
        self.stopped = 0

    def reports(self) -> Iterator[Mapping[str, Any]]:
        assert self.go.wait(10)
        for report in self._reports:
            if "done" in report:
                write_played(self.onnx, self.folder / "tiny.engine", build_s=12.0)
            yield report

    def stop(self) -> None:
        self.stopped += 1
        for path in self.folder.glob("*"):
            path.unlink()
        if self.folder.exists():
            self.folder.rmdir()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> PlayedLibrary:
    """The machine has the played GPU and TensorRT."""
    library = PlayedLibrary(PlayedDevice())
    monkeypatch.setattr(engine_file, "find_gpu", lambda: GPU)
    for module in (tensorrt_engine, rebuild):
        monkeypatch.setattr(module, "load_library", lambda *words: library)
        monkeypatch.setattr(module, "load_runtime", lambda driver: driver)
    monkeypatch.setattr(tensorrt_engine, "CudaDevice", lambda runtime: library.device)
    return library


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def old(tiny: Path) -> Path:
    """An engine for another GPU."""
    return write_played(tiny, built_for=[75])


def start(old: Path, told: list[str], *reports: Mapping[str, Any]) -> RebuildingEngine:
    onnx = old.with_suffix(".onnx")
    builder = PlayedBuilder(onnx, old.parent / "new", *reports)
    request = EngineRequest(rebuild=True, notify=told.append)
    return RebuildingEngine(old, OnnxRuntimeEngine(onnx), builder, request)


def finish(engine: RebuildingEngine, runs: int = 8) -> None:
    PlayedBuilder.go.set()
    for _ in range(runs):
        assert engine.run(RECORD_NTC).tolist() == [[4, 4, 4]]
    engine.wait(10)


@pytest.mark.usefixtures("library")
def test_the_onnx_serves_until_the_new_engine_gave_its_answers(old: Path, told: list[str]) -> None:
    engine = start(old, told)
    engine.run(RECORD_NTC)
    assert engine.describe()["engine"] == "onnxruntime"
    finish(engine, runs=7)
    assert told == [
        "tiny.engine was rebuilt in 12 s and is in use: cosine 1.000000 with the ONNX on the last "
        "8 records"
    ]
    assert engine.describe()["engine"] == "tensorrt"
    assert engine.describe()["path"] == str(old)
    assert engine.run(RECORD_NTC).tolist() == [[4, 4, 4]]
    assert read_engine(old).built_for == (86,)
    assert sorted(os.listdir(old.parent)) == ["tiny.engine", "tiny.engine.json", "tiny.onnx"]
    engine.close()
    assert len(told) == 1


def test_an_engine_that_answers_otherwise_never_serves(
    old: Path, library: PlayedLibrary, told: list[str]
) -> None:
    before = old.read_bytes(), (old.parent / "tiny.engine.json").read_bytes()
    library.gain = -4.0
    engine = start(old, told)
    finish(engine)
    assert len(told) == 1
    assert "tiny.engine was not rebuilt: the new engine does not match the ONNX" in told[0]
    assert told[0].endswith("tiny.onnx keeps running")
    assert engine.describe()["engine"] == "onnxruntime"
    assert (old.read_bytes(), (old.parent / "tiny.engine.json").read_bytes()) == before
    assert not (old.parent / "new").exists()


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("reports", "message"),
    [
        ([{"error": "the graph does not parse"}], "not rebuilt: the graph does not parse. tin"),
        ([{"share": 0.1, "phase": "x"}], "the builder ended without an engine"),
        ([{"share": 0.1, "phase": "x"}, {"nonsense": 1}], "not rebuilt: KeyError('share')"),
    ],
)
def test_a_build_that_fails_leaves_the_onnx_serving(
    old: Path,
    told: list[str],
    reports: list[Mapping[str, Any]],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuild, "BETWEEN_REPORTS_S", 0.0)
    engine = start(old, told, *reports)
    finish(engine)
    assert message in told[-1]
    assert engine.run(RECORD_NTC).tolist() == [[4, 4, 4]]


@pytest.mark.usefixtures("library")
def test_progress_is_told_with_the_time_left(
    old: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "BETWEEN_REPORTS_S", 0.0)
    engine = start(old, told)
    finish(engine)
    assert told[0].startswith("building tiny.engine: 50 %, about ")
    assert rebuild.progress({"share": 0.25, "phase": "p"}, 10.0) == "25 %, about 30 s left (p)"
    assert rebuild.progress({"share": 0.0, "phase": "p"}, 10.0) == "0 % (p)"


@pytest.mark.usefixtures("library")
def test_a_stream_that_ends_first_says_that_nothing_was_written(old: Path, told: list[str]) -> None:
    engine = start(old, told)
    engine.close()
    engine.close()
    assert len(told) == 1
    assert "the stream ended first, and nothing was written" in told[0]
    assert not (old.parent / "new").exists()
    finish(engine, runs=1)
    assert len(told) == 1


@pytest.mark.usefixtures("library")
def test_without_rebuild_a_mismatch_is_an_error(old: Path) -> None:
    with pytest.raises(
        EngineMismatchError,
        match=r"Build it here with `edgehuman export .*tiny.onnx --format tensorrt",
    ):
        open_engine(old)


@pytest.mark.usefixtures("library")
def test_nothing_to_build_from(old: Path) -> None:
    old.with_suffix(".onnx").unlink()
    with pytest.raises(EngineError, match=r"capability 75.*cannot be rebuilt: .*tiny\.onnx is"):
        open_engine(old, EngineRequest(rebuild=True))


def test_no_gpu_is_not_cured_by_building_again(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_file, "find_gpu", lambda: None)
    with pytest.raises(EngineError, match="needs an NVIDIA GPU"):
        open_engine(old, EngineRequest(rebuild=True))
    old.write_bytes(b"edited")
    with pytest.raises(EngineError, match="needs an NVIDIA GPU"):
        open_engine(old, EngineRequest(rebuild=True))


def test_it_is_built_as_before_for_the_gpu_that_is_here(tiny: Path, library: PlayedLibrary) -> None:
    path = write_played(tiny, built_for=[75], batch=(1, 2, 4), capabilities=(75,), level=1)
    module, options = plan_build(path, EngineRequest(rebuild=True))
    assert module == "tensorrt"
    assert (options["batch"], options["level"], options["capabilities"]) == ([1, 2, 4], 1, [])
    library.ComputeCapability = type("", (), {"__members__": {"SM86": 0, "CURRENT": 1}})  # type: ignore[attr-defined]
    assert plan_build(path, EngineRequest("tensorrt-rtx"))[0] == "tensorrt_rtx"
    assert plan_build(path, EngineRequest())[1]["capabilities"] == [86]
    edit_side(path, options=None)
    assert plan_build(path, EngineRequest("tensorrt"))[1] == {"capabilities": [86]}


@pytest.mark.usefixtures("library")
def test_a_folder_that_cannot_be_written(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(EngineError, match=r"cannot write to .* \(Permission denied\)\. Copy the"):
        open_engine(old, EngineRequest(rebuild=True))


@pytest.mark.usefixtures("library")
def test_from_the_word_to_the_new_engine(
    old: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(library: str, options: Any, onnx: Path, identity: str, folder: Path) -> PlayedBuilder:
        assert identity == open_file(onnx).identity
        assert (library, options["capabilities"]) == ("tensorrt", [])
        folder.rmdir()
        return PlayedBuilder(onnx, folder)

    monkeypatch.setattr(rebuild, "Builder", build)
    engine: Any = open_engine(old, EngineRequest(rebuild=True, notify=told.append))
    assert told[0].startswith(f"{old} was built for compute capability 75")
    assert told[0].endswith("Rebuilding tiny.engine; tiny.onnx runs meanwhile")
    finish(engine)
    assert "is in use" in told[-1]
    assert old.read_bytes() == PLAN
    assert open_engine(old).describe()["built_for"] == [86]


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("honest", [True, False])
def test_where_signatures_are_required_the_new_engine_serves_and_replaces_nothing(
    honest: bool, old: Path, told: list[str], tmp_path: Path
) -> None:
    (tmp_path / "keys").mkdir()
    key = make_key(tmp_path / "keys")
    sign_with(key, old)
    before = {path.name: path.read_bytes() for path in old.parent.iterdir() if path.is_file()}
    onnx, new = old.with_suffix(".onnx"), old.parent / "new"
    made = write_played(onnx, tmp_path / "keys" / "tiny.engine", build_s=12.0)
    files = {path.name: sha256_of_file(path) for path in (made, side_path(made))}
    report = {"done": 12.0, "files": files if honest else {}}
    request = EngineRequest(rebuild=True, notify=told.append, trust=Trust(public_of(key)))
    engine = RebuildingEngine(
        old, OnnxRuntimeEngine(onnx), PlayedBuilder(onnx, new, report), request
    )
    finish(engine)
    if honest:
        assert told[-1].endswith("it is not kept, as nobody signed it")
        assert engine.describe()["engine"] == "tensorrt"
    else:
        assert "is not what the builder wrote" in told[-1]
        assert engine.describe()["engine"] == "onnxruntime"
    after = {path.name: path.read_bytes() for path in old.parent.iterdir() if path.is_file()}
    assert after == before
