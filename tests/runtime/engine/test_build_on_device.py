"""One build for every TensorRT, and the script that a device builds with; each option reaches the
builder by itself.
"""

from __future__ import annotations

import ast
import importlib
import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import types
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto, helper

from edgehuman.card import Card
from edgehuman.runtime.engine import build as to_tensorrt
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build_on_device import BuildError, Gpu, Options
from tests import leaving
from tests.runtime.played_builder import Config, Played, PlayedRtx, Shape

RTX = Options(capabilities=(86,))


def real() -> Any:
    """The TensorRT-RTX that is installed."""
    return pytest.importorskip("tensorrt_rtx", reason="pip install 'edgehuman[tensorrt-rtx]'")


def build_really(content: bytes, options: Options = RTX) -> bytes:
    return build_on_device.build(real(), content, options, b"", lambda share, phase: None)[0]


def test_options_reach_the_builder(model: onnx.ModelProto) -> None:
    content = model.SerializeToString()
    small = Options(
        (1, 2, 4), capabilities=(80, 89), hardware="ampere_plus", level=1, workspace_mib=64
    )
    assert len(build_really(content, small)) > len(
        build_really(content)
    )  # two capabilities, two sets of kernels


def test_an_operator_that_tensorrt_lacks_is_named_with_its_module() -> None:
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [n, 4]) for n in "xy")
    node = helper.make_node("Unique", ["x"], ["y"], "head.sort/Unique", axis=0)
    graph = helper.make_graph([node], "made", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    with pytest.raises(
        BuildError, match=r"operator Unique at node head\.sort/Unique \(from head\.sort\)"
    ):
        build_really(model.SerializeToString())


def test_truncated_and_foreign_files(model: onnx.ModelProto) -> None:
    with pytest.raises(BuildError, match="truncated, or not an ONNX file"):
        build_really(model.SerializeToString()[:1000])
    with pytest.raises(BuildError, match="it has no graph"):
        build_really(b"hello")


def test_progress_rises_to_nearly_all(model: onnx.ModelProto) -> None:
    seen: list[float] = []
    build_on_device.build(
        real(), model.SerializeToString(), RTX, b"", lambda share, phase: seen.append(share)
    )
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < 0.2
    assert 0.7 < seen[-1] <= 1.0


def test_ctrl_c_leaves_the_builder_in_order(model: onnx.ModelProto) -> None:
    def interrupt(share: float, phase: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        build_on_device.build(real(), model.SerializeToString(), RTX, b"", interrupt)
    assert signal.getsignal(signal.SIGINT) is before


def test_where_it_can_be_built() -> None:
    build_on_device.require_target(real(), RTX, None)
    build_on_device.require_target(real(), Options(), Gpu("some GPU", 86, 12080))
    with pytest.raises(BuildError, match=r"no GPU found, .*give a capability: 75, 80, 86"):
        build_on_device.require_target(real(), Options(), None)
    with pytest.raises(BuildError, match="cannot build for compute capability 87; it offers 75"):
        build_on_device.require_target(real(), Options(capabilities=(87,)), None)
    plain = types.SimpleNamespace(__name__="tensorrt", __version__="10.3.0")
    with pytest.raises(
        BuildError, match="builds for the GPU that it runs on; remove the capability"
    ):
        build_on_device.require_target(plain, RTX, None)
    with pytest.raises(
        BuildError, match="no GPU found, but tensorrt needs one to build; build with"
    ):
        build_on_device.require_target(plain, Options(), None)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"batch": (4, 2, 8)}, r"batch must be smallest, optimal, .* \(got 4, 2, 8\)"),
        ({"length": (1, 1, 1 << 31)}, r"length must be smallest, .* \(got 1, 1, 2147483648\)"),
        ({"hardware": "all"}, "hardware must be none or ampere_plus"),
        ({"dla": -1}, "dla must be between 0 and 1"),
        ({"workspace_mib": -5}, "workspace_mib must be between 1 and 16777216"),
        ({"level": 6}, "level must be between 0 and 5"),
    ],
)
def test_options_out_of_range(words: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        Options(**words)


def told(trt: Played, options: Options) -> dict[str, Any]:
    """What a whole build told the builder of these options."""
    plan, _ = build_on_device.build(trt, b"a graph", options, b"", lambda share, phase: None)
    assert plan == b"a plan"
    return trt.config.said()


def test_without_options_the_builder_is_told_nothing() -> None:
    trt = Played(-1, 128, 6)
    assert told(trt, Options()) == {"cache": b""}
    assert trt.flags == 1 << 3  # strongly typed: precision is in the graph


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Options(version_compatible=True), {"flags": {"compatible"}}),
        (Options(hardware="ampere_plus"), {"hardware_compatibility_level": "ampere and later"}),
        (Options(hardware="same_compute_capability"), {"hardware_compatibility_level": "same"}),
        (
            Options(dla=1),
            {"default_device_type": "dla", "DLA_core": 1, "flags": {"fallback"}},
        ),
        (
            Options(dla=0),
            {"default_device_type": "dla", "DLA_core": 0, "flags": {"fallback"}},
        ),
        (Options(workspace_mib=64), {"pools": {"workspace": 64 * 1024 * 1024}}),
        (Options(level=5), {"builder_optimization_level": 5}),
        (Options(level=0), {"builder_optimization_level": 0}),
    ],
)
def test_each_option_is_told_and_nothing_else(options: Options, expected: dict[str, Any]) -> None:
    assert told(Played(-1, 128, 6), options) == {"cache": b"", **expected}


