"""`edgehuman gallery enroll|identify` for gait models, of frames too.

    edgehuman gallery enroll zoo:gait-silhouette --source anna.mp4 --name ANNA --gallery k.gallery
    edgehuman gallery identify zoo:gait-skeleton --source 0 --seconds 20 --gallery k.gallery

In frames people are found and followed; every track is a walk. Of poses and masks see
`runtime.skeleton.commands` and `runtime.silhouette.commands`, which do the rest for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import partial
from typing import Any

from edgehuman.errors import DataError
from edgehuman.outcome import Outcome
from edgehuman.runtime.gait.flags import (
    FindingFlags,
    FindingWords,
    FuseFlags,
    require_fusing,
    require_none,
)
from edgehuman.runtime.gait.source import is_frames, is_people
from edgehuman.runtime.gallery.terms import EnrolmentTerms
from edgehuman.runtime.loop.play import Playable, say
from edgehuman.runtime.silhouette import commands as of_masks
from edgehuman.runtime.silhouette.source import MaskWalk
from edgehuman.runtime.skeleton import commands as of_poses
from edgehuman.runtime.skeleton.lines import PoseBlock

_ONE_ID = "names the walk of one model; with --fuse it has one id in both galleries"
_FRAMES = (
    "a camera (0, /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE), a video, a folder "
    "or a pattern of its pictures"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolConfig(of_poses.EnrolConfig, FindingFlags, FuseFlags):
    """Enrol a person in a gallery.

    Attributes:
        source: a video of one walker, a folder of its pictures, or a camera; or FILE.jsonl of
            tracked skeletons, the file or folder of a pose estimator (OpenPose, AlphaPose, YOLO,
            MediaPipe, mmpose, COCO, ...), - (standard input), udp://HOST:PORT or simulated.
        pose: of frames: a model that gives people's joints (default: zoo:person-pose-int8).
        segmenter: with --fuse: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
    """

    pose: str | None = None
    segmenter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyConfig(of_poses.IdentifyConfig, FindingFlags, FuseFlags):
    """Identify the walker of every track.

    Attributes:
        source: a video, a folder of its pictures, or a camera; or FILE.jsonl of tracked skeletons,
            the file or folder of a pose estimator (OpenPose, AlphaPose, YOLO, MediaPipe, mmpose,
            COCO, ...), - (standard input), udp://HOST:PORT or simulated.
        pose: of frames: a model that gives people's joints (default: zoo:person-pose-int8).
        segmenter: with --fuse: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
    """

    pose: str | None = None
    segmenter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteEnrolConfig(of_masks.EnrolConfig, FindingFlags, FuseFlags):
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
        pose: with --fuse: a model that gives people's joints (default: zoo:person-pose-int8).
        seconds: of frames: use so much; of a camera it is required.
        rate_hz: frames per second of a folder of pictures (default: 24, and it is said).
    """

    segmenter: str | None = None
    pose: str | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    rate_hz: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteIdentifyConfig(of_masks.IdentifyConfig, FindingFlags, FuseFlags):
    """Identify the walker of every walk, or of every track of frames.

    Attributes:
        source: a video, a folder of its pictures (JPEG), or a camera; or masks: a folder of PNG
            masks (white on black, any size) or of such folders, one a walk; a video of masks; a
            packed file; or simulated.
        segmenter: of frames: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
        pose: with --fuse: a model that gives people's joints (default: zoo:person-pose-int8).
        on_the_spot: of frames: who walks on the spot gets a name, as on a treadmill, or before a
            camera that follows.
        seconds: of frames: use so much; of a camera it is required.
        rate_hz: frames per second of a folder of pictures (default: 24, and it is said).
    """

    segmenter: str | None = None
    pose: str | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    rate_hz: float | None = None


def enroll(config: EnrolConfig) -> Outcome:
    """`edgehuman gallery enroll`: add one walk to the file; on an error the file is unchanged.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.skeleton.commands.enroll`.
    """
    if not _is_joints(config):
        return of_poses.enroll(config)
    require_fusing(config, "--segmenter", config.segmenter)
    if config.fuse is None:
        return of_poses.enroll(config, partial(_poses, config))
    from edgehuman.runtime.gait.enrolment import enroll_both

    require_none({"--walk": config.walk is not None}, _ONE_ID)
    return enroll_both(config, config, _of_masks(config), "--track")


def identify(config: IdentifyConfig) -> Outcome:
    """`edgehuman gallery identify`: name the person of each track of the source.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.skeleton.commands.identify`.
    """
    if not _is_joints(config):
        return of_poses.identify(config)
    require_fusing(config, "--segmenter", config.segmenter)
    if config.fuse is None:
        return of_poses.identify(config, partial(_poses, config))
    from edgehuman.runtime.gait.fusing import identify_both

    return identify_both(config, "joints")


