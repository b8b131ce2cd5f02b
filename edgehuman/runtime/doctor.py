"""`edgehuman doctor`: what this machine can do, what is missing, and the line that installs it.

It only looks: packages are found by their metadata, devices by files under /proc, /sys and /dev, so
the answer is immediate and nothing heavy is imported. JetPack ships TensorRT and OpenCV as system
packages that pip does not see; these are found as modules.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from edgehuman.install import extra_of, pip_line, requirement
from edgehuman.outcome import Outcome
from edgehuman.runtime import machine
from edgehuman.runtime.loop.opencv import backends, camera_advice, readable
from edgehuman.runtime.machine import Jetson

# Module -> the distributions that provide it, the most likely first.
PACKAGES: Mapping[str, tuple[str, ...]] = {
    "numpy": ("numpy",),
    "scipy": ("scipy",),
    "cv2": ("opencv-python", "opencv-python-headless", "opencv-contrib-python"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino"),
    "tyro": ("tyro",),
    "tqdm": ("tqdm",),
    "matplotlib": ("matplotlib",),
    "torch": ("torch",),
    "onnx": ("onnx",),
    "onnxscript": ("onnxscript",),
    "safetensors": ("safetensors",),
    "submitit": ("submitit",),
    "tokenizers": ("tokenizers",),
    "sklearn": ("scikit-learn",),
    "tomli_w": ("tomli-w",),
    "webdataset": ("webdataset",),
    "pycocotools": ("pycocotools",),
    "tensorrt": ("tensorrt", "tensorrt-cu12", "tensorrt-cu13"),
    "tensorrt_rtx": ("tensorrt-rtx",),
    "torch_pruning": ("torch-pruning",),
    "cryptography": ("cryptography",),
    "torch_tensorrt": ("torch-tensorrt",),
    "cuda": ("cuda-python", "cuda-bindings"),
}
_STREAM = ("numpy", "onnxruntime", "tyro", "tqdm")
_DEVICE = (*_STREAM, "cv2")
_TRAIN = (*_DEVICE, "scipy", "torch", "onnx", "onnxscript", "safetensors", "sklearn", "tomli_w")

# Sub-command -> the modules that it needs.
NEEDS: Mapping[str, tuple[str, ...]] = {
    "demo": _DEVICE,
    "models": ("numpy", "tyro"),
    "info": ("numpy", "tyro"),
    "completion": ("numpy", "tyro", "tqdm", "cv2"),
    "zoo": ("numpy", "tyro", "tqdm"),
    "keys": ("numpy", "tyro", "cryptography"),
    "sign": ("numpy", "tyro", "cryptography"),
    "verify": ("numpy", "tyro", "cryptography"),
    "seal": ("numpy", "tyro"),
    "data": _DEVICE,
    "data pack": (*_DEVICE, "webdataset"),
    "import": _TRAIN,
    "run": _STREAM,
    "run PHOTOS": _DEVICE,
    "run --engine tensorrt": (*_STREAM, "tensorrt", "cuda"),
    "run --engine tensorrt-rtx": (*_STREAM, "tensorrt_rtx", "cuda"),
    "run --require-signed": (*_STREAM, "cryptography"),
    "search": _DEVICE,
    "gallery": _STREAM,
    "gallery --key": (*_STREAM, "cryptography"),
    "evaluate": _DEVICE,
    "adapt": _STREAM,
    "diff": _DEVICE,
    "bench": _DEVICE,
    "bench --out": (*_DEVICE, "matplotlib"),
    "bench --against torch,compile": (*_DEVICE, "torch"),
    "plan": _DEVICE,
    "plan --arch": _TRAIN,
    "plan --out": (*_DEVICE, "matplotlib"),
    "scale fit": ("numpy", "tyro", "scipy"),
    "scale plot": ("numpy", "tyro", "scipy", "matplotlib"),
    "pretrain": _TRAIN,
    "finetune": _TRAIN,
    "finetune --task text-reid": (*_TRAIN, "tokenizers"),
    "distill": _TRAIN,
    "prune": (*_TRAIN, "torch_pruning"),
    "scale run": _TRAIN,
    "scale run --cluster slurm": (*_TRAIN, "submitit"),
    "export": _TRAIN,
    "export --format tensorrt": (*_TRAIN, "tensorrt"),
    "export --engine tensorrt-rtx": (*_TRAIN, "tensorrt_rtx"),
    "export --format torch-tensorrt": (*_TRAIN, "torch_tensorrt"),
}
_ON_GPU = {"tensorrt", "torch_tensorrt", "cuda"}
# Source: NVIDIA's guide of TensorRT 11.4.1, "Migrating from TensorRT 10.x to 11.x on Jetson".
_TENSORRT_11_MODULES = ("AGX Orin", "Thor")
# JetPack's own Python packages; those of PyPI do not drive a Jetson's GPU.
_JETPACK_TENSORRT = "sudo apt-get install python3-libnvinfer"


@dataclass(frozen=True, slots=True)
class DoctorConfig:
    """Look at this machine."""

    root: Path = machine.ROOT
    """The root folder to inspect (other than / for the recorded files of another machine)."""


@dataclass(frozen=True, slots=True)
class Ability:
    """Attributes:
    command: a sub-command, with the flags that decide what it needs.
    works: whether everything it needs is here.
    missing: modules.
    fix: the command that installs them, or why they cannot be installed; empty if it works.
    """

    command: str
    works: bool
    missing: tuple[str, ...]
    fix: str


def doctor(config: DoctorConfig) -> Outcome:
    """`edgehuman doctor`; the exit code is 0 even if something is missing."""
    jetson = machine.find_jetson(config.root)
    found = {module: installed_version(module) for module in PACKAGES}
    gpus, driver = machine.nvidia_gpus(config.root), machine.nvidia_driver(config.root)
    abilities = [
        ability(command, modules, found, jetson, bool(gpus), driver)
        for command, modules in NEEDS.items()
    ]
    memory = machine.memory_gb(config.root)
    data: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu": machine.cpu_model(config.root),
        "cores": machine.usable_cores(),
        "memory_gb": None if memory is None else [round(each, 1) for each in memory],
        "board": machine.board_model(config.root),
        "jetson": None if jetson is None else asdict(jetson),
        "gpus": gpus,
        "nvidia_driver": driver,
        "cameras": machine.cameras(config.root),
        "opencv": backends(),
        "packages": found,
        "providers": onnxruntime_providers(found["onnxruntime"]),
        "zoo": _zoo(),
        "compiler": shutil.which("cc") or shutil.which("gcc"),
        "commands": [asdict(each) for each in abilities],
        "advice": overwritten() + advice(found, jetson, gpus) + camera_advice(config.root),
    }
    return Outcome(data, as_text(data))


def installed_version(module: str) -> str | None:
    """The version of a module's distribution; "found" without metadata; None if not installed."""
    for distribution in PACKAGES[module]:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    try:
        present = importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        present = False
    return "found" if present else None


