"""`edgehuman run` for a gait model: tracked skeletons, a video, or a folder of its pictures in; a
vector and a name per window out.

edgehuman run zoo:gait-skeleton --source door.mp4 --gallery known.npz --save seen.mp4 --json

In frames, people are found, followed, and their joints taken first (`walkers`); what comes after is
the same (`runtime.skeleton.run`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.runtime.gait.source import is_frames
from edgehuman.runtime.skeleton import run as of_poses


@dataclass(frozen=True, slots=True)
class RunConfig(of_poses.RunConfig):
    """Name the people who walk before a camera, or of a live stream of tracked skeletons.

    Attributes:
        source: a video, or a folder of its pictures; or FILE.jsonl of tracked skeletons, the file
            or folder of a pose estimator (OpenPose, AlphaPose, YOLO, MediaPipe, mmpose, COCO, ...),
            - (standard input), udp://HOST:PORT or simulated.
        save: write the same JSON lines to this file; of frames, FILE.mp4: the frames with what was
            found.
        rate_hz: frames per second of a folder of pictures, or of a pose estimator's files that
            have frame numbers (default: 24, and it is said).
        detector: of frames: a model that finds people (default: zoo:person-detector-int8).
        pose: of frames: a model that gives their joints (default: zoo:person-pose-int8).
        score: of frames: people below it are left out, 0 to 1; by default as the detector's card
            says, or 0.5.
        every: of frames: take every so many.
        ids: of frames: a file that keeps the last number of a track, so that after a restart none
            comes again.
    """

    detector: str | None = None
    pose: str | None = None
    score: float | None = None
    every: int = 1
    ids: Path | None = None


def run(config: RunConfig) -> Outcome:
    """Play the source through the model to standard output, and to a file if requested.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model or gallery, a wrong or
            too short recording.
    """
    if not is_frames(config.source):
        _require_no_frames(config)
        return of_poses.run(config)
    _require_frames(config)
    from edgehuman.runtime.gait.watch import watch  # nothing of pictures is loaded for poses

    return watch(config)


def _require_frames(config: RunConfig) -> None:
    """Raises UsageError for a flag that says nothing of frames."""
    given = {
        "--realtime": config.realtime,
        "--size": config.size is not None,
        "--layout": config.layout is not None,
        "--sender": config.sender is not None,
    }
    for flag, is_given in given.items():
        if is_given:
            raise UsageError(f"{flag} is for poses, and {config.source} is frames; leave it out")


def _require_no_frames(config: RunConfig) -> None:
    """Raises UsageError for a flag that says nothing of poses."""
    given = {
        "--detector": config.detector is not None,
        "--pose": config.pose is not None,
        "--score": config.score is not None,
        "--every": config.every != 1,
        "--ids": config.ids is not None,
    }
    for flag, is_given in given.items():
        if is_given:
            raise UsageError(
                f"{flag} is for frames, in which people are to be found; {config.source} is no "
                "video and no folder of pictures. Leave it out"
            )
