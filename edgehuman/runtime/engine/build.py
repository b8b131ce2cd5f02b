"""Build a TensorRT engine from a checked graph, or a bundle that builds it on the device itself.

    x.onnx  x.engine.json  x.engine        the graph that serves while an engine is rebuilt, the
            side file, the plan: all three are written, or none

One code path for `tensorrt` 10, `tensorrt` 11 and `tensorrt_rtx`: `build_on_device.build`, with the
module as a parameter. The side file has the card and what a loader compares before it opens the
plan.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, EngineError, MissingDependencyError
from edgehuman.files import (
    own_folder,
    require_own_folder,
    require_usable_file,
    write_folder,
    write_together,
    write_whole,
)
from edgehuman.outcome import to_json
from edgehuman.progress import tell
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build_on_device import UNSEALED, BuildError, Options
from edgehuman.runtime.engine.plan_file import LIBRARIES, side_path
from edgehuman.runtime.engine.replaced import require_free_or_own


def load_library(engine: str | None) -> Any:
    """Import the TensorRT module of an `--engine`; None: `tensorrt`.

    Raises:
        MissingDependencyError: not installed or too old; the message has the install command.
    """
    try:
        return build_on_device.load_library(_module(engine))
    except BuildError as error:
        raise MissingDependencyError(str(error)) from None


def _module(engine: str | None) -> str:
    return LIBRARIES[engine or "tensorrt"]


def require_target(trt: Any, options: Options) -> None:
    """Check, before the work, for a GPU to build on or a capability that the library builds for.

    Raises:
        EngineError: neither.
    """
    try:
        build_on_device.require_target(trt, options, build_on_device.find_gpu())
    except BuildError as error:
        raise EngineError(str(error)) from None


def build_engine(
    trt: Any, onnx: bytes, options: Options, timing_cache: Path | None = None
) -> tuple[bytes, dict[str, Any]]:
    """Build the plan and its entry of the side file; progress and time left go to stderr.

    Args:
        timing_cache: a file to read and update; None: one per GPU and version in the user's cache.

    Raises:
        ArtefactError: the graph does not parse; the message names node, operator and module.
        KeyboardInterrupt: stopped; nothing was written.
    """
    cache = timing_cache or timing_cache_of(trt, options)
    kept = cache.read_bytes() if cache.is_file() else b""
    start = time.monotonic()
    report = build_on_device.progress_line(sys.stderr)
    try:
        plan, kept = build_on_device.build(trt, onnx, options, kept, report)
    except BuildError as error:
        raise ArtefactError(str(error)) from None
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
    about = build_on_device.describe(trt, onnx, plan, options, time.monotonic() - start)
    if kept:
        _keep(cache, kept)
    return plan, about


def timing_cache_of(trt: Any, options: Options) -> Path:
    """Timing cache of this library, version and GPU; other timings would mislead the builder."""
    gpu = build_on_device.find_gpu()
    target = "-".join(f"sm{number}" for number in options.capabilities)
    if not target and gpu is not None:
        target = f"{gpu.name.replace(' ', '-')}-sm{gpu.capability}-{gpu.driver}"
    folder = own_folder("XDG_CACHE_HOME", ".cache")
    return folder / f"timing-{trt.__name__}-{trt.__version__}-{target or 'any'}.cache"


def _keep(cache: Path, content: bytes) -> None:
    """Save the timing cache; failing to only makes the next build slower."""
    try:
        write_whole(cache, content)
    except ArtefactError as error:
        tell(f"edgehuman: timing cache not saved: {error}")


def side_file(card: Card, about: Mapping[str, Any]) -> bytes:
    """`NAME.engine.json`: the card, how the engine was built, and the seal of both."""
    table = {"card": json.loads(card.to_json()), "engine": about, "seal": UNSEALED}
    return build_on_device.sealed(to_json(table, indent=1).encode())


def require_place(
    path: Path,
    card: Card,
    precision: str | None = None,
    on_device: bool = False,
    onnx: bytes | None = None,
    replace: bool = False,
) -> list[str]:
    """Check, before the work, that the engine or bundle can be written, and that none of its files
    replaces another model's.

    Args:
        card: with the hash of the weights.
        precision: of the graph, as cards say it.
        onnx: the graph, if it exists already.
        replace: whether the file that `--out` names may be another model's.

    Returns:
        Remarks on the files that are replaced beside the engine.

    Raises:
        ArtefactError: cannot write to the folder, or a bundle's folder has other files.
        UsageError: see `require_free_or_own`.
    """
    files = files_of(path, card, on_device)
    if on_device:
        require_own_folder(path, _bundle_names(card), f"--out {path}", ArtefactError)
        return require_free_or_own(files[0], files[:1], card, precision, onnx, replace=replace)
    require_usable_file(path, f"--out {path}", ArtefactError)
    return require_free_or_own(path, files, card, precision, onnx, replace=replace)


def files_of(path: Path, card: Card, on_device: bool = False) -> tuple[Path, ...]:
    """The plan, its side file and its graph; or the graph, the table and the script of a bundle."""
    if on_device:
        return tuple(path / name for name in _bundle_names(card))
    return path, side_path(path), path.with_suffix(".onnx")


def _bundle_names(card: Card) -> tuple[str, str, str]:
    return f"{card.name.replace(' ', '-').replace('/', '-')}.onnx", "bundle.json", "build.py"


def write_engine(
    path: Path, onnx: bytes, card: Card, plan: bytes, about: Mapping[str, Any]
) -> None:
    """Write the three files of an engine, or none of them.

    Raises:
        ArtefactError: cannot write to the folder; an existing engine is unchanged.
    """
    write_together(engine_files(path, onnx, card, plan, about))


def engine_files(
    path: Path, onnx: bytes, card: Card, plan: bytes, about: Mapping[str, Any]
) -> dict[Path, bytes]:
    """The three files of an engine and their content."""
    plan_path, side, onnx_path = files_of(path, card)
    return {onnx_path: onnx, side: side_file(card, about), plan_path: plan}


def write_bundle(
    folder: Path, onnx: bytes, card: Card, options: Options, engine: str | None = None
) -> None:
    """Write the folder to copy to a device: `NAME.onnx`, `bundle.json` (the card, and the script's
    default library and options), `build.py`.

    Raises:
        ArtefactError: the folder has other files, or cannot be written to.
    """
    names = _bundle_names(card)
    bundle = {
        "onnx": names[0],
        "onnx_sha256": hashlib.sha256(onnx).hexdigest(),
        "library": _module(engine),
        "options": asdict(options),
        "card": json.loads(card.to_json()),
    }
    script = Path(build_on_device.__file__).read_bytes()
    contents = (onnx, to_json(bundle, indent=1).encode(), script)
    write_folder(folder, dict(zip(names, contents, strict=True)), f"--out {folder}")