def test_capabilities_are_counted_and_named_in_order() -> None:
    said = told(PlayedRtx(-1, 128, 6), Options(capabilities=(80, 89)))
    assert said["num_compute_capabilities"] == 2
    kinds = PlayedRtx.ComputeCapability
    assert said["capabilities"] == {0: kinds.SM80, 1: kinds.SM89}
    assert "cache" not in said  # it keeps no timings


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((-1, 128, 6), [(2, 128, 6), (3, 128, 6), (5, 128, 6)]),
        ((-1, -1, 18, 3), [(2, 10, 18, 3), (3, 20, 18, 3), (5, 30, 18, 3)]),
    ],
)
def test_the_profile_has_the_given_batches_and_lengths(shape: Shape, expected: list[Shape]) -> None:
    trt = Played(*shape)
    told(trt, Options(batch=(2, 3, 5), length=(10, 20, 30)))
    [profile] = trt.config.profiles
    assert profile.shapes == {"record": tuple(expected)}


def test_timings_are_given_and_kept() -> None:
    trt = Played(-1, 128, 6)
    _, kept = build_on_device.build(trt, b"a graph", Options(), b"old", lambda share, phase: None)
    assert trt.config.cache == b"old"
    assert kept == b"old and more"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (Options(dla=0), "tensorrt_rtx 1.7.1 has no DLA support"),
        (Options(hardware="ampere_plus"), "has no hardware level ampere_plus"),
    ],
)
def test_what_a_library_does_not_have_is_refused(
    options: Options, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlayedRtx, "HardwareCompatibilityLevel", types.SimpleNamespace())
    with pytest.raises(BuildError, match=reason):
        told(PlayedRtx(-1, 128, 6), options)


def test_the_played_config_has_the_names_of_the_real_one() -> None:
    library = real()
    notes = {"cache", "capabilities", "flags", "pools", "profiles", "said"}
    played = {name for name in dir(Config) if not name.startswith("_")} - notes
    missing = played - set(dir(library.IBuilderConfig))
    assert missing <= {"DLA_core", "default_device_type"}  # of Jetson alone
    assert hasattr(library.IOptimizationProfile, "set_shape")


