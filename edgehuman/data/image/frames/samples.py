"""Frames to calibrate and evaluate an export, letterboxed to the network's input."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.card import Card
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.frames.labelled import read_labelled
from edgehuman.data.image.frames.load import layouts
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.layout import recognised
from edgehuman.data.samples import Samples, unlabelled
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.letterbox import fit

MOST_FRAMES = 512


def read_samples(card: Card, data: Path | str, most: int = MOST_FRAMES) -> Samples:
    """Read frames with boxes of their people, or pictures without labels.

    Args:
        most: read at most so many, evenly spread.

    Raises:
        DataError: no pictures, none is readable, or labels that are wrong.
    """
    if str(data) == SIMULATED or next(recognised(Path(data), layouts()), None) is not None:
        labelled = read_labelled(card, str(data), most)
        if labelled is not None:
            input_NHWC, frames = labelled
            found = frames.frames
            sequence_N = found.sequence_N[frames.index_N]
            words = f"labelled frames of {found.dataset or SIMULATED}"
            return unlabelled(input_NHWC, sequence_N, words, frames)
    return _pictures(data, card.input.shape[0], card.input.shape[1], most)


def _pictures(data: Path | str, height: int, width: int, most: int) -> Samples:
    """Evenly spread pictures of a folder, each as of a camera of its own."""
    images = open_images(data)
    chosen = np.unique(np.linspace(0, len(images) - 1, most).astype(np.int64))
    inputs, names = [], []
    for index in chosen.tolist():
        try:
            inputs.append(fit(images.read(index), height, width)[0])
        except ImageError:
            continue
        names.append(images.name(index))
    if not inputs:
        raise DataError(f"{data}: none of its {len(images)} pictures can be read")
    return unlabelled(np.stack(inputs), np.array(names), f"pictures of {Path(data).name}")
