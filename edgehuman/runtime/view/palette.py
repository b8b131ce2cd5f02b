"""One colour per activity, the same on the terminal and in pictures, safe for colour-blind readers.

Source: the eight colours of Okabe and Ito, "Color Universal Design" (2008); cool for moving, warm
for resting activities, in the order of UCI HAR's labels. Further labels get evenly spaced hues.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping, Sequence

from edgehuman.runtime.loop.results import UNKNOWN

Rgb = tuple[int, int, int]

UNKNOWN_RGB: Rgb = (190, 190, 190)
UNLABELLED_RGB: Rgb = (235, 235, 235)
_OKABE_ITO: Sequence[Rgb] = (
    (0, 114, 178),
    (86, 180, 233),
    (0, 158, 115),
    (230, 159, 0),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (70, 70, 70),
)


def colours(labels: Sequence[str]) -> Mapping[str, Rgb]:
    """Label -> red, green, blue 0..255; "unknown" is grey."""
    more = max(len(labels) - len(_OKABE_ITO), 0)
    hues = [colorsys.hsv_to_rgb(k / more, 0.5, 0.75) for k in range(more)]
    extra = [(round(r * 255), round(g * 255), round(b * 255)) for r, g, b in hues]
    return {**dict(zip(labels, [*_OKABE_ITO, *extra], strict=False)), UNKNOWN: UNKNOWN_RGB}


def hexadecimal(rgb: Rgb) -> str:
    """`#rrggbb`."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def terminal_code(rgb: Rgb) -> int:
    """The nearest colour of the 6 x 6 x 6 cube that every terminal with 256 colours has."""
    red, green, blue = (round(part / 255 * 5) for part in rgb)
    return 16 + 36 * red + 6 * green + blue
