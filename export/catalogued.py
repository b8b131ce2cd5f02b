"""Catalogue names where a model is expected: the network with seeded random weights, for checks.

    model = load("imuvit_512x5")            as `edgehuman.load`; `stream` alike
    taking_names(run)(config)               as the command line runs a command

The runtime does not import the export and takes files only; `taking_names` makes one of its
functions take names too. PyTorch is imported only when a network is exported.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import MissingDependencyError
from edgehuman.install import fix_for
from edgehuman.runtime import model as models
from edgehuman.runtime import stream as streams
from edgehuman.runtime.model import exporting
from edgehuman.runtime.zoo import zoo_names

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def export_random(name: str, seed: int, folder: Path) -> Path:
    """Export a catalogued network with seeded random weights to `folder/NAME.onnx`.

    Its parity is checked on simulated records.

    Raises:
        UsageError: no such network.
        MissingDependencyError: the training half is not installed.
    """
    try:
        from edgehuman.export.export import export
        from edgehuman.export.words import ExportConfig
    except ImportError as error:
        raise MissingDependencyError(
            f"{name} is a network without weights, and building it needs {error.name}, which is "
            f"not installed here ({fix_for(error.name or '')}). On a machine where it is, run "
            f"`edgehuman export {name} --out {name}.onnx` and use that file; or use one of: "
            f"{', '.join(zoo_names())}"
        ) from None
    path = folder / f"{name}.onnx"
    export(ExportConfig(name, seed=seed, out=path, data=SIMULATED))
    return path


def taking_names(function: FunctionT) -> FunctionT:
    """Return the function so that it also loads catalogue names, each exported when needed."""

    @functools.wraps(function)
    def taking(*given: Any, **named: Any) -> Any:
        with exporting(export_random):
            return function(*given, **named)

    return cast(FunctionT, taking)


load = taking_names(models.load)
stream = taking_names(streams.stream)