class Stream(io.StringIO):
    """A terminal, or a log."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self.isatty = lambda: is_terminal  # type: ignore[method-assign]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_on_a_terminal_and_in_a_log(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool
) -> None:
    now_s = [100.0]
    monkeypatch.setattr(build_on_device, "time", types.SimpleNamespace(monotonic=lambda: now_s[0]))
    stream = Stream(is_terminal)
    report = build_on_device.progress_line(stream)
    for second in range(1, 26):
        now_s[0] = 100.0 + second
        report(second / 100, "tactics")
    shown = stream.getvalue()
    if is_terminal:
        assert shown.count("\r\x1b[K") == 25
        assert "\n" not in shown
    else:
        assert shown == (
            "building the engine:  10 %, about 90 s left (tactics)\n"
            "building the engine:  20 %, about 80 s left (tactics)\n"
        )


def test_an_old_or_missing_library(monkeypatch: pytest.MonkeyPatch) -> None:
    old = types.ModuleType("tensorrt")
    old.__version__ = "8.6.1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorrt", old)
    with pytest.raises(BuildError, match=r"TensorRT 8\.6\.1 is installed; 10 or newer is needed"):
        build_on_device.load_library("tensorrt")
    monkeypatch.setitem(sys.modules, "tensorrt_rtx", None)
    with pytest.raises(BuildError, match="run: pip install tensorrt-rtx"):
        build_on_device.load_library("tensorrt_rtx")


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
    return leaving.run(command, capture_output=True, text=True, check=False)


def test_the_bundle_builds_itself(bundle: Path) -> None:
    real()
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


@pytest.mark.slow
def test_the_bundle_builds_with_what_the_export_was_told(
    tmp_path: Path, model: onnx.ModelProto, card: Card
) -> None:
    told = Options(
        (1, 2, 4), (8, 16, 32), (86,), hardware="ampere_plus", workspace_mib=256, level=1
    )
    real()
    folder = tmp_path / "bundle"
    to_tensorrt.write_bundle(folder, model.SerializeToString(), card, told, "tensorrt-rtx")
    for words, level in (((), 1), (("--level", "2"), 2)):
        done = run_script(folder, *words)
        assert done.returncode == 0, done.stderr
        side = json.loads((folder / "tiny.engine.json").read_text())
        assert side["engine"]["library"] == "tensorrt_rtx"
        expected = json.loads(json.dumps(asdict(replace(told, level=level))))
        assert side["engine"]["options"] == expected


def test_the_options_of_a_jetson_reach_its_builder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, model: onnx.ModelProto, card: Card
) -> None:
    told = Options(version_compatible=True, dla=1, workspace_mib=512, level=4)
    folder, seen = tmp_path / "bundle", []
    to_tensorrt.write_bundle(folder, model.SerializeToString(), card, told)

    def load(name: str) -> types.SimpleNamespace:
        return types.SimpleNamespace(__name__=name, __version__="10.3.0")

    def build(trt: types.SimpleNamespace, onnx: bytes, options: Options, *rest: object) -> None:
        seen.append((trt.__name__, asdict(options)))
        raise BuildError("enough")

    monkeypatch.setattr(build_on_device, "load_library", load)
    monkeypatch.setattr(build_on_device, "require_target", lambda *given: None)
    monkeypatch.setattr(build_on_device, "find_gpu", lambda: None)
    monkeypatch.setattr(build_on_device, "build", build)
    for words in ({}, {"dla": 0, "workspace_mib": 64}):
        with pytest.raises(BuildError, match="enough"):
            build_on_device.build_bundle(folder, dict(words))
    expected = json.loads(json.dumps(asdict(told)))
    changed = {**expected, "dla": 0, "workspace_mib": 64}
    assert seen == [("tensorrt", expected), ("tensorrt", changed)]


def test_ctrl_c_in_the_script_is_one_line(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    monkeypatch.setattr(sys, "argv", ["build.py"])
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(bundle / "build.py"), run_name="__main__")
    assert left.value.code == 130
    assert capsys.readouterr().err == "build: stopped; no engine was written\n"


def test_a_full_disk_leaves_the_engine_that_was_there(tmp_path: Path) -> None:
    for name in ("x.engine", "x.engine.json"):
        (tmp_path / name).write_bytes(b"old")
    code = (
        "import resource; from pathlib import Path;"
        "from edgehuman.runtime.engine import build_on_device;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        f"folder = Path({str(tmp_path)!r}); build_on_device.write_together("
        "{folder / 'x.engine.json': b'new', folder / 'x.engine': bytes(5000)})"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "OSError" in done.stderr
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "x.engine": b"old", "x.engine.json": b"old",
    }  # fmt: skip


def test_where_the_engine_cannot_go_is_known_before_the_build(bundle: Path) -> None:
    real()
    words = ("--library", "tensorrt_rtx", "--capability", "86", "--out", "/nowhere/x.engine")
    done = run_script(bundle, *words)
    assert done.returncode == 1
    assert done.stderr == "build: cannot write to /nowhere; choose another --out\n"


def test_a_changed_bundle_is_refused(bundle: Path) -> None:
    real()
    with (bundle / "tiny.onnx").open("ab") as stream:
        stream.write(b"0")
    done = run_script(bundle, "--library", "tensorrt_rtx", "--capability", "86")
    assert done.returncode == 1
    assert "tiny.onnx differs from the bundled file" in done.stderr
    assert "tiny.engine" not in os.listdir(bundle)


def test_the_script_imports_nothing_that_a_jetson_lacks() -> None:
    tree = ast.parse(Path(build_on_device.__file__).read_text(encoding="utf-8"))
    named = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named |= {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert {name.split(".")[0] for name in named} <= sys.stdlib_module_names


def test_the_script_is_python_3_8(bundle: Path) -> None:
    source = (bundle / "build.py").read_text()
    ast.parse(source, feature_version=(3, 8))
    old = shutil.which("python3.8")
    if old is None or leaving.run([old, "-V"], capture_output=True, check=False).returncode:
        pytest.skip("there is no Python 3.8 here to run the script with")
    done = run_script(bundle, python=old)
    assert done.returncode == 1
    assert "tensorrt is not installed here" in done.stderr
