"""Frames with drawn people: upright rectangles on a grey, noisy ground."""

from __future__ import annotations

import numpy as np

from edgehuman.data.image.frames.set import FrameSet, People
from edgehuman.records import Uint8

SKIN = (220, 60, 40)


def drawn_frame(
    rng: np.random.Generator, height: int = 96, width: int = 128, most: int = 3
) -> tuple[Uint8, People]:
    """One frame, and its people: 1 to `most` that touch each other nowhere."""
    frame_HWC = rng.integers(90, 140, (height, width, 3)).astype(np.uint8)
    boxes: list[list[int]] = []
    for column in rng.permutation(most)[: rng.integers(1, most + 1)]:
        wide = int(rng.integers(14, 24))
        tall = int(rng.integers(30, 60))
        left = int(column * width / most + rng.integers(0, width // most - wide))
        top = int(rng.integers(2, height - tall - 2))
        frame_HWC[top : top + tall, left : left + wide] = SKIN
        boxes.append([left, top, left + wide, top + tall])
    box_M4 = np.array(boxes, np.float32)
    return frame_HWC, People(box_M4, np.zeros(len(boxes), np.bool_))


def drawn_set(count: int = 48, test: int = 12, seed: int = 0, **size: int) -> FrameSet:
    """A set of drawn frames, each a sequence of its own."""
    rng = np.random.default_rng(seed)
    frames, people = zip(*(drawn_frame(rng, **size) for _ in range(count)), strict=True)
    names = [f"frame {index}" for index in range(count)]
    role_N = np.array(["train"] * (count - test) + ["test"] * test)
    return FrameSet(
        frames, people, names, role_N, np.array(names), "simulated", simulated=True,
        licence="none needed", url="https://example.com",
    )  # fmt: skip
