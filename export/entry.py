"""Where `edgehuman export` begins: a checkpoint, which needs PyTorch, or a finished ONNX file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgehuman.catalogue import load_object

if TYPE_CHECKING:
    from edgehuman.export.words import ExportConfig
    from edgehuman.outcome import Outcome


def export(config: ExportConfig) -> Outcome:
    """The whole export; what it raises is said where it is done."""
    finished = config.checkpoint.startswith("zoo:") or Path(config.checkpoint).suffix == ".onnx"
    done_by = "from_onnx:build_from_onnx" if finished else "artefact:export"
    outcome: Outcome = load_object(f"edgehuman.export.{done_by}")(config)
    return outcome
