"""The TensorRT module is asked for by name, and a plan is opened by it as it was built."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from edgehuman.errors import MissingDependencyError
from edgehuman.runtime.engine import tensorrt_library
from edgehuman.runtime.engine.build_on_device import Options, build, find_gpu
from edgehuman.runtime.engine.plan_file import EngineMismatchError, read_engine
from edgehuman.runtime.engine.tensorrt import TensorRtEngine
from edgehuman.runtime.engine.tensorrt_library import load_library
from tests.runtime.played_gpu import PlayedDevice, PlayedLibrary, write_played


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    monkeypatch.setattr(tensorrt_library, "find_jetson", lambda: None)
    with pytest.raises(MissingDependencyError, match=r"run: pip install tensorrt==10\.3\.0$"):
        load_library("tensorrt", "10.3.0")
    with pytest.raises(MissingDependencyError, match=r"run: pip install tensorrt-rtx$"):
        load_library("tensorrt_rtx")
    monkeypatch.setattr(tensorrt_library, "find_jetson", lambda: "an Orin")
    with pytest.raises(MissingDependencyError, match="run: sudo apt-get install python3-libnv"):
        load_library("tensorrt", "10.3.0")
    with pytest.raises(
        EngineMismatchError, match="built by 'os'; it must be one of tensorrt, tens"
    ):
        load_library("os")


def test_host_code_runs_only_where_the_plan_was_built_to_carry_it(tiny: Path) -> None:
    for compatible in (False, True):
        library = PlayedLibrary(PlayedDevice())
        path = write_played(tiny, version_compatible=compatible)
        TensorRtEngine(read_engine(path), library, library.device)
        assert library.runtime is not None
        assert library.runtime.engine_host_code_allowed is compatible


def test_a_plan_of_a_dla_core_runs_on_that_core(tiny: Path) -> None:
    for core in (None, 0, 1):
        library = PlayedLibrary(PlayedDevice())
        path = write_played(tiny, dla=core)
        TensorRtEngine(read_engine(path), library, library.device)
        assert library.runtime is not None
        assert library.runtime.DLA_core == core


def test_a_refused_plan_tells_the_last_error_and_how_to_build_again(tiny: Path) -> None:
    library = PlayedLibrary(PlayedDevice())
    file = read_engine(write_played(tiny))
    foreign = dataclasses.replace(file, plan=b"?")
    with pytest.raises(
        EngineMismatchError, match=r"refused .*: the magic tag does not match\. Build it here with"
    ):
        TensorRtEngine(foreign, library, library.device)


@pytest.mark.skipif(find_gpu() is not None, reason="this machine has a GPU")
def test_the_real_library_refuses_a_real_plan_where_there_is_no_gpu(tiny: Path) -> None:
    trt = pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")
    plan, _ = build(trt, tiny.read_bytes(), Options(capabilities=(86,)), b"", lambda *words: None)
    file = read_engine(write_played(tiny))
    real = dataclasses.replace(file, plan=plan)
    with pytest.raises(EngineMismatchError, match=r"refused .*(?i:cuda)"):
        TensorRtEngine(real, trt, PlayedDevice())
