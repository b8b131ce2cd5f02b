"""A TensorRT engine on disk: `x.engine` and `x.engine.json`, and whether they fit this machine.

Everything is checked before the plan is deserialised, because deserialising a plan runs code. The
hash in the side file detects a plan that was damaged, exchanged or edited; the side file has a seal
of its own, over all its bytes. Neither is a signature: anyone who can write both files can write a
matching plan. So sign engines (`edgehuman sign`), or rebuild them from their ONNX.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgehuman.card import Card, from_json, sha256_of_bytes, sha256_of_file
from edgehuman.errors import ArtefactError, EngineError, NoGpuError
from edgehuman.limits.sizes import MOST_MODEL, MOST_NOTE, read_regular
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import json_of
from edgehuman.runtime.engine.build_on_device import SEAL, Gpu, find_gpu, sealed
from edgehuman.runtime.provenance.trusted import Requires

LIBRARIES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx"}
"""Name of an engine -> its Python module."""
_AMPERE = 80


class EngineMismatchError(EngineError):
    """The engine does not fit this machine; rebuilding it from its ONNX fixes that."""


@dataclass(frozen=True, slots=True)
class EngineFile:
    """An engine on disk, its plan checked against the recorded hash but not yet opened.

    Attributes:
        path: of the plan.
        plan: the checked bytes, to be deserialised.
        card: the model's card.
        library, version: the module that built it.
        gpu, driver: GPU name and driver's CUDA version (12060) of the building machine; None: built
            without a GPU.
        built_for: compute capabilities, such as 86.
        platform: such as "Linux x86_64".
        onnx_sha256: of the graph that it was built from.
        options: of the builder.
    """

    path: Path
    plan: bytes
    card: Card
    library: str
    version: str
    gpu: str | None
    driver: int | None
    built_for: tuple[int, ...]
    platform: str
    onnx_sha256: str
    options: Mapping[str, Any]

    @property
    def version_compatible(self) -> bool:
        """Whether later versions of its TensorRT may load it; such a plan contains host code."""
        return bool(self.options.get("version_compatible"))


def side_path(path: Path) -> Path:
    """`x.engine` -> `x.engine.json`."""
    return path.with_name(f"{path.name}.json")


def read_engine(path: Path, trust: Requires | None = None) -> EngineFile:
    """Read the plan and its side file, each once; nothing is deserialised.

    Args:
        trust: whose signature both files need; None: none.

    Raises:
        SignatureError: a signature is required, and there is none that holds.
        ArtefactError: there is neither an engine nor an ONNX to build it from, or it is unreadable.
        EngineMismatchError: no plan, a missing or broken side file, or an edited plan.
    """
    plan = _read_plan(path)
    found = sha256_of_bytes(plan)
    if trust is not None:
        trust.require(path, found)
    about, card = read_side(path, trust)
    recorded = about["engine_sha256"]
    if found != recorded:
        raise EngineMismatchError(
            f"{path} has sha256 {found[:12]}…, but {side_path(path).name} has {recorded[:12]}…: "
            "the engine was edited, or copied without its side file, so it is not opened. "
            f"{cure(path)}"
        )
    return EngineFile(
        path=path,
        plan=plan,
        card=card,
        library=about["library"],
        version=about["version"],
        gpu=about.get("gpu"),
        driver=about.get("driver"),
        built_for=tuple(about["built_for"]),
        platform=about["platform"],
        onnx_sha256=about["onnx_sha256"],
        options=about["options"],
    )


def read_side(path: Path, trust: Requires | None = None) -> tuple[dict[str, Any], Card]:
    """Read the side file of an engine: the engine's table and the card.

    Raises:
        EngineMismatchError: missing, unreadable, changed, not sealed, or without a required key.
        SignatureError: a signature is required, and there is none that holds.
    """
    side = side_path(path)
    content = _read_side(side, path)
    if trust is not None:
        trust.require(side, sha256_of_bytes(content))
    seals = len(SEAL.findall(content))
    if seals == 1 and sealed(content) != content:
        raise EngineMismatchError(
            f"{side} was changed after it was written, or damaged: its seal does not hold. Copy it "
            f"again. {cure(path)}"
        )
    try:
        table = json_of(content)
        about = table["engine"]
        _require_types(about)
        card = from_json(to_json(table["card"]), str(side))
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, ArtefactError):
            raise EngineMismatchError(f"{error}. {cure(path)}") from None
        raise EngineMismatchError(
            f"{side} is not a complete side file ({type(error).__name__}: {error}). {cure(path)}"
        ) from None
    if seals != 1:
        raise EngineMismatchError(
            f"{side} has {seals or 'no'} seal{'s' * (seals > 1)}, so it is not known whether it "
            f"was changed. {cure(path)}; or, if you know where it comes from, seal it: "
            f"`edgehuman seal {path}`"
        )
    return about, card


def _read_side(side: Path, path: Path) -> bytes:
    try:
        return read_regular(side, MOST_NOTE, EngineMismatchError, "side file")
    except FileNotFoundError:
        raise EngineMismatchError(
            f"{side} is missing, so it is unknown what {path.name} was built for. It is not "
            f"opened; copy the side file from where the engine was built. {cure(path)}"
        ) from None
    except OSError as error:
        raise EngineMismatchError(f"cannot read {side}: {error.strerror}. {cure(path)}") from None


_TYPES: Mapping[str, type] = {
    "library": str,
    "version": str,
    "platform": str,
    "onnx_sha256": str,
    "engine_sha256": str,
    "built_for": list,
    "options": dict,
}


def _require_types(about: Mapping[str, Any]) -> None:
    for key, kind in _TYPES.items():
        if not isinstance(about[key], kind):
            raise TypeError(f"{key} is {about[key]!r}, not a {kind.__name__}")


def _read_plan(path: Path) -> bytes:
    try:
        return read_regular(path, MOST_MODEL, ArtefactError, "plan")
    except FileNotFoundError:
        if path.with_suffix(".onnx").is_file():
            raise EngineMismatchError(f"{path}: no such file. {cure(path)}") from None
        raise ArtefactError(
            f"{path}: no such file; give the path of an .engine file, or of an .onnx file"
        ) from None
    except OSError as error:
        raise ArtefactError(f"cannot read {path}: {error.strerror}") from None


def require_fit(file: EngineFile, wanted: str, version: str, gpu: Gpu) -> list[str]:
    """Check that an engine fits this machine; return remarks if it fits but is not optimal.

    Args:
        file: as read.
        wanted: the module to run it, "tensorrt" or "tensorrt_rtx".
        version: the installed version of that module.
        gpu: of this machine.

    Raises:
        EngineMismatchError: another library, version, GPU, platform, or ONNX.
    """
    _require_library(file, wanted, version)
    here = f"{platform.system()} {platform.machine()}"
    if file.platform != here:
        raise EngineMismatchError(
            f"{file.path} was built on {file.platform}, but this is {here}; a plan only runs on "
            f"the platform that built it. {cure(file.path)}"
        )
    _require_capability(file, gpu)
    _require_onnx(file)
    return _remarks(file, gpu)


def require_machine(path: Path) -> Gpu:
    """The GPU of this machine.

    Raises:
        NoGpuError: there is no GPU.
    """
    gpu = find_gpu()
    if gpu is None:
        raise NoGpuError(
            f"{path} is a TensorRT engine and needs an NVIDIA GPU; the driver (libcuda) finds none "
            "here. `edgehuman doctor` shows what this machine has; on the CPU run "
            f"{path.with_suffix('.onnx')}"
        )
    return gpu


# Source: NVIDIA's support matrix of TensorRT 11.4, "Engine Portability".
_ACROSS_MAJORS = ((8, 10), (10, 11))


def _require_library(file: EngineFile, wanted: str, version: str) -> None:
    if file.library != wanted:
        raise EngineMismatchError(
            f"{file.path} was built by {file.library}, but {wanted} cannot read its plans. "
            f"{cure(file.path)}"
        )
    if file.version == version:
        return
    built, installed = _numbers(file.version), _numbers(version)
    if not file.version_compatible:
        rule = "a plan only runs in the version that built it, unless built --version-compatible"
    elif installed < built:
        rule = "a version-compatible plan runs in later versions, not in earlier ones"
    elif built[:1] != installed[:1] and (built[0], installed[0]) not in _ACROSS_MAJORS:
        rule = "across major versions only a plan of TensorRT 10 runs, in 11"
    else:
        return
    raise EngineMismatchError(
        f"{file.path} was built by {file.library} {file.version}, but {version} is installed; "
        f"{rule}. {cure(file.path)}"
    )


def _numbers(version: str) -> tuple[int, ...]:
    """`10.3.0.post1` -> (10, 3, 0)."""
    numbers = []
    for part in version.split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _require_capability(file: EngineFile, gpu: Gpu) -> None:
    if gpu.capability in file.built_for:
        return
    level = file.options.get("hardware")
    if level == "ampere_plus" and gpu.capability >= _AMPERE:
        return
    listed = ", ".join(map(str, file.built_for)) or "unknown"
    raise EngineMismatchError(
        f"{file.path} was built for compute capability {listed} (hardware compatibility: "
        f"{level or 'none'}), but the {gpu.name} here has {gpu.capability}. {cure(file.path)}"
    )


def _require_onnx(file: EngineFile) -> None:
    onnx = file.path.with_suffix(".onnx")
    if not onnx.is_file():
        return
    found = sha256_of_file(onnx)
    if found != file.onnx_sha256:
        raise EngineMismatchError(
            f"{file.path} was built from an ONNX of sha256 {file.onnx_sha256[:12]}…, but "
            f"{onnx.name} beside it has {found[:12]}…, so it is another model. {cure(file.path)}; "
            "or put them into separate folders"
        )


def _remarks(file: EngineFile, gpu: Gpu) -> list[str]:
    """TensorRT tunes for one GPU model and may be slower on another of the same capability;
    TensorRT-RTX compiles on this machine anyway.
    """
    remarks = []
    if file.library == "tensorrt" and file.gpu not in (None, gpu.name):
        remarks.append(
            f"{file.path.name} was tuned for a {file.gpu}, but this is a {gpu.name} of the same "
            "capability: it may be slower than an engine built here"
        )
    if file.driver is not None and gpu.driver < file.driver:
        remarks.append(
            f"{file.path.name} was built with a driver for CUDA {_cuda(file.driver)}, but the "
            f"driver here is for CUDA {_cuda(gpu.driver)}; update it if the engine does not start"
        )
    return remarks


def _cuda(driver: int) -> str:
    return f"{driver // 1000}.{driver % 1000 // 10}"


def build_line(path: Path) -> str:
    """The command to build an engine from the ONNX beside it, with the library of its side file."""
    line = f"edgehuman export {path.with_suffix('.onnx')} --format tensorrt --out {path}"
    try:
        about = json_of(read_regular(side_path(path), MOST_NOTE, ArtefactError))["engine"]
        library = about["library"]
    except (OSError, ValueError, KeyError, TypeError):  # a broken side file is a reason to build
        library = "tensorrt"
    rtx = " --engine tensorrt-rtx" if library == LIBRARIES["tensorrt-rtx"] else ""
    return f"`{line}{rtx}`"


def cure(path: Path) -> str:
    """The fix for an engine that does not fit this machine."""
    onnx = path.with_suffix(".onnx")
    if onnx.is_file():
        return f"Build it here with {build_line(path)}, add --rebuild, or run {onnx}"
    return f"Copy its {onnx.name} beside it, and build it here with {build_line(path)}"
