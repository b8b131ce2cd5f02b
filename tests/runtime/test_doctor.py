"""The doctor's advice: what works, what is missing, the exact line, and nothing heavy imported."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edgehuman.cli import COMMANDS, main
from edgehuman.install import requirement
from edgehuman.runtime import doctor as doctor_module
from edgehuman.runtime.doctor import (
    NEEDS,
    PACKAGES,
    DoctorConfig,
    ability,
    advice,
    as_text,
    doctor,
    install_line,
    installed_version,
    onnxruntime_providers,
    overwritten,
)
from edgehuman.runtime.machine import Jetson
from tests import leaving

ORIN_60 = Jetson("NVIDIA Jetson Orin Nano", "Orin Nano", "36.3.0", "6.0", "8.7", False)
ORIN = Jetson("NVIDIA Jetson Orin Nano", "Orin Nano", "36.4.3", "6.2", "8.7", False)
THOR = Jetson("Jetson AGX Thor", "Thor", "38.4", "7.1", "11.0", False)
XAVIER = Jetson("Jetson-AGX", "AGX Xavier", "35.4.1", "5.1.2", "7.2", True)
NONE = dict.fromkeys(PACKAGES)
ALL = dict.fromkeys(PACKAGES, "1.0")


def write(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture
def orin_root(tmp_path: Path) -> Path:
    write(tmp_path, "proc/device-tree/model", "NVIDIA Jetson AGX Orin Developer Kit\0")
    write(tmp_path, "proc/device-tree/compatible", "nvidia,p3701-0000\0nvidia,tegra234\0")
    write(tmp_path, "etc/nv_tegra_release", "# R36 (release), REVISION: 4.3, GCID: 1\n")
    return tmp_path


def test_every_command_is_looked_at_and_every_need_is_a_known_package() -> None:
    tops = {name.split()[0] for name in COMMANDS} - {"doctor"}
    assert {command.split()[0] for command in NEEDS} == tops
    assert {module for modules in NEEDS.values() for module in modules} <= set(PACKAGES)


@pytest.mark.parametrize(
    ("missing", "jetson", "line"),
    [
        (("torch",), None, f"pip install {requirement('train')}"),
        (("torch", "onnx", "matplotlib"), None, f"pip install {requirement('plot', 'train')}"),
        (("cv2",), None, "pip install opencv-python"),
        (("tqdm", "onnxruntime"), None, "pip install tqdm onnxruntime"),
        (("tensorrt_rtx",), None, f"pip install {requirement('tensorrt-rtx')}"),
        (("tensorrt",), None, f"pip install {requirement('tensorrt')}"),
        (("tensorrt",), ORIN, "sudo apt-get install python3-libnvinfer"),
        (("torch", "tensorrt"), ORIN, "trains and exports on a PC or a server; carry"),
        (("cuda",), None, "pip install cuda-python"),
        (("tensorrt", "cuda"), None, f"pip install {requirement('tensorrt')} cuda-python"),
        (("tensorrt_rtx", "cuda"), None, f"pip install {requirement('tensorrt-rtx')} cuda-python"),
        (
            ("tensorrt", "cuda"),
            ORIN,
            "sudo apt-get install python3-libnvinfer && pip install 'cuda-python<13'",
        ),
        (("torch_tensorrt",), ORIN, "trains and exports on a PC or a server; carry"),
        (("tensorrt_rtx",), ORIN, "TensorRT-RTX is for GPUs of PCs; on a Jetson use"),
    ],
)
def test_the_line_that_installs_it(
    missing: tuple[str, ...], jetson: Jetson | None, line: str
) -> None:
    assert install_line(missing, jetson).startswith(line)


@pytest.mark.parametrize(
    ("driver", "line"),
    [("570.86.15", "'cuda-python<13'"), ("580.65.06", "cuda-python"), (None, "cuda-python")],
)
def test_cuda_python_is_not_newer_than_the_driver(driver: str | None, line: str) -> None:
    assert install_line(("cuda",), None, driver) == f"pip install {line}"


def test_a_command_works_when_nothing_is_missing() -> None:
    assert ability("run", NEEDS["run"], ALL, None, False).works
    slim = {**ALL, "cv2": None}
    assert ability("run", NEEDS["run"], slim, None, False).works
    lacking = ability("run PHOTOS", NEEDS["run PHOTOS"], slim, None, False)
    assert not lacking.works
    assert lacking.missing == ("cv2",)
    assert lacking.fix == "pip install opencv-python"


def test_tensorrt_needs_a_gpu_or_a_jetson() -> None:
    needs = NEEDS["export --format tensorrt"]
    assert "needs an NVIDIA GPU" in ability("export", needs, ALL, None, False).fix
    assert ability("export", needs, ALL, None, True).works
    assert ability("export", needs, ALL, ORIN, False).works


@pytest.mark.parametrize("engine", ["tensorrt", "tensorrt-rtx"])
def test_running_an_engine_needs_a_gpu_its_library_and_cuda(engine: str) -> None:
    command, module = f"run --engine {engine}", engine.replace("-", "_")
    needs, found = NEEDS[command], {**ALL, module: None, "cuda": None}
    here = ability(command, needs, found, None, True)
    line = f"pip install {requirement(engine)} cuda-python"
    assert (here.works, here.missing, here.fix) == (False, (module, "cuda"), line)
    assert ability(command, needs, ALL, None, True).works
    without = ability(command, needs, found, None, False)
    assert not without.works
    assert without.fix.startswith("needs an NVIDIA GPU")
    assert without.fix.endswith(f"(where one is: {line})")


def test_tensorrt_rtx_builds_without_a_gpu() -> None:
    assert ability("export", NEEDS["export --engine tensorrt-rtx"], ALL, None, False).works


@pytest.mark.parametrize(
    ("found", "jetson", "gpus", "said"),
    [
        (NONE, None, ["RTX 4060"], "RTX 4060 is idle"),
        (NONE, ORIN, [], "--system-site-packages"),
        (ALL, ORIN, [], "jetson_clocks"),
        (ALL, ORIN, [], "JetPack 6 has TensorRT 10, and TensorRT 11 does not support it"),
        (ALL, THOR, [], "AGX Orin or Thor; with JetPack 7.1 use its own TensorRT 10"),
        (ALL, replace(THOR, jetpack="7.2.2"), [], "11.4.1 or newer serves JetPack 7.2.2 on Thor"),
        (ALL, replace(THOR, jetpack="7.10"), [], "11.4.1 or newer serves JetPack 7.10 on Thor"),
        (ALL, replace(THOR, jetpack="7.2.1 or newer"), [], "`dpkg -l nvidia-jetpack` shows yours"),
        (ALL, replace(THOR, jetpack="7"), [], "`dpkg -l nvidia-jetpack` shows yours"),
        (
            ALL,
            replace(ORIN, jetpack="7.2.2"),
            [],
            "on this Orin Nano use JetPack's own TensorRT 10",
        ),
        (ALL, XAVIER, [], "JetPack 5.1.2 brings Python 3.8"),
        (ALL, ORIN_60, [], "JetPack 6.0 has TensorRT 8.6, and 10 is needed"),
        (ALL, Jetson("x", None, "99.1", None, None, False), [], "not a known Jetson module"),
        (ALL, Jetson("x", "Orin NX", None, None, "8.7", True), [], "nv_tegra_release is miss"),
    ],
)
def test_advice(
    found: dict[str, str | None], jetson: Jetson | None, gpus: list[str], said: str
) -> None:
    assert said in "\n".join(advice(found, jetson, gpus))


def test_a_device_is_not_told_to_install_pytorch() -> None:
    assert "torch" not in "\n".join(advice(NONE, ORIN, []))
    for command, modules in NEEDS.items():
        line = ability(command, modules, NONE, ORIN, False).fix
        assert "[train" not in line
        assert "torch" not in modules or "on a PC or a server" in line


def test_it_says_what_this_opencv_reads_and_what_to_install(orin_root: Path) -> None:
    write(orin_root, "dev/video0", "")
    write(orin_root, "sys/class/video4linux/video0/name", "imx219\n")
    outcome = doctor(DoctorConfig(orin_root))
    assert isinstance(outcome.data, dict)
    assert "cameras       /dev/video0 (imx219)" in outcome.text
    assert set(outcome.data["opencv"]) == {"ffmpeg", "gstreamer", "v4l2"}
    lines = [line for line in outcome.data["advice"] if "in OpenCV, so no" in line]
    assert len(lines) == list(outcome.data["opencv"].values()).count(False)
    assert "opencv reads" in outcome.text


def test_a_recorded_orin(orin_root: Path) -> None:
    outcome = doctor(DoctorConfig(orin_root))
    assert outcome.exit_code == 0
    assert isinstance(outcome.data, dict)
    data = json.loads(json.dumps(outcome.data))
    assert data["jetson"]["module"] == "AGX Orin"
    assert data["jetson"]["jetpack"] == "6.2"
    assert "JetPack 6.2" in outcome.text
    assert "with DLA" in outcome.text


def test_providers_are_told_from_the_libraries(tmp_path: Path) -> None:
    for name in ("shared", "cuda", "tensorrt"):
        write(tmp_path, f"capi/libonnxruntime_providers_{name}.so", "")
    assert onnxruntime_providers("1.0", tmp_path) == [
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "CPUExecutionProvider",
    ]
    assert onnxruntime_providers(None) == []


def test_the_cpu_provider_is_that_of_the_installed_onnxruntime() -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    told = onnxruntime_providers(installed_version("onnxruntime"))
    assert set(told) <= set(onnxruntime.get_available_providers())
    assert told[-1] == "CPUExecutionProvider"


def test_a_module_without_metadata_is_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write(tmp_path, "tensorrt_of_jetpack.py", "raise RuntimeError('must not be imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(
        doctor_module, "PACKAGES", {"tensorrt_of_jetpack": ("no-such-dist",), "nothing": ("no",)}
    )
    assert installed_version("tensorrt_of_jetpack") == "found"
    assert installed_version("nothing") is None


def test_the_report_for_people_marks_what_works() -> None:
    outcome = doctor(DoctorConfig())
    assert isinstance(outcome.data, dict)
    for each in outcome.data["commands"]:
        mark = "ok " if each["works"] else "-- "
        assert any(
            line.startswith(f"{mark} edgehuman {each['command']}")
            for line in as_text(outcome.data).splitlines()
        )


def test_it_looks_without_importing_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from edgehuman.runtime.doctor import doctor, DoctorConfig\n"
        "doctor(DoctorConfig())\n"
        "heavy = ('torch', 'onnx', 'onnxruntime', 'cv2', 'scipy', 'matplotlib', 'tensorrt_rtx')\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_from_the_command_line(orin_root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json", "--root", str(orin_root)]) == 0
    assert json.loads(capsys.readouterr().out)["jetson"]["module"] == "AGX Orin"
    assert main(["doctor"]) == 0
    assert "edgehuman run" in capsys.readouterr().out


def test_two_distributions_of_one_module_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name in installed:
            return "1.0"
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("importlib.metadata.version", version)
    installed = {"onnxruntime", "opencv-python-headless"}
    assert overwritten() == []
    installed = {"onnxruntime", "onnxruntime-gpu"}
    (said,) = overwritten()
    assert "onnxruntime and onnxruntime-gpu overwrite each other's files" in said
    line = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install onnxruntime-gpu"
    assert said.endswith(line)
