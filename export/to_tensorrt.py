"""A judged graph to a TensorRT engine, or to the bundle that builds it on the device itself.

    x.onnx  x.engine.json  x.engine        the graph that serves while an engine is rebuilt, the
            side file, the plan

One code path for `tensorrt` 10, `tensorrt` 11 and `tensorrt_rtx`: `on_device_build.build`, with the
module as a parameter. The side file is the card, and what a loader must compare before it opens the
plan.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, EngineError, MissingDependencyError
from edgehuman.export import on_device_build
from edgehuman.export.on_device_build import BuildError, Options
from edgehuman.export.writing import write_folder, write_whole

MODULES = {"tensorrt": "tensorrt", "tensorrt-rtx": "tensorrt_rtx"}


def load_library(engine: str) -> Any:
    """The TensorRT module of an `--engine`.

    Raises:
        MissingDependencyError: it is not installed, or too old; the message holds the line to run.
    """
    try:
        return on_device_build.load_library(MODULES[engine])
    except BuildError as error:
        raise MissingDependencyError(str(error)) from None


def require_target(trt: Any, options: Options) -> None:
    """Before the work: is there a GPU to build on, or a capability that this library builds for?

    Raises:
        EngineError: neither.
    """
    try:
        on_device_build.require_target(trt, options, on_device_build.find_gpu())
    except BuildError as error:
        raise EngineError(str(error)) from None


def build_engine(
    trt: Any, onnx: bytes, options: Options, timing_cache: Path | None = None
) -> tuple[bytes, dict[str, Any]]:
    """The plan and what the side file says of it; progress and the time left go to stderr.

    Args:
        timing_cache: a file to read and to renew; None keeps one per GPU and version in the user's
            cache.

    Raises:
        ArtefactError: the graph does not parse; the node, its operator and its module are named.
        KeyboardInterrupt: stopped; nothing was written.
    """
    cache = timing_cache or timing_cache_of(trt, options)
    kept = cache.read_bytes() if cache.is_file() else b""
    start = time.monotonic()
    report = on_device_build.progress_line(sys.stderr)
    try:
        plan, kept = on_device_build.build(trt, onnx, options, kept, report)
    except BuildError as error:
        raise ArtefactError(str(error)) from None
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr)
    about = on_device_build.describe(trt, onnx, plan, options, time.monotonic() - start)
    if kept:
        _keep(cache, kept)
    return plan, about


def timing_cache_of(trt: Any, options: Options) -> Path:
    """One timing cache per library, version and GPU: timings of another would mislead the
    builder.
    """
    gpu = on_device_build.find_gpu()
    target = "-".join(f"sm{number}" for number in options.capabilities)
    if not target and gpu is not None:
        target = f"{gpu.name.replace(' ', '-')}-sm{gpu.capability}-{gpu.driver}"
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return home / "edgehuman" / f"timing-{trt.__name__}-{trt.__version__}-{target or 'any'}.cache"


def _keep(cache: Path, content: bytes) -> None:
    """A cache that cannot be written costs time at the next build, and no engine."""
    try:
        write_whole(cache, content)
    except ArtefactError as error:
        print(f"edgehuman: timings are not kept: {error}", file=sys.stderr)


def side_file(card: Card, about: Mapping[str, Any]) -> bytes:
    """`NAME.engine.json`: the card, and what made the engine of what."""
    return json.dumps({"card": json.loads(card.to_json()), "engine": about}, indent=1).encode()


def write_engine(
    path: Path, onnx: bytes, card: Card, plan: bytes, about: Mapping[str, Any]
) -> None:
    """The graph, the side file, and the plan at last: a stop in between leaves no engine without
    its side file.

    Raises:
        ArtefactError: the folder cannot be written.
    """
    write_whole(path.with_suffix(".onnx"), onnx)
    write_whole(path.with_name(f"{path.name}.json"), side_file(card, about))
    write_whole(path, plan)


def write_bundle(folder: Path, onnx: bytes, card: Card, options: Options) -> None:
    """The folder to copy to a device: `NAME.onnx`, `bundle.json` (the card and the profile),
    `build.py`.

    Raises:
        ArtefactError: the folder exists and holds other files, or cannot be written.
    """
    graph = f"{card.name.replace(' ', '-').replace('/', '-')}.onnx"
    bundle = {
        "onnx": graph,
        "onnx_sha256": hashlib.sha256(onnx).hexdigest(),
        "batch": options.batch,
        "length": options.length,
        "card": json.loads(card.to_json()),
    }
    script = Path(on_device_build.__file__).read_bytes()
    write_folder(
        folder,
        {graph: onnx, "bundle.json": json.dumps(bundle, indent=1).encode(), "build.py": script},
    )
