"""What `edgehuman run` does with frames for a gait model: people are found, followed, and named by
how they walk; the frames are drawn if asked for.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from edgehuman.errors import UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.runtime.gait.naming import Naming
from edgehuman.runtime.gait.walkers import Walkers, watching_for
from edgehuman.runtime.image.frames.saved import filming
from edgehuman.runtime.loop.play import require_seconds
from edgehuman.runtime.model import load
from edgehuman.runtime.skeleton import run as of_poses
from edgehuman.runtime.skeleton.stream import listen
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.view.screen import Notes

if TYPE_CHECKING:
    from edgehuman.runtime.gait.run import RunConfig

_FILM = ".mp4"


def watch(config: RunConfig) -> Outcome:
    """Name the people of a video or a folder of pictures.

    Raises:
        UsageError, ArtefactError, DataError: see `gait.run.run`.
    """
    require_seconds(config.seconds)
    apart = {"the model": config.model, "--source": config.source, "--gallery": config.gallery}
    require_apart({**apart, "--save": config.save})
    notes = Notes()
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=notes,
    )
    watching = watching_for(config.detector, config.pose, config.score, config.threads)
    numbers = Numbers(config.ids)
    walkers = Walkers(config.source, watching, config.every, config.rate_hz, numbers)
    identifier, _ = listen(
        model,
        walkers,
        of_poses.gallery_of(config, model),
        config.hop_s,
        config.threshold,
        notify=notes,
        key=config.key,
    )
    with _film(config.save, walkers) as is_film:
        lines = dataclasses.replace(config, save=None) if is_film else config
        naming = Naming(identifier, walkers)
        return of_poses.finish(lines, naming, identifier, model, walkers, notes)


@contextlib.contextmanager
def _film(save: Path | None, walkers: Walkers) -> Iterator[bool]:
    """Whether the frames are drawn to a video, which is written when the block ends."""
    if save is None or save.suffix.lower() not in SUFFIXES:
        yield False
        return
    if save.suffix.lower() != _FILM:
        raise UsageError(f"--save {save}: videos are written as MPEG-4; name it {save.stem}{_FILM}")
    require_usable_file(save, "--save")
    with filming(save, walkers.fps) as film:
        walkers.show = film.add
        yield True
