"""What every skeleton reader returns: one raw walk at a time, and how walks become a set.

    files --WalkReader.walks--> Walk, Walk, ... --gather--> SkeletonSet

Readers only read; joint order, values and names are checked here, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.walks import SkeletonSet
from edgehuman.errors import DataError
from edgehuman.preprocess.skeleton.confidence import Confidences
from edgehuman.preprocess.skeleton.walk import gaps, resample, to_record
from edgehuman.records import Bool, Float32, Float64

_log = logging.getLogger("edgehuman.data")


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk, in the joints and units of its file.

    Attributes:
        joints_TJ3: (T, J, 3): x, y in pixels, confidence; J identifies the joint layout.
        person, sequence: who, and which walk; unique names within the dataset.
        view, condition, role: see `SkeletonSet`.
        rate_hz: frames per second.
        stamp_s_T: time of every frame in seconds, if frames may be missing; None: none is missing.
        height_px, width_px: of the pictures; 0 where unknown.
        layout: name in `geometry.LAYOUTS`; None: identified by the number of joints.
        remarks: what was decided and assumed of its file, in words.
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
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WalkReader:
    """Reader of a layout of skeletons.

    Attributes:
        walks: yields the walks at a path; a single faulty walk is skipped.
        rate_hz: frames per second as published; 0 if the files state it.
        assumed: assumptions that the files do not state, for display.
        takes: whether `walks` also takes what the user states: (path, Declared).
    """

    walks: Callable[..., Iterator[Walk | LeftOut]]
    rate_hz: float = 0.0
    assumed: str = ""
    takes: bool = False


SkeletonLayout = Layout[WalkReader]
_NONE = LeftOut("", "")


def gather(
    walks: Iterable[Walk | LeftOut], name: str, where: str, rate_hz: float = 0.0
) -> SkeletonSet:
    """Build a set of walks; walks with missing frames are resampled at their own rate and split at
    gaps. Skipped walks are counted in a warning.

    Args:
        rate_hz: frames per second of walks that do not state theirs.

    Raises:
        DataError: no walks, or none left; a wrong number of joints, infinite values, duplicate
            names, or no frame rate.
    """
    kept: list[Walk] = []
    records: list[Float32] = []
    found = list(walks)
    left_out = [each for each in found if isinstance(each, LeftOut)]
    confidences = Confidences()
    confidences.decide(_known(walk) for walk in found if isinstance(walk, Walk))
    for place, walk in enumerate(found):
        if isinstance(walk, LeftOut):
            continue
        found[place] = _NONE  # its joints are not needed twice
        rate = _rate(walk, rate_hz)
        record = to_record(_seen(walk.joints_TJ3, confidences), walk.sequence, walk.layout)
        for part, sequence in _parts(record, walk, rate):
            records.append(part)
            kept.append(_renamed(walk, sequence, rate))
    if left_out:
        first = left_out[0].why
        if not kept:
            raise DataError(first)
        said = "%s: %d of %d walks are skipped, such as %s"
        _log.warning(said, where, len(left_out), len(found), first)
    if not kept:
        raise DataError(f"{where} has no walks; check it with `edgehuman data check {where}`")
    remarks = [*(each for walk in kept for each in walk.remarks), *confidences.remarks]
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
        remarks=tuple(dict.fromkeys(remarks)),
    )


def _rate(walk: Walk, rate_hz: float) -> float:
    rate = walk.rate_hz or rate_hz
    if not 1.0 <= rate <= 1000.0:
        raise DataError(
            f"{walk.sequence}: rate_hz is {rate:g}; it must be 1 to 1000: give the frame rate of "
            "the poses"
        )
    return rate


def _known(walk: Walk) -> NDArray[np.floating]:
    """The confidences (T, J) of the joints of a walk that were seen; NaN for others."""
    if not _are_joints(walk.joints_TJ3):
        return np.empty((0, 0))
    return np.where(_lost(walk.joints_TJ3), np.nan, walk.joints_TJ3[..., 2])


def _seen(joints_TJ3: NDArray[Any], confidences: Confidences) -> NDArray[Any]:
    """Joints with confidences 0 to 1; those that are NaN or at (0, 0) were not seen: all zero."""
    if not _are_joints(joints_TJ3):
        return joints_TJ3
    made = joints_TJ3.copy()
    made[..., 2] = confidences.read(made[..., 2])
    made[_lost(joints_TJ3)] = 0.0
    return made


def _are_joints(joints_TJ3: NDArray[Any]) -> bool:
    """Whether an array has the form of joints with confidences; if not, `to_record` says so."""
    return joints_TJ3.ndim == 3 and joints_TJ3.shape[-1] == 3 and joints_TJ3.dtype.kind == "f"


def _lost(joints_TJ3: NDArray[Any]) -> Bool:
    """(T, J) joints that were not seen."""
    lost_TJ: Bool = np.isnan(joints_TJ3).any(axis=2) | (joints_TJ3[..., :2] == 0.0).all(axis=2)
    return lost_TJ


def _parts(record: Float32, walk: Walk, rate_hz: float) -> Iterator[tuple[Float32, str]]:
    """The parts of a walk between gaps, on a uniform grid, and their names."""
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
    """The metadata of a walk, under another name and rate."""
    return Walk(
        np.empty(0), walk.person, sequence, walk.view, walk.condition, walk.role, rate_hz,
        height_px=walk.height_px, width_px=walk.width_px, remarks=walk.remarks,
    )  # fmt: skip
