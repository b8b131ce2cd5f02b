"""`edgehuman run` for gait models: people before cameras, in videos or pictures; or what was found
of them already, poses or masks.

edgehuman run zoo:gait-skeleton --source rtsp://door/1 --gallery known.gallery --json

edgehuman run zoo:gait-silhouette --source door.mp4 --gallery known.gallery --save seen.mp4

In frames, people are found and followed, and their joints or outlines taken (`walkers`); of poses
and of masks see `runtime.skeleton.run` and `runtime.silhouette.run`.
"""

from __future__ import annotations

from dataclasses import dataclass

from edgehuman.outcome import Outcome
from edgehuman.runtime.gait.flags import FrameFlags, FuseFlags, require_fusing, require_none
from edgehuman.runtime.gait.source import is_frames, is_people
from edgehuman.runtime.mqtt.publish import SinkFlags
from edgehuman.runtime.serve.people.sent import NamesSent
from edgehuman.runtime.silhouette import run as of_masks
from edgehuman.runtime.skeleton import run as of_poses


@dataclass(frozen=True, slots=True)
class RunConfig(of_poses.RunConfig, FrameFlags, FuseFlags):
    """Name the people who walk before a camera, or of a live stream of tracked skeletons.

    Attributes:
        source: a camera (0, /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE), a video, a
            folder or a pattern of its pictures, or a folder of --record; or FILE.jsonl of tracked
            skeletons, the file or folder of a pose estimator (OpenPose, AlphaPose, YOLO, MediaPipe,
            mmpose, COCO, ...), - (standard input), udp://HOST:PORT or simulated.
        save: write the same JSON lines to this file; of frames, FILE.mp4: the frames with what was
            found.
        seconds: end after so many seconds; of a video or a file, of its time. Of a live source the
            wall clock counts too, so that a silent one ends.
        rate_hz: frames per second of a folder of pictures, or of a pose estimator's files that
            have frame numbers (default: 24, and it is said).
        pose: of frames: a model that gives people's joints (default: zoo:person-pose-int8).
        segmenter: with --fuse: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
    """

    pose: str | None = None
    segmenter: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SilhouetteRunConfig(of_masks.RunConfig, FrameFlags, FuseFlags, SinkFlags):
    """Name the people who walk before a camera, or the walker of every walk of masks.

    Attributes:
        source: a camera (0, /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE), a video of
            people, a folder of its pictures (JPEG), or a folder of --record; or masks: a folder of
            PNG masks (white on black, any size) or of such folders, one a walk; a video of masks; a
            packed file; or simulated.
        save: write the same JSON lines to this file; of frames, FILE.mp4: the frames with what was
            found.
        segmenter: of frames: a model that gives people's outlines (default:
            zoo:person-silhouette-int8; with --detector mog2, the outlines of what moves).
        pose: with --fuse: a model that gives people's joints (default: zoo:person-pose-int8).
        hop_s: of frames: stream time between two windows of a track, seconds (default: the model's
            card).
        on_the_spot: of frames: who walks on the spot gets a name, as on a treadmill, or before a
            camera that follows.
        seconds: of frames: end after so many seconds; of a video, at that time of it.
        rate_hz: frames per second of a folder of pictures (default: 24, and it is said).
        sink_names: of frames: whose names leave this machine, to --sink and --webhook: nobody's,
            those of people of whom every walk has a record of consent, or all.
        serve_gallery: of frames: manage --gallery on the page of --serve: list, enrol who walks
            now, forget.
    """

    segmenter: str | None = None
    pose: str | None = None
    hop_s: float | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    rate_hz: float | None = None
    sink_names: NamesSent = "none"
    serve_gallery: bool = False


def run(config: RunConfig) -> Outcome:
    """Play the source through the model to standard output, and to a file if requested.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model or gallery, a wrong or
            too short recording.
    """
    if not is_frames(config.source):
        given = {**config.given_of_frames(), **config.given_of_fusing()}
        given |= {"--pose": config.pose is not None, "--segmenter": config.segmenter is not None}
        require_none(
            given,
            f"is for frames, in which people are to be found; {config.source} is no camera, no "
            "video and no folder of pictures",
        )
        return of_poses.run(config)
    given = {
        "--realtime": config.realtime,
        "--size": config.size is not None,
        "--layout": config.layout is not None,
        "--sender": config.sender is not None,
    }
    require_none(given, f"is for poses, and {config.source} is frames")
    require_fusing(config, "--segmenter", config.segmenter)
    from edgehuman.runtime.gait.watch import watch  # nothing of pictures is loaded for poses

    return watch(config, "joints", config.pose, config.serve_gallery)


def run_silhouettes(config: SilhouetteRunConfig) -> Outcome:
    """Name the people of frames as they are seen, or answer every walk of masks.

    Ctrl-C and SIGTERM end it and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model or gallery, no such
            source, or none with an answer.
    """
    given = {"--segmenter": config.segmenter is not None, **config.given_of_frames()}
    is_asked = given["--segmenter"] or given["--detector"]
    if not is_asked and not is_people(config.source):
        given |= {
            "--hop-s": config.hop_s is not None,
            "--seconds": config.seconds is not None,
            "--rate-hz": config.rate_hz is not None,
            "--sink": config.sink is not None,
            "--sink-names": config.sink_names != "none",
            "--on-the-spot": config.on_the_spot,
            "--serve-gallery": config.serve_gallery,
            "--pose": config.pose is not None,
            **config.given_of_fusing(),
            **dict.fromkeys(config.given(), True),
        }
        require_none(
            given,
            f"is for frames, in which people are to be found, and {config.source} is masks; with "
            "--detector its frames are looked at as pictures of people",
        )
        return of_masks.run(config)
    require_fusing(config, "--pose", config.pose)
    from edgehuman.runtime.gait.watch import watch

    return watch(config, "outlines", config.segmenter, config.serve_gallery)
