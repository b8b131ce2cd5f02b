"""Synthetic people that are easy to tell apart: each has a colour, a bright head, two halves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edgehuman.data.image.load import PersonSet
from edgehuman.geometry import COCO_17
from edgehuman.records import Index, Text
from edgehuman.tasks.image.settings import PersonConfig
from tests.nets.tiny_encoder import NAME

ConfigT = TypeVar("ConfigT", bound=PersonConfig)

PARTS = ("background", "top", "bottom")
ATTRIBUTES = ("reddish", "bluish")
HEIGHT, WIDTH = 64, 32
WORDS = ("red", "green", "blue", "grey", "pink", "brown", "white", "black")


def made_people(people: int = 8, each: int = 6, joints: tuple[str, ...] = COCO_17) -> PersonSet:
    """`each` images per person; the last two people are the test part.

    The body is a rectangle somewhere: its upper half has the person's colour, the lower is grey.
    All joints are at its upper end, where there is a white square.
    """
    rng = np.random.default_rng(0)
    person_N = np.repeat(np.arange(people), each)
    colour_PC = rng.integers(0, 2, (people, 3)) * 160 + 40
    colour_PC[:, 1] = np.linspace(0, 255, people)
    images, masks, joint_NJ3 = [], [], np.zeros((len(person_N), len(joints), 3), np.float32)
    for number, person in enumerate(person_N):
        image_HWC = rng.integers(90, 110, (HEIGHT, WIDTH, 3), np.uint8)
        mask_HW = np.zeros((HEIGHT, WIDTH), np.uint8)
        top, left = rng.integers(2, 12), rng.integers(2, 12)
        image_HWC[top : top + 24, left : left + 16] = colour_PC[person]
        image_HWC[top + 24 : top + 48, left : left + 16] = 180
        mask_HW[top : top + 24, left : left + 16] = 1
        mask_HW[top + 24 : top + 48, left : left + 16] = 2
        image_HWC[top : top + 4, left + 6 : left + 10] = 255
        joint_NJ3[number] = left + 8, top + 2, 2
        images.append(image_HWC)
        masks.append(mask_HW)
    return PersonSet(
        images=images,
        person_N=person_N,
        camera_N=np.tile(np.arange(each) % 2, people),
        role_N=_roles(person_N, each, people),
        keypoint_NJ3=joint_NJ3,
        area_N=np.full(len(person_N), 768.0, np.float32),
        attribute_NA=(colour_PC[person_N][:, [0, 2]] > 100).astype(np.int8),
        attributes=ATTRIBUTES,
        masks=masks,
        parts=PARTS,
        captions=tuple(
            (f"a person in {WORDS[person % 8]}", f"{WORDS[person % 8]} clothes on a person")
            for person in person_N
        ),
        dataset="made people",
        licence="none",
    )


def _roles(person_N: Index, each: int, people: int) -> Text:
    is_first_N = np.arange(len(person_N)) % each < each // 2
    side_N = np.where(is_first_N, "query", "gallery")
    return np.where(person_N < people - 2, "train", side_N)


def quick(kind: type[ConfigT], out: Path, **changes: Any) -> ConfigT:
    """Return a config that trains in seconds: the tiny encoder at 64x32."""
    values: dict[str, Any] = {
        "data": "made",
        "arch": NAME,
        "height": HEIGHT,
        "width": WIDTH,
        "steps": 12,
        "batch": 8,
        "lr": 3e-3,
        "save_every": 6,
        "log_every": 2,
        "threads": 1,
        "select_share": 0.34,
        "shift_px": 2,
    }
    return kind(out=out, **{**values, **changes})


def losses(out: Path, name: str = "loss") -> list[float]:
    """Return a value of metrics.jsonl over time."""
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [row[name] for row in map(json.loads, lines) if name in row]
