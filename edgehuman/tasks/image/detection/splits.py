"""Training, selection and test splits of frames, by sequence: one camera's stay together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from edgehuman.data.image.frames.set import FrameSet
from edgehuman.errors import DataError
from edgehuman.records import Bool
from edgehuman.tasks.image.detection.settings import DetectionConfig


class Place(NamedTuple):
    """A frame: the number of its set, and its index there."""

    number: int
    frame: int


class FrameSplits(NamedTuple):
    """Frames by split.

    Attributes:
        learn: training frames.
        select: frames of training sequences held out for selection; may be empty.
        test: the test parts; read once, at the end.
    """

    learn: tuple[Place, ...]
    select: tuple[Place, ...]
    test: tuple[Place, ...]


def split_frames(sets: Sequence[FrameSet], config: DetectionConfig) -> FrameSplits:
    """Split the training part of each set into training and selection; the rest is the test part.

    Raises:
        DataError: no training part, too few sequences to hold some out, or nobody to find in what
            is held out.
    """
    learn: list[Place] = []
    select: list[Place] = []
    test: list[Place] = []
    for number, frames in enumerate(sets):
        is_train_N = frames.role_N == "train"
        is_out_N = _held_out(frames, is_train_N, config)
        for split, chosen_N in (
            (learn, is_train_N & ~is_out_N),
            (select, is_train_N & is_out_N),
            (test, ~is_train_N),
        ):
            split += [Place(number, int(index)) for index in np.flatnonzero(chosen_N)]
    if not learn:
        raise DataError(
            f"--data {' '.join(config.data)} has no training part, only {len(test)} test frames; "
            "give a dataset with a training part"
        )
    if config.most_select and len(select) > config.most_select:
        chosen = np.linspace(0, len(select) - 1, config.most_select).round().astype(int)
        select = [select[index] for index in chosen]
    if select and not any(_is_somebody(sets, place) for place in select):
        raise DataError(
            f"{len(select)} frames are held out for selection, and nobody is in them; give "
            "--select-share 0, another --seed or more data"
        )
    return FrameSplits(tuple(learn), tuple(select), tuple(test))


def _is_somebody(sets: Sequence[FrameSet], place: Place) -> bool:
    """Whether there is somebody in a frame who counts, or something that is worn."""
    frames = sets[place.number]
    ignored_M = frames.people[place.frame].ignore_M
    return not ignored_M.all() or (frames.garments is not None and len(ignored_M) > 0)


def _held_out(frames: FrameSet, is_train_N: Bool, config: DetectionConfig) -> Bool:
    """Return which frames are of the sequences that are held out."""
    names = np.unique(frames.sequence_N[is_train_N])
    if not config.select_share or not len(names):
        return np.zeros(len(frames), np.bool_)
    count = max(1, round(config.select_share * len(names)))
    if count >= len(names):
        raise DataError(
            f"{frames.dataset} has {len(names)} training sequences, too few to hold {count} out "
            "for selection; give --select-share 0 or more data"
        )
    chosen = np.random.default_rng(config.seed).permutation(names)[:count]
    return np.isin(frames.sequence_N, chosen)
