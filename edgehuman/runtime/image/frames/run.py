"""`edgehuman run` for models of whole frames: the people in every photo or frame of a video or
camera.

edgehuman run zoo:person-detector --source door.mp4 --save seen

edgehuman run zoo:person-detector --source rtsp://door/1 --also 0 --json

A frame that cannot be read is an answer too, with its reason, and is counted; it does not end the
run.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.image.frames.answer import MOST
from edgehuman.runtime.image.frames.watch import open_watching, watch
from edgehuman.runtime.mqtt.publish import SinkFlags


@dataclass(frozen=True, slots=True)
class RunConfig(SinkFlags):
    """Find people in photos or in a video.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights); or an ONNX file of others
            that finds people or their poses, such as YOLO, RTMO, MoveNet.
        source: a folder of photos, one photo, a pattern of photos, or a video; or a camera: 0,
            /dev/video0, rtsp://..., http://..., csi://0, gst:PIPELINE.
        also: further sources, read at the same time; each result says its source.
        json: one JSON object per frame on standard output; the summary goes to standard error.
        save: a folder for the same lines (frames.jsonl), for pictures of what was found, and of
            poses in a video for the lines that gait models read (poses.jsonl).
        score: people below it are left out, 0 to 1; by default as the model's card says, or 0.5.
        most: the most people of a frame, the best first.
        every: take every so many frames.
        policy: latest (the newest frame; of a video, at its pace), all, or every-N; by default
            latest of cameras, and all of files.
        seconds: end after so many seconds; of a video, at that time of it.
        detector: what finds people, where the model is one of others that takes one person.
        family: what a network of others is, where its graph may be of several families.
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seed: of random weights.
    """

    model: Positional[str]
    source: str
    json: bool = False
    save: Path | None = None
    score: float | None = None
    most: int = MOST
    every: int = 1
    detector: str | None = None
    family: str | None = None
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seed: int = 0
    also: tuple[str, ...] = ()
    policy: str | None = None
    seconds: float | None = None


def run(config: RunConfig) -> Outcome:
    """Find the people of every frame, in order.

    Ctrl-C and SIGTERM end it and still give the summary. The files of an earlier run are replaced
    at the end; after an error they stay.

    Raises:
        UsageError, ArtefactError: wrong arguments or a wrong model; a --save folder that cannot be
            written, or would overwrite a photo or the model.
        DataError: no such source, no photo in it, or none with an answer.
    """
    return watch(open_watching(config), config)