def enroll_silhouettes(config: SilhouetteEnrolConfig) -> Outcome:
    """`edgehuman gallery enroll`: add the walks to the file; on an error the file is unchanged.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.silhouette.commands.enroll`; or
            several people in frames, and none is chosen.
    """
    if not _is_outlines(config):
        return of_masks.enroll(config)
    require_fusing(config, "--pose", config.pose)
    if config.fuse is not None:
        from edgehuman.runtime.gait.enrolment import enroll_both

        return enroll_both(config, _of_poses(config), config, "--walk")

    def one() -> list[MaskWalk]:
        from edgehuman.runtime.gait.enrolment import one_walker

        walks = outline_walks(config, config.segmenter, config.on_the_spot)
        return one_walker(walks, config.source, config.walk, config.take_as_is)

    return of_masks.enroll(config, one)


def identify_silhouettes(config: SilhouetteIdentifyConfig) -> Outcome:
    """`edgehuman gallery identify`: name the person of each walk, or of each track of frames.

    Raises:
        UsageError, ArtefactError, DataError: as of `runtime.silhouette.commands.identify`.
    """
    if not _is_outlines(config):
        return of_masks.identify(config)
    require_fusing(config, "--pose", config.pose)
    if config.fuse is not None:
        from edgehuman.runtime.gait.fusing import identify_both

        return identify_both(config, "outlines")
    found = partial(outline_walks, config, config.segmenter, config.on_the_spot)
    return of_masks.identify(config, found)


def _of_masks(config: EnrolConfig) -> of_masks.EnrolConfig:
    """The words of the second model, of outlines."""
    kept = _both(config)
    return of_masks.EnrolConfig(**kept, walk=config.track)


def _of_poses(config: SilhouetteEnrolConfig) -> of_poses.EnrolConfig:
    """The words of the second model, of joints."""
    spot, seconds = config.on_the_spot, config.seconds
    words: dict[str, Any] = {"track": config.walk, "on_the_spot": spot, "seconds": seconds}
    return of_poses.EnrolConfig(**_both(config), **words)


def _both(config: EnrolConfig | SilhouetteEnrolConfig) -> dict[str, Any]:
    """What the second model is told as the first one is."""
    terms = {each.name: getattr(config, each.name) for each in fields(EnrolmentTerms)}
    own = {
        name: getattr(config, name) for name in ("source", "name", "take_as_is", "threads", "seed")
    }
    return {**terms, **own, "model": config.fuse, "gallery": config.fuse_gallery}


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
    given |= _of_fusing(config)
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
        **_of_fusing(config),
    }
    require_none(given, f"is for frames, and {config.source} is masks")
    return False


def _of_fusing(config: object) -> dict[str, bool]:
    """The flags of a second model, and whether each was given."""
    if not isinstance(config, FuseFlags):
        return {}
    of_joints = isinstance(config, EnrolConfig | IdentifyConfig)
    eyes = "--segmenter" if of_joints else "--pose"
    given = getattr(config, eyes.removeprefix("--"), None) is not None
    return {**config.given_of_fusing(), eyes: given}


def _poses(config: EnrolConfig | IdentifyConfig) -> Playable[PoseBlock]:
    from edgehuman.runtime.gait.enrolment import BodyBlocks, open_walkers
    from edgehuman.runtime.gait.walkers import watching_for

    watching = watching_for("joints", config.detector, config.pose, config.score, config.threads)
    return BodyBlocks(open_walkers(config, watching))


def outline_walks(config: FindingWords, segmenter: str | None, on_the_spot: bool) -> list[MaskWalk]:
    """The walks of people in frames, by their tracks; parts of track 7 that broke are 7, 7#2, 7#3.

    Args:
        on_the_spot: who stays where they are walks, too.

    Raises:
        DataError: nobody, or nobody long enough.
    """
    from edgehuman.runtime.gait.enrolment import OutlineWalks, open_walkers
    from edgehuman.runtime.gait.walkers import watching_for

    watching = watching_for("outlines", config.detector, segmenter, config.score, config.threads)
    found = OutlineWalks(on_the_spot)
    with open_walkers(config, watching) as walkers:
        for seen in walkers:
            if seen.taken.event:
                say(f"{walkers.name}: {seen.taken.event}: {seen.taken.reason}")
            found.take(seen)
    if nobody := walkers.nobody():
        raise DataError(f"{walkers.name}: {nobody}")
    return found.walks(walkers.name)
