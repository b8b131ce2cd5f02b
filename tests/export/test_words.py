"""What may be asked of an export, and what is refused before the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import UsageError
from edgehuman.export.export import export
from edgehuman.export.words import ExportConfig
from edgehuman.export.words import options as options_of
from edgehuman.runtime.engine.build_on_device import Options


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"precision": "auto"}, "--precision auto measures onnxruntime"),
        ({"on_device": True, "format": "onnx"}, "--on-device goes with --format tensorrt"),
        ({"batch": (4, 2, 8)}, "--batch is 4, 2, 8"),
        ({"workspace_mib": -5}, "--workspace-mib is -5; it is 1 to 16777216"),
        ({"level": 6}, "--level is 6; it is 0 to 5"),
        ({"dla": 2}, "--dla is 2; it is 0 to 1"),
        ({"capability": (86,)}, "--capability is of tensorrt-rtx: .*; add --engine tensorrt-rtx"),
        ({"engine": "tensorrt-rtx", "dla": 0}, "--dla is a part of a Jetson"),
        ({"engine": "tensorrt-rtx", "version_compatible": True}, "--version-compatible puts the"),
        ({"engine": "tensorrt-rtx", "timing_cache": Path("x")}, "--timing-cache is of tensorrt:"),
        ({"on_device": True, "timing_cache": Path("x")}, "--timing-cache is of this machine"),
        (
            {"on_device": True, "out": Path("x.onnx")},
            r"--out is x\.onnx, the name of a file, and --on-device writes a folder",
        ),
        ({"format": "torch-tensorrt", "explain": True}, "--explain looks into a graph, .* closed"),
        ({"format": "torch-tensorrt", "level": 3}, "--level is of --format tensorrt, and torch"),
        ({"format": "torch-tensorrt", "precision": "int8", "data": "x"}, "for int8 use --format"),
    ],
)
def test_contradictions(change: dict[str, object], message: str) -> None:
    words = {"checkpoint": "imuvit_512x5", "format": "tensorrt", **change}
    with pytest.raises(UsageError, match=message):
        export(ExportConfig(**words))  # type: ignore[arg-type]


def test_each_flag_of_the_command_line_is_an_option_of_the_builder() -> None:
    sizes: Any = {"batch": (2, 3, 5), "length": (10, 20, 30)}
    flags: Any = {
        "capability": (80, 89),
        "version_compatible": True,
        "hardware": "ampere_plus",
        "dla": 1,
        "workspace_mib": 64,
        "level": 4,
    }
    expected = Options(*sizes.values(), *flags.values())
    assert options_of(ExportConfig("any", format="tensorrt", **sizes, **flags)) == expected
    assert (expected.dla, expected.workspace_mib, expected.level) == (1, 64, 4)
