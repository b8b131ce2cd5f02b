"""What the user states of poses where their files do not: frame rate, picture size, layout."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.layouts import BY_COUNT, layout_named

_LARGEST_PX = 100_000
# Names of what can be stated, as flags and arguments.
STATED = ("rate_hz", "size", "layout")
RATES_HZ = (1.0, 1000.0)


@dataclass(frozen=True, slots=True)
class Declared:
    """Attributes:
    rate_hz: frames per second; 0: not stated.
    width_px, height_px: of the pictures; 0: not stated.
    layout: name in `geometry.LAYOUTS`; None: not stated.
    """

    rate_hz: float = 0.0
    width_px: int = 0
    height_px: int = 0
    layout: str | None = None


UNDECLARED = Declared()


def declare(
    rate_hz: float | None = None, size: str | None = None, layout: str | None = None
) -> Declared:
    """What the flags `--rate-hz`, `--size` and `--layout` state.

    Raises:
        UsageError: a rate outside 1 to 1000, a size that is not WIDTHxHEIGHT, or an unknown layout.
    """
    if rate_hz is not None and not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise UsageError(
            f"--rate-hz is {rate_hz:g}; give {RATES_HZ[0]:g} to {RATES_HZ[1]:g} frames per second"
        )
    width, height = (0, 0) if size is None else _size(size)
    named = None if layout is None else layout_named(layout)
    if layout is not None and named is None:
        raise UsageError(
            f"--layout is {layout!r}; give one of {', '.join(BY_COUNT.values())}, movenet17, "
            "kinect25"
        )
    return Declared(rate_hz or 0.0, width, height, named)


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"\s*(\d+)\s*[xX×*,]\s*(\d+)\s*", text)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (0 < width <= _LARGEST_PX and 0 < height <= _LARGEST_PX):
        raise UsageError(f"--size is {text!r}; give width and height in pixels, such as 1920x1080")
    return width, height
