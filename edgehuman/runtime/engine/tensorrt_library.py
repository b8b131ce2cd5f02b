"""The TensorRT module: import it, keep its log, deserialise a plan.

`tensorrt` 10, `tensorrt` 11 and `tensorrt_rtx` share one interface, with the module as a parameter.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from edgehuman.errors import ArtefactError, MissingDependencyError
from edgehuman.runtime.engine.plan_file import LIBRARIES, EngineFile, EngineMismatchError, cure
from edgehuman.runtime.machine import find_jetson


def load_library(module: str, version: str | None = None) -> Any:
    """Import `tensorrt` or `tensorrt_rtx`.

    Args:
        version: the one that an engine needs, for the install command.

    Raises:
        EngineMismatchError: another module.
        MissingDependencyError: it or one of its libraries is not installed.
    """
    if module not in LIBRARIES.values():
        raise EngineMismatchError(
            f"the engine was built by {module!r}; it must be one of {', '.join(LIBRARIES.values())}"
        )
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        line = f"pip install {module.replace('_', '-')}" + (f"=={version}" if version else "")
        if module == "tensorrt" and find_jetson() is not None:
            line = "sudo apt-get install python3-libnvinfer"
        raise MissingDependencyError(
            f"{module} is not installed here ({error}); run: {line}"
        ) from None


def deserialise(file: EngineFile, trt: Any, log: Any) -> tuple[Any, Any]:
    """Deserialise a plan; the runtime, which must outlive its engine, and the engine.

    Raises:
        EngineMismatchError: the library refused the plan; the message has its reason.
    """
    runtime = trt.Runtime(log)
    if file.version_compatible:
        # Such a plan contains the library that reads it. Its hash was checked.
        runtime.engine_host_code_allowed = True
    if file.options.get("dla") is not None:
        runtime.DLA_core = file.options["dla"]
    engine = runtime.deserialize_cuda_engine(file.plan)
    if engine is None:
        raise EngineMismatchError(
            f"{trt.__name__} {trt.__version__} refused {file.path}: {log.last}. {cure(file.path)}"
        )
    return runtime, engine


def tensor_names(engine: Any, trt: Any, path: Path) -> tuple[str, list[str]]:
    """The names of an engine's single input and its outputs.

    Raises:
        ArtefactError: more than one input, or no output.
    """
    names = [engine.get_tensor_name(i) for i in range(engine.num_io_tensors)]
    inputs = [n for n in names if engine.get_tensor_mode(n) == trt.TensorIOMode.INPUT]
    outputs = [n for n in names if n not in inputs]
    if len(inputs) != 1 or not outputs:
        raise ArtefactError(
            f"{path}: its plan has inputs {inputs} and outputs {outputs}; a model has one input "
            "and at least one output. Export it again"
        )
    return inputs[0], outputs


def make_log(trt: Any) -> Any:
    """A log that keeps the last error, which TensorRT's calls do not return."""

    class Log(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.last = "no reason given"

        def log(self, severity: Any, message: str) -> None:
            if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                self.last = " ".join(message.split())

    return Log()
