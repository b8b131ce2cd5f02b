"""Gait at a door: a camera, a pose estimator of your choice, and the names of who walks by.

    pip install mediapipe          then download pose_landmarker_full.task from its page
    python examples/gait_at_a_door.py door.mp4 --poses mediapipe --task pose_landmarker_full.task
    pip install rtmlib             downloads its models by itself
    python examples/gait_at_a_door.py 0 --poses rtmlib --gallery known.npz

The source is a video file or the number of a camera. Neither library says who is who from frame to
frame in a way that lasts, so `Follower` does: whoever stands nearest to where somebody stood.

Axes: P people, J joints, 3: x, y in pixels, confidence.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

import edgehuman

Image: TypeAlias = NDArray[np.uint8]
Joints: TypeAlias = NDArray[np.float64]
# (BGR picture, its time in seconds) -> the people in it, each (17, 3) in the order of COCO.
FindPeople: TypeAlias = Callable[[Image, float], list[Joints]]

# Place of COCO's 17 joints among MediaPipe's 33 landmarks.
COCO_OF_MEDIAPIPE = (0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28)
LEAST_CONFIDENCE = 0.3  # of a person, on average over the joints
FORGOTTEN_AFTER_S = 1.0


def open_mediapipe(stack: ExitStack, task: str) -> FindPeople:
    """MediaPipe's PoseLandmarker in video mode; `task` is its model file."""
    import mediapipe as mp

    vision = mp.tasks.vision
    options = vision.PoseLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=task),
        running_mode=vision.RunningMode.VIDEO,
        num_poses=4,
    )
    landmarker = stack.enter_context(vision.PoseLandmarker.create_from_options(options))

    def find(image_HWC: Image, t_s: float) -> list[Joints]:
        rgb_HWC = np.ascontiguousarray(image_HWC[..., ::-1])
        picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb_HWC)
        found = landmarker.detect_for_video(picture, round(t_s * 1000))
        height, width = image_HWC.shape[:2]
        return [
            np.array(
                [(p[i].x * width, p[i].y * height, p[i].visibility) for i in COCO_OF_MEDIAPIPE]
            )
            for p in found.pose_landmarks
        ]

    return find


def open_rtmlib(stack: ExitStack, task: str) -> FindPeople:
    """rtmlib's Body: YOLOX and RTMPose by onnxruntime; `task` is its mode, such as balanced."""
    from rtmlib import Body

    body = Body(mode=task or "balanced", backend="onnxruntime", device="cpu")

    def find(image_HWC: Image, t_s: float) -> list[Joints]:
        place_PJ2, score_PJ = body(image_HWC)
        # Scores of RTMPose can be a little over 1.
        return list(np.concatenate([place_PJ2, np.clip(score_PJ, 0, 1)[..., None]], axis=-1))

    return find


OPENERS = {"mediapipe": open_mediapipe, "rtmlib": open_rtmlib}


class Follower:
    """Gives people the same number from frame to frame, by where they stand."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[float, NDArray[np.float64]]] = {}  # time, centre
        self._next = 1

    def numbers(self, people: Sequence[Joints], t_s: float) -> list[int]:
        """The number of each person of a frame."""
        self._seen = {n: s for n, s in self._seen.items() if t_s - s[0] < FORGOTTEN_AFTER_S}
        free, chosen = dict(self._seen), []
        for joint_J3 in people:
            seen_J2 = joint_J3[joint_J3[:, 2] > 0, :2]
            centre_2, height = seen_J2.mean(axis=0), float(np.ptp(seen_J2[:, 1]))
            away = {n: float(np.linalg.norm(at_2 - centre_2)) for n, (_, at_2) in free.items()}
            nearest = min(away, key=away.__getitem__, default=0)
            if not nearest or away[nearest] > 0.5 * height:
                nearest, self._next = self._next, self._next + 1
            free.pop(nearest, None)
            self._seen[nearest] = (t_s, centre_2)
            chosen.append(nearest)
        return chosen


def frames(source: str) -> Iterator[tuple[Image, float]]:
    """The pictures of a video file, or of a camera by its number, with their times in seconds."""
    video = cv2.VideoCapture(int(source) if source.isdigit() else source)
    if not video.isOpened():
        raise SystemExit(f"{source} cannot be opened; give a video file or the number of a camera")
    rate_hz, begin_s, number = video.get(cv2.CAP_PROP_FPS) or 25.0, time.monotonic(), 0
    try:
        while (read := video.read())[0]:
            live_s = time.monotonic() - begin_s
            yield np.asarray(read[1], np.uint8), live_s if source.isdigit() else number / rate_hz
            number += 1
    finally:
        video.release()


def poses(source: str, find: FindPeople) -> Iterator[list[dict[str, Any]]]:
    """Every frame as edgehuman.stream takes it: a list of people."""
    follower = Follower()
    for image_HWC, t_s in frames(source):
        people = [p for p in find(image_HWC, t_s) if p[:, 2].mean() >= LEAST_CONFIDENCE]
        height, width = image_HWC.shape[:2]
        yield [
            {"t": t_s, "id": str(number), "joints": joint_J3, "layout": "coco17"}
            | {"width": width, "height": height}
            for number, joint_J3 in zip(follower.numbers(people, t_s), people, strict=True)
        ]


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Name who walks by; returns the summary of the stream."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", help="a video file, or the number of a camera")
    parser.add_argument("--poses", choices=OPENERS, required=True)
    parser.add_argument("--task", default="", help="mediapipe: its .task file; rtmlib: its mode")
    parser.add_argument("--model", default="zoo:gait-skeleton")
    parser.add_argument("--gallery", help="who is known: `edgehuman gallery enroll`")
    given = parser.parse_args(words)
    with ExitStack() as stack:
        people = poses(given.source, OPENERS[given.poses](stack, given.task))
        stream = edgehuman.stream(given.model, people, gallery=given.gallery)
        for walker in stream:
            print(f"{walker.t_s:6.2f} s  track {walker.track}  {walker.label}  {walker.score:.2f}")
        return stream.close()


if __name__ == "__main__":
    main()
