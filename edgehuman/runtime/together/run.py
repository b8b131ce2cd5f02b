"""`edgehuman run` for models of frames, with sensors that people wear beside the camera.

edgehuman run zoo:person-pose-int8 --source door.mp4 --worn anna=walk.csv --json
edgehuman run zoo:person-pose-int8 --source 0 --worn anna=udp://:5555 ben=mqtt://127.0.0.1/ben
edgehuman run zoo:person-pose-int8 --source day          what `--record day` kept of such a run

Without --worn it is the run of frames alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.image import run as of_persons
from edgehuman.runtime.image.frames import run as of_frames
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.watch import open_watching
from edgehuman.runtime.together.recording import is_of_both
from edgehuman.runtime.together.words import WornFlags, require_worn

if TYPE_CHECKING:
    from edgehuman.runtime.together.playing import Words


@dataclass(frozen=True, slots=True)
class FramesConfig(of_frames.RunConfig, WornFlags):
    """Find people in photos or in a video, and who of them wears which sensor."""


@dataclass(frozen=True, slots=True)
class PersonsConfig(of_persons.RunConfig, WornFlags):
    """Run a person model on the photos of a folder, or on a video or camera beside sensors."""


Config: TypeAlias = FramesConfig | PersonsConfig


def run_frames(config: FramesConfig) -> Outcome:
    """Find the people of every frame, in order; with --worn beside sensors.

    Raises:
        UsageError, ArtefactError, DataError: as of a run of frames, and of a wearable.
    """
    if not _has_sensors(config):
        return of_frames.run(config)
    from edgehuman.runtime.together.playing import play_both

    return play_both(open_watching(config), config)


def run_persons(config: PersonsConfig) -> Outcome:
    """Answer for each photo, or for each person of a frame; with --worn beside sensors.

    Raises:
        UsageError, ArtefactError, DataError: as of a run of person images, and of a wearable.
    """
    if not _has_sensors(config):
        return of_persons.run(config)
    from edgehuman.runtime.together.playing import play_both

    watching = of_persons.watching_of(config)
    if not isinstance(watching, Watching):
        raise UsageError(
            f"{config.model} takes photos of one person; with --worn it needs frames with their "
            "people: add --detector zoo:person-detector-int8"
        )
    return play_both(watching, config)


def _has_sensors(config: Words) -> bool:
    """Whether sensors are read, or replayed.

    Raises:
        UsageError: a flag of sensors without any, or sensors beside a recording that has its own.
    """
    replayed = is_of_both(config.source)
    if replayed and config.worn:
        raise UsageError(
            f"{config.source} is a recording of a camera and its sensors; leave --worn out"
        )
    if not config.worn and not replayed:
        require_worn(config)  # type: ignore[arg-type]
    return bool(config.worn) or replayed
