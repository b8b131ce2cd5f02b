"""What `edgehuman run` does with frames for a gait model: people are found, followed, and named by
how they walk; the frames are drawn if asked for.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from edgehuman.errors import UsageError
from edgehuman.files import require_apart, require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.preprocess.video import SUFFIXES
from edgehuman.runtime.gait.bodies import Bodies
from edgehuman.runtime.gait.enrolling import OutlineTracks
from edgehuman.runtime.gait.flags import Words
from edgehuman.runtime.gait.fusing import Managed, Two, open_two
from edgehuman.runtime.gait.naming import Namer, Naming
from edgehuman.runtime.gait.outlines import Outlines
from edgehuman.runtime.gait.source import is_frames, is_people, require_frames
from edgehuman.runtime.gait.walkers import Walkers, Wanted, watching_both, watching_for
from edgehuman.runtime.gallery import Gallery, read_gallery
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.draw import drawn
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.frames.saved import Film, filming
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.image.frames.taken import TakenFrame
from edgehuman.runtime.image.part_maps import require_no_photo
from edgehuman.runtime.loop.play import Played, play, require_seconds
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.serve.beside import Beside
from edgehuman.runtime.serve.people.enrolling import Enrolling, Tracks, keeper_for
from edgehuman.runtime.serve.people.keeper import Managing
from edgehuman.runtime.serve.people.sent import Sent, require_receiver
from edgehuman.runtime.skeleton.enrolling import PoseTracks
from edgehuman.runtime.skeleton.run import (
    managed_gallery,
    outcome_of,
    published,
    sinks_of,
)
from edgehuman.runtime.tracks.numbers import Numbers
from edgehuman.runtime.view.frames import NAME, about_frames, show, stand_beside
from edgehuman.runtime.view.screen import Notes

_FILM = ".mp4"


def watch(config: Words, wanted: Wanted, each: str | None, serve_gallery: bool = False) -> Outcome:
    """Name the people of the sources.

    Args:
        wanted: what the model reads of people.
        each: the pose network, or the segmenter; None: the usual one.
        serve_gallery: manage the gallery on the page.

    Raises:
        UsageError, ArtefactError, DataError: see `gait.run.run`.
    """
    require_seconds(config.seconds)
    apart = {"the model": config.model, "--source": config.source, "--gallery": config.gallery}
    apart |= {"--fuse-gallery": config.fuse_gallery}
    require_apart({**apart, "--key": config.key, "--save": config.save})
    require_receiver(config.sink_names, config.sink, config.live.webhook)
    if wanted == "joints" or (config.detector is None and each is None):
        require_frames(config.also, is_frames if wanted == "joints" else is_people, "--also")
    notes = Notes()
    model, two = _loaded(config.model, config, notes), None
    if config.fuse is None:
        watching = watching_for(wanted, config.detector, each, config.score, config.threads)
    else:
        two = _second(config, wanted, model, serve_gallery, notes)
        eyes = config.detector, config.pose, config.segmenter
        watching = watching_both(*eyes, config.score, config.threads)
    return watch_with(config, wanted, model, watching, notes, serve_gallery, two)


def _loaded(name: str, config: Words, notes: Notes) -> Model:
    return load(
        name,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=notes,
    )


def _second(config: Words, wanted: Wanted, model: Model, serve_gallery: bool, notes: Notes) -> Two:
    """The second model, --fuse, beside the first.

    Raises:
        UsageError, ArtefactError: as of `open_two`; or the galleries are to be managed on a page
            that is not asked for.
    """
    assert config.fuse is not None
    assert config.gallery is not None
    assert config.fuse_gallery is not None
    other = _loaded(config.fuse, config, notes)
    paths, key = (config.gallery, config.fuse_gallery), config.key
    if serve_gallery:
        page = config.live.serve
        own, others = (
            managed_gallery(path, key, page, each)
            for path, each in zip(paths, (model, other), strict=True)
        )
    else:
        own, others = (read_gallery(path, key) for path in paths)
    return open_two(wanted, (model, other), (own, others), config.threshold, notes)


def watch_with(
    config: Words,
    wanted: Wanted,
    model: Model,
    watching: Watching,
    notes: Notes,
    serve_gallery: bool = False,
    two: Two | None = None,
) -> Outcome:
    """The same, with what was opened already.

    Args:
        two: the model and a second one.

    Raises:
        UsageError, ArtefactError, DataError: see `gait.run.run`.
    """
    names = [config.source, *config.also]
    sources = open_sources(names, config.policy, config.every, config.seconds, pipelines=True)
    numbers, seconds = Numbers(config.ids), config.seconds
    walkers = Walkers(sources, watching, config.rate_hz, config.every, numbers, seconds)
    managed = Managed(two) if two is not None and serve_gallery else None
    gallery = _gallery(config, model, serve_gallery)
    if gallery is not None and not len(gallery) and two is None:
        notes(f"{config.gallery} is empty: everybody is unknown")
    enrolling = Enrolling()

    def namer_of(source: str) -> Namer:
        if two is not None:
            fused = two.namer(source, config.hop_s, config.on_the_spot)
            if managed is not None:
                managed.add(fused)
            return fused
        asked = config.hop_s, config.threshold, source
        flags: dict[str, Any] = {"notify": notes, "on_the_spot": config.on_the_spot}
        made = namer(wanted, model, gallery, *asked, **flags)
        if serve_gallery:
            enrolling.add(tracks_of(made))
        return made

    naming = Naming(walkers, namer_of)
    naming.knows = enrolling.knows if managed is None else managed.knows
    sent = Sent(config.sink_names, config.gallery, config.key, config.fuse_gallery)
    keeper: Managing | None = None
    if managed is not None:
        keeper = _keepers(config, managed, sent)
    elif serve_gallery and config.gallery is not None:
        keeper = keeper_for(config.gallery, config.key, model, enrolling, sent.refresh, notes)
    with _film(config.save, walkers, naming) as is_film:
        save = None if is_film else config.save
        played = _played(config, naming, walkers, notes, save, sent, keeper)
    if two is not None:
        two = two if managed is None else managed.two
        played = Played({**played.summary, "fusion": two.report()}, played.broken)
    if managed is not None:
        enrolling = managed.enrolling[managed.two.leads]
    return outcome_of(config.json, played, enrolling.gallery or gallery, notes)


def _gallery(config: Words, model: Model, serve_gallery: bool) -> Gallery | None:
    """The gallery of the first model; None: none was given."""
    if serve_gallery:
        return managed_gallery(config.gallery, config.key, config.live.serve, model)
    return None if config.gallery is None else read_gallery(config.gallery, config.key)


def _keepers(config: Words, managed: Managed, sent: Sent) -> Managing:
    """What manages the galleries of two models on the page."""
    assert config.gallery is not None
    assert config.fuse_gallery is not None
    paths = (config.gallery, config.fuse_gallery)[:: -1 if managed.two.leads else 1]
    return managed.keepers(paths, config.key, sent.refresh)


def namer(
    wanted: Wanted,
    model: Model,
    gallery: Gallery | None,
    hop_s: float | None,
    threshold: float | None,
    source: str,
    **words: Any,
) -> Bodies | Outlines:
    """What names the people of one source.

    Raises:
        UsageError, ArtefactError: as of `Bodies` and `Outlines`.
    """
    kind = Bodies if wanted == "joints" else Outlines
    return kind(model, source, gallery, hop_s, threshold, **words)


def tracks_of(namer: Bodies | Outlines) -> Tracks:
    """What a namer's people are enrolled by from the page."""
    if isinstance(namer, Bodies):
        return PoseTracks(namer.identifier)
    return OutlineTracks(namer)


