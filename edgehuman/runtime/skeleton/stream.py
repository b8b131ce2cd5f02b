"""Tracked skeletons in Python: what `edgehuman.stream` opens for a model that takes a
SkeletonSequence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from edgehuman.errors import UsageError
from edgehuman.preprocess.skeleton.declared import UNDECLARED, Declared, declare
from edgehuman.runtime.gallery import Gallery, read_gallery
from edgehuman.runtime.loop.live import LiveStream, close_unread, live
from edgehuman.runtime.loop.play import Playable, require_seconds
from edgehuman.runtime.loop.records import (
    IterableSource,
    PushedSource,
    require_no_clock,
    require_unpaced,
)
from edgehuman.runtime.loop.source import Source
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.rows import PoseRows, Poses
from edgehuman.runtime.skeleton.source import open_poses

_WANTED = (
    "poses.jsonl, a pose estimator's files, -, udp://host:port or simulated, or an iterable of "
    "poses"
)
PoseSource: TypeAlias = Playable[PoseBlock] | Iterable[Poses] | str | Path | None
_log = logging.getLogger("edgehuman.runtime")


def open_stream(
    model: Model,
    source: PoseSource,
    *,
    gallery: Gallery | str | Path | None = None,
    hop_s: float | None = None,
    threshold: float | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
    rate_hz: float | None = None,
    size: str | None = None,
    layout: str | None = None,
    on_the_spot: bool = False,
) -> LiveStream[GaitResult]:
    """A result for every window of every track; arguments as in `edgehuman.stream`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or file.
    """
    require_seconds(seconds)
    if source is None:
        require_no_clock(realtime, seconds)
    known = known_gallery(gallery)
    poses = _poses(source, model, realtime)
    declared = declare(rate_hz, size, layout)
    identifier, opened = listen(
        model, poses, known, hop_s, threshold, realtime, seed, declared=declared
    )
    identifier.on_the_spot = on_the_spot
    return live(identifier, opened, seconds)


def listen(
    model: Model,
    source: Playable[PoseBlock] | str,
    gallery: Gallery | Path | None,
    hop_s: float | None = None,
    threshold: float | None = None,
    realtime: bool = False,
    seed: int = 0,
    notify: Callable[[str], object] = _log.warning,
    declared: Declared = UNDECLARED,
    sender: str | None = None,
    key: Path | None = None,
) -> tuple[Identifier, Playable[PoseBlock]]:
    """The identifier, and the source of its tracks; the key is that of the gallery.

    Raises:
        UsageError, ArtefactError, DataError: as `open_stream`.
    """
    known = read_gallery(gallery, key) if isinstance(gallery, Path) else gallery
    if known is not None and not len(known):
        where = gallery if isinstance(gallery, Path) else "the gallery"
        notify(f"{where} is empty: everybody is unknown")
    opened = (
        open_poses(source, realtime=realtime, seed=seed, declared=declared, sender=sender)
        if isinstance(source, str)
        else source
    )
    try:
        return Identifier(model, opened.name, known, hop_s, threshold, notify), opened
    except BaseException:
        if opened is not source:
            close_unread(opened)  # its port would stay taken
        raise


def known_gallery(gallery: object) -> Gallery | Path | None:
    """Raises UsageError for anything but a gallery or the path of one."""
    if isinstance(gallery, str) and gallery:
        return Path(gallery)
    if gallery is None or isinstance(gallery, (Gallery, Path)):
        return gallery
    raise UsageError(
        f"gallery is {gallery!r}; give the file that `edgehuman gallery enroll` wrote, or a "
        "`Gallery`, or leave it out"
    )


def _poses(source: object, model: Model, realtime: bool) -> Playable[PoseBlock] | str:
    """Raises UsageError for a source of something else than skeletons."""
    if source is None:
        return PushedSource(PoseRows())
    if isinstance(source, (str, Path)):
        return str(source)
    if isinstance(source, Source) and source.queue.kind is not PoseBlock:
        raise UsageError(
            f"{source.name} gives {source.queue.kind.__name__}, but {model.name} reads skeletons; "
            f"give {_WANTED}"
        )
    if isinstance(source, Playable):
        return source
    if isinstance(source, Iterable):
        require_unpaced(realtime)
        return IterableSource(source, PoseRows())
    raise UsageError(
        f"{model.name} reads skeletons, not {type(source).__name__}; give {_WANTED}, or a "
        "source of `edgehuman.runtime.skeleton.source.open_poses`"
    )
