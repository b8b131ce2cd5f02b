"""Frames with sensors beside them in Python: what `edgehuman.stream` opens for a model of frames or
of person crops. Without `worn` it is the stream of frames or photos alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.runtime.image import stream as of_persons
from edgehuman.runtime.image.frames import stream as of_frames
from edgehuman.runtime.image.frames.answer import MOST
from edgehuman.runtime.image.frames.stream import FrameSources
from edgehuman.runtime.image.frames.watch import (
    detector_for,
    opened,
    require_range,
    watching_alone,
    watching_with,
)
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model
from edgehuman.runtime.together.wearers import BOUND_S
from edgehuman.runtime.together.words import WAIT_S, format_of

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
    worn_accel_unit: str = "auto",
    worn_gyro_unit: str = "auto",
    worn_phone: str | None = None,
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
        worn_accel_unit, worn_gyro_unit, worn_phone: as the flags of `run`.
        wait_s: for how long a result waits for those of the other side.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, models or sources.
    """
    if worn is None:
        return of_frames.open_stream(
            model, source, score=score, most=most, every=every, policy=policy, seconds=seconds
        )
    from edgehuman.runtime.together.listening import asked_of, stream_both

    require_range(score, most)
    format = format_of(worn_accel_unit, worn_gyro_unit, worn_phone)
    asked = asked_of(worn, worn_model, worn_offset_s, worn_bound_s, format, wait_s, seconds)
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
    worn_accel_unit: str = "auto",
    worn_gyro_unit: str = "auto",
    worn_phone: str | None = None,
    wait_s: float = WAIT_S,
) -> LiveStream[Any]:
    """An answer for every photo, or for each person of a frame, with `worn` beside sensors.

    Args:
        detector, score, most, every, policy, seconds: as of person images (`image.stream`).
        worn: and what else begins with it, and wait_s: as of `open_frames`.

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
    from edgehuman.runtime.together.listening import asked_of, stream_both

    finder = detector if isinstance(detector, Model) else opened(detector)
    format = format_of(worn_accel_unit, worn_gyro_unit, worn_phone)
    asked = asked_of(worn, worn_model, worn_offset_s, worn_bound_s, format, wait_s, seconds)
    return stream_both(watching_with(model, finder, score, most), source, asked, policy, every)
