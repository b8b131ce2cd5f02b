"""`edgehuman gallery enroll|identify` for gait models, of frames too.

    edgehuman gallery enroll zoo:gait-silhouette --source anna.mp4 --name ANNA --gallery k.gallery
    edgehuman gallery identify zoo:gait-skeleton --source 0 --seconds 20 --gallery k.gallery

In frames people are found and followed; every track is a walk. Of poses and masks see
`runtime.skeleton.commands` and `runtime.silhouette.commands`, which do the rest for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.walk import MAX_GAP_S
from edgehuman.runtime.gait.flags import FindingFlags, FindingWords, require_none
from edgehuman.runtime.gait.source import is_frames, is_people
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.silhouette import commands as of_masks
from edgehuman.runtime.silhouette.source import MaskFrame, MaskWalk
from edgehuman.runtime.skeleton import commands as of_poses
from edgehuman.runtime.skeleton.lines import NOTHING, PoseBlock

if TYPE_CHECKING:
    from edgehuman.runtime.gait.walkers import Walkers, Wanted

_FRAMES = (
    "a camera (0, /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE), a video, a folder "
    "or a pattern of its pictures"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolConfig(of_poses.EnrolConfig, FindingFlags):
    """Enrol a person in a gallery.

    Attributes:
        source: a video of one walker, a folder of its pictures, or a camera; or FILE.jsonl of
            tracked skeletons, the file or folder of a pose estimator (OpenPose, AlphaPose, YOLO,
            MediaPipe, mmpose, COCO, ...), - (standard input), udp://HOST:PORT or simulated.
        pose: of frames: a model that gives people's joints (default: zoo:person-pose-int8).
    """

    pose: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyConfig(of_poses.IdentifyConfig, FindingFlags):
    """Identify the walker of every track.

    Attributes:
        source: a video, a folder of its pictures, or a camera; or FILE.jsonl of tracked skeletons,
            the file or folder of a pose estimator (OpenPose, AlphaPose, YOLO, MediaPipe, mmpose,
            COCO, ...), - (standard input), udp://HOST:PORT or simulated.
        pose: of frames: a model that gives people's joints (default: zoo:person-pose-int8).
    """

    pose: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteEnrolConfig(of_masks.EnrolConfig, FindingFlags):
    """Enrol a person's walks in a gallery.

    Attributes:
        source: a video of one walker, a folder of its pictures (JPEG), or a camera; or masks, all
            of this person: a folder of PNG masks (white on black, any size) or of such folders, one
            a walk; a video of masks; a packed file; or simulated.
        walk: enrol this walk of the source alone; of frames, this track.
        on_the_spot: of frames: who walks on the spot walks, as on a treadmill, or before a camera
            that follows.
        segmenter: of frames: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
        seconds: of frames: use so much; of a camera it is required.
        rate_hz: frames per second of a folder of pictures (default: 24, and it is said).
    """

    segmenter: str | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    rate_hz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteIdentifyConfig(of_masks.IdentifyConfig, FindingFlags):
    """Identify the walker of every walk, or of every track of frames.

    Attributes:
        source: a video, a folder of its pictures (JPEG), or a camera; or masks: a folder of PNG
            masks (white on black, any size) or of such folders, one a walk; a video of masks; a
            packed file; or simulated.
        segmenter: of frames: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
        on_the_spot: of frames: who walks on the spot gets a name, as on a treadmill, or before a
            camera that follows.
        seconds: of frames: use so much; of a camera it is required.
        rate_hz: frames per second of a folder of pictures (default: 24, and it is said).
    """

    segmenter: str | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    rate_hz: float | None = None


def enroll(config: EnrolConfig) -> Outcome:
    """`edgehuman gallery enroll`: add one walk to the file; on an error the file is unchanged.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.skeleton.commands.enroll`.
    """
    return of_poses.enroll(config, partial(_poses, config) if _is_joints(config) else None)


def identify(config: IdentifyConfig) -> Outcome:
    """`edgehuman gallery identify`: name the person of each track of the source.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.skeleton.commands.identify`.
    """
    return of_poses.identify(config, partial(_poses, config) if _is_joints(config) else None)


def enroll_silhouettes(config: SilhouetteEnrolConfig) -> Outcome:
    """`edgehuman gallery enroll`: add the walks to the file; on an error the file is unchanged.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.silhouette.commands.enroll`; or
            several people in frames, and none is chosen.
    """
    if not _is_outlines(config):
        return of_masks.enroll(config)

    def one() -> list[MaskWalk]:
        walks = outline_walks(config, config.segmenter, config.on_the_spot)
        tracks = dict.fromkeys(walk.name.partition("#")[0] for walk in walks)
        if len(tracks) > 1 and config.walk is None:
            raise DataError(
                f"{config.source} holds {len(tracks)} walkers (tracks {', '.join(tracks)}); choose "
                "one with --walk"
            )
        for walk in walks:
            if walk.idle and config.walk in (None, walk.name) and not config.take_as_is:
                raise DataError(
                    f"{config.source}: track {walk.name}: {walk.idle}. Nobody was enrolled; if it "
                    "is a walk, as on a treadmill, give --on-the-spot"
                )
        return walks

    return of_masks.enroll(config, one)


def identify_silhouettes(config: SilhouetteIdentifyConfig) -> Outcome:
    """`edgehuman gallery identify`: name the person of each walk, or of each track of frames.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.silhouette.commands.identify`.
    """
    is_frames = _is_outlines(config)
    found = partial(outline_walks, config, config.segmenter, config.on_the_spot)
    return of_masks.identify(config, found if is_frames else None)


def _is_joints(config: EnrolConfig | IdentifyConfig) -> bool:
    """Whether the source is frames, in which joints are to be found.

    Raises:
        UsageError: a flag that says nothing of the source.
    """
    if is_frames(config.source):
        given = {
            "--size": config.size is not None,
            "--layout": config.layout is not None,
            "--sender": config.sender is not None,
        }
        require_none(given, f"is for poses, and {config.source} is frames")
        return True
    given = {**config.given_finding(), "--pose": config.pose is not None}
    require_none(given, f"is for frames, and {config.source} is none: give {_FRAMES}")
    return False


def _is_outlines(config: SilhouetteEnrolConfig | SilhouetteIdentifyConfig) -> bool:
    """Whether the source is frames, in which outlines are to be found.

    Raises:
        UsageError: a flag that says nothing of the source.
    """
    if config.detector is not None or config.segmenter is not None or is_people(config.source):
        return True
    given = {
        **config.given_finding(),
        "--on-the-spot": config.on_the_spot,
        "--seconds": config.seconds is not None,
        "--rate-hz": config.rate_hz is not None,
    }
    require_none(given, f"is for frames, and {config.source} is masks")
    return False


def _walkers(config: FindingWords, wanted: Wanted, each: str | None) -> Walkers:
    """The people of the source.

    Raises:
        UsageError: a camera, and no time after which it ends.
    """
    from edgehuman.runtime.gait.walkers import Walkers, watching_for
    from edgehuman.runtime.image.frames.several import open_sources

    sources = open_sources([config.source], None, config.every, config.seconds, pipelines=True)
    if sources.has_camera and config.seconds is None:
        raise UsageError(f"{sources.names[0]} never ends; give --seconds, the time to look")
    watching = watching_for(wanted, config.detector, each, config.score, config.threads)
    return Walkers(sources, watching, config.rate_hz, config.every, seconds=config.seconds)


class BodyBlocks:
    """The people of frames as poses: a `loop.play.Playable`."""

    def __init__(self, walkers: Walkers) -> None:
        self.name, self.live = walkers.name, walkers.live
        self._walkers = walkers

    def __enter__(self) -> BodyBlocks:
        return self

    def __exit__(self, *exception: object) -> None:
        self._walkers.close()

    def __iter__(self) -> Iterator[PoseBlock]:
        from edgehuman.runtime.gait.bodies import body_block

        for seen in self._walkers:
            if seen.taken.event:
                say(f"{self.name}: {seen.taken.event}: {seen.taken.reason}")
            block = body_block(seen.result, seen.taken.grabbed_ns)
            yield NOTHING if block is None else block
        if nobody := self._walkers.nobody():
            raise DataError(f"{self.name}: {nobody}")

    def report(self) -> dict[str, Any]:
        """What was read."""
        return self._walkers.report()


def _poses(config: EnrolConfig | IdentifyConfig) -> BodyBlocks:
    return BodyBlocks(_walkers(config, "joints", config.pose))


def outline_walks(config: FindingWords, segmenter: str | None, on_the_spot: bool) -> list[MaskWalk]:
    """The walks of people in frames, by their tracks; parts of track 7 that broke are 7, 7#2, 7#3.

    Args:
        on_the_spot: who stays where they are walks, too.

    Raises:
        DataError: nobody, or nobody long enough.
    """
    from edgehuman.runtime.gait.outlines import LEAST_FRAMES, SAID, hidden_shares, outline_of
    from edgehuman.runtime.gait.shown import OutlinesShown

    moves: dict[str, OutlinesShown] = {}
    idle: dict[str, list[str]] = {}
    held: dict[str, list[MaskFrame]] = {}
    part: dict[str, tuple[str, int, float]] = {}
    with _walkers(config, "outlines", segmenter) as walkers:
        for seen in walkers:
            result, t_s = seen.result, seen.taken.t_s or 0.0
            if seen.taken.event:
                say(f"{walkers.name}: {seen.taken.event}: {seen.taken.reason}")
            shares = hidden_shares(result.people).tolist()
            for person, hidden in zip(result.people, shares, strict=True):
                if not person.track:
                    continue
                name, count, before_s = part.get(person.track, (person.track, 1, t_s))
                if t_s - before_s > MAX_GAP_S:
                    count += 1
                    name = f"{person.track}#{count}"
                part[person.track] = name, count, t_s
                record_HW, why = outline_of(person, hidden, result.height, result.width)
                own = moves.setdefault(name, OutlinesShown(1, t_s))
                own.take(t_s, record_HW, person.box_4)
                if own.can_tell and not on_the_spot:
                    idle.setdefault(name, []).append(own.idle())
                frame = f"frame {result.frame}: the outline is {SAID[why]}" if why else ""
                one = MaskFrame(result.frame, record_HW, why, frame, t_s=t_s)
                held.setdefault(name, []).append(one)
    if nobody := walkers.nobody():
        raise DataError(f"{walkers.name}: {nobody}")
    walks = {
        name: frames
        for name, frames in held.items()
        if sum(frame.record_HW is not None for frame in frames) >= LEAST_FRAMES
    }
    if not walks:
        raise DataError(
            f"{walkers.name}: nobody is seen whole in {LEAST_FRAMES} frames of one track; give a "
            "longer video, or turn the camera so that it sees people from head to foot"
        )
    said = {name: sorted(idle.get(name, [""])) for name in walks}
    mostly = {name: each[len(each) // 2] for name, each in said.items()}
    return [
        MaskWalk(name, partial(iter, frames), idle=mostly[name]) for name, frames in walks.items()
    ]
