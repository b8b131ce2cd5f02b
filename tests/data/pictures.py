"""Made pictures of no one: smooth colours that differ from one to the next."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from edgehuman.records import Uint8


def picture(number: int, height: int = 96, width: int = 64) -> Uint8:
    """Red rises downwards, green to the right, and blue is the number."""
    y, x = np.mgrid[:height, :width]
    blue = np.full_like(y, 7 * number % 256)
    return np.stack([y * 255 // height, x * 255 // width, blue], axis=2).astype(np.uint8)


def write(path: Path, image_HWC: Uint8) -> Path:
    """An image into a file; the suffix says how."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(image_HWC, path.suffix))
    return path


def encode(image_HWC: Uint8, suffix: str = ".jpg") -> bytes:
    """An image as the bytes of a file."""
    done, data = cv2.imencode(suffix, image_HWC[..., ::-1].copy())
    assert done
    return data.tobytes()


def photos(folder: Path, count: int, height: int = 96, width: int = 64) -> Path:
    """A folder with 000.jpg, 001.jpg …"""
    for number in range(count):
        write(folder / f"{number:03d}.jpg", picture(number, height, width))
    return folder


def cut_short(path: Path) -> None:
    """The first half of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
