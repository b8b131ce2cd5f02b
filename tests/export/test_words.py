"""The flags of an export, and what is refused before the work."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import pytest

from edgehuman.errors import UsageError
from edgehuman.export.export import export
from edgehuman.export.graph.trace import with_card
from edgehuman.export.words import ExportConfig
from edgehuman.export.words import options as options_of
from edgehuman.runtime.engine.build_on_device import Options
from edgehuman.runtime.engine.onnx_file import read_card


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"precision": "auto"}, "--precision auto measures latency on onnxruntime"),
        (
            {"on_device": True, "format": "onnx"},
            r"--on-device needs --format tensorrt \(got onnx\)",
        ),
        ({"batch": (4, 2, 8)}, r"--batch must be smallest, .* \(got 4, 2, 8\)"),
        ({"workspace_mib": -5}, r"--workspace-mib must be between 1 and 16777216 \(got -5\)"),
        ({"level": 6}, r"--level must be between 0 and 5 \(got 6\)"),
        ({"dla": 2}, r"--dla must be between 0 and 1 \(got 2\)"),
        (
            {"capability": (86,)},
            "--capability applies to tensorrt-rtx; .*; add --engine tensorrt-rtx",
        ),
        ({"engine": "tensorrt-rtx", "dla": 0}, "--dla is for Jetson"),
        ({"engine": "tensorrt-rtx", "version_compatible": True}, "--version-compatible embeds the"),
        (
            {"engine": "tensorrt-rtx", "timing_cache": Path("x")},
            "--timing-cache applies to tensorrt;",
        ),
        ({"on_device": True, "timing_cache": Path("x")}, "--timing-cache applies to this machine"),
        (
            {"on_device": True, "out": Path("x.onnx")},
            r"--out is x\.onnx, but --on-device writes a folder",
        ),
        ({"format": "torch-tensorrt", "explain": True}, "--explain needs a graph, .* inspected"),
        ({"format": "torch-tensorrt", "level": 3}, "--level applies to --format tensorrt; torch"),
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold": 1.5}, r"--threshold must be at most 1 \(got 1\.5\)"),
        ({"threshold": -1.5}, r"--threshold must be at least -1 \(got -1\.5\)"),
        ({"threshold": float("nan")}, r"--threshold must be at least -1 \(got nan\)"),
        ({"max_drop": -1.0}, r"--max-drop must be at least 0 \(got -1\.0\)"),
        ({"max_drop": float("nan")}, r"--max-drop must be at least 0 \(got nan\)"),
        ({"samples": 3}, r"--samples must be at least 16 \(got 3\)"),
        ({"threads": 0}, r"--threads must be at least 1 \(got 0\)"),
        (
            {"threads": 1_000_000},
            r"--threads must be at most \d+, the number of cores \(got 1000000\)",
        ),
        ({"seed": -1}, r"--seed must be at least 0 \(got -1\)"),
        ({"seed": 1 << 63}, r"--seed must be at most \d+ \(got 9223372036854775808\)"),
        (
            {"capability": (86,)},
            "--capability applies to engines, .*; add --format tensorrt, or remove",
        ),
        ({"engine": "tensorrt"}, "--engine applies to engines, but --format is onnx"),
        ({"level": 3}, "--level applies to engines"),
        ({"batch": (1, 1, 4)}, "--batch applies to engines"),
        ({"version_compatible": True}, "--version-compatible applies to engines"),
        (
            {"out": Path("x.engine")},
            r"--out must end in \.onnx for --format onnx \(got x\.engine\)",
        ),
        ({"checkpoint": "x.engine"}, r"x\.engine is already built"),
        ({"checkpoint": "runs/nothing"}, "runs/nothing: no such folder"),
        ({"checkpoint": "imuvit_512x6"}, "Did you mean 'imuvit_512x5'"),
    ],
)
def test_values_that_cannot_be(tmp_path: Path, change: dict[str, object], message: str) -> None:
    words = {"checkpoint": "imuvit_512x5", "out": tmp_path / "x.onnx", **change}
    with pytest.raises(UsageError, match=message):
        export(ExportConfig(**words))  # type: ignore[arg-type]


def test_the_threshold_that_is_asked_for_is_in_the_card(
    tiny: None, tmp_path: Path, model: onnx.ModelProto
) -> None:
    own, asked = (tmp_path / name for name in ("own.onnx", "asked.onnx"))
    for path, threshold in ((own, None), (asked, 0.25)):
        config = ExportConfig("any", data="made", out=path, threshold=threshold)
        export(config, trace=lambda network, card: with_card(model, card))
    assert read_card(asked).decision.threshold == 0.25
    assert read_card(asked).decision == replace(read_card(own).decision, threshold=0.25)
