"""A small video, and what finds a walker in it by hand: no network of pictures is needed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edgehuman.geometry import COCO_17, OPENPOSE_18
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.answer import Watching
from edgehuman.runtime.image.frames.results import Person
from edgehuman.simulate.skeleton.walks import simulate_skeletons
from tests.runtime.outlines import step

FPS, FRAMES, HEIGHT, WIDTH = 24, 72, 48, 64


def video(path: Path, frames: int = FRAMES) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for t in range(frames):
        writer.write(np.full((HEIGHT, WIDTH, 3), 60 + t, np.uint8))
    writer.release()
    return path


def pictures(folder: Path, frames: int = FRAMES, suffix: str = ".png") -> Path:
    folder.mkdir()
    for t in range(frames):
        picture_HWC = np.full((HEIGHT, WIDTH, 3), 60 + t, np.uint8)
        cv2.imwrite(str(folder / f"{t:04d}{suffix}"), picture_HWC)
    return folder


class Walker:
    """Finds one walker of the simulator from frame `begins` on, and gives their joints and an
    outline of two widths whose legs take steps.

    Attributes:
        asked: people for whom an answer was asked.
        seen: mean of each frame that was looked at.
    """

    name = "walker"
    looks = False

    def __init__(self, begins: int = 0, seed: int = 3) -> None:
        made = simulate_skeletons(1, 1, seed, frames=FRAMES, conditions=("nm",))
        walk_TJ3 = made.skeleton_NTJ3[0]
        self._joint_TJ3 = walk_TJ3[:, [OPENPOSE_18.index(name) for name in COCO_17]]
        self._begins, self._frame, self.asked = begins, -1, 0
        self.seen: list[float] = []

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        self._frame += 1
        self.seen.append(float(frame_HWC.mean()))
        if not self._begins <= self._frame < FRAMES:
            return []
        step = (self._frame - self._begins) * 0.2
        return [FoundPerson(np.array((5 + step, 5, 25 + step, 43), np.float32), 0.9)]

    def answer_all(self, frame_HWC: Uint8, found: Sequence[FoundPerson]) -> list[Person]:
        self.asked += len(found)
        joint_J3 = self._joint_TJ3[self._frame % FRAMES]
        mask_HW = np.zeros((38, 20), np.bool_)
        leg = step(self._frame, FPS) // 2
        mask_HW[:20, 4:16] = mask_HW[20:, 5 + leg : 15 - leg] = True
        return [
            Person(each.box_4, each.score, joint_J3, COCO_17, mask_HW, (x0, y0, x0 + 20, y0 + 38))
            for each in found
            for x0, y0 in [each.box_4[:2].astype(int).tolist()]
        ]


def watching(walker: Walker) -> Watching:
    return Watching(walker, walker)