def onnxruntime_providers(version: str | None, folder: Path | None = None) -> list[str]:
    """The execution providers of the installed onnxruntime, inferred from the libraries it ships.

    onnxruntime builds the CPU provider in; each of the others is a shared library beside it.
    """
    if version is None:
        return []
    if folder is None:
        spec = importlib.util.find_spec("onnxruntime")
        if spec is None or not spec.submodule_search_locations:
            return []
        folder = Path(spec.submodule_search_locations[0])
    known = {"tensorrt": "Tensorrt", "cuda": "CUDA", "openvino": "OpenVINO", "rocm": "ROCM"}
    shipped = {
        found[1]
        for path in (folder / "capi").glob("*onnxruntime_providers_*")
        if (found := re.match(r"(?:lib)?onnxruntime_providers_(\w+)\.", path.name))
    }
    return [f"{name}ExecutionProvider" for key, name in known.items() if key in shipped] + [
        "CPUExecutionProvider"
    ]


def ability(
    command: str,
    modules: tuple[str, ...],
    found: Mapping[str, str | None],
    jetson: Jetson | None,
    has_gpu: bool,
    driver: str | None = None,
) -> Ability:
    """Whether a sub-command can run here, and the fix if not."""
    missing = tuple(module for module in modules if found[module] is None)
    line = install_line(missing, jetson, driver) if missing else ""
    if _ON_GPU & set(modules) and jetson is None and not has_gpu:
        lack = "needs an NVIDIA GPU and its driver; none is here"
        return Ability(command, False, missing, f"{lack} (where one is: {line})" if line else lack)
    return Ability(command, not missing, missing, line)


