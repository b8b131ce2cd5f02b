"""Names of the files of a model's parts, see `parts.py`; needs no numpy."""

from __future__ import annotations

from pathlib import Path

FRAME, HEAD = "frame", "head"
TEXT = "text"
"""The graph of sentences beside one of pictures."""
PARTS = (FRAME, HEAD, TEXT)


def part_path(path: Path, part: str) -> Path:
    """The file of a part of a model's file: gaitset.onnx -> gaitset.frame.onnx."""
    return path.with_name(f"{path.stem}.{part}{path.suffix}")


def whole_path(path: Path) -> Path | None:
    """The file of the whole model for the file of a part; None for any other file."""
    stem, _, part = path.stem.rpartition(".")
    return path.with_name(f"{stem}{path.suffix}") if stem and part in PARTS else None
