"""Gait in Python: what `edgehuman.stream` opens for a model that takes a SkeletonSequence."""

from __future__ import annotations

from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.runtime.gait.source import is_frames
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.loop.live import LiveStream, live
from edgehuman.runtime.loop.play import require_seconds
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.stream import PoseSource, known_gallery, listen
from edgehuman.runtime.skeleton.stream import open_stream as open_poses


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
    detector: str | None = None,
    pose: str | None = None,
    score: float | None = None,
    every: int = 1,
) -> LiveStream[GaitResult]:
    """A result for every window of every track; arguments as in `edgehuman.stream`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or file.
    """
    of_frames = {"detector": detector, "pose": pose, "score": score}
    if not (isinstance(source, (str, Path)) and is_frames(str(source))):
        for name, value in {**of_frames, "every": None if every == 1 else every}.items():
            if value is not None:
                raise UsageError(
                    f"{name} is for a video or a folder of pictures, and the source is none; leave "
                    "it out"
                )
        return open_poses(
            model,
            source,
            gallery=gallery,
            hop_s=hop_s,
            threshold=threshold,
            realtime=realtime,
            seconds=seconds,
            seed=seed,
            rate_hz=rate_hz,
            size=size,
            layout=layout,
        )
    of_poses = {"realtime": realtime or None, "size": size, "layout": layout}
    for name, value in of_poses.items():
        if value is not None:
            raise UsageError(f"{name} is for poses, and {source} is frames; leave it out")
    require_seconds(seconds)
    # Nothing of pictures is loaded for poses.
    from edgehuman.runtime.gait.naming import Naming
    from edgehuman.runtime.gait.walkers import Walkers, watching_for

    watching = watching_for(detector, pose, score)
    walkers = Walkers(str(source), watching, every, rate_hz)
    identifier, _ = listen(model, walkers, known_gallery(gallery), hop_s, threshold)
    return live(Naming(identifier, walkers), walkers, seconds)
