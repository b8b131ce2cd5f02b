"""Pose estimators that come as Python packages: rtmlib, and MediaPipe's landmarker.

    open_wheel("rtmlib:balanced")                rtmlib's Body: lightweight, balanced, performance
    open_wheel("pose_landmarker_full.task")      MediaPipe, with a model file of its own format

The extra `pose` brings them; they are imported when they are opened. rtmlib fetches its networks
from the internet at the first use. Written from their public descriptions and tested with played
modules, as neither is installed here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.errors import ArtefactError, EngineError, UsageError
from edgehuman.geometry import COCO_17, MEDIAPIPE_33
from edgehuman.install import not_installed
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.foreign.names import RTMLIB
from edgehuman.runtime.foreign.square import box_of

MODES = ("lightweight", "balanced", "performance")
_MOST, _LEAST = 10, 0.3
_PLACES = [MEDIAPIPE_33.index(name) for name in COCO_17]


def open_wheel(name: str) -> Rtmlib | MediaPipe:
    """Open one by its name.

    Raises:
        UsageError: an unknown mode. ArtefactError: no such file.
        MissingDependencyError: the package is not installed.
        EngineError: the package cannot open its networks.
    """
    if name.startswith(RTMLIB):
        return Rtmlib(name)
    return MediaPipe(name)


class Rtmlib:
    """rtmlib's Body, a detector and RTMPose: all people of a frame."""

    def __init__(self, name: str) -> None:
        mode = name.removeprefix(RTMLIB)
        if mode not in MODES:
            raise UsageError(f"unknown mode {mode!r} of rtmlib; valid: {', '.join(MODES)}")
        try:
            import rtmlib
        except ModuleNotFoundError:
            raise not_installed("rtmlib", f"the source of poses {name}") from None
        self.name = name
        try:
            self._body = rtmlib.Body(mode=mode, backend="onnxruntime", device="cpu")
        except Exception as error:  # of rtmlib, of what it downloads with, or of onnxruntime
            raise EngineError(f"{name}: rtmlib cannot open its networks: {_said(error)}") from None

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used. A row of zeros, which rtmlib gives where nobody
        is, is left out.

        Raises:
            EngineError: rtmlib fails.
        """
        try:
            point_MJ2, score_MJ = self._body(np.ascontiguousarray(frame_HWC[..., ::-1]))
        except Exception as error:
            raise EngineError(f"{self.name}: rtmlib failed: {_said(error)}") from None
        joint_MJ3 = np.concatenate(
            [np.asarray(point_MJ2, np.float32), np.asarray(score_MJ, np.float32)[..., None]], axis=2
        )[:, : len(COCO_17)]
        return found_of([joint_J3 for joint_J3 in joint_MJ3 if joint_J3[:, :2].any()])


class MediaPipe:
    """MediaPipe's pose landmarker: up to ten people of a frame.

    Args:
        path: a `.task` file, as Google publishes them.
    """

    def __init__(self, path: str) -> None:
        if not Path(path).is_file():
            raise ArtefactError(f"{path}: no such file; give the path of a pose landmarker's .task")
        try:
            import mediapipe
        except ModuleNotFoundError:
            raise not_installed("mediapipe", f"the source of poses {path}") from None
        self.name, self._package = path, mediapipe
        vision = mediapipe.tasks.vision
        try:
            options = vision.PoseLandmarkerOptions(
                base_options=mediapipe.tasks.BaseOptions(model_asset_path=path),
                running_mode=vision.RunningMode.IMAGE,
                num_poses=_MOST,
            )
            self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except Exception as error:
            raise ArtefactError(f"{path}: MediaPipe cannot open it: {_said(error)}") from None

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """See `PersonFinder`; the box is not used.

        Raises:
            EngineError: MediaPipe fails.
        """
        package = self._package
        try:
            image = package.Image(
                image_format=package.ImageFormat.SRGB, data=np.ascontiguousarray(frame_HWC)
            )
            poses: list[Any] = self._landmarker.detect(image).pose_landmarks
        except Exception as error:
            raise EngineError(f"{self.name}: MediaPipe failed: {_said(error)}") from None
        height, width = frame_HWC.shape[:2]
        size = np.array((width, height, 1), np.float32)
        joints = [
            np.array([(p.x, p.y, p.visibility) for p in pose], np.float32)[_PLACES] * size
            for pose in poses
        ]
        return found_of(joints)


def found_of(joints: list[Float32]) -> list[FoundPerson]:
    """People of their joints (17, 3), the best first: the box around those of a score of at least
    0.3 (or all), the score their mean.
    """
    people = []
    for joint_J3 in joints:
        sure_J = joint_J3[:, 2] >= _LEAST
        seen_J = sure_J if sure_J.any() else np.ones(len(joint_J3), bool)
        score = float(np.clip(joint_J3[seen_J, 2].mean(), 0, 1))
        people.append(FoundPerson(box_of(joint_J3[seen_J, :2]), score, joint_J3))
    return sorted(people, key=lambda person: -person.score)


def _said(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
