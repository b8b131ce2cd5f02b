"""`edgehuman gallery enroll --fuse`: one look at frames, and a walk in two galleries.

The people of the source are found and followed once; a track is checked by both models as each
checks it alone, and nobody is enrolled in one gallery whom the other one refuses. The walk has one
id in both.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

from edgehuman.errors import DataError, EdgehumanError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.walk import MAX_GAP_S
from edgehuman.runtime.gait.bodies import body_block
from edgehuman.runtime.gait.flags import FindingWords
from edgehuman.runtime.gait.outlines import LEAST_FRAMES, SAID, hidden_shares, outline_of
from edgehuman.runtime.gait.shown import OutlinesShown
from edgehuman.runtime.gait.walkers import Seen, Walkers, watching_both
from edgehuman.runtime.gallery import gallery_for
from edgehuman.runtime.gallery.fusion import BY_JOINTS, BY_OUTLINES
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.several import open_sources
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.names import one_name
from edgehuman.runtime.silhouette import commands as of_masks
from edgehuman.runtime.silhouette.source import MaskFrame, MaskWalk
from edgehuman.runtime.skeleton import commands as of_poses
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock


class Words(FindingWords, Protocol):
    """What the enrolments of both records share."""

    @property
    def pose(self) -> str | None: ...
    @property
    def segmenter(self) -> str | None: ...
    @property
    def on_the_spot(self) -> bool: ...
    @property
    def take_as_is(self) -> bool: ...


def open_walkers(config: FindingWords, watching: Watching) -> Walkers:
    """The people of the source.

    Raises:
        UsageError: a camera, and no time after which it ends.
    """
    sources = open_sources([config.source], None, config.every, config.seconds, pipelines=True)
    if sources.has_camera and config.seconds is None:
        raise UsageError(f"{sources.names[0]} never ends; give --seconds, the time to look")
    return Walkers(sources, watching, config.rate_hz, config.every, seconds=config.seconds)


class BodyBlocks:
    """The people of frames as poses: a `loop.play.Playable`.

    Args:
        walkers: of the source.
        heard: called with each frame and its people.

    Attributes:
        broken: what ended the source before its end; None: nothing.
    """

    def __init__(
        self, walkers: Walkers, heard: Callable[[Seen], object] = lambda seen: None
    ) -> None:
        self.name, self.live = walkers.name, walkers.live
        self._walkers, self._heard = walkers, heard
        self.broken: EdgehumanError | None = None

    def __enter__(self) -> BodyBlocks:
        return self

    def __exit__(self, *exception: object) -> None:
        self._walkers.close()

    def __iter__(self) -> Iterator[PoseBlock]:
        try:
            for seen in self._walkers:
                if seen.taken.event:
                    say(f"{self.name}: {seen.taken.event}: {seen.taken.reason}")
                self._heard(seen)
                block = body_block(seen.result, seen.taken.grabbed_ns)
                yield NOTHING if block is None else block
        except EdgehumanError as error:
            self.broken = error
            raise
        if nobody := self._walkers.nobody():
            raise DataError(f"{self.name}: {nobody}")

    def report(self) -> dict[str, Any]:
        """What was read."""
        return self._walkers.report()


class OutlineWalks:
    """The walks of people in frames, by their tracks; parts of track 7 that broke are 7, 7#2, 7#3.

    Args:
        on_the_spot: who stays where they are walks, too.
    """

    def __init__(self, on_the_spot: bool) -> None:
        self._on_the_spot = on_the_spot
        self._moves: dict[str, OutlinesShown] = {}
        self._idle: dict[str, list[str]] = {}
        self._held: dict[str, list[MaskFrame]] = {}
        self._part: dict[str, tuple[str, int, float]] = {}

    def take(self, seen: Seen) -> None:
        """Take the people of a frame."""
        result, t_s = seen.result, seen.taken.t_s or 0.0
        shares = hidden_shares(result.people).tolist()
        for person, hidden in zip(result.people, shares, strict=True):
            if not person.track:
                continue
            name, count, before_s = self._part.get(person.track, (person.track, 1, t_s))
            if t_s - before_s > MAX_GAP_S:
                count += 1
                name = f"{person.track}#{count}"
            self._part[person.track] = name, count, t_s
            record_HW, why = outline_of(person, hidden, result.height, result.width)
            own = self._moves.setdefault(name, OutlinesShown(1, t_s))
            own.take(t_s, record_HW, person.box_4)
            if own.can_tell and not self._on_the_spot:
                self._idle.setdefault(name, []).append(own.idle())
            frame = f"frame {result.frame}: the outline is {SAID[why]}" if why else ""
            one = MaskFrame(result.frame, record_HW, why, frame, t_s=t_s)
            self._held.setdefault(name, []).append(one)

    def walks(self, source: str) -> list[MaskWalk]:
        """Those that are long enough.

        Args:
            source: for messages.

        Raises:
            DataError: there is none.
        """
        walks = {
            name: frames
            for name, frames in self._held.items()
            if sum(frame.record_HW is not None for frame in frames) >= LEAST_FRAMES
        }
        if not walks:
            raise DataError(
                f"{source}: nobody is seen whole in {LEAST_FRAMES} frames of one track; give a "
                "longer video, or turn the camera so that it sees people from head to foot"
            )
        said = {name: sorted(self._idle.get(name, [""])) for name in walks}
        mostly = {name: each[len(each) // 2] for name, each in said.items()}
        return [
            MaskWalk(name, partial(iter, frames), idle=mostly[name])
            for name, frames in walks.items()
        ]


def one_walker(
    walks: list[MaskWalk], source: str, asked: str | None, take_as_is: bool
) -> list[MaskWalk]:
    """The walks of the source, which are of one person who walks, or one is asked for.

    Raises:
        DataError: several people, or somebody who does not walk.
    """
    tracks = dict.fromkeys(walk.name.partition("#")[0] for walk in walks)
    if len(tracks) > 1 and asked is None:
        raise DataError(
            f"{source} holds {len(tracks)} walkers (tracks {', '.join(tracks)}); choose one with "
            "--walk"
        )
    for walk in walks:
        if walk.idle and asked in (None, walk.name) and not take_as_is:
            raise DataError(
                f"{source}: track {walk.name}: {walk.idle}. Nobody was enrolled; if it is a walk, "
                "as on a treadmill, give --on-the-spot"
            )
    return walks


def enroll_both(
    config: Words,
    of_joints: of_poses.EnrolConfig,
    of_outlines: of_masks.EnrolConfig,
    chooses: str,
) -> Outcome:
    """Enrol one walk in both galleries.

    Args:
        config: of the command.
        of_joints, of_outlines: what each model is told.
        chooses: the flag that chooses a track.

    Raises:
        UsageError, ArtefactError, DataError: as of `gallery enroll` with one model; then nobody was
            enrolled, unless the message says so.
    """
    eyes = config.detector, config.pose, config.segmenter
    walkers = open_walkers(config, watching_both(*eyes, config.score, config.threads))
    seen = OutlineWalks(config.on_the_spot)
    with _by(BY_JOINTS):
        first = of_poses.ready(of_joints, lambda: BodyBlocks(walkers, seen.take), chooses)

    def of_track() -> list[MaskWalk]:
        walks = [
            walk for walk in seen.walks(config.source) if walk.name.partition("#")[0] == first.track
        ]
        if not walks:
            raise DataError(
                f"{config.source}: track {first.track} is not seen whole in {LEAST_FRAMES} frames"
            )
        return one_walker(walks, config.source, None, config.take_as_is)

    with _by(BY_OUTLINES):
        second = of_masks.ready(dataclasses.replace(of_outlines, walk=None), of_track)
    walk = one_name(of_masks.called(config.source, second.walkers[0].name))
    quality = {walk: first.walks.quality[first.track].score}
    terms = dataclasses.replace(first.terms, quality=quality)
    first = dataclasses.replace(first, walk=walk, terms=terms)
    for by, one in ((BY_JOINTS, first), (BY_OUTLINES, second)):  # before either is written
        with _by(by):
            one.added(gallery_for(one.config.gallery, one.model.card, one.config.key))
    written = [first.write()]
    # What was said of consent once is not said again.
    said = dataclasses.replace(second.config, no_consent_record=False)
    second = dataclasses.replace(second, config=said)
    try:
        written.append(second.write())
    except (EdgehumanError, KeyboardInterrupt) as error:
        held = _held(first, second, walk)
        if isinstance(error, KeyboardInterrupt):
            say(held)
            raise
        raise DataError(f"{error}. {held}") from None
    joints, outlines = (each.data for each in written)
    text = "\n".join(each.text for each in written)
    return Outcome({"walk": walk, BY_JOINTS: joints, BY_OUTLINES: outlines}, text)


def _held(first: of_poses.Ready, second: of_masks.Ready, walk: str) -> str:
    """Which gallery holds a walk that was written to the first alone."""
    return (
        f"{first.config.name} is in {first.config.gallery} now, and not in "
        f"{second.config.gallery}: enrol there with that model alone, or forget the walk "
        f"{walk!r} in the first"
    )


@contextlib.contextmanager
def _by(model: str) -> Iterator[None]:
    """Say which model refuses."""
    try:
        yield
    except (DataError, UsageError) as error:
        raise type(error)(f"by {model}: {error}") from None
