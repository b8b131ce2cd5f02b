"""Gait in Python: what `edgehuman.stream` opens for models of skeletons and of silhouettes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehuman.errors import UsageError
from edgehuman.runtime.gait.source import is_frames, is_people, require_frames
from edgehuman.runtime.gallery import Gallery, read_gallery
from edgehuman.runtime.loop.live import LiveStream, live
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.stream import known_gallery
from edgehuman.runtime.skeleton.stream import open_stream as open_poses

if TYPE_CHECKING:
    from edgehuman.runtime.gait.fusing import Two
    from edgehuman.runtime.gait.walkers import Wanted
    from edgehuman.runtime.image.camera.camera import Camera


def open_stream(
    model: Model,
    source: object,
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
    detector: str | None = None,
    pose: str | None = None,
    segmenter: str | None = None,
    score: float | None = None,
    every: int = 1,
    policy: str | None = None,
    fuse: Model | str | Path | None = None,
    fuse_gallery: Gallery | str | Path | None = None,
) -> LiveStream[GaitResult]:
    """A result for every window of every track, and what happens to cameras; arguments as in
    `edgehuman.stream`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or file.
    """
    finding: dict[str, Any] = {"detector": detector, "pose": pose, "score": score, "policy": policy}
    second = _second(fuse, gallery, fuse_gallery, {"segmenter": segmenter})
    if (cameras := _cameras(source, is_frames)) is None:
        _require_none({**finding, **second, "every": None if every == 1 else every}, "poses")
        return open_poses(
            model,
            source,  # type: ignore[arg-type]
            gallery=gallery,
            hop_s=hop_s,
            threshold=threshold,
            realtime=realtime,
            seconds=seconds,
            seed=seed,
            rate_hz=rate_hz,
            size=size,
            layout=layout,
            on_the_spot=on_the_spot,
        )
    _require_none({"realtime": realtime or None, "size": size, "layout": layout}, "frames")
    own: dict[str, Any] = {
        "hop_s": hop_s,
        "threshold": threshold,
        "seconds": seconds,
        "rate_hz": rate_hz,
    }
    own["more"] = {"on_the_spot": on_the_spot}
    return _open(model, "joints", cameras, known_gallery(gallery), own, finding | second, every)


def open_silhouettes(
    model: Model,
    source: object,
    *,
    gallery: Gallery | str | Path | None = None,
    hop_s: float | None = None,
    threshold: float | None = None,
    seconds: float | None = None,
    seed: int = 0,
    rate_hz: float | None = None,
    on_the_spot: bool = False,
    detector: str | None = None,
    segmenter: str | None = None,
    pose: str | None = None,
    score: float | None = None,
    every: int = 1,
    policy: str | None = None,
    fuse: Model | str | Path | None = None,
    fuse_gallery: Gallery | str | Path | None = None,
) -> LiveStream[Any]:
    """A result for every walk of masks, or for every window of every track in frames; arguments as
    in `edgehuman.stream`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or file.
    """
    finding: dict[str, Any] = {
        "detector": detector,
        "segmenter": segmenter,
        "score": score,
        "policy": policy,
    }
    second = _second(fuse, gallery, fuse_gallery, {"pose": pose})
    own: dict[str, Any] = {
        "hop_s": hop_s,
        "threshold": threshold,
        "seconds": seconds,
        "rate_hz": rate_hz,
    }
    asked = detector is not None or segmenter is not None
    cameras = _cameras(source, (lambda name: True) if asked else is_people)
    if cameras is None:
        from edgehuman.runtime.silhouette.stream import open_stream as open_masks

        unasked = {name: value for name, value in own.items() if name != "threshold"}
        unasked |= {"every": None if every == 1 else every, "on_the_spot": on_the_spot or None}
        _require_none({**finding, **second, **unasked}, "masks")
        return open_masks(model, source, gallery=gallery, threshold=threshold, seed=seed)  # type: ignore[arg-type]
    own["more"] = {"on_the_spot": on_the_spot}
    return _open(model, "outlines", cameras, known_gallery(gallery), own, finding | second, every)


def _second(
    fuse: Model | str | Path | None,
    gallery: object,
    fuse_gallery: Gallery | str | Path | None,
    eyes: Mapping[str, str | None],
) -> dict[str, Any]:
    """The arguments of a second model.

    Args:
        eyes: what gives it what it reads, by its argument.

    Raises:
        UsageError: a second model without both galleries, or what needs one without it.
    """
    given = {"fuse_gallery": fuse_gallery, **eyes}
    for name, value in given.items():
        if fuse is None and value is not None:
            raise UsageError(f"{name} is for a second model; give it as fuse, or leave {name} out")
    if fuse is not None and (gallery is None or fuse_gallery is None):
        missing = "gallery" if gallery is None else "fuse_gallery"
        raise UsageError(f"fuse: each model has a gallery of its own; give {missing}")
    return {"fuse": fuse, **given}


def _cameras(
    source: object, names_frames: Callable[[str], bool]
) -> Sequence[str | Path | Camera] | None:
    """The sources of frames that were given; None of anything else.

    Raises:
        UsageError: of several, one is poses or masks.
    """
    if isinstance(source, (str, Path)):
        return [source] if names_frames(str(source)) else None
    if source is None:
        return None
    from edgehuman.runtime.image.camera.camera import Camera

    if isinstance(source, Camera):
        return [source]
    if not isinstance(source, (list, tuple)) or not source:
        return None
    if not all(isinstance(each, (str, Path, Camera)) for each in source):
        return None
    names = (str(each) for each in source if not isinstance(each, Camera))
    require_frames(names, names_frames, "source")
    return source


def _open(
    model: Model,
    wanted: Wanted,
    cameras: Sequence[str | Path | Camera],
    gallery: Gallery | Path | None,
    own: Mapping[str, Any],
    finding: Mapping[str, Any],
    every: int,
) -> LiveStream[GaitResult]:
    """The people of frames, named."""
    # Nothing of pictures is loaded for poses and masks.
    from edgehuman.runtime.gait.naming import Naming
    from edgehuman.runtime.gait.walkers import Walkers, watching_both, watching_for
    from edgehuman.runtime.gait.watch import namer
    from edgehuman.runtime.image.camera.camera import Camera
    from edgehuman.runtime.image.frames.several import Sources, open_source

    seconds = own["seconds"]
    opened = [
        each if isinstance(each, Camera) else open_source(each, finding["policy"], every)
        for each in cameras
    ]
    sources = Sources(opened, seconds)
    if finding["fuse"] is None:
        each = finding["pose" if wanted == "joints" else "segmenter"]
        watching = watching_for(wanted, finding["detector"], each, finding["score"])
    else:
        eyes = finding["detector"], finding["pose"], finding["segmenter"]
        watching = watching_both(*eyes, finding["score"])
    walkers = Walkers(sources, watching, own["rate_hz"], every, seconds=seconds)
    known = read_gallery(gallery) if isinstance(gallery, Path) else gallery
    words, more = (own["hop_s"], own["threshold"]), own["more"]
    if finding["fuse"] is not None:
        assert known is not None
        two = _two(model, wanted, known, finding, own["threshold"])
        return live(Naming(walkers, partial(two.namer, hop_s=own["hop_s"], **more)), walkers)
    naming = Naming(walkers, partial(namer, wanted, model, known, *words, **more))
    return live(naming, walkers)


def _two(
    model: Model,
    wanted: Wanted,
    known: Gallery,
    finding: Mapping[str, Any],
    threshold: float | None,
) -> Two:
    """The model and the second one."""
    from edgehuman.runtime.gait.fusing import open_two

    other, others = finding["fuse"], known_gallery(finding["fuse_gallery"])
    if not isinstance(other, Model):
        other = load(other)
    people = read_gallery(others) if isinstance(others, Path) else others
    assert people is not None
    return open_two(wanted, (model, other), (known, people), threshold)


def _require_none(given: Mapping[str, object], what: str) -> None:
    """Raises UsageError for an argument that says nothing of a source."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} says nothing of {what}, which the source is; leave it out")
