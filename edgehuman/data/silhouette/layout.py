"""What every reader of silhouettes returns: one walk at a time, and how walks become a set.

    files --WalkReader.walks--> Walk, Walk, ... --gather--> SilhouetteSet

Readers give records (64x64); frames that show nobody are dropped here, once, and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.silhouette.walks import SIDE, SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.preprocess.silhouette.normalise import full_white, usable
from edgehuman.preprocess.silhouette.screen import is_empty, mask_mistake
from edgehuman.records import Uint8

_log = logging.getLogger("edgehuman.data")
# OpenGait's networks read the middle 44 columns; some trees keep only these.
_CUT = 44


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk.

    Attributes:
        records_THW: uint8 (T, 64, 64), 0 to 255.
        named: its labels.
        rate_hz: frames per second; 0 where the files do not say.
        size_px: (height, width) of the masks; 0 where unknown.
        dropped: frames that were left out -> why.
        gaps: frames that are missing in the numbers of the files.
        resized: whether the masks had another size than 64x64.
    """

    records_THW: Uint8
    named: Named
    rate_hz: float = 0.0
    size_px: tuple[int, int] = (0, 0)
    dropped: Mapping[int, str] = field(default_factory=dict)
    gaps: int = 0
    resized: bool = False


@dataclass(frozen=True, slots=True)
class WalkReader:
    """Reader of a layout of silhouettes.

    Attributes:
        walks: yields the walks at a path; a single faulty walk is left out.
        rate_hz: frames per second as published; 0 if the files state it.
        assumed: assumptions that the files do not state, for display.
        whole: reads a file that already holds a set; None: the walks make it.
    """

    walks: Callable[[Path], Iterator[Walk | LeftOut]]
    rate_hz: float = 0.0
    assumed: str = ""
    whole: Callable[[Path], SilhouetteSet] | None = None


SilhouetteLayout = Layout[WalkReader]


def walk_of(
    masks_THW: NDArray[Any] | Iterable[Uint8], named: Named, rate_hz: float = 0.0, gaps: int = 0
) -> Walk | LeftOut:
    """A walk of masks of any size. An array of 64x64 stays as it is, but for its scale; of an
    iterable, one mask at a time is in memory.

    Raises:
        DataError: colour pictures, or not masks.
    """
    stacked = _bytes(masks_THW) if isinstance(masks_THW, np.ndarray) else None
    if stacked is not None and stacked.shape[1:] == (SIDE, _CUT):
        side = (SIDE - _CUT) // 2
        stacked = np.pad(stacked, ((0, 0), (0, 0), (side, side)))
    if stacked is not None and stacked.shape[1:] == (SIDE, SIDE):
        empty_T = is_empty(stacked)
        dropped = {t: mask_mistake(stacked[t]) or "" for t in np.flatnonzero(empty_T).tolist()}
        records, size_px, resized = stacked[~empty_T], (SIDE, SIDE), False
    else:
        masks = iter(masks_THW if stacked is None else stacked)
        try:
            first = next(masks, None)
            records, _, dropped = usable([] if first is None else chain([first], masks))
        except DataError as error:
            raise DataError(f"{named.sequence}: {error}") from None
        height, width = (0, 0) if first is None else first.shape[:2]
        size_px = (height, width)
        resized = size_px != (SIDE, SIDE)
    if not len(records):
        why = f"frame {min(dropped)} {dropped[min(dropped)]}" if dropped else "has no frames"
        return LeftOut(named.sequence, f"{named.sequence}: {why}")
    return Walk(records, named, rate_hz, size_px, dropped, gaps, resized)


def _bytes(masks_THW: NDArray[Any]) -> NDArray[Any]:
    """False and True, 0 and 1, and any darker white become 0 and 255."""
    if masks_THW.dtype == np.bool_:
        masks_THW = masks_THW.astype(np.uint8)
    return full_white(masks_THW) if masks_THW.dtype == np.uint8 else masks_THW


def gather(
    walks: Iterable[Walk | LeftOut], name: str, where: str, rate_hz: float = 0.0
) -> SilhouetteSet:
    """Build a set of walks; walks that were left out are counted in a warning.

    Args:
        rate_hz: frames per second of walks that do not state theirs.

    Raises:
        DataError: no walks, or none left; duplicate names.
    """
    kept: list[Walk] = []
    left_out: list[LeftOut] = []
    for walk in walks:
        (left_out if isinstance(walk, LeftOut) else kept).append(walk)  # type: ignore[arg-type]
    require_some(len(kept), left_out, where)
    rows = [
        (walk.named, len(walk.records_THW), walk.rate_hz or rate_hz, walk.size_px) for walk in kept
    ]
    frames = np.concatenate([walk.records_THW for walk in kept])
    return labelled(frames, rows, name, tuple(left_out))


def require_some(kept: int, left_out: list[LeftOut], where: str) -> None:
    """Warn of walks that were left out.

    Raises:
        DataError: no walk is left.
    """
    if not kept:
        first = left_out[0].why if left_out else f"{where} has no walks"
        raise DataError(f"{first}; check it with `edgehuman data check {where}`")
    if left_out:
        said = "%s: %d of %d walks are left out, such as %s"
        _log.warning(said, where, len(left_out), kept + len(left_out), left_out[0].why)


def labelled(
    silhouette_SHW: Uint8,
    rows: Iterable[tuple[Named, int, float, tuple[int, int]]],
    name: str,
    left_out: tuple[LeftOut, ...] = (),
) -> SilhouetteSet:
    """A set of frames and, of each walk, its labels, frames, rate and size of its masks.

    Raises:
        DataError: see `SilhouetteSet`.
    """
    named, length, rate_hz, size_px = zip(*rows, strict=True)
    return SilhouetteSet(
        name=name,
        silhouette_SHW=silhouette_SHW,
        length_N=np.array(length, np.int64),
        person_N=np.array([each.person for each in named]),
        sequence_N=np.array([each.sequence for each in named]),
        view_N=np.array([each.view for each in named]),
        condition_N=np.array([each.condition for each in named]),
        role_N=np.array([each.role for each in named]),
        rate_hz_N=np.array(rate_hz, np.float64),
        image_size_N2=np.array(size_px, np.int64).reshape(-1, 2),
        left_out=left_out,
    )


def walks_of(walks: SilhouetteSet) -> Iterator[Walk | LeftOut]:
    """The walks of a set, one by one."""
    labels = (walks.person_N, walks.sequence_N, walks.view_N, walks.condition_N, walks.role_N)
    for i in range(len(walks)):
        named = Named(*(str(column[i]) for column in labels))
        height, width = walks.image_size_N2[i].tolist()
        yield Walk(walks.sequence(i), named, float(walks.rate_hz_N[i]), (height, width))
