"""A name of the catalogue in place of a model: its network with seeded random weights, for checks.

    model = load("imuvit_512x5")            as `edgehuman.load`, and so `stream`
    taking_names(run)(config)               as the command line runs a command

What runs models stands below the export, and so takes files alone; here a function of it is made to
take names too. PyTorch is imported when one is exported, and not before.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import MissingDependencyError
from edgehuman.runtime import model as models
from edgehuman.runtime import stream as streams
from edgehuman.runtime.model import exporting, zoo_names

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def export_random(name: str, seed: int, folder: Path) -> Path:
    """A catalogued network with seeded random weights as `folder/NAME.onnx`, judged by simulation.

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
            "not installed here. Where `pip install 'edgehuman[train]'` is possible, run "
            f"`edgehuman export {name} --out {name}.onnx` and give that file; or give one of: "
            f"{', '.join(zoo_names())}"
        ) from None
    path = folder / f"{name}.onnx"
    export(ExportConfig(name, seed=seed, out=path, data=SIMULATED))
    return path


def taking_names(function: FunctionT) -> FunctionT:
    """The same function; what it loads by a name of the catalogue is exported for it."""

    @functools.wraps(function)
    def taking(*given: Any, **named: Any) -> Any:
        with exporting(export_random):
            return function(*given, **named)

    return cast(FunctionT, taking)


load = taking_names(models.load)
stream = taking_names(streams.stream)
