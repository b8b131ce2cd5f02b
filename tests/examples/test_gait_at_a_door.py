"""Gait at a door: both pose libraries, played with the API that they have, give the same stream."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.catalogue import SIMULATED
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.geometry import COCO_17, OPENPOSE_18
from tests.examples.running import imported

SIZE = (320, 240)  # width, height of the video
RATE_HZ = 24.0
# Place of COCO's joints among MediaPipe's landmarks, from its own list: nose 0, left eye 2, ...
MEDIAPIPE = {
    "nose": 0,
    "l_eye": 2,
    "r_eye": 5,
    "l_ear": 7,
    "r_ear": 8,
    "l_shoulder": 11,
    "r_shoulder": 12,
    "l_elbow": 13,
    "r_elbow": 14,
    "l_wrist": 15,
    "r_wrist": 16,
    "l_hip": 23,
    "r_hip": 24,
    "l_knee": 25,
    "r_knee": 26,
    "l_ankle": 27,
    "r_ankle": 28,
}


@pytest.fixture(scope="module")
def walk_TJ3() -> NDArray[np.float64]:
    """A simulated walk in COCO's order, moved into the picture of the video."""
    walks = load_skeletons(SIMULATED, seed=1, people=2, each=2)
    openpose_TJ3 = walks.sequence(0).astype(np.float64)
    order = [OPENPOSE_18.index(name) for name in COCO_17]
    coco_TJ3: NDArray[np.float64] = openpose_TJ3[:, order]
    seen_TJ = coco_TJ3[..., 2] > 0
    low_2, high_2 = coco_TJ3[seen_TJ][:, :2].min(0), coco_TJ3[seen_TJ][:, :2].max(0)
    scale = 0.9 * min(np.array(SIZE) / (high_2 - low_2))
    coco_TJ3[..., :2] = np.where(seen_TJ[..., None], (coco_TJ3[..., :2] - low_2) * scale + 5, 0)
    return coco_TJ3


@pytest.fixture(scope="module")
def video(walk_TJ3: NDArray[np.float64], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of as many pictures; their top left pixels count them."""
    path = tmp_path_factory.mktemp("door") / "door.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), RATE_HZ, SIZE)
    for _ in walk_TJ3:
        writer.write(np.full((SIZE[1], SIZE[0], 3), 60, np.uint8))
    writer.release()
    return path


def played_mediapipe(walk_TJ3: NDArray[np.float64], seen: list[Any]) -> dict[str, Any]:
    """mediapipe.tasks.vision as its documentation describes it."""
    taken = iter(walk_TJ3)

    class PoseLandmarker:
        @classmethod
        def create_from_options(cls, options: Any) -> PoseLandmarker:
            seen.append(options)
            return cls()

        def __enter__(self) -> PoseLandmarker:
            return self

        def __exit__(self, *exception: object) -> None:
            seen.append("closed")

        def detect_for_video(self, image: Any, timestamp_ms: int) -> SimpleNamespace:
            assert isinstance(timestamp_ms, int)
            assert image.data.shape == (SIZE[1], SIZE[0], 3)
            assert image.data.flags["C_CONTIGUOUS"]
            seen.append(timestamp_ms)
            unseen = SimpleNamespace(x=0.0, y=0.0, visibility=0.0)
            landmarks = [unseen] * 33
            for name, (x, y, sure) in zip(COCO_17, next(taken), strict=True):
                landmarks[MEDIAPIPE[name]] = SimpleNamespace(
                    x=x / SIZE[0], y=y / SIZE[1], visibility=sure
                )
            return SimpleNamespace(pose_landmarks=[landmarks])

    vision = SimpleNamespace(
        PoseLandmarker=PoseLandmarker,
        PoseLandmarkerOptions=lambda **options: options,
        RunningMode=SimpleNamespace(VIDEO="video"),
    )
    return {
        "tasks": SimpleNamespace(vision=vision, BaseOptions=lambda **options: options),
        "Image": lambda image_format, data: SimpleNamespace(data=data),
        "ImageFormat": SimpleNamespace(SRGB="srgb"),
    }


def played_rtmlib(walk_TJ3: NDArray[np.float64]) -> dict[str, Any]:
    """rtmlib.Body: keypoints (P, 17, 2) in pixels and scores (P, 17), of a BGR picture."""
    taken = iter(walk_TJ3)

    class Body:
        def __init__(self, mode: str, backend: str, device: str) -> None:
            assert mode in ("performance", "lightweight", "balanced")

        def __call__(self, image: NDArray[np.uint8]) -> tuple[NDArray[Any], NDArray[Any]]:
            joint_J3 = next(taken)
            return joint_J3[None, :, :2], 1.02 * joint_J3[None, :, 2]

    return {"Body": Body}


def test_both_libraries_give_the_same_windows(
    walk_TJ3: NDArray[np.float64], video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    example = imported(
        "gait_at_a_door",
        monkeypatch,
        mediapipe=played_mediapipe(walk_TJ3, seen),
        rtmlib=played_rtmlib(walk_TJ3),
    )
    by_mediapipe = example.main([str(video), "--poses", "mediapipe", "--task", "pose.task"])
    by_rtmlib = example.main([str(video), "--poses", "rtmlib"])
    assert seen[0]["base_options"] == {"model_asset_path": "pose.task"}
    assert seen[-1] == "closed"
    assert seen[1:3] == [0, 42]
    assert by_mediapipe["windows"] == by_rtmlib["windows"] > 0
    assert by_mediapipe["source"]["rows"] == by_rtmlib["source"]["rows"] == len(walk_TJ3)
    assert by_mediapipe["stream"]["tracks"] == by_rtmlib["stream"]["tracks"] == 1


def test_people_keep_their_numbers_and_new_ones_get_new(monkeypatch: pytest.MonkeyPatch) -> None:
    example = imported("gait_at_a_door", monkeypatch)
    follower = example.Follower()
    joint_J3 = np.ones((17, 3))
    joint_J3[:, 1] = np.linspace(0, 200, 17)

    def at(x: float) -> NDArray[np.float64]:
        moved_J3: NDArray[np.float64] = joint_J3 + np.array([x, 0.0, 0.0])
        return moved_J3

    assert follower.numbers([at(0), at(500)], 0.0) == [1, 2]
    assert follower.numbers([at(510), at(10)], 0.1) == [2, 1]
    assert follower.numbers([at(1000)], 0.2) == [3]
    assert follower.numbers([at(10)], 2.0) == [4]


def test_a_frame_of_nobody_and_of_unsure_joints_is_empty(
    video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = imported("gait_at_a_door", monkeypatch)
    unsure = np.full((17, 3), 0.1)
    found = list(example.poses(str(video), lambda image, t_s: [unsure] if t_s else []))
    assert all(people == [] for people in found)
    assert json.dumps(found)


def test_a_source_that_is_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    example = imported("gait_at_a_door", monkeypatch)
    with ExitStack(), pytest.raises(SystemExit, match=r"nowhere\.mp4 cannot be opened; give a vi"):
        next(example.frames("nowhere.mp4"))
