"""Skeleton sequences from any known file or folder, or the simulator; roles, filters, quality.

walks = load_skeletons("simulated", people=100, each=6)
walks = resampled(load_skeletons("casia-b_pose.csv"))      24 frames per second
learn = learnable(walks, "--data casia-b_pose.csv")         without the test people
good, dropped = filtered(learn)                            the paper's filters
order_N = np.argsort(-quality_scores(good))                its quality ordering, best first
"""

from __future__ import annotations

import dataclasses
import logging
from functools import lru_cache
from pathlib import Path

import numpy as np

from edgehuman import catalogue
from edgehuman.data.gait.walks import at_rate, in_test, learnable
from edgehuman.data.layout import find
from edgehuman.data.skeleton import formats
from edgehuman.data.skeleton.layout import SkeletonLayout, gather
from edgehuman.data.skeleton.lines import POSE_LINES
from edgehuman.data.skeleton.mistakes import require_right, shows_nobody
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared, declare
from edgehuman.preprocess.skeleton.walk import (
    MIN_CONFIDENCE,
    MIN_FRAMES,
    RATE_HZ,
    mean_confidence,
    quality_score,
    resample,
)
from edgehuman.records import Float64
from edgehuman.simulate.skeleton.detector import Detector, Kind

__all__ = [
    "SkeletonSet",
    "filtered",
    "find_layout",
    "in_test",
    "layouts",
    "learnable",
    "load_skeletons",
    "quality_scores",
    "read_layout",
    "resampled",
]

_log = logging.getLogger("edgehuman.data")
SIMULATED_PEOPLE = 100
SIMULATED_EACH = 6


@lru_cache(maxsize=1)
def layouts() -> tuple[SkeletonLayout, ...]:
    """Every layout: the catalogue's datasets, then pose detector formats and our own."""
    rows = catalogue.datasets_of("skeleton").values()
    return (*(catalogue.load_object(row.read) for row in rows), POSE_LINES, *formats.layouts())


def load_skeletons(
    path: Path | str,
    seed: int = 0,
    people: int = SIMULATED_PEOPLE,
    each: int = SIMULATED_EACH,
    dataset: str | None = None,
    rate_hz: float | None = None,
    check: bool = True,
    size: str | None = None,
    layout: str | None = None,
    detector: Kind = "teacher",
) -> SkeletonSet:
    """Load the walks at a path, or of simulated people if the path is the word "simulated".

    Args:
        seed, people, each: for the simulator: seed, number of people, walks per person.
        dataset: catalogue name of the expected dataset.
        rate_hz: frames per second, if the files do not state it and the default is wrong.
        check: reject sets with errors in joint order, picture size or frame rate in at least a
            twentieth of the walks; fewer give a warning.
        size: of the pictures, such as "1920x1080", if a pose estimator's files do not state it.
        layout: the order of the joints in such files, if their number does not tell it.
        detector: for the simulator: whose errors the joints have.

    Raises:
        DataError: no such path, no known layout, invalid walks (see `gather`), or errors (see
            `mistakes`).
        UsageError: a value out of range.
    """
    if str(path) == catalogue.SIMULATED:
        return simulated_set(people, each, seed, detector=Detector(kind=detector))
    declared = declare(rate_hz, size, layout)
    found, place = find_layout(path, dataset)
    walks = read_layout(found, place, declared)
    if rate_hz is not None and not found.read.takes:
        walks = at_rate(walks, rate_hz)
    for remark in walks.remarks:
        _log.warning("%s: %s", path, remark)
    if check:
        require_right(walks, str(path))
    row = catalogue.DATASETS.get(walks.name)
    if row is None:
        return walks
    return dataclasses.replace(walks, licence=row.licence, url=row.url)


def find_layout(path: Path | str, dataset: str | None = None) -> tuple[SkeletonLayout, Path]:
    """Find the layout of a file or folder, and where in it the layout begins.

    Raises:
        DataError: no such path, no known layout, or not the expected dataset.
        UsageError: no dataset of that name.
    """
    return find(Path(path), layouts(), dataset)


def read_layout(
    layout: SkeletonLayout, place: Path, declared: Declared = UNDECLARED
) -> SkeletonSet:
    """Read everything in a layout's folder or file.

    Raises:
        DataError: invalid walks (see `gather`).
        UsageError: the user states a size or a layout of data whose own are known.
    """
    if (declared.width_px or declared.layout) and not layout.read.takes:
        raise UsageError(
            f"{place} is {layout.dataset}, whose picture size and joints are known; leave --size "
            "and --layout out"
        )
    reads = layout.read.walks
    walks = reads(place, declared) if layout.read.takes else reads(place)
    return gather(walks, layout.dataset, str(place), layout.read.rate_hz)


def resampled(walks: SkeletonSet, rate_hz: float = RATE_HZ) -> SkeletonSet:
    """Resample every walk to one rate (see `preprocess.skeleton.walk.resample`)."""
    if (walks.rate_hz_N == rate_hz).all():
        return walks
    made = [
        resample(walks.sequence(i), np.arange(walks.length_N[i]) / walks.rate_hz_N[i], rate_hz)
        for i in range(len(walks))
    ]
    return dataclasses.replace(
        walks,
        skeleton_SJ3=np.concatenate(made),
        length_N=np.array([len(walk) for walk in made], np.int64),
        rate_hz_N=np.full(len(walks), rate_hz),
    )


def filtered(
    walks: SkeletonSet, min_frames: int = MIN_FRAMES, min_confidence: float = MIN_CONFIDENCE
) -> tuple[SkeletonSet, dict[str, int]]:
    """Return the walks that pass the paper's filters, and how many each filter dropped.

    `min_frames` counts frames at 24 Hz, so a walk at another rate needs the same duration.

    Raises:
        DataError: no walk passes.
    """
    empty_N = shows_nobody(walks)
    short_N = walks.length_N < np.round(min_frames * walks.rate_hz_N / RATE_HZ)
    unsure_N = mean_confidence(walks.skeleton_SJ3, walks.length_N) <= min_confidence
    dropped = {
        "empty": int(empty_N.sum()),
        "short": int((short_N & ~empty_N).sum()),
        "unsure": int((unsure_N & ~short_N & ~empty_N).sum()),
    }
    kept_N = ~(empty_N | short_N | unsure_N)
    if not kept_N.any():
        raise DataError(
            f"{walks.name}: of {len(walks)} walks {dropped['empty']} show nobody, "
            f"{dropped['short']} are shorter than {min_frames} frames at {RATE_HZ:g} Hz, "
            f"{dropped['unsure']} have a mean confidence of {min_confidence:g} or less; none is "
            "left. Use longer or better walks, or looser filters"
        )
    return walks.subset(kept_N), dropped


def quality_scores(walks: SkeletonSet) -> Float64:
    """Q_S of each walk (N,): see `preprocess.skeleton.walk.quality_score`."""
    return quality_score(walks.skeleton_SJ3, walks.length_N)
