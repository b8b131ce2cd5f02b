"""Photos in Python: what `edgehuman.stream` opens for a model that takes a person's image."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import UsageError
from edgehuman.runtime.image.answer import answer_image, answer_photo, require_answers
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import MOST
from edgehuman.runtime.image.frames.stream import FrameSources, stream_of
from edgehuman.runtime.image.frames.watch import (
    detector_for,
    opened,
    require_range,
    watching_with,
)
from edgehuman.runtime.image.pushed import Pushed, nothing_to_iterate
from edgehuman.runtime.image.results import PhotoResult, PhotoTally
from edgehuman.runtime.image.source import find_photos, name_in
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model

_ONE_PICTURE = 3
"""Axes of an array that is one picture, and not a batch of them."""


def open_stream(
    model: Model,
    source: FrameSources,
    *,
    detector: Model | str | Path | None = None,
    score: float | None = None,
    most: int = MOST,
    every: int = 1,
    policy: str | None = None,
    seconds: float | None = None,
) -> LiveStream[Any]:
    """An answer for every photo of a folder (or the one photo), in the order of their names; for
    every array or path of an iterable; for one array (H, W, 3); or for every array or path that is
    pushed, without a source.

    An unreadable photo is a result too, with its reason; it does not end the stream.

    Args:
        detector: finds people in photos and in the frames of a video: a model, zoo:NAME, or a
            network of others; the results are then `FrameResult`s, with an answer for each person.
            "none": every photo is one person; without it that is so but for models of joints by
            SimCC and of silhouettes, which then have zoo:person-detector-int8.
        score, most, every, policy, seconds: with it, as for a model of frames, whose sources it
            then takes, cameras too.

    Raises:
        ArtefactError: a model whose output is no answer about a photo.
        DataError: no such folder, or no photo in it.
        UsageError: a source that is neither a path nor an iterable.
    """
    if source is not None and not isinstance(source, (str, Path, Camera, Iterable)):
        raise UsageError(
            f"{model.name} reads photos, not {type(source).__name__}; give a folder of "
            "photos, one photo, or an iterable of uint8 RGB arrays (H, W, 3)"
        )
    require_answers(model)
    require_range(score, most)
    if not isinstance(detector, Model):
        detector = detector_for(model, None if detector is None else str(detector))
    if detector is not None:
        found_by = detector if isinstance(detector, Model) else opened(detector)
        watching = watching_with(model, found_by, score, most)
        return stream_of(watching, source, every, policy, seconds)
    if isinstance(source, Camera):
        raise UsageError(
            f'{model.name} takes photos of one person; with detector="zoo:person-detector-int8" '
            "it answers for each person of a camera"
        )
    tally = PhotoTally()
    if source is None:
        intake = Pushed(partial(_answer_one, model), tally)
        return LiveStream(nothing_to_iterate("photos"), intake.report, intake=intake)
    if not isinstance(source, (str, Path)):
        alone = isinstance(source, np.ndarray) and source.ndim == _ONE_PICTURE
        return LiveStream(_each_answer(model, [source] if alone else source, tally), tally.summary)
    found = find_photos(source)
    tally.others = found.others
    return LiveStream(_answers(model, Path(source), found.photos, tally), tally.summary)


def _answer_one(model: Model, record: object, index: int) -> PhotoResult:
    if isinstance(record, (str, Path)):
        return answer_photo(model, Path(record), str(record))
    return answer_image(model, record, str(index))


def _each_answer(
    model: Model, source: Iterable[object], tally: PhotoTally
) -> Generator[PhotoResult, None, None]:
    for index, record in enumerate(source):
        result = _answer_one(model, record, index)
        tally.add(result)
        yield result


def _answers(
    model: Model, source: Path, photos: Sequence[Path], tally: PhotoTally
) -> Generator[PhotoResult, None, None]:
    for path in photos:
        result = answer_photo(model, path, name_in(source, path))
        tally.add(result)
        yield result
