"""Frames with sensors beside them in Python: what `edgehuman.stream` opens for a model of frames or
of person crops. Without `worn` it is the stream of frames or photos alone.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.image import stream as of_persons
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames import stream as of_frames
from edgehuman.runtime.image.frames.answer import MOST, Watching
from edgehuman.runtime.image.frames.stream import FrameSources
from edgehuman.runtime.image.frames.watch import (
    detector_for,
    opened,
    require_range,
    watching_alone,
    watching_with,
)
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.opening import Asked, Opened, joined_of, open_sides
from edgehuman.runtime.together.results import Item
from edgehuman.runtime.together.wearers import BOUND_S
from edgehuman.runtime.together.words import WAIT_S, offsets_of, require_wait, sensors_of
from edgehuman.runtime.tracks.numbers import Numbers

Worn = Mapping[str, object] | Sequence[str] | str | None
Offsets = Mapping[str, float] | float


def open_frames(
    model: Model,
    source: FrameSources,
    *,
    score: float | None = None,
    most: int = MOST,
    every: int = 1,
    policy: str | None = None,
    seconds: float | None = None,
    worn: Worn = None,
    worn_model: Model | str | Path = "zoo:activity",
    worn_offset_s: Offsets = 0.0,
    worn_bound_s: float = BOUND_S,
    worn_format: ImuFormat | None = None,
    wait_s: float = WAIT_S,
) -> LiveStream[Any]:
    """The people of every frame, with `worn` beside sensors.

    Args:
        score, most, every, policy, seconds: as of frames alone (`image.frames.stream`).
        worn: sensors that people wear: source by name, a source, or a list of "NAME=SOURCE". The
            results are then FrameResult, WornResult and Happened, in the order of `t_s`, the clock
            of the run.
        worn_model: what answers for the sensors.
        worn_offset_s: seconds that are added to their times, for all or by name.
        worn_bound_s: beyond that, their clocks are late or early by at most so much.
        worn_format: units and axes of the sensors.
        wait_s: for how long a result waits for those of the other side.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, models or sources.
    """
    if worn is None:
        return of_frames.open_stream(
            model, source, score=score, most=most, every=every, policy=policy, seconds=seconds
        )
    require_range(score, most)
    asked = asked_of(worn, worn_model, worn_offset_s, worn_bound_s, worn_format, wait_s, seconds)
    return stream_both(watching_alone(model, score, most), source, asked, policy, every)


def open_persons(
    model: Model,
    source: FrameSources,
    *,
    detector: Model | str | Path | None = None,
    score: float | None = None,
    most: int = MOST,
    every: int = 1,
    policy: str | None = None,
    seconds: float | None = None,
    worn: Worn = None,
    worn_model: Model | str | Path = "zoo:activity",
    worn_offset_s: Offsets = 0.0,
    worn_bound_s: float = BOUND_S,
    worn_format: ImuFormat | None = None,
    wait_s: float = WAIT_S,
) -> LiveStream[Any]:
    """An answer for every photo, or for each person of a frame, with `worn` beside sensors.

    Args:
        detector, score, most, every, policy, seconds: as of person images (`image.stream`).
        worn, worn_model, worn_offset_s, worn_bound_s, worn_format, wait_s: as of `open_frames`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, models or sources.
    """
    if worn is None:
        return of_persons.open_stream(
            model,
            source,
            detector=detector,
            score=score,
            most=most,
            every=every,
            policy=policy,
            seconds=seconds,
        )
    require_range(score, most)
    if not isinstance(detector, Model):
        detector = detector_for(model, None if detector is None else str(detector))
    if detector is None:
        raise UsageError(
            f"{model.name} takes photos of one person; beside sensors it needs frames with their "
            'people: detector="zoo:person-detector-int8"'
        )
    finder = detector if isinstance(detector, Model) else opened(detector)
    asked = asked_of(worn, worn_model, worn_offset_s, worn_bound_s, worn_format, wait_s, seconds)
    return stream_both(watching_with(model, finder, score, most), source, asked, policy, every)


def asked_of(
    worn: Mapping[str, object] | Sequence[str] | str,
    worn_model: Model | str | Path,
    offset_s: Offsets,
    bound_s: float,
    format: ImuFormat | None,
    wait_s: float,
    seconds: float | None,
) -> Asked:
    """What is to be read beside the camera.

    Raises:
        UsageError: no sensor, or a value out of range.
    """
    require_wait(wait_s)
    sensors = sensors_of([worn] if isinstance(worn, str) else worn)
    if not sensors:
        raise UsageError('worn is empty; give sensors, such as {"anna": "walk.csv"}, or None')
    given = worn_model if isinstance(worn_model, Model) else None
    return Asked(
        sensors=sensors,
        load=lambda: load(worn_model) if given is None else given,  # type: ignore[arg-type]
        offsets=offsets_of(offset_s, sensors),
        bound_s=bound_s,
        wait_s=wait_s,
        format=format or ImuFormat(),
        seconds=seconds,
    )


def stream_both(
    watching: Watching, source: FrameSources, asked: Asked, policy: str | None, every: int
) -> LiveStream[Item]:
    """The results of a camera and sensors in one order.

    Raises:
        UsageError, DataError: as of `open_sides`.
    """
    names = [source] if isinstance(source, (str, Path, Camera)) else source
    if (
        not isinstance(names, (list, tuple))
        or not names
        or not all(isinstance(each, (str, Path, Camera)) for each in names)
    ):
        raise UsageError(
            "sensors go beside a video or a camera, which has times; give its name, a list of "
            "names, or edgehuman.Camera"
        )
    sides = open_sides(names, asked, policy, every, lambda said: None)
    joined = joined_of(sides, watching, asked, Numbers(), lambda said: None)
    return LiveStream(_results(joined, sides), lambda: _report(joined, sides), sides.close)


def _results(joined: Joined, sides: Opened) -> Generator[Item, None, None]:
    try:
        with joined:
            for item in joined:
                if item is not None:
                    yield item
    finally:
        sides.sources.close()


def _report(joined: Joined, sides: Opened) -> dict[str, Any]:
    return {**joined.report(), **sides.sources.report()}
