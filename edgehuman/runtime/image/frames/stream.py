"""Frames in Python: what `edgehuman.stream` opens for a model that takes whole frames."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Generator, Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.records import Uint8
from edgehuman.runtime.image.camera.address import live_address
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import MOST, Watching, answer_frame
from edgehuman.runtime.image.frames.link import Links
from edgehuman.runtime.image.frames.results import FrameResult, FrameTally
from edgehuman.runtime.image.frames.several import Sources, open_source
from edgehuman.runtime.image.frames.source import photo_frame
from edgehuman.runtime.image.frames.taken import TakenFrame, array_frame
from edgehuman.runtime.image.frames.watch import require_range, watching_alone
from edgehuman.runtime.image.pushed import Pushed, nothing_to_iterate
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model

FrameSources: TypeAlias = str | Path | Camera | Iterable[Uint8 | str | Path | Camera] | None
_ONE_PICTURE = 3
"""Axes of an array that is one picture, and not a batch of them."""


def open_stream(
    model: Model,
    source: FrameSources,
    *,
    score: float | None = None,
    most: int = MOST,
    every: int = 1,
    policy: str | None = None,
    seconds: float | None = None,
) -> LiveStream[FrameResult]:
    """The people of every photo of a folder (or the one photo), of every frame of a video or
    camera, of several of these at once (a list of names of which one is a camera), of every array
    or path of an iterable, of one array (H, W, 3); or of every array or path that is pushed,
    without a source.

    A frame that cannot be read is a result too, with its reason; it does not end the stream. Nor
    does what happens to a camera, which is a result with an `event`.

    Args:
        score: people below it are left out; None: as the model's card says, or 0.5.
        most: the most people of a frame, the best first.
        every: take every so many frames of a folder, video or camera.
        policy: "latest", "all" or "every-N"; None: the newest frame of a camera, all of a file.
        seconds: end after so many seconds; of a video, at that time of it.

    Raises:
        ArtefactError: a model that gives no boxes.
        DataError: no such folder, or no photo in it.
        UsageError: a source that is neither a path nor an iterable, or a value out of range.
    """
    if source is not None and not isinstance(source, (str, Path, Camera, Iterable)):
        raise UsageError(
            f"{model.name} reads frames, not {type(source).__name__}; give a folder of photos, one "
            "photo, a video, a camera, or an iterable of uint8 RGB arrays (H, W, 3)"
        )
    require_range(score, most)
    return stream_of(watching_alone(model, score, most), source, every, policy, seconds)


def stream_of(
    watching: Watching,
    source: FrameSources,
    every: int = 1,
    policy: str | None = None,
    seconds: float | None = None,
) -> LiveStream[FrameResult]:
    """The same, of what looks at frames."""
    tally = FrameTally()
    if source is None:
        intake = Pushed(lambda record, index: answer_frame(watching, _taken(record, index)), tally)
        return LiveStream(nothing_to_iterate("frames"), intake.report, intake=intake)
    if (named := _named(source)) is not None:
        opened = [
            each if isinstance(each, Camera) else open_source(each, policy, every) for each in named
        ]
        sources = Sources(opened, seconds)
        return LiveStream(
            _answers(watching, sources, tally),
            lambda: {**tally.summary(), **sources.report()},
            sources.close,
        )
    if policy is not None or seconds is not None:
        raise UsageError("policy and seconds are for videos and cameras, not for arrays")
    assert isinstance(source, Iterable)
    alone = isinstance(source, np.ndarray) and source.ndim == _ONE_PICTURE
    records: Iterable[object] = [source] if alone else source
    taken = (_taken(record, index) for index, record in enumerate(records))
    return LiveStream(_answers(watching, taken, tally), tally.summary)


def _named(source: FrameSources) -> Sequence[str | Path | Camera] | None:
    """The sources that are named; None of arrays and of single photos."""
    if isinstance(source, (str, Path, Camera)):
        return [source]
    if not isinstance(source, (list, tuple)):
        return None
    named = [each for each in source if isinstance(each, (str, Path, Camera))]
    is_live = any(isinstance(each, Camera) or live_address(str(each)) for each in named)
    return named if is_live and len(named) == len(source) else None


def _taken(record: object, index: int) -> TakenFrame:
    if isinstance(record, (str, Path)):
        return photo_frame(Path(record), str(record), index)
    return array_frame(record, index)


def _answers(
    watching: Watching, frames: Iterable[TakenFrame], tally: FrameTally
) -> Generator[FrameResult, None, None]:
    links = defaultdict[str, Links](Links)
    for taken in frames:
        result = answer_frame(watching, taken)
        if result.t_s is not None and not result.event:
            people = links[result.source].follow(result.people, result.t_s)
            result = dataclasses.replace(result, people=people)
        tally.add(result)
        yield result
