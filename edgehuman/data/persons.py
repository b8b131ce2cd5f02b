"""Stand-in until the reader is merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class PersonSet:
    images: list[Any]
    person_N: NDArray[np.int64]
    camera_N: NDArray[np.int64]
    role_N: NDArray[np.str_]
    keypoint_NJ3: NDArray[np.float32]
    area_N: NDArray[np.float32]
    attribute_NA: NDArray[np.int8]
    attributes: tuple[str, ...]
    masks: list[Any]
    parts: tuple[str, ...]
    dataset: str = "made"
    licence: str = "none"
    url: str = ""
    simulated: bool = False

    def __len__(self) -> int:
        return len(self.images)

    def image(self, i: int) -> NDArray[np.uint8]:
        return self.images[i]

    def part(self, i: int) -> NDArray[np.uint8]:
        return self.masks[i]


def load_persons(path: str, task: str) -> PersonSet:
    raise NotImplementedError
