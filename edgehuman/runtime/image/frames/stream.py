"""Frames in Python: what `edgehuman.stream` opens for a model that takes whole frames."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.image.frames.answer import MOST, Watching, answer_frame
from edgehuman.runtime.image.frames.follow import Follower
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally
from edgehuman.runtime.image.frames.source import (
    FrameSource,
    TakenFrame,
    array_frame,
    photo_frame,
)
from edgehuman.runtime.image.frames.watch import require_range, watching_alone
from edgehuman.runtime.image.pushed import Pushed, nothing_to_iterate
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model

_ONE_PICTURE = 3
"""Axes of an array that is one picture, and not a batch of them."""


def open_stream(
    model: Model,
    source: str | Path | Iterable[Uint8 | str | Path] | None,
    *,
    score: float | None = None,
    most: int = MOST,
    every: int = 1,
) -> LiveStream[FrameResult]:
    """The people of every photo of a folder (or the one photo), of every frame of a video, of every
    array or path of an iterable, of one array (H, W, 3); or of every array or path that is pushed,
    without a source.

    A frame that cannot be read is a result too, with its reason; it does not end the stream.

    Args:
        score: people below it are left out; None: as the model's card says, or 0.5.
        most: the most people of a frame, the best first.
        every: take every so many frames of a folder or video.

    Raises:
        ArtefactError: a model that gives no boxes.
        DataError: no such folder, or no photo in it.
        UsageError: a source that is neither a path nor an iterable, or a value out of range.
    """
    if source is not None and not isinstance(source, (str, Path, Iterable)):
        raise UsageError(
            f"{model.name} reads frames, not {type(source).__name__}; give a folder of photos, one "
            "photo, a video, or an iterable of uint8 RGB arrays (H, W, 3)"
        )
    require_range(score, most)
    return stream_of(watching_alone(model, score, most), source, every)


def stream_of(
    watching: Watching, source: str | Path | Iterable[Uint8 | str | Path] | None, every: int = 1
) -> LiveStream[FrameResult]:
    """The same, of what looks at frames."""
    tally = FrameTally()
    if source is None:
        intake = Pushed(lambda record, index: answer_frame(watching, _taken(record, index)), tally)
        return LiveStream(nothing_to_iterate("frames"), intake.report, intake=intake)
    if isinstance(source, (str, Path)):
        frames = FrameSource(source, every)
        return LiveStream(
            _answers(watching, frames, tally), lambda: {**tally.summary(), **frames.report()}
        )
    alone = isinstance(source, np.ndarray) and source.ndim == _ONE_PICTURE
    records: Iterable[object] = [source] if alone else source
    taken = (_taken(record, index) for index, record in enumerate(records))
    return LiveStream(_answers(watching, taken, tally), tally.summary)


def _taken(record: object, index: int) -> TakenFrame:
    if isinstance(record, (str, Path)):
        return photo_frame(Path(record), str(record), index)
    return array_frame(record, index)


def _answers(
    watching: Watching, frames: Iterable[TakenFrame], tally: FrameTally
) -> Generator[FrameResult, None, None]:
    follower = Follower(watching.score)
    for taken in frames:
        result = answer_frame(watching, taken, follower)
        tally.add(result)
        yield result