def _cuda_python(jetson: Jetson | None, driver: str | None) -> str:
    """cuda-python must not be newer than the driver: CUDA 12 on JetPack 6 and before driver 580."""
    release = (driver or "").partition(".")[0]
    old = release.isdigit() and int(release) < 580
    if old or (jetson is not None and (jetson.jetpack or "").startswith("6")):
        return "'cuda-python<13'"
    return "cuda-python"


def install_line(missing: tuple[str, ...], jetson: Jetson | None, driver: str | None = None) -> str:
    """The exact command that installs what is missing.

    Args:
        driver: release of NVIDIA's driver, such as "570.86.15".
    """
    lines = []
    rest = list(missing)
    if jetson is not None and "tensorrt" in rest:
        lines.append(_JETPACK_TENSORRT)
        rest.remove("tensorrt")
    if jetson is not None and {"torch", "torch_tensorrt"} & set(rest):
        return "trains and exports on a PC or a server; carry the exported model over"
    if jetson is not None and "tensorrt_rtx" in rest:
        return "TensorRT-RTX is for GPUs of PCs; on a Jetson use --format tensorrt"
    alone = [PACKAGES[module][0] for module in rest if module != "cuda"]
    extras = sorted({extra_of(module) for module in rest if module != "cuda"} - {""})
    # The extra `train` brings PyTorch, which no device needs.
    packages = [requirement(*extras)] if extras and jetson is None else alone
    if "cuda" in rest:
        packages.append(_cuda_python(jetson, driver))
    if packages:
        lines.append(f"pip install {' '.join(packages)}")
    return " && ".join(lines)


def overwritten() -> list[str]:
    """Hints on distributions that hold the same module: the last one installed overwrote files of
    the other, so that a GPU may go unused.
    """
    lines = []
    for module in ("onnxruntime", "cv2"):
        names = [name for name in PACKAGES[module] if _is_installed(name)]
        if len(names) > 1:
            lines.append(f"{' and '.join(names)} overwrite each other's files; keep one: ")
            lines[-1] += f"pip uninstall -y {' '.join(names)} && pip install {names[-1]}"
    return lines


def _is_installed(distribution: str) -> bool:
    try:
        return bool(importlib.metadata.version(distribution))
    except importlib.metadata.PackageNotFoundError:
        return False


def advice(found: Mapping[str, str | None], jetson: Jetson | None, gpus: list[str]) -> list[str]:
    """Hints on how to get more out of this machine."""
    lines = []
    if jetson is not None:
        lines += _jetson_advice(found, jetson)
    elif gpus and found["tensorrt"] is None and found["tensorrt_rtx"] is None:
        lines.append(f"{gpus[0]} is idle: {pip_line('tensorrt-rtx')} for RTX GPUs of")
        lines[-1] += f" PCs, {pip_line('tensorrt')} for servers"
    elif not gpus and found["tensorrt_rtx"] is None and platform.machine() == "x86_64":
        lines.append("no GPU: engines for RTX GPUs can still be built here, with ")
        lines[-1] += pip_line("tensorrt-rtx")
    if (
        jetson is None
        and found["torch"] is not None
        and not (shutil.which("cc") or shutil.which("gcc"))
    ):
        lines.append("torch.compile needs a C++ compiler: sudo apt-get install g++")
    if sys.version_info < (3, 11):
        lines.append("Python 3.10 gets the last onnxruntime that was built for it, 1.23")
    return lines


def _jetpack_7_advice(jetpack: str, module: str | None) -> str:
    """Which TensorRT serves a JetPack 7. TensorRT 11 serves it from 7.2.2 on, on two modules."""
    needs = f"TensorRT 11 needs JetPack 7.2.2 or newer and {' or '.join(_TENSORRT_11_MODULES)}"
    version = jetpack.partition(" ")[0]
    if jetpack == "7" or jetpack != version:  # which one exactly is not known
        return f"{needs}; `dpkg -l nvidia-jetpack` shows yours; otherwise use its own TensorRT 10"
    if tuple(map(int, version.split("."))) < (7, 2, 2):
        return f"{needs}; with JetPack {version} use its own TensorRT 10"
    if module not in _TENSORRT_11_MODULES:
        return f"{needs}; on this {module or 'module'} use JetPack's own TensorRT 10"
    return (
        f"TensorRT 11.4.1 or newer serves JetPack {version} on {module}; 11.0 to 11.3 have no DLA, "
        "11.2 to 11.4.0 no JetPack"
    )


