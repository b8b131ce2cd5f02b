from __future__ import annotations

import ast
import json
import os
import shutil
import signal
import subprocess
import sys
import types
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from edgehuman.card import Card
from edgehuman.export import fp16, int8, on_device_build, to_tensorrt
from edgehuman.export.calibration import collect, ranges
from edgehuman.export.on_device_build import BuildError, Gpu, Options
from edgehuman.export.records import Samples

trt = pytest.importorskip(
    "tensorrt_rtx", reason="TensorRT-RTX is not installed: pip install tensorrt-rtx"
)
RTX = Options(capabilities=(86,))


def build(content: bytes, options: Options = RTX) -> bytes:
    return on_device_build.build(trt, content, options, b"", lambda share, phase: None)[0]


def graph_in(model: onnx.ModelProto, samples: Samples, precision: str) -> onnx.ModelProto:
    if precision == "fp16":
        return fp16.convert(model, fp16.overflowing(model, samples.array))[0]
    if precision == "int8":
        bounds = ranges(collect(model, int8.tensors_to_calibrate(model), samples.array), "minmax")
        return int8.quantise(model, bounds, "tensorrt")
    return model


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
def test_every_precision_builds_without_a_gpu(
    model: onnx.ModelProto, samples: Samples, precision: str
) -> None:
    plan = build(graph_in(model, samples, precision).SerializeToString())
    assert len(plan) > 10_000


def test_options_reach_the_builder(model: onnx.ModelProto) -> None:
    content = model.SerializeToString()
    small = Options(
        (1, 2, 4), capabilities=(80, 89), hardware="ampere_plus", level=1, workspace_mib=64
    )
    assert len(build(content, small)) > len(build(content))  # two capabilities, two sets of kernels


def test_an_operator_that_tensorrt_lacks_is_named_with_its_module() -> None:
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [n, 4]) for n in "xy")
    node = helper.make_node("Unique", ["x"], ["y"], "head.sort/Unique", axis=0)
    graph = helper.make_graph([node], "made", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with pytest.raises(
        BuildError, match=r"operator Unique at node head\.sort/Unique \(from head\.sort\)"
    ):
        build(model.SerializeToString())


def test_the_cpu_graph_of_int8_is_refused_at_its_node(
    model: onnx.ModelProto, samples: Samples
) -> None:
    bounds = ranges(collect(model, int8.tensors_to_calibrate(model), samples.array), "minmax")
    with pytest.raises(
        BuildError, match=r"QuantizeLinear at node embed/MatMul/input/QuantizeLinear"
    ):
        build(int8.quantise(model, bounds, "cpu").SerializeToString())


def test_truncated_and_foreign_files(model: onnx.ModelProto) -> None:
    with pytest.raises(BuildError, match="it is truncated or no ONNX file"):
        build(model.SerializeToString()[:1000])
    with pytest.raises(BuildError, match="holds no graph"):
        build(b"hello")


def test_progress_rises_to_nearly_all(model: onnx.ModelProto) -> None:
    seen: list[float] = []
    on_device_build.build(
        trt, model.SerializeToString(), RTX, b"", lambda share, phase: seen.append(share)
    )
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < 0.2
    assert 0.7 < seen[-1] <= 1.0


def test_ctrl_c_leaves_the_builder_in_order(model: onnx.ModelProto) -> None:
    def interrupt(share: float, phase: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        on_device_build.build(trt, model.SerializeToString(), RTX, b"", interrupt)
    assert signal.getsignal(signal.SIGINT) is before


def test_where_it_can_be_built() -> None:
    on_device_build.require_target(trt, RTX, None)
    on_device_build.require_target(trt, Options(), Gpu("some GPU", 86, 12080))
    with pytest.raises(BuildError, match=r"no GPU found, .*name a capability: 75, 80, 86"):
        on_device_build.require_target(trt, Options(), None)
    with pytest.raises(BuildError, match="cannot build for compute capability 87; it offers 75"):
        on_device_build.require_target(trt, Options(capabilities=(87,)), None)
    plain = types.SimpleNamespace(__name__="tensorrt", __version__="10.3.0")
    with pytest.raises(
        BuildError, match="builds for the GPU that it runs on; leave the capability"
    ):
        on_device_build.require_target(plain, RTX, None)
    with pytest.raises(BuildError, match="no GPU found, and tensorrt builds on one; build with"):
        on_device_build.require_target(plain, Options(), None)


def test_sizes_out_of_order() -> None:
    with pytest.raises(BuildError, match="batch is 4, 2, 8; it is the smallest, the best"):
        Options(batch=(4, 2, 8))
    with pytest.raises(BuildError, match="hardware is 'all'; it is one of none"):
        Options(hardware="all")


def test_an_old_or_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    old = types.ModuleType("tensorrt")
    old.__version__ = "8.6.1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorrt", old)
    with pytest.raises(BuildError, match=r"TensorRT 8\.6\.1 is installed; 10 or newer is needed"):
        on_device_build.load_library("tensorrt")
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(BuildError, match=r"pip install 'edgehuman\[tensorrt-rtx\]'"):
        on_device_build.load_library("tensorrt_rtx")


@pytest.fixture
def bundle(tmp_path: Path, model: onnx.ModelProto, card: Card) -> Path:
    folder = tmp_path / "bundle"
    to_tensorrt.write_bundle(folder, model.SerializeToString(), card, Options((1, 2, 4)))
    return folder


def run_script(
    folder: Path, *words: str, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    # -I: neither this repository nor the user's packages; -S would hide tensorrt_rtx too.
    command = [python, "-I", str(folder / "build.py"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_bundle_builds_itself(bundle: Path) -> None:
    assert sorted(os.listdir(bundle)) == ["build.py", "bundle.json", "tiny.onnx"]
    done = run_script(bundle, "--library", "tensorrt_rtx", "--capability", "86")
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(bundle)) == [
        "build.py", "bundle.json", "tiny.engine", "tiny.engine.json", "tiny.onnx",
    ]  # fmt: skip
    side = json.loads((bundle / "tiny.engine.json").read_text())
    assert side["card"]["name"] == "tiny"
    assert side["engine"]["built_for"] == [86]
    assert side["engine"]["options"]["batch"] == [1, 2, 4]


def test_a_changed_bundle_is_refused(bundle: Path) -> None:
    with (bundle / "tiny.onnx").open("ab") as stream:
        stream.write(b"0")
    done = run_script(bundle, "--library", "tensorrt_rtx", "--capability", "86")
    assert done.returncode == 1
    assert "tiny.onnx is not the file that was bundled" in done.stderr
    assert "tiny.engine" not in os.listdir(bundle)


def test_the_script_is_python_3_8(bundle: Path) -> None:
    source = (bundle / "build.py").read_text()
    ast.parse(source, feature_version=(3, 8))
    old = shutil.which("python3.8")
    if old is None or subprocess.run([old, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Python 3.8 here to run the script with")
    done = run_script(bundle, python=old)
    assert done.returncode == 1
    assert "tensorrt is not installed here" in done.stderr
