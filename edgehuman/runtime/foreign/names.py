"""Names of pose estimators that come as Python packages (see `wheels`); imports nothing of them."""

from __future__ import annotations

from pathlib import Path

RTMLIB, TASK = "rtmlib:", ".task"


def is_wheel(name: str) -> bool:
    """Whether a name is `rtmlib:MODE` or a file of MediaPipe's, and no ONNX file."""
    return name.startswith(RTMLIB) or Path(name).suffix == TASK
