"""Mistakes in sets of silhouettes: empty records, white backgrounds, wrong sizes, holes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.screen import (
    MOST_HOLES,
    hole_share,
    is_empty,
    is_inverted,
    is_unsized,
)
from edgehuman.records import Bool, Uint8

_log = logging.getLogger("edgehuman.data")
# Of the walks, this share may be wrong; and of the frames of a walk.
_TOLERATED = 0.05
_MOST_FRAMES = 0.5
# Frames looked at of each walk, and of a set that is loaded for use.
_OF_A_WALK, _OF_A_SET = 8, 4000


def _has_holes(records_TWH: Uint8) -> Bool:
    holes: Bool = hole_share(records_TWH) > MOST_HOLES
    return holes


# What is found -> how it is said, of half of a walk's frames; whether it makes a set useless.
_KINDS: dict[str, tuple[Callable[[Uint8], Bool], str, bool]] = {
    "empty": (is_empty, "show nobody (black records); segment them again, or remove them", True),
    "inverted": (
        is_inverted,
        "have a white background; the person must be white on black: invert the masks",
        True,
    ),
    "size": (
        is_unsized,
        "hold a person who does not fill the 64 rows or is off the middle; give the masks as PNG, "
        "which are normalised, or normalise them first",
        True,
    ),
    "holes": (
        _has_holes,
        f"have holes of over {MOST_HOLES:.0%} of the body; close them, or segment again",
        False,
    ),
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Attributes:
    said: in words, with the number of walks.
    walks: names of those.
    fatal: whether such walks are useless.
    """

    said: str
    walks: tuple[str, ...]
    fatal: bool


def kinds_of(records_THW: Uint8, holes: bool = True) -> list[str]:
    """Names of the mistakes of half of the frames of a walk; some of its frames are looked at."""
    spread_K = np.linspace(0, len(records_THW) - 1, min(len(records_THW), _OF_A_WALK))
    records = np.asarray(records_THW[spread_K.astype(np.int64)])
    inverted = bool(is_inverted(records).mean() >= _MOST_FRAMES)
    return [
        kind
        for kind, (found_in, _, _) in _KINDS.items()
        if (holes or kind != "holes")
        and (kind == "inverted" or not inverted)
        and found_in(records).mean() >= _MOST_FRAMES
    ]


def told(found: dict[str, list[str]], total: int) -> list[Mistake]:
    """Mistakes in words: kind -> names of the walks, of so many."""
    return [
        Mistake(
            f"{len(found[kind])} of {total} walks {said}; the first: {found[kind][0]}",
            tuple(found[kind]),
            fatal,
        )
        for kind, (_, said, fatal) in _KINDS.items()
        if found.get(kind)
    ]


def find_mistakes(walks: SilhouetteSet, most: int = 0, holes: bool = True) -> list[Mistake]:
    """Look at every walk, or at `most` of them, evenly spread."""
    count = min(len(walks), most or len(walks))
    found: dict[str, list[str]] = {}
    for i in np.unique(np.linspace(0, len(walks) - 1, count).astype(np.int64)).tolist():
        for kind in kinds_of(walks.sequence(i), holes):
            found.setdefault(kind, []).append(str(walks.sequence_N[i]))
    return told(found, count)


def require_right(walks: SilhouetteSet, where: str) -> None:
    """Warn of walks that are useless.

    Raises:
        DataError: at least a twentieth of the walks are.
    """
    looked_at = min(len(walks), _OF_A_SET // _OF_A_WALK)
    for mistake in find_mistakes(walks, looked_at, holes=False):
        said = f"{where}: {mistake.said}"
        if len(mistake.walks) >= _TOLERATED * looked_at:
            raise DataError(f"{said}. `edgehuman data check {where}` lists them")
        _log.warning("%s", said)
