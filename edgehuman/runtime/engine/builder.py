"""The process that builds an engine: how it is started and watched, and what it does.

    python -m edgehuman.runtime.engine.builder REQUEST     a JSON object; reports on standard output

It needs TensorRT and neither torch nor the onnx package: the build is the one of `edgehuman
export`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from edgehuman.errors import EdgehumanError
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build import side_file, timing_cache_of
from edgehuman.runtime.engine.onnx_file import read_card
from edgehuman.runtime.engine.plan_file import side_path


class Builds(Protocol):
    """What watches over a build needs to know of it."""

    folder: Path

    def reports(self) -> Iterator[Mapping[str, Any]]:
        """Tables: {"share", "phase"} while it goes on, at last {"done"} or {"error"}."""

    def stop(self) -> None:
        """End it, if it still works, and remove its folder."""


class Builder:
    """A process that builds one engine into a folder of its own.

    Args:
        library: the module that builds.
        options: for `build_on_device.Options`.
        onnx: what to build from.
        folder: where to; removed with everything in it by `stop`.
    """

    def __init__(self, library: str, options: Mapping[str, Any], onnx: Path, folder: Path) -> None:
        self.folder = folder
        request = {"library": library, "options": options, "onnx": str(onnx), "out": str(folder)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgehuman.runtime.engine.builder", json.dumps(request)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def reports(self) -> Iterator[Mapping[str, Any]]:
        """See `Builds`."""
        stream = self._process.stdout
        assert stream is not None
        last = ""
        with stream:
            for line in stream:
                if line.startswith("{"):
                    yield json.loads(line)
                elif line.strip():
                    last = line.strip()
        code = self._process.wait()
        if code:
            how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
            yield {"error": f"the builder ended {how}: {last or 'it said nothing'}"}

    def stop(self) -> None:
        """See `Builds`."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    """The builder's process: one request in, reports out, the engine into its folder."""
    request = json.loads(sys.argv[1])
    # SIGTERM and a reader that is gone end the build as Ctrl-C does: TensorRT leaves in order.
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(os, "nice"):
        os.nice(10)
    folder, finished = Path(request["out"]), False
    try:
        seconds = _build(request, folder)
        finished = _say({"done": seconds})
    except (EdgehumanError, build_on_device.BuildError, OSError, TypeError) as error:
        _say({"error": str(error)})
    except KeyboardInterrupt:
        return 130
    finally:
        if not finished:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _build(request: Mapping[str, Any], folder: Path) -> float:
    """Seconds that it took; the plan and its side file are in the folder then."""
    onnx = Path(request["onnx"])
    content = onnx.read_bytes()
    told: Mapping[str, Any] = request["options"]
    given: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()}
    options = build_on_device.Options(**given)
    trt = build_on_device.load_library(request["library"])
    cache = timing_cache_of(trt, options)
    timings = cache.read_bytes() if cache.is_file() else b""
    start_s = time.monotonic()
    plan, _ = build_on_device.build(trt, content, options, timings, _report)
    seconds = time.monotonic() - start_s
    about = build_on_device.describe(trt, content, plan, options, seconds)
    side = side_file(read_card(onnx), about)
    out = folder / onnx.with_suffix(".engine").name
    side_path(out).write_bytes(side)
    out.write_bytes(plan)
    return seconds


def _report(share: float, phase: str) -> None:
    _say({"share": share, "phase": phase})


def _say(table: Mapping[str, Any]) -> bool:
    """One line for who started this; whether anybody reads it."""
    try:
        print(json.dumps(table), flush=True)
    except OSError:
        _interrupt()
        return False
    return True


def _interrupt(*signal_and_frame: Any) -> None:
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