def _played(
    config: Words,
    naming: Naming,
    walkers: Walkers,
    notes: Notes,
    save: Path | None,
    sent: Sent,
    keeper: Managing | None,
) -> Played:
    """The sources played to their end, with what stands beside the loop."""
    models = config.model if config.fuse is None else f"{config.model} and {config.fuse}"
    about = about_frames(models, walkers.name, naming.identifies)
    with Beside(config.live, about, notes, keeper) as beside:
        stand_beside(beside, walkers.sources, config.live)
        walkers.through = beside.through
        (naming.counted if beside.board is None else naming.shown).append(partial(_show, beside))
        sinks = [
            *sinks_of(config, save, naming.tally, notes, lambda: 0, sent),
            *beside.webhook(lambda result: published(result, sent).row),
        ]
        played = play(
            naming, walkers, sinks, None, notes, beside.watch_sinks, may_be_empty=walkers.live
        )
        broken = (*played.broken, *beside.close_sinks())
        played = Played({**played.summary, **beside.report()}, broken)
        beside.end(played.summary)
    return played


def _show(beside: Beside, taken: TakenFrame, result: FrameResult) -> None:
    """Count a frame, and show it with the names on the page."""
    show(beside, taken, result, time.time_ns() - int(taken.age_ms * 1e6))


@contextlib.contextmanager
def _film(save: Path | None, walkers: Walkers, naming: Naming) -> Iterator[bool]:
    """Whether the frames are drawn to a video, which is written when the block ends; of several
    sources, to NAME-SOURCE.mp4 for each.
    """
    if save is None or save.suffix.lower() not in SUFFIXES:
        yield False
        return
    if save.suffix.lower() != _FILM:
        raise UsageError(f"--save {save}: videos are written as MPEG-4; name it {save.stem}{_FILM}")
    kept = walkers.sources.kept()
    inputs = [path for each in kept.values() for path in each.inputs]
    with contextlib.ExitStack() as stack:
        films: dict[str, Film] = {}
        for name, each in kept.items():
            path = save.with_stem(f"{save.stem}-{each.stem}") if len(kept) > 1 else save
            require_usable_file(path, "--save")
            require_no_photo([path], inputs, "what was found in it", "video")
            films[name] = stack.enter_context(filming(path, each.fps or walkers.fps))

        def add(taken: TakenFrame, result: FrameResult) -> None:
            if taken.image_HWC is None:
                return
            name = taken.source if taken.source in films else next(iter(films))
            rows, columns = taken.image_HWC.shape[:2]
            scale = columns / taken.width, rows / taken.height
            picture_HWC = drawn(taken.image_HWC, result.people, scale, said_of(result))
            films[name].add(picture_HWC, result.t_s if kept[name].live else None)

        naming.shown.append(add)
        yield True


def said_of(result: FrameResult) -> dict[str, str]:
    """What is drawn beside the tracks of those who are known."""
    return {
        person.track: f"{person.answer[NAME]} {person.answer['identity']:.2f}"
        for person in result.people
        if NAME in person.answer
    }
