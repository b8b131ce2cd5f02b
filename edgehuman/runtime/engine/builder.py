"""The process that builds an engine, and the object that starts and watches it.

    python -m edgehuman.runtime.engine.builder REQUEST     a JSON object; reports on standard output

It needs TensorRT but neither torch nor the onnx package, and builds as `edgehuman export` does.
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

from edgehuman.card import sha256_of_bytes
from edgehuman.errors import ArtefactError, EdgehumanError
from edgehuman.install import module_line
from edgehuman.runtime.engine import build_on_device
from edgehuman.runtime.engine.build import side_file, timing_cache_of
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.plan_file import side_path


class Builds(Protocol):
    """The interface of a build in progress."""

    folder: Path

    def reports(self) -> Iterator[Mapping[str, Any]]:
        """Yield {"share", "phase"} while it runs, then {"done", "files"} or {"error"}. "files" are
        the SHA-256 of what was written, by name.
        """

    def stop(self) -> None:
        """Stop the build if it is running, and remove its folder."""


class Builder:
    """A process that builds one engine into a folder of its own.

    Args:
        library: the module to build with.
        options: for `build_on_device.Options`.
        onnx: the graph to build from.
        identity: of the checked bytes, see `OnnxFile`; another file is not built.
        folder: the output folder; `stop` removes it with everything in it.
    """

    def __init__(
        self, library: str, options: Mapping[str, Any], onnx: Path, identity: str, folder: Path
    ) -> None:
        self.folder = folder
        graph = {"onnx": str(onnx), "identity": identity}
        request = {"library": library, "options": options, **graph, "out": str(folder)}
        self._process = subprocess.Popen(
            module_line("edgehuman.runtime.engine.builder", json.dumps(request)),
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
            yield {"error": f"the builder ended {how}: {last or 'no output'}"}

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
    """Run the builder process: read one request, print reports, write the engine to its folder."""
    request = json.loads(sys.argv[1])
    # SIGTERM and a closed pipe stop the build as Ctrl-C does, so that TensorRT shuts down cleanly.
    signal.signal(signal.SIGTERM, _interrupt)
    if hasattr(os, "nice"):
        os.nice(10)
    folder, finished = Path(request["out"]), False
    try:
        finished = _say(_build(request, folder))
    except (EdgehumanError, build_on_device.BuildError, OSError, TypeError) as error:
        _say({"error": str(error)})
    except KeyboardInterrupt:
        return 130
    finally:
        if not finished:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _build(request: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Build the plan and its side file into the folder; return the seconds and the files."""
    onnx = Path(request["onnx"])
    file = open_file(onnx)
    if file.identity != request["identity"]:
        raise ArtefactError(f"{onnx} was changed since it was checked; start again")
    content = file.plain
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
    out = folder / onnx.with_suffix(".engine").name
    contents = {side_path(out): side_file(file.card, about), out: plan}
    for path, content in contents.items():
        path.write_bytes(content)
    files = {path.name: sha256_of_bytes(content) for path, content in contents.items()}
    return {"done": seconds, "files": files}


def _report(share: float, phase: str) -> None:
    _say({"share": share, "phase": phase})


def _say(table: Mapping[str, Any]) -> bool:
    """Print one line for the parent process; False if the pipe is closed."""
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