def _jetson_advice(found: Mapping[str, str | None], jetson: Jetson) -> list[str]:
    lines = []
    if jetson.module is None:
        lines.append(f"{jetson.model} is not a known Jetson module")
    if jetson.l4t is None:
        lines.append("/etc/nv_tegra_release is missing, so the JetPack version is unknown")
    elif jetson.jetpack is None:
        lines.append(f"Jetson Linux {jetson.l4t} belongs to no known JetPack")
    elif jetson.jetpack.startswith("6.0"):
        lines.append(
            "JetPack 6.0 has TensorRT 8.6, and 10 is needed: upgrade to JetPack 6.1 or newer"
        )
    elif jetson.jetpack.startswith(("4", "5")):
        lines.append(
            f"JetPack {jetson.jetpack} brings Python 3.{6 if jetson.jetpack[0] == '4' else 8}; "
            "edgehuman needs 3.10 or newer, as in JetPack 6 (Orin and newer)"
        )
    elif jetson.jetpack.startswith("6"):
        lines.append(
            "JetPack 6 has TensorRT 10, and TensorRT 11 does not support it: engines of a PC with "
            "TensorRT 11 do not load here; build them on this Jetson"
        )
    elif jetson.jetpack.startswith("7"):
        lines.append(_jetpack_7_advice(jetson.jetpack, jetson.module))
    if found["tensorrt"] is None:
        lines.append(f"JetPack's TensorRT is not visible to this Python: {_JETPACK_TENSORRT}, and")
        lines[-1] += " create the environment with --system-site-packages"
    lines.append("full clocks while measuring: sudo nvpmodel -m 0 && sudo jetson_clocks")
    return lines


def _zoo() -> list[str]:
    from edgehuman.runtime.zoo import zoo_names

    return zoo_names()


def as_text(data: Mapping[str, Any]) -> str:
    """The report as text."""
    jetson, memory = data["jetson"], data["memory_gb"]
    facts = {
        "python": f"{data['python']} on {data['machine']}",
        "processor": f"{data['cpu']}, {data['cores']} usable cores",
        "memory": "unknown" if memory is None else f"{memory[0]} GB, {memory[1]} GB free",
        "board": _board(jetson) if jetson else data["board"] or "a PC or a server",
        "gpu": _gpu(data),
        "onnxruntime": ", ".join(data["providers"]) or "not installed",
        "cameras": ", ".join(data["cameras"]) or "none",
        "opencv reads": readable(data["opencv"]),
        "models here": ", ".join(data["zoo"]) or "none",
    }
    lines = [f"{name:<13} {said}" for name, said in facts.items()]
    lines.append("")
    packages = [f"{name} {version}" for name, version in data["packages"].items() if version]
    lines += ["packages      " + ", ".join(packages), ""]
    for each in data["commands"]:
        mark = "ok " if each["works"] else "-- "
        lack = f"without {', '.join(each['missing'])}: " if each["missing"] else ""
        lines.append(f"{mark} edgehuman {each['command']:<33}{lack}{each['fix']}".rstrip())
    if data["advice"]:
        lines += ["", *(f"* {line}" for line in data["advice"])]
    return "\n".join(lines)


def _board(jetson: Mapping[str, Any]) -> str:
    return (
        f"{jetson['model']} (Jetson {jetson['module'] or 'unknown'}, JetPack "
        f"{jetson['jetpack'] or 'unknown'}, Jetson Linux {jetson['l4t'] or 'unknown'}, "
        f"compute capability {jetson['compute_capability'] or 'unknown'}, "
        f"{'with' if jetson['dla'] else 'no'} DLA)"
    )


def _gpu(data: Mapping[str, Any]) -> str:
    if data["gpus"]:
        return f"{', '.join(data['gpus'])} (driver {data['nvidia_driver'] or 'unknown'})"
    return "in the Jetson module" if data["jetson"] else "no NVIDIA GPU"
