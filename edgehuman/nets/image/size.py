"""Sizes that a network of person images takes, and a text encoder beside it."""

from __future__ import annotations

from edgehuman.errors import UsageError

SIZE_STEP = 32
TEXT_HEAD_WIDTH = 64
"""Of a head of the text encoder's attention; its width is a multiple."""


def require_size(image_size: tuple[int, int]) -> None:
    """Raise UsageError for a size whose maps do not align."""
    for name, value in zip(("height", "width"), image_size, strict=True):
        if value < SIZE_STEP or value % SIZE_STEP:
            raise UsageError(
                f"--{name} is {value}; it must be a multiple of {SIZE_STEP}, for example "
                "256x128, 256x192 or 384x128"
            )
