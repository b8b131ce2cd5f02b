"""What every reader of skeletons hands over: one walk as its files hold it, and the way to a set.

    files --WalkReader.walks--> Walk, Walk, ... --gather--> SkeletonSet

Readers only read; the order of joints, what a record may hold, and names are checked here, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.walks import LeftOut, SkeletonSet
from edgehuman.data.layout import Layout
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.walk import gaps, resample, to_record
from edgehuman.records import Float32, Float64

_log = logging.getLogger("edgehuman.data")


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk, in the joints and units of its file.

    Attributes:
        joints_TJ3: (T, J, 3): x, y in pixels, confidence; the number of joints tells the layout.
        person, sequence: who, and which walk; names of their own within the dataset.
        view, condition, role: see `SkeletonSet`.
        rate_hz: frames per second.
        stamp_s_T: seconds of every frame, where frames may be missing; None: all are there.
        height_px, width_px: of the pictures; 0 where unknown.
        layout: of `geometry.LAYOUTS`; None: the number of joints tells.
    """

    joints_TJ3: NDArray[Any]
    person: str
    sequence: str
    view: str = ""
    condition: str = ""
    role: str = ""
    rate_hz: float = 0.0
    stamp_s_T: Float64 | None = None
    height_px: int = 0
    width_px: int = 0
    layout: str | None = None


@dataclass(frozen=True, slots=True)
class WalkReader:
    """How a layout of skeletons is read.

    Attributes:
        walks: those at a path, lazily; a walk that alone is wrong is left out, and the others are
            read on.
        rate_hz: frames per second as published; 0 where the files say.
        assumed: what the files do not say and is taken as given, for people to read.
    """

    walks: Callable[[Path], Iterator[Walk | LeftOut]]
    rate_hz: float = 0.0
    assumed: str = ""


SkeletonLayout = Layout[WalkReader]


def gather(
    walks: Iterable[Walk | LeftOut], name: str, where: str, rate_hz: float = 0.0
) -> SkeletonSet:
    """A set of walks; one with missing frames is resampled at its own rate and parted at gaps.
    Those that were left out are counted in a warning.

    Args:
        rate_hz: frames per second of walks that do not say theirs.

    Raises:
        DataError: no walk, or none is left; a wrong number of joints, values that are not finite,
            confidences outside 0..1, two walks of one name, no frame rate.
    """
    kept: list[Walk] = []
    records: list[Float32] = []
    left_out: list[LeftOut] = []
    total = 0
    for walk in walks:
        total += 1
        if isinstance(walk, LeftOut):
            left_out.append(walk)
            continue
        rate = walk.rate_hz or rate_hz
        if not 1.0 <= rate <= 1000.0:
            raise DataError(
                f"{walk.sequence}: found {rate:g} frames a second; give the rate that the poses "
                "were found at, 1 to 1000"
            )
        record = to_record(walk.joints_TJ3, walk.sequence, walk.layout)
        for part, sequence in _parts(record, walk, rate):
            records.append(part)
            kept.append(_renamed(walk, sequence, rate))
    if left_out:
        first = left_out[0].why
        if not kept:
            raise DataError(first)
        said = "%s: %d of %d walks are left out, such as %s"
        _log.warning(said, where, len(left_out), total, first)
    if not kept:
        raise DataError(f"{where} holds no walk; check it with `edgehuman data check {where}`")
    return SkeletonSet(
        name=name,
        skeleton_SJ3=np.concatenate(records),
        length_N=np.array([len(record) for record in records], np.int64),
        person_N=np.array([walk.person for walk in kept]),
        sequence_N=np.array([walk.sequence for walk in kept]),
        view_N=np.array([walk.view for walk in kept]),
        condition_N=np.array([walk.condition for walk in kept]),
        role_N=np.array([walk.role for walk in kept]),
        rate_hz_N=np.array([walk.rate_hz for walk in kept], np.float64),
        image_size_N2=np.array([(walk.height_px, walk.width_px) for walk in kept], np.int64),
        left_out=tuple(left_out),
    )


def _parts(record: Float32, walk: Walk, rate_hz: float) -> Iterator[tuple[Float32, str]]:
    """The walk on a uniform grid, and the names of its parts where it has gaps."""
    if walk.stamp_s_T is None or not len(record):
        if len(record):
            yield record, walk.sequence
        return
    pieces = gaps(walk.stamp_s_T)
    for number, piece in enumerate(pieces):
        name = walk.sequence if len(pieces) == 1 else f"{walk.sequence}#{number}"
        try:
            yield resample(record[piece], walk.stamp_s_T[piece], rate_hz), name
        except DataError as error:
            raise DataError(f"{walk.sequence}: {error}") from None


def _renamed(walk: Walk, sequence: str, rate_hz: float) -> Walk:
    """What is kept of a walk beside its joints."""
    return Walk(
        np.empty(0), walk.person, sequence, walk.view, walk.condition, walk.role, rate_hz,
        height_px=walk.height_px, width_px=walk.width_px,
    )  # fmt: skip


def triples(values: Any, where: str) -> Float64:
    """A flat list x, y, c, x, y, c ... as (J, 3).

    Raises:
        DataError: no numbers, or not a multiple of three of them.
    """
    try:
        flat = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{where}: found keypoints {str(values)[:40]}; they are x, y, confidence in turn"
        ) from None
    if flat.ndim == 2 and flat.shape[1] == 3:
        return flat
    if flat.ndim != 1 or flat.size % 3:
        raise DataError(
            f"{where}: found {flat.size} numbers; keypoints are x, y, confidence of each joint, "
            "three numbers a joint"
        )
    return flat.reshape(-1, 3)


def stacked(frames: list[Float64], where: str) -> Float64:
    """Frames (J, 3) as (T, J, 3).

    Raises:
        DataError: frames of different numbers of joints.
    """
    counts = sorted({len(frame) for frame in frames})
    if len(counts) > 1:
        raise DataError(
            f"{where}: found frames of {' and '.join(map(str, counts))} joints; all frames of a "
            "walk have the same joints"
        )
    return np.stack(frames) if frames else np.empty((0, 18, 3))
