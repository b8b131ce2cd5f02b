"""A camera and sensors as one stream of results; what `runtime.together.stream` opens."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.runtime.image.camera.camera import Camera
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.stream import FrameSources
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.together.joined import Joined
from edgehuman.runtime.together.opening import Asked, Opened, joined_of, open_sides
from edgehuman.runtime.together.results import Item
from edgehuman.runtime.together.words import offsets_of, require_wait, sensors_of
from edgehuman.runtime.tracks.numbers import Numbers


def asked_of(
    worn: Mapping[str, object] | Sequence[str] | str,
    worn_model: Model | str | Path,
    offset_s: Mapping[str, float] | float,
    bound_s: float,
    format: ImuFormat,
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
        format=format,
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
