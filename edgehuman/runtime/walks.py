"""Every track of a source as one walk: the mean of its windows' vectors, as a gallery keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait_vectors import mean_vector
from edgehuman.runtime.datagrams import SCHEME
from edgehuman.runtime.identifier import Identifier
from edgehuman.runtime.model import Model
from edgehuman.runtime.playing import account, first_seconds, require_seconds, say
from edgehuman.runtime.pose_source import SIMULATED, open_poses
from edgehuman.runtime.poses import PoseBlock, joined
from edgehuman.samples import FloatArray

_SIMULATED_S = 10.0
_FRAMES_KEPT = 240


@dataclass(frozen=True, slots=True)
class Walks:
    """What a source held.

    Attributes:
        vectors: (D,) of each track with a window, the mean over its windows.
        windows: how many each is the mean of.
        report: what was read and lost.
        beginnings: the first lines of each, to look for mistakes in.
    """

    vectors: dict[str, FloatArray]
    windows: dict[str, int]
    report: dict[str, Any]
    beginnings: dict[str, PoseBlock]


def walks_of(model: Model, source: str, seconds: float | None = None, seed: int = 0) -> Walks:
    """The vector of every track of a source that holds a window.

    Raises:
        DataError: there is none, or the source cannot be read.
        UsageError: words that name no source, seconds not above 0, or none for a source that never
            ends.
    """
    require_seconds(seconds)
    if source.startswith(SCHEME) and seconds is None:
        raise UsageError(f"{source} never ends; say with --seconds how long to listen")
    if source == SIMULATED and seconds is None:
        seconds = _SIMULATED_S
    opened = open_poses(source, seed=seed)
    listener = Identifier(model, opened.name, notify=say)
    sums: dict[str, FloatArray] = {}
    counts: dict[str, int] = {}
    frames: dict[str, list[PoseBlock]] = {}
    with opened:
        blocks = _keeping(frames, first_seconds(opened, seconds))
        for track, vector_D in _window_vectors(listener, blocks):
            sums[track] = sums.get(track, np.zeros_like(vector_D)) + vector_D
            counts[track] = counts.get(track, 0) + 1
    for remark in listener.report.notes:
        say(f"{opened.name}: {remark}")
    report = account(listener, opened)
    if not sums:
        raise DataError(f"{opened.name}: {listener.no_window(opened.report())}")
    vectors = {
        track: mean_vector(total_D[None] / np.float32(counts[track]), listener.distance)
        for track, total_D in sums.items()
    }
    return Walks(vectors, counts, report, {track: joined(frames[track]) for track in vectors})


def _keeping(
    frames: dict[str, list[PoseBlock]], blocks: Iterable[PoseBlock]
) -> Iterator[PoseBlock]:
    """The blocks as they come; `frames` takes the first lines of every track."""
    for block in blocks:
        for i, track in enumerate(block.track_T):
            own = frames.setdefault(track, [])
            if len(own) < _FRAMES_KEPT:
                own.append(block.part(i, i + 1))
        yield block


def _window_vectors(
    listener: Identifier, blocks: Iterable[PoseBlock]
) -> Iterator[tuple[str, FloatArray]]:
    """Track and vector of every window, each as much as the other: a mean of them is the walk's."""
    for block in blocks:
        for window, vector_D in listener.embed(block):
            if vector_D is not None:
                yield window.track, mean_vector(vector_D[None], listener.distance)
