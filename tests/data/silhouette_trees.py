"""Made silhouettes, and small trees of them in the layouts of the published datasets."""

from __future__ import annotations

import pickle
from pathlib import Path

import cv2
import numpy as np

from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.preprocess.silhouette.normalise import normalise_walk
from edgehuman.records import Uint8


def person_mask(
    height: int = 120, width: int = 160, centre: int = 80, tall: int = 80, step: float = 0.0
) -> Uint8:
    """A mask (height, width) of somebody: a head, a trunk and two legs, apart by `step` (0..1)."""
    mask = np.zeros((height, width), np.uint8)
    top = (height - tall) // 2
    radius = max(tall // 10, 1)
    hip = (centre, top + tall // 2)
    cv2.circle(mask, (centre, top + radius), radius, 255, -1)
    cv2.ellipse(mask, (centre, top + tall // 3), (tall // 9, tall // 4), 0, 0, 360, 255, -1)
    for side in (-1, 1):
        foot = (round(centre + side * step * tall / 4), top + tall - 1)
        cv2.line(mask, hip, foot, 255, max(tall // 10, 1))
    mask[top + tall :] = 0
    return mask


def person_masks(frames: int, seed: int = 0, height: int = 120, width: int = 160) -> Uint8:
    """Masks (frames, height, width) of somebody who walks through the picture."""
    tall = round(height * (0.5 + 0.03 * (seed % 10)))
    steps = np.abs(np.sin(np.arange(frames) * (0.5 + 0.02 * seed)))
    places = np.linspace(0.3 * width, 0.7 * width, frames).astype(int)
    return np.stack(
        [
            person_mask(height, width, int(place), tall, float(step))
            for place, step in zip(places, steps, strict=True)
        ]
    )


def records(frames: int, seed: int = 0) -> Uint8:
    """Records (frames, 64, 64)."""
    return normalise_walk(person_masks(frames, seed))


def made_set(people: int = 3, each: int = 4, frames: int = 6) -> SilhouetteSet:
    """Walks: the first half of each person's are the gallery, the others probes."""
    count = people * each
    walk_N = np.tile(np.arange(each), people)
    return SilhouetteSet(
        name="made",
        silhouette_SHW=np.concatenate([records(frames, seed) for seed in range(count)]),
        length_N=np.full(count, frames, np.int64),
        person_N=np.array([f"p{person}" for person in np.repeat(np.arange(people), each)]),
        sequence_N=np.array([f"w{k}" for k in range(count)]),
        view_N=np.array([f"{90 * (k % 2):03d}" for k in range(count)]),
        condition_N=np.full(count, "nm"),
        role_N=np.where(walk_N < -(-each // 2), "gallery", "probe"),
        rate_hz_N=np.full(count, 25.0),
        image_size_N2=np.zeros((count, 2), np.int64),
    )


def write_pickle(path: Path, array: object, protocol: int = 4) -> None:
    """One walk as OpenGait keeps it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(array, protocol))


def write_masks(folder: Path, masks_THW: Uint8, prefix: str = "") -> None:
    """One walk as PNG files, numbered from 001."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, mask in enumerate(masks_THW, start=1):
        assert cv2.imwrite(str(folder / f"{prefix}{number:03d}.png"), mask)
